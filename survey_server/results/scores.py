"""The study's indicator table, scored as far as the survey can score it.

A line that names a metric is scored by its own rule from the printed rate; the other lines are for the evaluator's
papers and stand as not assessed. What a published table said of itself (scores, values) is not taken over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from flask_babel import gettext

from analysis.contradictions import Finding
from analysis.errors import ScoringError
from analysis.indicators import Indicator, IndicatorTable, shipped_table
from analysis.scoring import ScoredLine, score
from analysis.scoring_rules import Actual
from survey_server.errors import N_
from survey_server.results.figures import DASH, Figure, Figures
from survey_server.studies.models import Study

FINDINGS = {
    "WEIGHT_SUM": N_("%(indicator)s: its parts add up to %(sum)s points, not %(total)s."),
    "NO_NUMERIC_ACTUAL": N_("%(indicator)s: there is no figure yet that was found, so there is no score."),
    "DECIMALS": N_(
        "%(indicator)s: one answer of %(n)s moves the rate by %(step)s points; two decimals say more than it knows."
    ),
}


@dataclass(frozen=True)
class ScoreLine:
    """One line of the sheet as it is printed; ``figure`` is the survey's, where the line is scored from one."""

    level: int
    name: str
    weight: Decimal | None
    score: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    figure: Figure | None = None
    is_parent: bool = False

    @property
    def is_assessed(self) -> bool:
        """Whether the survey scores this line."""
        return self.score is not None and self.figure is not None

    @property
    def weight_text(self) -> str:
        """Points at most."""
        return DASH if self.weight is None else f"{self.weight.normalize():f}"

    @property
    def score_text(self) -> str:
        """The score, two decimals."""
        return DASH if self.score is None else f"{self.score:.2f}"

    @property
    def range_text(self) -> str:
        """The score at both ends of the interval; empty where there is none."""
        return "" if self.low is None or self.low == self.high else f"{self.low:.2f} – {self.high:.2f}"

    @property
    def actual_text(self) -> str:
        """The printed rate."""
        return self.figure.text if self.figure is not None else ""

    @property
    def sum_text(self) -> str:
        """How the reader recomputes it."""
        return f"{self.actual_text} × {self.weight_text} = {self.score_text}" if self.is_proportional else ""

    @property
    def is_proportional(self) -> bool:
        """Whether the printed rate times the weight is the score."""
        if self.score is None or self.weight is None or self.figure is None or self.figure.estimate is None:
            return False
        return abs(self.figure.estimate * self.weight - self.score) <= Decimal("0.005")


@dataclass(frozen=True)
class ScoreCard:
    """The table by its title, its lines in order, and what contradicts itself."""

    title: str
    lines: Sequence[ScoreLine] = ()
    findings: Sequence[Finding] = ()

    @property
    def assessed(self) -> list[ScoreLine]:
        """The lines that the survey scores."""
        return [line for line in self.lines if line.is_assessed]

    @property
    def checks(self) -> list[str]:
        """The contradictions in the reader's language."""
        return [_say(finding) for finding in self.findings]


def score_card(study: Study, figures: Figures) -> ScoreCard:
    """Score the study's table; an empty card where the study names none that is shipped."""
    try:
        table = _without_stated(shipped_table(study.indicator_table))
    except ScoringError:
        return ScoreCard(title=study.indicator_table)
    linked = {line.key: found for line in table.leaves() if (found := _figure_of(line, figures)) is not None}
    scored = score(table, {key: _actual(figure) for key, figure in linked.items()})
    lines = [_line(each, linked.get(each.line.key)) for each in scored.lines]
    return ScoreCard(table.title, lines, scored.findings)


def _figure_of(line: Indicator, figures: Figures) -> Figure | None:
    """The figure of the line's metric: its rule's denominator, else the study's, in the study's domain."""
    if not line.metric:
        return None
    denominator = str(line.rule.params.get("denominator", "")) if line.rule else ""
    found = figures.get(line.metric, denominator=denominator)
    return None if found.estimate is None else found


def _actual(figure: Figure) -> Actual:
    ends = [None if end is None else float(end) for end in (figure.low, figure.high)]
    return Actual(value=figure.estimate, n=figure.n, low=ends[0], high=ends[1])


def _line(each: ScoredLine, figure: Figure | None) -> ScoreLine:
    line = each.line
    return ScoreLine(
        level=each.level,
        name=line.name,
        weight=each.weight,
        score=each.score,
        low=each.low,
        high=each.high,
        figure=figure,
        is_parent=bool(line.children),
    )


def _without_stated(table: IndicatorTable) -> IndicatorTable:
    return replace(table, roots=tuple(map(_blank, table.roots)), score_stated=None, grade_stated=None)


def _blank(line: Indicator) -> Indicator:
    return replace(line, score_stated=None, actual_stated=None, children=tuple(map(_blank, line.children)))


def _say(finding: Finding) -> str:
    if finding.code not in FINDINGS:
        return f"{finding.code}: {finding.message}"
    return gettext(FINDINGS[finding.code]) % ({"indicator": finding.indicator} | finding.fields)
