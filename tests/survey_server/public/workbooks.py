"""Small questionnaires, written as XLSForm tables."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from openpyxl import Workbook

from mobile_forms.definition import FormDefinition
from mobile_forms.xlsform import compile_workbook

Row = Mapping[str, str]
YES_NO = ({"list_name": "yn", "name": "1", "label": "是"}, {"list_name": "yn", "name": "2", "label": "否"})


def workbook(survey: Sequence[Row], choices: Sequence[Row] = YES_NO, settings: Row | None = None) -> bytes:
    """An .xlsx of these sheets."""
    book = Workbook()
    book.remove(book.worksheets[0])
    basics = {"form_title": "小问卷", "form_id": "small", "version": "1", "namespaces": 'zf="urn:zoufang:form:1"'}
    for name, rows in (("survey", survey), ("choices", choices), ("settings", [{**basics, **(settings or {})}])):
        sheet = book.create_sheet(name)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        sheet.append(columns)
        for row in rows:
            sheet.append([row.get(column) for column in columns])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def form(survey: Sequence[Row], choices: Sequence[Row] = YES_NO) -> FormDefinition:
    """The same, compiled."""
    return compile_workbook(workbook(survey, choices), filename="small.xlsx").definition


def ask(name: str, kind: str = "select_one yn", **columns: str) -> Row:
    """A row of the survey sheet."""
    return {"type": kind, "name": name, "label": name, **columns}
