"""Charts of a result, as SVG for the page and as bitmaps to put into a letter."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext

from analysis.report.charts import Interval, Shares, bars, intervals, stacked
from analysis.report.grid import Point, grid
from analysis.report.pdf import draw_png
from analysis.rounding import percent_text
from survey_server.console.typesetting import fonts
from survey_server.results import wording
from survey_server.results.figures import Figure
from survey_server.results.importance import Importance
from survey_server.results.questions import Option, Questions
from survey_server.results.satisfaction import SCALE
from survey_server.results.service import Results
from survey_server.results.tables import group_rows

MOST_WORDS = 20


def scale_chart(asked: Questions) -> str:
    """The five classes of every question about satisfaction, weighted."""
    rows = [Shares(wording.question_name(one.tag), one.shares, one.n) for one in asked.scales]
    names = [wording.answer_name("sat_overall", str(code)).partition(" ")[2] for code in SCALE]
    return stacked(rows, names)


def options_chart(options: Sequence[Option]) -> str:
    """What was chosen, the most frequent first."""
    return bars(
        [(option.name, option.rate, f"{percent_text(option.rate)}（{option.yes}/{option.n}）") for option in options]
    )


def groups_chart(results: Results) -> str:
    """The headline by county and by category, over all last; empty where it is no rate or nobody answered."""
    named = [*group_rows(results), (gettext("All"), results.satisfaction)]
    rows = [_interval(name, figure) for name, figure in named if figure.is_rate and figure.estimate is not None]
    return intervals(rows) if rows else ""


def modes_chart(asked: Questions) -> str:
    """Satisfaction by channel."""
    rows = [
        Interval(wording.channel_name(row["channel"]), row["estimate"], row["low"], row["high"], int(row["n"]))
        for row in asked.channels.to_dict("records")
        if row["n"]
    ]
    return intervals(rows)


def importance_chart(found: Importance) -> str:
    """What matters upwards, what is done well to the right."""
    points = [Point(wording.question_name(one.tag), one.performance, one.importance) for one in found.drivers]
    axes = gettext("Done better: mean of 1 to 5"), gettext("Matters more: correlation with the whole")
    corners = [wording.quadrant_name(name) for name in ("improve", "keep", "low_priority", "overkill")]
    return grid(points, (found.lines[1], found.lines[0]), axes, corners)


def words_chart(words: Sequence[tuple[str, int]]) -> str:
    """The words of open answers by how many people used them."""
    return bars([(word, float(count), str(count)) for word, count in words[:MOST_WORDS]])


def _interval(name: str, figure: Figure) -> Interval:
    ends = [None if end is None else float(end) for end in (figure.low, figure.high)]
    return Interval(name, float(figure.estimate or 0), ends[0], ends[1], figure.n)


def as_png(svg: str) -> bytes:
    """A chart as a bitmap."""
    return draw_png(svg, fonts())
