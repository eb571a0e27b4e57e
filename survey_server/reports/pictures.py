"""The common pictures of a report, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext

from analysis.report import charts
from analysis.report.document import Picture, printed
from analysis.report.workbook import Column
from analysis.response import CLASSES
from survey_server.reports.tables import shares_of
from survey_server.results import wording
from survey_server.results.drawings import options_chart, scale_chart
from survey_server.results.figures import Figure
from survey_server.results.service import Results

PERCENT = Column("", "percent")


def flow_picture(results: Results) -> Picture:
    """From the roster to the answers that count."""
    strata = results.strata
    answered = ("complete", "partial")
    left = [(wording.class_name(name), int(strata[name].sum())) for name in CLASSES if name not in answered]
    counted = int(strata["complete"].sum() + strata["partial"].sum())
    headline = int(strata["headline"].sum())
    steps = [
        charts.Step(gettext("N on the roster"), int(strata["population"].sum())),
        charts.Step(gettext("Drawn and released"), int(strata["released"].sum())),
        charts.Step(gettext("Answered"), counted, [(name, count) for name, count in left if count]),
        charts.Step(
            gettext("In the headline domain"),
            headline,
            [(gettext("Outside the headline domain"), counted - headline)] if headline < counted else [],
        ),
    ]
    said = "；".join(f"{step.label} {step.count}" for step in steps)
    return Picture(gettext("From the roster to the answers"), charts.flow(steps), said)


def scale_picture(results: Results) -> Picture | None:
    """F1: the five classes of every question about satisfaction, weighted."""
    found = results.questions
    if found is None or not found.scales:
        return None
    said = "；".join(f"{wording.question_name(one.tag)} {printed(one.rate, PERCENT)}" for one in found.scales)
    return Picture(gettext("Satisfaction, each question (weighted)"), scale_chart(found), said)


def improve_picture(results: Results) -> Picture | None:
    """What people want improved."""
    options = results.questions.improve if results.questions else []
    if not options:
        return None
    said = "；".join(f"{option.name} {printed(option.rate, PERCENT)}" for option in options)
    return Picture(gettext("What should be improved"), options_chart(options), said)


def channels_picture(results: Results) -> Picture | None:
    """F3: from where people know of the policies."""
    options = results.questions.heard_from if results.questions else []
    if not options:
        return None
    said = "；".join(f"{option.name} {printed(option.rate, PERCENT)}" for option in options)
    return Picture(gettext("From where people know of the policies"), options_chart(options), said)


def counties_picture(results: Results) -> Picture | None:
    """F2: satisfaction by county with intervals."""
    own = results.definitions["satisfaction"]
    figures = [results.figures.get(own, county=county) for county in results.counties]
    rows = [row for figure in [*figures, results.satisfaction] if (row := _interval(figure)) is not None]
    if not rows:
        return None
    caption = gettext("Satisfaction by county with 95%% intervals") % {}
    return Picture(caption, charts.intervals(rows), "；".join(f"{row.label} {row.estimate:.2%}" for row in rows))


def composition_picture(results: Results) -> Picture | None:
    """F4: those who answered against the roster, by category."""
    rows = [
        (str(name), float(answered), float(roster))
        for name, _, roster, _, answered in shares_of(results.strata, "category_name")
    ]
    if not any(answered > 0 for _, answered, _ in rows):
        return None
    names = (gettext("those who answered"), gettext("roster"))
    return Picture(gettext("Those who answered and the roster, by category"), charts.compared(rows, names))


PICTURES: Mapping[str, Callable[[Results], Picture | None]] = {
    "flow": flow_picture,
    "F1": scale_picture,
    "F2": counties_picture,
    "F3": channels_picture,
    "improve": improve_picture,
    "F4": composition_picture,
}


def _interval(figure: Figure) -> charts.Interval | None:
    if figure.estimate is None or not figure.is_rate:
        return None
    ends = [None if end is None else float(end) for end in (figure.low, figure.high)]
    return charts.Interval(figure.county or gettext("All"), float(figure.estimate), ends[0], ends[1], figure.n)
