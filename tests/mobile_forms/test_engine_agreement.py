"""Phone and server say the same of the same answers: our rules against the engine that the phone runs."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest
from lxml import etree

from mobile_forms.answers import Filled, Rules, Value
from mobile_forms.build import CLIENT, Node, install
from mobile_forms.catalog import shipped
from mobile_forms.definition import FILES, Kind
from mobile_forms.xpath_calls import SPECIAL
from mobile_forms.xpath_functions import FUNCTIONS
from tests.mobile_forms.everything import LISTS, feature_form, random_answers, unsettled
from tests.mobile_forms.forms import compiled, lists_of, shipped_rules

SETTLE = Path(__file__).parent / "engine" / "settle.mjs"
SETS = 50
OF_THE_CLOCK = {"start", "end", "today", "deviceid", "meta"}


def engine_settles(xml: bytes, media: Mapping[str, bytes], instances: list[str]) -> list[dict]:
    """What ``@getodk/xforms-engine`` makes of instances of a form."""
    asked = {
        "xml": xml.decode(),
        "media": {name: body.decode() for name, body in media.items()},
        "instances": instances,
    }
    done = subprocess.run(
        [Node.find().executable, SETTLE, CLIENT],
        input=json.dumps(asked),
        env={**os.environ, "TZ": "Asia/Shanghai"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def leaves(xml: str | bytes) -> list[tuple[str, str]]:
    """The values of an instance by path, in order, without what only the clock decides."""
    root = etree.fromstring(xml)
    found: list[tuple[str, str]] = []

    def walk(element: etree._Element, path: str) -> None:
        name = etree.QName(element).localname
        if len(element):
            for child in element:
                walk(child, f"{path}/{name}")
        elif name not in OF_THE_CLOCK:
            found.append((f"{path}/{name}", element.text or ""))

    for child in root:
        if etree.QName(child).localname not in OF_THE_CLOCK:
            walk(child, "")
    return found


def differences(ours: list[tuple[str, str]], theirs: list[tuple[str, str]]) -> list[object]:
    if [path for path, _ in ours] != [path for path, _ in theirs]:
        return [set(ours) ^ set(theirs)]
    return [(path, mine, other) for (path, mine), (_, other) in zip(ours, theirs, strict=True) if mine != other]


def broken(filled: Filled) -> list[tuple[str, str]]:
    faults = [(item.question, item.rule) for item in filled.faults]
    assert all(rule in {"required", "constraint"} for _, rule in faults)
    return sorted(faults)


def disagreements(rules: Rules, xml: bytes, media: Mapping[str, bytes], form_id: str, sets: int) -> list[object]:
    """Random answers of which phone and server do not say the same: the answers, and what differs."""
    dice = random.Random(f"agreement {form_id}")
    given: list[dict[str, Value]] = [random_answers(rules, form_id, dice) for _ in range(sets)]
    settled = engine_settles(xml, media, [unsettled(rules, answers) for answers in given])
    found: list[object] = []
    for answers, theirs in zip(given, settled, strict=True):
        ours = rules.fill(answers, media)
        different = differences(leaves(ours.xml), leaves(theirs["xml"]))
        names = [(re.sub(r"\[\d+\]", "", path).rpartition("/")[2], rule) for path, rule in theirs["broken"]]
        if different or broken(ours) != sorted(names):
            found.append((answers, different, broken(ours), sorted(names)))
    return found


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    install()


@pytest.mark.parametrize("form_id", [form.form_id for form in shipped()])
def test_phone_and_server_agree_on_a_shipped_form(form_id: str) -> None:
    assert disagreements(shipped_rules(form_id), compiled(form_id).xml, lists_of(form_id), form_id, SETS) == []


def test_phone_and_server_agree_on_every_supported_feature() -> None:
    form = feature_form()
    assert disagreements(Rules(form.definition), form.xml, LISTS, "", SETS) == []


def test_no_supported_function_is_left_out_of_the_form_with_every_feature() -> None:
    xml = feature_form().xml.decode()
    assert [name for name in {**FUNCTIONS, **SPECIAL} if not re.search(rf"(?<![\w:-]){name}\s*\(", xml)] == []


def test_no_kind_of_question_that_expressions_read_is_left_out_either() -> None:
    kinds = {question.kind for question in feature_form().definition.questions}
    elsewhere = {"geotrace", "geoshape", "note", "meta", "hidden"}
    assert set(get_args(Kind)) - kinds == elsewhere | FILES
