"""A restored machine serves the same figures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlmodel import select

from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.archive import back_up, restore
from survey_server.audit.heads import heads_file, read_heads
from survey_server.audit.verifying import verify
from survey_server.config import Settings
from survey_server.operations.chores import each_minute
from survey_server.privacy.service import cipher_of
from survey_server.studies.models import Channel
from survey_server.submissions.models import SubmissionFile
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import DrawnStudy, filled, make_study, person
from tests.survey_server.results.conftest import visit

WHERE = {("柳湾县", "1"): 6, ("青溪县", "1"): 4}
PHOTO = "照片.jpg"


@pytest.fixture
def surveyed(services: Services) -> DrawnStudy:
    """A study with visits, one of them with a photograph."""
    drawn = make_study(services, WHERE)
    interviewer = person(services, Role.INTERVIEWER)
    person(services, Role.EVALUATOR, username="wang")
    for number, case in enumerate(drawn.main):
        answers = visit(satisfied="45321"[number % 5], aware=f"1{number % 2 + 1}111")
        xml = filled(services, drawn.study, case, answers).xml
        files = {PHOTO: b"picture"} if number == 0 else {}
        receive(services, interviewer, drawn.study.id, xml, files, channel=Channel.VISIT, case_id=case.id)
    each_minute(services)
    return drawn


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An empty machine with the same master key."""
    folder = tmp_path_factory.mktemp("elsewhere")
    if request.param == "sqlite":
        yield make_settings(f"sqlite:///{folder / 'zoufang.db'}", folder)
        return
    server = request.getfixturevalue("postgres_server")
    server.execute("CREATE DATABASE {}", "elsewhere")
    yield make_settings(server.url("elsewhere"), folder)
    server.execute("DROP DATABASE {} WITH (FORCE)", "elsewhere")


def served(app: Flask, study: DrawnStudy) -> tuple[str, dict[str, list[list[object]]]]:
    """The page of results, and every cell of the workbook."""
    client = browser(app, "wang")
    page = client.get(f"/studies/{study.study.id}/results")
    workbook = client.get(f"/studies/{study.study.id}/results.xlsx")
    assert (page.status_code, workbook.status_code) == (200, 200)
    opened = CalamineWorkbook.from_filelike(io.BytesIO(workbook.data))
    return page.text, {name: opened.get_sheet_by_name(name).to_python() for name in opened.sheet_names}


def test_a_restored_machine_serves_the_same_figures_files_and_record(
    services: Services, surveyed: DrawnStudy, elsewhere: Settings, clock: SteppingClock, tmp_path: Path
) -> None:
    before_app = create_app(services.settings, clock, wake=lambda: None)
    before = served(before_app, surveyed)
    before_app.extensions["zoufang"].database.dispose()
    back_up(services, tmp_path / "backup.zf")

    restore(elsewhere, tmp_path / "backup.zf")
    after_app = create_app(elsewhere, clock, wake=lambda: None)
    restored: Services = after_app.extensions["zoufang"]
    assert served(after_app, surveyed) == before
    assert len(before[1]) > 3

    with restored.read() as work:
        file = work.session.exec(select(SubmissionFile)).one()
        content = cipher_of(work, surveyed.study.id).open(file.id, restored.blobs.get(f"submissions/{file.id.hex}"))
    assert (file.name, content) == (PHOTO, b"picture")
    token = services.vault.token("case", surveyed.main[0].id)
    assert restored.vault.read_token("case", token) == surveyed.main[0].id
    assert restored.vault.key_id == services.vault.key_id
    verdict = verify(restored, read_heads(heads_file(elsewhere)))
    assert (verdict.heads, verdict.found) == (1, None)
    restored.database.dispose()
