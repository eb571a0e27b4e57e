"""Tables in, an Excel workbook (.xlsx) out as bytes.

Numbers are numbers. A per cent is a fraction under a per cent format, rounded half up to the decimals that are
shown, so that what is printed can be multiplied. Text is only ever text: it is never read as a formula, a link or a
number, long digits keep every digit, and personal numbers in it are masked.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format

from analysis.report.bulk import BulkColumn, BulkSheet, moment_reader, number_reader
from analysis.report.disclosure import mask_personal
from analysis.report.native import Chart, draw_charts

Kind = Literal["text", "integer", "number", "percent", "date", "datetime"]

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_CHARACTERS = 32_767

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_FONT = {"font_name": "宋体", "font_size": 11}


@dataclass(frozen=True)
class Column:
    """One column. kind: how its cells are typed. digits: decimals of numbers and per cents. width: in characters."""

    header: str
    kind: Kind = "text"
    width: float | None = None
    digits: int = 2
    note: str = ""


@dataclass(frozen=True)
class Sheet:
    """One sheet: title above, then notes, the header, and the rows in the order of the columns.

    freeze: how many columns stay in sight beside the header. personal: leave personal numbers in text as they are;
    only for files that stay inside.
    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    title: str = ""
    notes: Sequence[str] = field(default_factory=tuple)
    freeze: int = 0
    personal: bool = False
    charts: Sequence[Chart] = ()


def write_workbook(sheets: Sequence[Sheet], *, title: str = "", created: datetime | None = None) -> bytes:
    """The workbook as bytes; `created` is written into its properties, so that equal input gives equal bytes.

    Raises ValueError for no sheets, a name that Excel refuses or that is used twice, or more rows than Excel has.
    """
    _check_names([sheet.name for sheet in sheets])
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": title, "created": created or datetime(2000, 1, 1)})  # noqa: DTZ001 - Excel has no zones
    formats = _Formats(book)
    for sheet in sheets:
        page = cast("BulkSheet", book.add_worksheet(sheet.name, BulkSheet))
        _write_sheet(page, sheet, formats)
        draw_charts(book, page, sheet)
    book.close()
    return buffer.getvalue()


def sheet_from_frame(name: str, frame: pd.DataFrame, columns: Sequence[Column], **more: Any) -> Sheet:  # noqa: ANN401
    """A sheet of a frame's columns, in the frame's order; `more` as in Sheet."""
    values = [frame[column].astype(object).tolist() for column in frame.columns]
    return Sheet(name, columns, list(zip(*values, strict=True)), **more)


class _Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def get(self, **properties: Any) -> Format:  # noqa: ANN401 - as xlsxwriter has it
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({**_FONT, **properties})
        return self._made[key]

    def of(self, column: Column) -> Format:
        decimals = "." + "0" * column.digits if column.digits else ""
        codes = {
            "integer": "#,##0",
            "number": f"#,##0{decimals}",
            "percent": f"0{decimals}%",
            "date": "yyyy-mm-dd",
            "datetime": "yyyy-mm-dd hh:mm",
        }
        if column.kind == "text":
            return self.get(num_format="@", valign="top", text_wrap=bool(column.width))
        return self.get(num_format=codes[column.kind], valign="top")


def _write_sheet(page: BulkSheet, sheet: Sheet, formats: _Formats) -> None:
    if len(sheet.columns) > MOST_COLUMNS:
        message = f"sheet {sheet.name!r} has {len(sheet.columns)} columns, Excel has {MOST_COLUMNS}"
        raise ValueError(message)
    top = 0
    if sheet.title:
        page.write_string(top, 0, sheet.title, formats.get(bold=True, font_size=14))
        top += 1
    for note in sheet.notes:
        page.write_string(top, 0, note, formats.get(font_color="#555555"))
        top += 1
    _write_header(page, top, sheet, formats)
    last = page.add_rows(top + 1, [_bulk_column(column, formats, sheet) for column in sheet.columns], sheet.rows)
    if last >= MOST_ROWS:
        message = f"sheet {sheet.name!r} has more rows than Excel's {MOST_ROWS}: split it"
        raise ValueError(message)
    if last > top:
        page.autofilter(top, 0, last, max(0, len(sheet.columns) - 1))


def _write_header(page: BulkSheet, top: int, sheet: Sheet, formats: _Formats) -> None:
    bold = formats.get(bold=True, bg_color="#E8EEF4", bottom=1, text_wrap=True, valign="vcenter")
    for at, column in enumerate(sheet.columns):
        page.write_string(top, at, column.header, bold)
        if column.note:
            page.write_comment(top, at, column.note)
        page.set_column(at, at, column.width or max(8.0, min(40.0, 2.2 * len(column.header) + 2)))
    page.freeze_panes(top + 1, sheet.freeze)
    page.repeat_rows(top)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _bulk_column(column: Column, formats: _Formats, sheet: Sheet) -> BulkColumn:
    style = formats.of(column)
    if column.kind == "text":
        quoted = formats.get(num_format="@", valign="top", text_wrap=bool(column.width), quote_prefix=True)
        return BulkColumn(_kept_text if sheet.personal else _masked_text, style, quoted)
    if column.kind in {"date", "datetime"}:
        return BulkColumn(moment_reader, style)
    return BulkColumn(
        number_reader({"percent": column.digits + 2, "number": column.digits, "integer": 0}[column.kind]), style
    )


def _kept_text(value: Any) -> str | None:  # noqa: ANN401 - a cell
    if not isinstance(value, str):
        value = "" if value is None or pd.isna(value) else str(value)
    return value[:MOST_CHARACTERS] or None


def _masked_text(value: Any) -> str | None:  # noqa: ANN401 - a cell
    words = _kept_text(value)
    return None if words is None else mask_personal(words)


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise ValueError("a workbook needs a sheet")
    seen: set[str] = set()
    for name in names:
        if not name or len(name) > 31 or _FORBIDDEN.search(name) or name.strip("'") != name:
            message = f"Excel takes no sheet called {name!r}: at most 31 characters, none of []:*?/\\"
            raise ValueError(message)
        if name.casefold() in seen:
            message = f"two sheets are called {name!r}"
            raise ValueError(message)
        seen.add(name.casefold())
