"""Where the table is in a sheet: its header, and which lines below are no rows of the roster."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from survey_server.rosters.problems import Problem
from survey_server.rosters.reading import Sheet
from survey_server.rosters.vocabulary import header_meaning

SEARCH_ROWS = 40
"""A header is looked for in so many rows from the top."""

_EXACT = 10**15
"""Excel keeps 15 digits: a larger number has lost its end."""
_TOTALS = re.compile(
    r"(?:本页|本表|全镇|全乡|全县|全区|全村|本月)?(?:合计|小计|总计|共计|累计)(?:[^\u4e00-\u9fff].*)?$"
)
_FOOTNOTE = re.compile(r"(?:填表|制表|审核|复核|经办|负责|单位|说明|备注|注|联系)人?(?:\(.*\)|（.*）)?[:：]")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_UNSEEN = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_WRAPPED = re.compile(r'="(.*)"', re.DOTALL)


@dataclass(frozen=True)
class Table:
    """The rows of a sheet as text. `cells` has columns 0, 1, …; its index is Excel's row number."""

    file: str
    sheet: str
    headers: tuple[str, ...]
    cells: pd.DataFrame
    title: str = ""
    left: int = 1
    problems: tuple[Problem, ...] = field(default=())

    def letter(self, column: int) -> str:
        """The letter by which Excel calls a column."""
        letters, number = "", self.left + column
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(65 + rest) + letters
        return letters


def find_table(sheet: Sheet) -> Table:
    """The one table of a sheet; `headers` is empty where there is none (`problems` says why)."""
    if sheet.hidden or not sheet.rows:
        problems = (Problem("sheet_hidden", sheet.file, sheet.name),) if sheet.hidden else ()
        return Table(sheet.file, sheet.name, (), pd.DataFrame(), problems=problems)
    top = _header_row(sheet.rows)
    if top is None:
        return Table(
            sheet.file,
            sheet.name,
            (),
            pd.DataFrame(),
            problems=(Problem("no_header", sheet.file, sheet.name),),
        )
    bottom = _header_end(sheet.rows, top)
    headers = _headers(sheet, top, bottom)
    width = max((i + 1 for i, header in enumerate(headers) if header), default=0)
    _fill_merged(sheet, bottom)
    body = sheet.rows[bottom + 1 :]
    texts = Texts()
    cells = pd.DataFrame(
        {column: text_column([row[column] for row in body], texts) for column in range(width)},
        index=np.arange(bottom + 1 + sheet.top, len(sheet.rows) + sheet.top),
        dtype=object,
    )
    title = " ".join(text for row in sheet.rows[:top] for cell in row if (text := cell_text(cell)))
    cells, problems = _drop_strays(cells, headers[:width], sheet)
    return Table(sheet.file, sheet.name, headers[:width], cells, title[:500], sheet.left, tuple(problems))


def cell_text(value: Any) -> str:  # noqa: ANN401, PLR0911 - whatever Excel holds, a case each
    """A cell as text. A number beyond 15 digits is written like 1.10105E+17: its end is lost."""
    if isinstance(value, str):
        text = value.strip()
        if text[:2] == '="' and (wrapped := _WRAPPED.fullmatch(text)):
            return wrapped[1].strip()
        return text.lstrip("'").rstrip() if text[:1] == "'" else text
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | int):
        if value == int(value) and abs(value) < _EXACT:
            return str(int(value))
        return f"{value:.14E}" if abs(value) >= _EXACT else f"{value:.12g}"
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


class Texts(dict[Any, str]):
    """Cells and their texts: each value of a sheet is turned into text once, and equal texts share one object."""

    def __missing__(self, value: Any) -> str:  # noqa: ANN401 - whatever Excel holds
        text = self[value] = cell_text(value)
        return text


def text_column(values: Sequence[Any], texts: Texts) -> np.ndarray:
    """A column of cells as text."""
    column = np.empty(len(values), dtype=object)
    # TRUE and 1 are one key of a dictionary, yet not one text.
    column[:] = [cell_text(v) for v in values] if bool in set(map(type, values)) else [texts[v] for v in values]
    if _UNSEEN.search("".join(column)):
        column[:] = [text.translate(_INVISIBLE) for text in column]
    return column


def _header_row(rows: list[list[Any]]) -> int | None:
    """The row that names most columns, at least two; what comes long after a good one is data."""
    best, best_score = None, 1.5
    for number, row in enumerate(rows[:SEARCH_ROWS]):
        words = [cell_text(cell) for cell in row if cell != ""]
        score = sum(header_meaning(word)[1] for word in words if 0 < len(word) <= 30)
        if score > best_score and not any(_is_value(word) for word in words):
            best, best_score = number, score
        if best is not None and number > best + 3:
            break
    return best


def _is_value(word: str) -> bool:
    return re.fullmatch(r"[\d.,Xx+\-E]{2,}", word) is not None


def _header_end(rows: list[list[Any]], top: int) -> int:
    """The last row of the header: a further one has names where the first is blank or spans columns."""
    end = top
    while end + 1 < len(rows) and end - top < 2:
        below = [cell_text(cell) for cell in rows[end + 1]]
        words = [word for word in below if word]
        under_blank = sum(1 for i, word in enumerate(below) if word and not cell_text(rows[top][i]))
        known = sum(header_meaning(word)[1] >= 0.6 for word in words)
        if not words or not under_blank or known * 2 < len(words) or any(_is_value(word) for word in words):
            break
        end += 1
    return end


def _headers(sheet: Sheet, top: int, bottom: int) -> tuple[str, ...]:
    """One name per column; names of a spanning cell and of the cells below it are joined by a slash."""
    grid = [[cell_text(cell).replace("\n", "") for cell in row] for row in sheet.rows[top : bottom + 1]]
    for first_row, first, last_row, last in sheet.merged:
        if top <= first_row and last_row <= bottom:
            for row in range(first_row, last_row + 1):
                grid[row - top][first : last + 1] = [grid[first_row - top][first]] * (last + 1 - first)
    if not sheet.merged:
        _spread(grid)
    names = []
    for column in zip(*grid, strict=True):
        parts = list(dict.fromkeys(part for part in column if part))
        names.append("/".join(parts))
    return tuple(names)


def _fill_merged(sheet: Sheet, bottom: int) -> None:
    """A cell merged over the rows of a household (its number, its head) is true of each of them."""
    for first_row, first, last_row, _last in sheet.merged:
        if first_row > bottom:
            for row in sheet.rows[first_row + 1 : last_row + 1]:
                row[first] = sheet.rows[first_row][first]


def _spread(grid: list[list[str]]) -> None:
    """Without merged areas (.csv): a blank right of a name and over another name belongs to the first."""
    for upper, lower in itertools.pairwise(grid):
        for i in range(1, len(upper)):
            if not upper[i] and lower[i] and upper[i - 1] and lower[i - 1]:
                upper[i] = upper[i - 1]


def _drop_strays(cells: pd.DataFrame, headers: tuple[str, ...], sheet: Sheet) -> tuple[pd.DataFrame, list[Problem]]:
    filled = (cells.to_numpy() != "").sum(axis=1)
    repeated = _repeated(cells, headers)
    total, footnote = _rows_that_begin(cells, _TOTALS, _FOOTNOTE)
    serials = [column for column, header in enumerate(headers) if header_meaning(header)[0] == "serial"]
    numbered = cells[serials].apply(lambda column: column.str.isdigit()).to_numpy(dtype=bool)
    only_serial = (filled == 1) & numbered.any(axis=1)
    note = ((filled == 1) | footnote) & ~total & ~repeated & ~only_serial
    problems = [
        Problem(code, sheet.file, sheet.name, int(row))
        for code, mask in (("repeated_header", repeated), ("total_row", total), ("title_line", note))
        for row in cells.index[mask]
    ]
    return cells[~(repeated | total | note | only_serial | (filled == 0))], problems


def _rows_that_begin(cells: pd.DataFrame, *patterns: re.Pattern[str]) -> list[np.ndarray]:
    """For each pattern the rows with such a text in one of their first columns; each text is looked at once."""
    found = [np.zeros(len(cells), dtype=bool) for _ in patterns]
    for column in list(cells.columns)[:5]:
        values = cells[column].to_numpy()
        texts = {text: "".join(text.split()) for text in set(values) if not text[:1].isascii()}
        for number, pattern in enumerate(patterns):
            matching = [text for text, plain in texts.items() if pattern.match(plain)]
            if matching:
                found[number] |= np.isin(values, matching)
    return found


def _repeated(cells: pd.DataFrame, headers: tuple[str, ...]) -> np.ndarray:
    """Rows in which at least two cells, and a third of all, repeat the name of their own column."""
    same = np.zeros(len(cells), dtype=int)
    for column, header in enumerate(headers):
        if header:
            values = cells[column].to_numpy()
            same += np.logical_or.reduce([values == name for name in {header, *header.split("/")}])
    return same >= max(2, sum(1 for header in headers if header) // 3)
