"""Charts of Excel's own: they follow the cells, and whoever gets the workbook can change them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from analysis.report.charts import MAIN, SCALE_COLOURS

if TYPE_CHECKING:
    from analysis.report.workbook import Sheet

WIDE, ROW, LEAST = 760, 34, 260
FONT = {"name": "宋体", "size": 10}
AXIS = {"num_font": FONT, "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}}
WHOLE = {"min": 0, "max": 1, "num_format": "0%"}
"""Rates are drawn from nothing to all: an axis cut short would make a difference larger than it is."""


@dataclass(frozen=True)
class Chart:
    """A chart of Excel's own beside the rows of a sheet; columns by their number from 0.

    kind: ``bar`` (one series), or ``stacked`` (shares that add up to 1). names: the column with the categories.
    values: the columns that are drawn. ends: the columns with the ends of an interval, drawn as whiskers. rows: how
    many rows from the first are drawn; None for all.
    """

    kind: Literal["bar", "stacked"]
    title: str
    names: int
    values: Sequence[int]
    ends: tuple[int, int] | None = None
    rows: int | None = None


def draw_charts(book: xlsxwriter.Workbook, page: Worksheet, sheet: Sheet) -> None:
    """Put a sheet's charts to the right of its columns, one below the other. Its rows are written already."""
    if not sheet.charts:
        return
    rows = list(sheet.rows)
    first = bool(sheet.title) + len(sheet.notes) + 1
    top = 1
    for chart in sheet.charts:
        count = min(len(rows), chart.rows if chart.rows is not None else len(rows))
        if not count:
            continue
        high = max(LEAST, 110 + ROW * count)
        made = _chart(book, sheet.name, chart, rows[:count], first)
        rates = all(sheet.columns[at].kind == "percent" for at in chart.values)
        made.set_x_axis({**AXIS, **(WHOLE if rates else {})})
        made.set_size({"width": WIDE, "height": high})
        page.insert_chart(top, len(sheet.columns) + 1, made)
        top += high // 20 + 2


def _chart(book: xlsxwriter.Workbook, name: str, chart: Chart, rows: Sequence[Sequence[Any]], first: int) -> Any:  # noqa: ANN401 - xlsxwriter has no types
    made: Any = book.add_chart({"type": "bar", **({"subtype": "percent_stacked"} if chart.kind == "stacked" else {})})
    last = first + len(rows) - 1
    colours = [MAIN] if chart.kind == "bar" else list(SCALE_COLOURS)
    for place, column in enumerate(chart.values):
        series = {
            "name": [name, first - 1, column],
            "categories": [name, first, chart.names, last, chart.names],
            "values": [name, first, column, last, column],
            "fill": {"color": colours[place % len(colours)]},
            "gap": 60,
        }
        if chart.ends is not None:
            series["y_error_bars"] = _whiskers(rows, column, chart.ends)
        elif chart.kind == "bar":
            series["data_labels"] = {"value": True, "font": FONT}
        made.add_series(series)
    made.set_title({"name": chart.title, "name_font": {**FONT, "size": 13}, "overlay": False})
    made.set_y_axis({"reverse": True, "num_font": FONT})
    made.set_legend({"position": "bottom", "font": FONT} if chart.kind == "stacked" else {"none": True})
    return made


def _whiskers(rows: Sequence[Sequence[Any]], column: int, ends: tuple[int, int]) -> dict[str, Any]:
    """Custom error bars, as lengths to both sides; nothing where there is no interval."""
    lows = [_gap(row[ends[0]], row[column]) for row in rows]
    highs = [_gap(row[column], row[ends[1]]) for row in rows]
    return {"type": "custom", "minus_values": lows, "plus_values": highs, "line": {"color": "#1D2B28", "width": 1.25}}


def _gap(low: Any, high: Any) -> float:  # noqa: ANN401 - cells
    return 0.0 if low is None or high is None else max(0.0, float(high) - float(low))
