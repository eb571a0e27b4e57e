"""Every questionnaire that is shipped is one that ODK Collect opens: ODK Validate, which runs on Java, says so."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import pyxform

from mobile_forms.xlsform import compile_workbook
from survey_server.questionnaires.validate import odk_faults

pytestmark = pytest.mark.interop

CATALOG = Path(__file__).resolve().parents[2] / "mobile_forms" / "catalog"
VALIDATE = Path(pyxform.__file__).parent / "validators" / "odk_validate" / "bin" / "ODK_Validate.jar"
REMEDY = "没有 Java。请安装 No Java: install it (Debian: apt install default-jre-headless)"


def odk_validate(path: Path) -> subprocess.CompletedProcess[str]:
    java = shutil.which("java")
    if java is None:
        pytest.fail(REMEDY, pytrace=False)
    words = [java, "-Djava.awt.headless=true", "-jar", str(VALIDATE), str(path)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workbook", sorted(CATALOG.glob("*.xlsx")), ids=lambda path: path.stem)
def test_a_shipped_questionnaire_passes_odk_validate(workbook: Path, tmp_path: Path) -> None:
    form = tmp_path / "form.xml"
    form.write_bytes(compile_workbook(workbook.read_bytes(), filename=workbook.name).xml)

    told = odk_validate(form)

    assert told.returncode == 0, told.stderr
    assert "Xform is valid!" in told.stdout + told.stderr


def test_what_is_no_questionnaire_does_not_pass(tmp_path: Path) -> None:
    workbook = min(CATALOG.glob("*.xlsx"))
    xml = compile_workbook(workbook.read_bytes(), filename=workbook.name).xml
    form = tmp_path / "form.xml"
    form.write_bytes(xml.replace(b"<h:body", b"<h:nobody", 1))

    assert odk_validate(form).returncode != 0


def test_the_server_asks_odk_validate_before_a_questionnaire_is_published() -> None:
    workbook = CATALOG / "qr_public.xlsx"
    xml = compile_workbook(workbook.read_bytes(), filename=workbook.name).xml

    assert odk_faults(xml) == ()
    (first, *_) = odk_faults(xml.replace(b"/data/z1", b"/data/nowhere")) or ()
    assert first.code == "odk_validate"
    assert "nowhere" in first.values["detail"] or "z1" in first.values["detail"]
