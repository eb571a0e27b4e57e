"""A questionnaire of 240 questions: from the workbook to a form that can be published, and what each step costs.

What an evaluator waits for after an upload the night before fieldwork: conversion with every fault and rule looked
at, advice, and the paper version; a workbook full of faults must not take longer than a good one.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
from flask import Flask
from flask_babel import Babel

from mobile_forms.definition import FormDefinition
from mobile_forms.lint import lint
from mobile_forms.xlsform import FormFaultError, compile_workbook
from survey_server.questionnaires.paper import print_form
from survey_server.questionnaires.validate import odk_faults
from survey_server.studies.models import Study
from tests.performance.measurement import Measurement

QUESTIONS = 240
TIMES = 5
SCALE = ((5, "很满意"), (4, "满意"), (3, "一般"), (2, "不满意"), (1, "很不满意"), (98, "说不清"))


def measure(_folder: Path) -> Iterator[Measurement]:
    """Seconds for each step; the best of five."""
    good, bad = questionnaire(), questionnaire(faulty=True)
    compiled = compile_workbook(good, filename="t.xlsx")
    asked = sum(question.asked for question in compiled.definition.questions)
    yield Measurement("questions of the form", asked, "", at_least=QUESTIONS)
    yield Measurement("size of the workbook", len(good) / 1000, "KB")
    taken = best(lambda: compile_workbook(good, filename="t.xlsx"))
    yield Measurement("conversion, all rules compiled", taken, "s", at_most=3)
    yield Measurement("a fault in every fourth row, all told", best(lambda: refused(bad)), "s", at_most=3)
    yield Measurement("advice (lint)", best(lambda: lint(compiled.definition, compiled.rows)), "s", at_most=3)
    yield Measurement("paper version (PDF)", best(lambda: printed(compiled.definition)), "s", at_most=3)
    started = time.perf_counter()
    if odk_faults(compiled.xml) is not None:
        yield Measurement("ODK Validate, where Java is", time.perf_counter() - started, "s")


def best(work: Callable[[], object]) -> float:
    """The shortest of five runs, in seconds."""
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def refused(workbook: bytes) -> int:
    """How many faults are told."""
    try:
        compile_workbook(workbook, filename="t.xlsx")
    except FormFaultError as error:
        return len(error.problems)
    raise RuntimeError("the faulty form was taken")


def printed(definition: FormDefinition) -> bytes:
    """The form on paper."""
    app = Flask(__name__)
    Babel(app)
    study = Study(name="试", client="某区民政局", company="某评价公司", hotline="000-1234567")
    with app.test_request_context():
        return print_form(study, definition, definition.default_language, size=10.5)


def questionnaire(*, faulty: bool = False) -> bytes:
    """Twenty-four groups of ten: scales, multiple choices, numbers and texts, each third under a condition."""
    book = openpyxl.Workbook()
    survey = book.worksheets[0]
    survey.title = "survey"
    survey.append(["type", "name", "label::中文(zh)", "relevant", "required", "constraint"])
    for group in range(24):
        survey.append(["begin_group", f"g{group}", f"第 {group} 部分"])
        for place in range(10):
            survey.append(row(group * 10 + place, faulty=faulty))
        survey.append(["end_group"])
    choices = book.create_sheet("choices")
    choices.append(["list_name", "name", "label::中文(zh)"])
    for code, label in SCALE:
        choices.append(["sat", code, label])
    settings = book.create_sheet("settings")
    settings.append(["form_id", "version", "default_language"])
    settings.append(["bench", "1", "中文(zh)"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def row(number: int, *, faulty: bool) -> list[str | None]:
    """One question; of a faulty form every fourth refers to one that is not there."""
    kind = ("select_one sat", "select_one sat", "select_multiple sat", "integer", "text")[number % 5]
    before = number - number % 5
    relevant = f"${{q{before}}} <= 3 and ${{q{before}}} > 0" if number % 3 == 2 and number != before else None
    if faulty and number % 4 == 0:
        relevant = f"${{nowhere{number}}} = 1"
    limit = ". >= 0 and . <= 99" if kind == "integer" else None
    return [kind, f"q{number}", f"第 {number} 题：您对这一项办理情况怎么看？", relevant, "yes", limit]
