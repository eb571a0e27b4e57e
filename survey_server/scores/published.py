"""A published score table (评分表, 自评表) read from the file it came in: .xlsx, .xls, .csv or .yaml."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis.errors import ScoringError
from analysis.indicator_sheet import LEVELS, table_from_frame
from analysis.indicators import IndicatorTable, load_table
from survey_server.rosters.reading import Limits, RosterFileError, Sheet, read_sheets

LIMITS = Limits(bytes=8 << 20, unpacked=64 << 20, rows=20_000, sheets=20, seconds=20.0)
MOST_ROWS_ABOVE = 30
_SPACE = re.compile(r"\s")


def read_published(name: str, data: bytes, total: Decimal = Decimal(100)) -> IndicatorTable:
    """The table in the first sheet that has a column 一级指标; rows are numbered as Excel does.

    Raises:
        ScoringError: no such column, or a cell that cannot be read, named by its row.
        RosterFileError: the file itself cannot be read.
    """
    if len(data) > LIMITS.bytes:
        raise RosterFileError("file_too_large", name, size=len(data), limit=LIMITS.bytes)
    if name.lower().endswith((".yaml", ".yml")):
        return load_table(data.decode("utf-8-sig", errors="replace"))
    for sheet in read_sheets(name, data, LIMITS):
        at = _header(sheet)
        if at is not None:
            return table_from_frame(_frame(sheet, at), name, float(total), first_row=sheet.top + at + 1)
    raise ScoringError("levels", f"no sheet of {name} has a column {LEVELS[0]}", file=name)


def _header(sheet: Sheet) -> int | None:
    """Which of the first rows names the levels."""
    for at, row in enumerate(sheet.rows[:MOST_ROWS_ABOVE]):
        if any(LEVELS[0] in _SPACE.sub("", str(cell)) for cell in row if isinstance(cell, str)):
            return at
    return None


def _frame(sheet: Sheet, at: int) -> pd.DataFrame:
    """The rows below the header under their first names; columns without a name are left out."""
    names = [_SPACE.sub("", str(cell)) if cell is not None else "" for cell in sheet.rows[at]]
    kept = [place for place, name in enumerate(names) if name and name not in names[:place]]
    rows: list[list[Any]] = [[_cell(row, place) for place in kept] for row in sheet.rows[at + 1 :]]
    return pd.DataFrame(rows, columns=[names[place] for place in kept], dtype=object)


def _cell(row: list[Any], place: int) -> object:
    cell = row[place] if place < len(row) else None
    return None if cell == "" else cell
