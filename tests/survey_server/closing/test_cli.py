"""Closing a study from a terminal, and opening what was handed over on any machine."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from survey_server.cli import main
from survey_server.closing.service import closing_of
from tests.support.installation import MASTER_KEY
from tests.survey_server.rights.conftest import Office
from tests.survey_server.rights.test_withdrawal import answered

WORDS = "correct horse battery"


def zoufang(office: Office, *words: str, typed: str) -> Result:
    """The command with the office's installation as its environment."""
    settings = office.services.settings
    environment = {
        "ZOUFANG_DATA": str(settings.folder),
        "ZOUFANG_MASTER_KEY": MASTER_KEY,
        "ZOUFANG_DATABASE_URL": settings.url,
    }
    return CliRunner().invoke(main, words, input=typed, env=environment)


def test_a_study_is_closed_from_a_terminal_and_its_bundle_opens(office: Office, tmp_path: Path) -> None:
    answered(office)
    folder = tmp_path / "handed-over"
    words = ("study", "close", str(office.study.id), "--to", str(folder))
    said = zoufang(office, *words, typed=f"{WORDS}\n{WORDS}\n{office.study.name}\n")
    assert said.exit_code == 0, said.output
    assert {path.name for path in folder.iterdir()} == {"study.zoufang-bundle", "destruction.json", "destruction.pdf"}
    stated = json.loads((folder / "destruction.json").read_text("utf-8"))
    with office.services.read() as work:
        closing = closing_of(work, office.study.id)
    assert closing is not None
    assert stated == {"certificate": closing.certificate, "signature": closing.signature}
    assert [name for name in office.services.blobs.names() if name.startswith("submissions/")] == []

    out = tmp_path / "opened"
    opening = ("study", "open-bundle", str(folder / "study.zoufang-bundle"), "--to", str(out))
    assert zoufang(office, *opening, typed="the wrong words\n").exit_code == 1
    assert not out.exists()
    assert zoufang(office, *opening, typed=f"{WORDS}\n").exit_code == 0
    assert (out / "编码本.csv").is_file()


def test_another_name_destroys_nothing(office: Office, tmp_path: Path) -> None:
    words = ("study", "close", str(office.study.id), "--to", str(tmp_path / "handed-over"))
    said = zoufang(office, *words, typed=f"{WORDS}\n{WORDS}\nanother\n")
    assert said.exit_code == 1
    with office.services.read() as work:
        assert closing_of(work, office.study.id) is None
