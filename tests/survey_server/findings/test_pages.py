"""The pages of the ledger, and its workbook: de-identified unless somebody says why."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from flask import Flask

from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.findings import service
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import OWNER, DrawnStudy, make_study, person

WORDS = "名下有货车，二〇二五年购入"


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("findings")
    shutil.copyfile(sqlite_template, folder / "zoufang.db")
    made = create_app(make_settings(f"sqlite:///{folder / 'zoufang.db'}", folder), SteppingClock(), wake=lambda: None)
    yield made
    made.extensions["zoufang"].database.dispose()


@pytest.fixture(scope="module")
def study(app: Flask) -> DrawnStudy:
    services: Services = app.extensions["zoufang"]
    for role in (Role.EVALUATOR, Role.REVIEWER):
        person(services, role)
    made = make_study(services, {("柳湾县", "1"): 4})
    with services.write(OWNER) as work:
        case = made.main[0]
        subject = service.Subject(case.county, case.town, case.id)
        service.write_down(work, made.study.id, subject, service.Report("1", "list", WORDS))
    return made


def texts_of(content: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return "\n".join(str(cell.value) for sheet in book for row in sheet for cell in row if cell.value is not None)


def test_a_finding_is_written_down_seen_and_taken_a_step_further(app: Flask, study: DrawnStudy) -> None:
    client, root = browser(app, "reviewer"), f"/studies/{study.study.id}/findings"
    form = {"number": study.main[1].sample_id, "kind": "9", "method": "desk", "words": "户口簿少一人"}
    made = client.post(root, data=form)
    assert made.status_code == 303
    page = client.get(made.location).text
    assert "户口簿少一人" in page
    assert "信息不符" in page
    moved = client.post(f"{made.location}/step", data={"state": "verified", "words": "核对户籍"})
    assert moved.status_code == 303
    assert "核对户籍" in client.get(made.location).text
    assert client.post(f"{made.location}/step", data={"state": "closed", "words": "x"}).status_code == 400


def test_the_ledger_shows_no_words_and_filters(app: Flask, study: DrawnStudy) -> None:
    client, root = browser(app, "reviewer"), f"/studies/{study.study.id}/findings"
    page = client.get(root).text
    assert "WT0001" in page
    assert WORDS not in page
    assert "WT0001" not in client.get(f"{root}?kind=12").text
    for part in ("urgent", "checks"):
        assert client.get(f"{root}/{part}").status_code == 200


def test_the_workbook_is_de_identified(app: Flask, study: DrawnStudy) -> None:
    answer = browser(app, "reviewer").get(f"/studies/{study.study.id}/findings.xlsx")
    told = texts_of(answer.data)
    assert "WT0001" in told
    assert "错保" in told
    assert WORDS not in told
    assert study.main[0].sample_id not in told
    assert study.main[0].town not in told


def test_words_and_case_numbers_need_a_reason_and_the_right_role(app: Flask, study: DrawnStudy) -> None:
    address, why = f"/studies/{study.study.id}/findings.xlsx", {"reason": "transfer", "words": "移交委托方"}
    assert browser(app, "reviewer").post(address, data=why).status_code == 403
    client = browser(app, "evaluator")
    assert client.post(address, data={}).status_code == 400
    told = texts_of(client.post(address, data=why).data)
    assert WORDS in told
    assert study.main[0].sample_id in told
