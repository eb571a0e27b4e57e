"""Charts of a result, as SVG for the page and as bitmaps to put into a letter."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.report.charts import Shares, bars, stacked
from analysis.report.pdf import draw_png
from analysis.rounding import percent_text
from survey_server.console.typesetting import fonts
from survey_server.results import wording
from survey_server.results.questions import Option, Questions
from survey_server.results.satisfaction import SCALE


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


def as_png(svg: str) -> bytes:
    """A chart as a bitmap."""
    return draw_png(svg, fonts())
