"""How wide the columns of a table in a report are: by what stands in them, over the whole width of the text."""

from __future__ import annotations

from dataclasses import replace

from analysis.report.document import Table, printed
from analysis.report.workbook import Column

MOST, LEAST, OF_HEADER, BROKEN = 16.0, 2.2, 5.0, 3.0
"""In ems: what a column asks for at most and at least, what a longer header asks for, and a line that is broken."""
PADDING = 1.2
MEASURED = 200
"""So many rows are measured."""


def widths(table: Table, available: float, size: float) -> list[float]:
    """The width of each column in points, together `available`; `size` of the letters in points.

    Numbers and references are never broken; where the paper is too narrow, headers and Chinese text give way.
    """
    asked, least = _asked(table), _least(table)
    room, wish, need = available / size, sum(asked), sum(least)
    if wish <= room or need >= room:
        whole = asked if wish <= room else least
        return [width * available / sum(whole) for width in whole]
    part = (room - need) / (wish - need)
    return [(low + part * (high - low)) * size for low, high in zip(least, asked, strict=True)]


def fitted(table: Table) -> list[Column]:
    """The columns for a workbook, with widths in characters by what stands in them."""
    columns = zip(table.columns, _asked(table), strict=True)
    return [column if column.width else replace(column, width=round(2 * asked + 1, 1)) for column, asked in columns]


def ems(text: str) -> float:
    """The width of a line of text: a Chinese letter is 1, capitals 0.72, others about half."""
    return sum(1.0 if letter > "\u2e7f" else 0.72 if letter.isupper() else 0.52 for letter in text)


def _asked(table: Table) -> list[float]:
    return [
        max(LEAST, min(ems(column.header), OF_HEADER), min(MOST, _longest(table, at))) + PADDING
        for at, column in enumerate(table.columns)
    ]


def _least(table: Table) -> list[float]:
    """With headers and Chinese text in lines as short as can be read."""
    return [
        max(LEAST, min(ems(column.header), BROKEN), min(_longest(table, at), BROKEN if _chinese(table, at) else MOST))
        + PADDING
        for at, column in enumerate(table.columns)
    ]


def _longest(table: Table, at: int) -> float:
    return max(map(ems, _cells(table, at)), default=0.0)


def _chinese(table: Table, at: int) -> bool:
    return any(letter > "\u2e7f" for cell in _cells(table, at) for letter in cell)


def _cells(table: Table, at: int) -> list[str]:
    return [printed(row[at], table.columns[at]) for row in table.rows[:MEASURED]]
