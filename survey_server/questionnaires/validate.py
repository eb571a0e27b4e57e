"""ODK Validate, the reference check of XForms, where Java stands on the machine; its jar comes with pyxform."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pyxform

from mobile_forms.problems import Problem

JAR = Path(pyxform.__file__).parent / "validators" / "odk_validate" / "bin" / "ODK_Validate.jar"
MAX_SECONDS = 60
MAX_TOLD = 3
_NOISE = re.compile(r"^\s*(?:at |\.\.\. |Caused by|>> |Something broke|Result:|The following files|\*|$)|\.java:\d+")


def validator() -> list[str] | None:
    """The words of the command, None where there is no Java or no jar."""
    java = shutil.which("java")
    if java is None or not JAR.is_file():
        return None
    return [java, "-Xmx256m", "-Djava.awt.headless=true", "-jar", str(JAR)]


def odk_faults(xform: bytes) -> tuple[Problem, ...] | None:
    """What ODK Validate has against a form, nothing where it is fine; None where it could not be asked."""
    command = validator()
    if command is None:
        return None
    with tempfile.TemporaryDirectory(prefix="zoufang-form-") as folder:
        path = Path(folder) / "form.xml"
        path.write_bytes(xform)
        try:
            told = subprocess.run(  # noqa: S603 - our own words and a file of our own
                [*command, str(path)], capture_output=True, text=True, check=False, timeout=MAX_SECONDS
            )
        except (subprocess.TimeoutExpired, OSError):
            return None
    if told.returncode == 0:
        return ()
    return tuple(Problem("odk_validate", values={"detail": line}) for line in _sentences(told.stderr, folder))


def _sentences(text: str, folder: str) -> list[str]:
    lines = [line.replace(folder, "").strip()[:300] for line in text.splitlines() if not _NOISE.search(line)]
    return list(dict.fromkeys(line for line in lines if line))[:MAX_TOLD] or ["?"]
