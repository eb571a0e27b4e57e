"""An archive made here and brought in elsewhere gives the same figures to the last digit, and nothing personal."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import select

from survey_server.cli import main
from survey_server.config import Settings
from survey_server.console.language import speaking
from survey_server.errors import ZoufangError
from survey_server.exports.archive import archive_file, stated
from survey_server.exports.bringing import bring_in
from survey_server.results.service import results_of
from survey_server.studies.models import Study
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import OWNER
from tests.survey_server.results.conftest import Survey

OTHER_KEY = base64.b64encode(hashlib.sha256(b"another installation").digest()).decode("ascii")


@pytest.fixture(scope="module")
def archive(finished: Survey) -> bytes:
    """The finished study's archive."""
    with speaking(), finished.services.read() as work:
        results = results_of(work, finished.drawn.study.id)
        return archive_file(work, results, "codes", lambda _done: None).content


@pytest.fixture
def elsewhere(sqlite_settings: Settings, clock: SteppingClock) -> Iterator[Services]:
    """Another installation, with keys of its own."""
    settings = sqlite_settings.model_copy(update={"master_key": OTHER_KEY})
    services = Services.open(settings, clock)
    yield services
    services.database.dispose()


def changed(archive: bytes, name: str, content: bytes) -> bytes:
    """The archive with one of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as before, zipfile.ZipFile(out, "w") as after:
        for part in before.namelist():
            after.writestr(part, content if part == name else before.read(part))
    return out.getvalue()


def test_elsewhere_every_figure_is_the_same_to_the_last_digit(
    finished: Survey, archive: bytes, elsewhere: Services
) -> None:
    with speaking(), finished.services.read() as work:
        here = stated(work, results_of(work, finished.drawn.study.id))
    with speaking(), elsewhere.write(OWNER) as work:
        brought = bring_in(work, archive)
        study_id = brought.study.id
    with speaking(), elsewhere.read() as work:
        there = results_of(work, study_id)
        assert stated(work, there) == here
        assert there.certificate_digest == finished.results().certificate_digest
    assert brought.figures == len(here["figures"]) > 100


def test_at_the_terminal_an_archive_is_made_and_brought_in_and_its_study_is_marked(
    finished: Survey, elsewhere: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, here, there = tmp_path / "study.zip", finished.services.settings, elsewhere.settings
    for settings, words in (
        (here, ["archive", "make", str(finished.drawn.study.id), "--to", str(file)]),
        (there, ["archive", "bring-in", str(file)]),
    ):
        monkeypatch.setattr("survey_server.exports.cli.Settings", lambda settings=settings: settings)
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
    assert "个数字复算一致" in done.output
    with elsewhere.read() as work:
        (study,) = work.session.exec(select(Study)).all()
    assert study.name == f"{finished.drawn.study.name}（导入的归档）"


def test_it_holds_no_town_no_village_no_amount_and_no_text(finished: Survey, archive: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as parts:
        rows = parts.read("cases.jsonl").decode() + parts.read("submissions.jsonl").decode()
    assert "青石镇" not in rows
    assert "村" not in rows
    assert '"728"' not in rows
    assert "190000" not in rows
    assert len(rows.splitlines()) == len(finished.drawn.cases) + 25


def test_the_same_archive_twice_is_refused(archive: bytes, elsewhere: Services) -> None:
    with speaking(), elsewhere.write(OWNER) as work:
        bring_in(work, archive)
    with speaking(), pytest.raises(ZoufangError), elsewhere.write(OWNER) as work:
        bring_in(work, archive)


def test_an_archive_that_was_changed_is_refused(archive: bytes, elsewhere: Services) -> None:
    forged = changed(archive, "figures.json", b"{}")
    with speaking(), pytest.raises(ZoufangError, match="changed"), elsewhere.write(OWNER) as work:
        bring_in(work, forged)


def test_a_manifest_that_follows_the_change_is_refused_by_its_signature(archive: bytes, elsewhere: Services) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as parts:
        manifest = json.loads(parts.read("manifest.json"))
    manifest["files"]["figures.json"] = hashlib.sha256(b"{}").hexdigest()
    forged = changed(changed(archive, "figures.json", b"{}"), "manifest.json", json.dumps(manifest).encode())
    with speaking(), pytest.raises(ZoufangError, match="changed"), elsewhere.write(OWNER) as work:
        bring_in(work, forged)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all" * 100])
def test_another_file_is_refused(content: bytes, elsewhere: Services) -> None:
    with speaking(), pytest.raises(ZoufangError, match="no archive"), elsewhere.write(OWNER) as work:
        bring_in(work, content)
