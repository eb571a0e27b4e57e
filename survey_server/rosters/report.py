"""Workbooks about a roster: its bad rows, to be mended; and the list of units that was taken."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import xlsxwriter

from survey_server.errors import N_
from survey_server.rosters.problems import Severity, describe
from survey_server.rosters.vocabulary import LABELS

Translate = Callable[[str], str]

SEVERITIES = {
    Severity.ERROR: N_("Left out"),
    Severity.WARNING: N_("Kept, please check"),
    Severity.MENDED: N_("Mended"),
}
_PROBLEM_HEADERS = (
    *(N_("Result"), N_("File"), N_("Sheet"), N_("Row"), N_("Column"), N_("Value (masked)")),
    *(N_("What is wrong"), N_("What to do")),
)
_UNIT_COLUMNS = {
    "unit_id": N_("Unit number"),
    "unit": N_("Counted as"),
    "county": LABELS["county"],
    "town": LABELS["town"],
    "village": LABELS["village"],
    "area": LABELS["area"],
    "category": N_("Code of the category"),
    "category_name": LABELS["category"],
    "categories": N_("All lists"),
    "persons": LABELS["persons"],
    "family": LABELS["family"],
}


def problem_workbook(problems: pd.DataFrame, translate: Translate = str) -> bytes:
    """The bad rows as a workbook, errors first: a line for each, with its place, what is wrong and what to do."""
    order = {str(severity): place for place, severity in enumerate(Severity)}
    rows = problems.sort_values("severity", key=lambda s: s.map(order), kind="stable")
    return _workbook(
        translate(N_("Problems")),
        [translate(header) for header in _PROBLEM_HEADERS],
        (problem_line(row, translate) for row in rows.to_dict("records")),
        (14, 28, 12, 8, 22, 20, 60, 60),
    )


def problem_line(problem: Mapping[Any, Any], translate: Translate = str) -> list[str | int]:
    """One problem as it is shown: result, file, sheet, row, column, masked value, what is wrong, what to do."""
    what, remedy = describe(problem["code"], problem["fields"], translate)
    column = str(problem["column"])
    return [
        translate(SEVERITIES[Severity(problem["severity"])]),
        *(str(problem["file"]), str(problem["sheet"]), int(problem["row"]) or ""),
        *(translate(LABELS[column]) if column in LABELS else column, str(problem["value"]), what, remedy),
    ]


def unit_workbook(units: Iterable[Sequence[object]], translate: Translate = str) -> bytes:
    """The units of a frame as a workbook without personal facts: enough to draw from and to verify a draw.

    Args:
        units: rows in the order of `UNIT_FIELDS`.
        translate: gives the headers in the reader's language.
    """
    headers = [translate(label) for label in _UNIT_COLUMNS.values()]
    return _workbook(translate(N_("List of units")), headers, units, (22, 10, 14, 16, 18, 8, 10, 24, 12, 10, 10))


UNIT_FIELDS = tuple(_UNIT_COLUMNS)
"""The columns of `unit_workbook`."""


def _workbook(name: str, headers: Sequence[str], rows: Iterable[Sequence[object]], widths: Sequence[int]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True})
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "bg_color": "#E8F0E8"})
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 0)
    for column, header in enumerate(headers):
        sheet.write_string(0, column, header, bold)
    last = 0
    for last, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            # Text is never read as a formula, whatever a roster holds.
            if isinstance(value, int | float) and not isinstance(value, bool):
                sheet.write_number(last, column, value)
            elif value not in {None, ""}:
                sheet.write_string(last, column, str(value))
    sheet.autofilter(0, 0, max(last, 1), len(headers) - 1)
    book.close()
    return buffer.getvalue()
