"""Forms to test with: the shipped ones, compiled once, and small ones written as rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl

from mobile_forms.answers import Rules
from mobile_forms.catalog import shipped_form
from mobile_forms.xlsform import CompiledForm, compile_workbook

DATA = Path(__file__).parent / "data"
Row = Sequence[str | int | None]


def workbook(
    survey: Sequence[Row], choices: Sequence[Row] = (), settings: Sequence[Row] = (("form_id", "version"), ("t", "1"))
) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in (("survey", survey), ("choices", choices), ("settings", settings)):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def rules_of(*survey: Row, choices: Sequence[Row] = (), settings: Sequence[Row] = (("form_id",), ("t",))) -> Rules:
    return Rules(compile_workbook(workbook(survey, choices, settings), filename="t.xlsx").definition)


def lists_of(form_id: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (DATA / form_id).glob("*.csv")}


def rows_of(form_id: str, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(lists_of(form_id)[name].decode())))


def cases_of(form_id: str) -> list[dict[str, Any]]:
    return json.loads((DATA / form_id / "cases.json").read_text())["cases"]


_COMPILED: dict[str, CompiledForm] = {}
_RULES: dict[str, Rules] = {}


def compiled(form_id: str) -> CompiledForm:
    if form_id not in _COMPILED:
        form = shipped_form(form_id)
        _COMPILED[form_id] = compile_workbook(form.read(), filename=form.filename)
    return _COMPILED[form_id]


def shipped_rules(form_id: str) -> Rules:
    if form_id not in _RULES:
        _RULES[form_id] = Rules(compiled(form_id).definition)
    return _RULES[form_id]
