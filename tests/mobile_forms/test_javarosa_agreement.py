"""ODK Collect and server say the same of the same answers: our rules against JavaRosa, which ODK Validate carries."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pyxform

from mobile_forms.catalog import shipped
from mobile_forms.evaluation import same_value
from tests.mobile_forms.everything import random_answers, unsettled
from tests.mobile_forms.forms import compiled, lists_of, shipped_rules
from tests.mobile_forms.test_engine_agreement import OF_THE_CLOCK, broken, leaves

pytestmark = pytest.mark.interop

SETTLE = Path(__file__).parent / "javarosa" / "Settle.java"
JAVAROSA = Path(pyxform.__file__).parent / "validators" / "odk_validate" / "bin" / "ODK_Validate.jar"
REMEDY = "没有 Java 编译器。请安装 JDK。No Java compiler: install a JDK (Debian: apt install default-jdk-headless)"
ZONE = ZoneInfo("Asia/Shanghai")
SETS = 50


def javarosa_settles(folder: Path) -> list[tuple[list[tuple[str, str]], list[tuple[str, str]]]]:
    """The values and broken rules that JavaRosa finds in each instance of a folder."""
    java = shutil.which("java")
    if java is None or shutil.which("javac") is None:
        pytest.fail(REMEDY, pytrace=False)
    words = [
        java,
        "-Duser.timezone=Asia/Shanghai",
        "-Djava.awt.headless=true",
        "-cp",
        str(JAVAROSA),
        str(SETTLE),
        str(folder),
    ]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [told(part.splitlines()) for part in done.stdout.split("instance\t")[1:]]


def told(lines: Sequence[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    words = [line.split("\t") for line in lines[1:]]
    values = [(path, value.replace("\\n", "\n")) for kind, path, value in words if kind == "value"]
    values = [(path, value) for path, value in values if path.split("/")[1] not in OF_THE_CLOCK]
    return values, sorted((name, rule) for kind, name, rule in words if kind == "broken")


@pytest.mark.parametrize("form_id", [form.form_id for form in shipped()])
def test_collect_and_server_agree_on_a_shipped_form(form_id: str, tmp_path: Path) -> None:
    rules, lists, dice = shipped_rules(form_id), lists_of(form_id), random.Random(f"javarosa {form_id}")
    given = [random_answers(rules, form_id, dice) for _ in range(SETS)]
    (tmp_path / "form.xml").write_bytes(compiled(form_id).xml)
    for name, content in lists.items():
        (tmp_path / name).write_bytes(content)
    for number, answers in enumerate(given):
        (tmp_path / f"instance{number:03}.xml").write_text(unsettled(rules, answers), "utf-8")
    settled = javarosa_settles(tmp_path)

    assert len(settled) == SETS
    for answers, (values, faults) in zip(given, settled, strict=True):
        ours = rules.fill(answers, lists)
        mine, theirs = dict(leaves(ours.xml)), dict(values)
        assert theirs.keys() == mine.keys(), answers
        assert [path for path in mine if not same_value(mine[path], theirs[path], ZONE)] == [], answers
        assert faults == broken(ours), answers
