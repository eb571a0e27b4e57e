"""ODK Collect and server say the same of the same answers: our rules against JavaRosa, which ODK Validate carries."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pyxform

from mobile_forms.answers import Rules
from mobile_forms.catalog import shipped
from mobile_forms.definition import Group
from mobile_forms.evaluation import same_value
from tests.mobile_forms.everything import LISTS, OTHERWISE_IN_COLLECT, feature_form, random_answers, unsettled
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
    assert done.returncode == 0, done.stderr[:3000]
    return [told(part.splitlines()) for part in done.stdout.split("instance\t")[1:]]


def told(lines: Sequence[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    words = [line.split("\t") for line in lines[1:]]
    values = [(path, value.replace("\\n", "\n")) for kind, path, value in words if kind == "value"]
    values = [(path, value) for path, value in values if path.split("/")[1] not in OF_THE_CLOCK]
    return values, sorted((name, rule) for kind, name, rule in words if kind == "broken")


@pytest.mark.parametrize("form_id", [form.form_id for form in shipped()])
def test_collect_and_server_agree_on_a_shipped_form(form_id: str, tmp_path: Path) -> None:
    agree(shipped_rules(form_id), compiled(form_id).xml, lists_of(form_id), form_id, tmp_path)


def test_collect_and_server_agree_on_every_feature_that_collect_means_alike(tmp_path: Path) -> None:
    form = feature_form(without=OTHERWISE_IN_COLLECT)
    agree(Rules(form.definition), form.xml, LISTS, "", tmp_path)


def agree(rules: Rules, xml: bytes, lists: Mapping[str, bytes], form_id: str, folder: Path) -> None:
    dice = random.Random(f"javarosa {form_id}")
    given = [random_answers(rules, form_id, dice) for _ in range(SETS)]
    (folder / "form.xml").write_bytes(xml)
    for name, content in lists.items():
        (folder / name).write_bytes(content)
    for number, answers in enumerate(given):
        (folder / f"instance{number:03}.xml").write_text(unsettled(rules, answers), "utf-8")
    settled = javarosa_settles(folder)

    assert len(settled) == SETS
    for answers, (values, faults) in zip(given, settled, strict=True):
        ours = rules.fill(answers, lists)
        mine, theirs = answered(rules, leaves(ours.xml)), answered(rules, values)
        assert [path for path, _ in theirs] == [path for path, _ in mine], answers
        pairs = zip(mine, theirs, strict=True)
        assert [(one, other) for one, other in pairs if not same_value(one[1], other[1], ZONE)] == [], answers
        assert faults == broken(ours), answers


def answered(rules: Rules, values: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The values of questions: a group without any is a leaf to one side and left out by the other."""
    groups = {node.name for node in rules.form.root.walk() if isinstance(node, Group)}
    return [(path, value) for path, value in values if path.rpartition("/")[2] not in groups]
