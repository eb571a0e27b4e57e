"""The indicator table of a study with its values and scores, for the whole or for one county."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlmodel import col, select

from analysis.errors import ScoringError
from analysis.indicators import Indicator, IndicatorTable
from analysis.rollup import RollUp, roll_up
from analysis.scoring import ScoredLine, ScoreTable, actual_text, score
from analysis.scoring_rules import Actual
from survey_server.results.accuracy import METRICS, accuracy_figure
from survey_server.results.figures import Figure
from survey_server.results.references import ACCURACY, Named, TableRow
from survey_server.results.service import Results, results_of
from survey_server.scores.attendance import attendance_entries
from survey_server.scores.grades import Grades
from survey_server.scores.models import ExpertScore, ScoreEntry
from survey_server.scores.parts import Part, part_of
from survey_server.scores.tables import table_of
from survey_server.scores.values import as_actual, blank
from survey_server.studies.service import study_of
from survey_server.work import Work

ESTIMATE, TYPED, EXPERTS, NOTHING = "estimate", "typed", "experts", ""


@dataclass(frozen=True)
class Source:
    """Where the value of a line comes from: a figure of the results, what was typed, or the experts' points."""

    kind: str
    actual: Actual | None = None
    figure: Figure | None = None
    entry: ScoreEntry | None = None
    experts: Sequence[ExpertScore] = ()

    @property
    def named(self) -> Named | None:
        """What the reference of its figure is made of; a rate of accuracy stands in a row of T7."""
        figure = self.figure
        if figure is None or figure.metric not in METRICS.values():
            return figure
        return TableRow(ACCURACY, county=figure.county, category=figure.category, metric=figure.metric)


@dataclass(frozen=True)
class Card:
    """A scored table and the source of each line's value."""

    county: str
    scored: ScoreTable
    sources: Mapping[str, Source]
    name: str = ""
    """The part as people call it; ``county`` is its key (:mod:`survey_server.scores.parts`)."""

    @property
    def table(self) -> IndicatorTable:
        """The table that was scored."""
        return self.scored.table

    def source(self, line: Indicator) -> Source:
        """Where this line's value comes from."""
        return self.sources.get(line.key, Source(NOTHING))

    def actual_text(self, each: ScoredLine) -> str:
        """The value as it is printed."""
        return actual_text(each.line, each.actual) if each.actual is not None and each.actual.assessed else ""

    @property
    def range(self) -> tuple[Decimal, Decimal] | None:
        """The total at both ends of the intervals; None where the total is unknown or certain."""
        tops = [each for each in self.scored.lines if each.level == 1]
        if self.scored.total is None or all(top.low is None for top in tops):
            return None
        low = sum((top.score if top.low is None else top.low for top in tops if top.score is not None), Decimal(0))
        high = sum((top.score if top.high is None else top.high for top in tops if top.score is not None), Decimal(0))
        return low, high

    def grades(self, scale: str | Mapping[str, float]) -> Sequence[str]:
        """The grade, or both where the interval reaches over a border: 良 或 优."""
        from analysis.scoring import grade  # noqa: PLC0415 - the name is that of a method elsewhere

        if self.scored.total is None:
            return ()
        ends = self.range or (self.scored.total, self.scored.total)
        found = [grade(end, self.table.total, scale) for end in (ends[0], self.scored.total, ends[1])]
        return tuple(dict.fromkeys(found))


def card_of(work: Work, study_id: uuid.UUID, county: str = "") -> Card:
    """The table scored for the whole study, one county, or one programme; raises NOT_FOUND for another key."""
    results = results_of(work, study_id)
    part_of(results, county)
    table = table_of(work, study_of(work, study_id))
    entries, experts = entered(work, study_id)
    return make_card(table, results, county, entries, experts)


@dataclass(frozen=True)
class Side:
    """The totals of counties or programmes side by side, the card of each by its name, and the keys of the parts."""

    rolled: RollUp
    cards: Mapping[str, Card]
    by_funds: bool = False
    """Whether the mean weighs each by its money; else each counts once."""

    @property
    def keys(self) -> Mapping[str, str]:
        """The key of each part by its name."""
        return {name: card.county for name, card in self.cards.items()}


def side_by_side(
    work: Work, study_id: uuid.UUID, parts: Sequence[Part], grades: Grades, funds: Mapping[str, Decimal] | None = None
) -> Side:
    """Counties or programmes scored each by itself; ``funds`` by key weighs them in the mean."""
    results = results_of(work, study_id)
    table = table_of(work, study_of(work, study_id))
    entries, experts = entered(work, study_id)
    cards = {part.name: make_card(table, results, part.key, entries, experts) for part in parts}
    weights = None if funds is None else {part.name: funds[part.key] for part in parts}
    scored = {name: card.scored for name, card in cards.items()}
    rolled = roll_up(scored, weights, threshold=grades.threshold, scale=grades.lines)
    return Side(rolled, cards, weights is not None)


Entered = Mapping[tuple[str, str], ScoreEntry]
Judged = Mapping[tuple[str, str], Sequence[ExpertScore]]


def entered(work: Work, study_id: uuid.UUID) -> tuple[Entered, Judged]:
    """Everything that was typed for a study, by county and line; two queries for all counties."""
    entries = work.session.exec(select(ScoreEntry).where(ScoreEntry.study_id == study_id)).all()
    found: dict[tuple[str, str], list[ExpertScore]] = {}
    query = select(ExpertScore).where(ExpertScore.study_id == study_id).order_by(col(ExpertScore.at))
    for row in work.session.exec(query).all():
        found.setdefault((row.county, row.indicator), []).append(row)
    typed = {(row.county, row.indicator): row for row in entries}
    return {**attendance_entries(work, study_id), **typed}, found


def make_card(table: IndicatorTable, results: Results, county: str, entries: Entered, experts: Judged) -> Card:
    """The table scored from a result and from what was entered for a part of it; raises NOT_FOUND."""
    part = part_of(results, county)
    sources = {
        line.key: _source(line, results, part, entries.get((county, line.key)), experts.get((county, line.key), ()))
        for line in table.leaves()
    }
    actuals = {key: source.actual for key, source in sources.items() if source.actual is not None}
    return Card(county, _scored(table, actuals), sources, part.name)


def _scored(table: IndicatorTable, actuals: dict[str, Actual]) -> ScoreTable:
    """A value that its rule cannot take any more, for the table was changed since, scores nothing."""
    while True:
        try:
            return score(table, actuals)
        except ScoringError as error:
            if error.fields.get("indicator") not in actuals:
                raise
            del actuals[str(error.fields["indicator"])]


def _source(
    line: Indicator, results: Results, part: Part, entry: ScoreEntry | None, experts: Sequence[ExpertScore]
) -> Source:
    evidence = tuple(entry.evidence) if entry else ()
    if entry is not None and not entry.assessed:
        return Source(TYPED, blank(entry.reason), entry=entry)
    if line.rule is not None and line.rule.type == "manual" and experts:
        points = {str(row.person_id): Decimal(row.points) for row in experts}
        reasons = "；".join(row.reason for row in experts)
        return Source(EXPERTS, Actual(points, evidence=evidence, reason=reasons), entry=entry, experts=experts)
    if entry is not None and (entry.value is not None or entry.zero):
        value = as_actual(line, entry.value)
        typed = Actual(value, n=entry.answers, evidence=evidence, reason=entry.reason)
        actual = replace(typed, zero=entry.zero, sampling=entry.sampling)
        return Source(TYPED, actual, entry=entry)
    figure = _figure(line, results, part)
    if figure is None:
        return Source(NOTHING, entry=entry)
    return Source(ESTIMATE, _estimated(figure, evidence), figure=figure, entry=entry)


def _figure(line: Indicator, results: Results, part: Part) -> Figure | None:
    if not line.metric:
        return None
    if line.metric in METRICS.values():
        return accuracy_figure(results.dataset, line.metric, county=part.county, category=part.category)
    denominator = str(line.rule.params.get("denominator", "")) if line.rule else ""
    found = results.figures.get(line.metric, denominator=denominator, county=part.county, category=part.category)
    return None if found.estimate is None else found


def _estimated(figure: Figure, evidence: tuple[str, ...]) -> Actual:
    ends = [None if end is None else float(end) for end in (figure.low, figure.high)]
    return Actual(figure.estimate, n=figure.n, low=ends[0], high=ends[1], evidence=evidence)
