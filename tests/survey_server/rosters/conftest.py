"""Small real roster files, made by code; everybody in them is invented."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Callable, Sequence

import pandas as pd
import pytest
import xlsxwriter

from survey_server.rosters.checks import Rules
from survey_server.rosters.prepare import Prepared, Source, prepare

Workbook = Callable[..., bytes]
TODAY = dt.date(2026, 9, 1)


@pytest.fixture
def xlsx() -> Workbook:
    """Call it with sheets (name=rows) for the bytes of a workbook; `merged` names areas such as B1:C1."""

    def make(merged: Sequence[str] = (), hidden: Sequence[str] = (), **sheets: Sequence[Sequence[object]]) -> bytes:
        buffer = io.BytesIO()
        book = xlsxwriter.Workbook(buffer)
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if value == "":
                        continue
                    if isinstance(value, str):
                        sheet.write_string(number, column, value)
                    else:
                        sheet.write(number, column, value)
            for area in merged:
                sheet.merge_range(area, None)
            if name in hidden:
                sheet.hide()
        book.close()
        return buffer.getvalue()

    return make


@pytest.fixture
def rules() -> Rules:
    """A study's rules on a fixed day."""
    return Rules(today=TODAY)


def pseudonym(text: str) -> str:
    """An opaque name for the tests; the server's is keyed."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.fixture
def read(rules: Rules) -> Callable[..., Prepared]:
    """Call it with files (name → bytes) for what an import makes of them."""

    def prepared(files: dict[str, bytes], **options: object) -> Prepared:
        sources = [Source(name, lambda data=data: data) for name, data in files.items()]
        return prepare(sources, options.pop("rules", rules), pseudonym, **options)

    return prepared


@pytest.fixture
def codes() -> Callable[[Prepared], dict[str, list[int]]]:
    """Problem code → the rows that have it."""

    def found(prepared: Prepared) -> dict[str, list[int]]:
        table: pd.DataFrame = prepared.problems
        return {str(code): group["row"].tolist() for code, group in table.groupby("code")}

    return found
