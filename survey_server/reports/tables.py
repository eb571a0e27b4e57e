"""The common tables of a report, T1 to T10, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from flask_babel import gettext

from analysis.report.document import Table
from analysis.report.workbook import Column
from analysis.response import CLASSES
from analysis.scoring import ScoredLine
from survey_server.findings.counting import verified_counts
from survey_server.findings.kinds import kinds
from survey_server.results import fieldwork, wording
from survey_server.results.accuracy import accuracy_of, part_of
from survey_server.results.figures import Figure
from survey_server.results.references import ACCURACY, TableRow, reference
from survey_server.results.satisfaction import SCALE
from survey_server.results.service import Results
from survey_server.results.tables import awareness_items, definitions_beside, process_rates
from survey_server.scores.sheet import Card
from survey_server.scores.sheets import line_of, source_words
from survey_server.scores.words import rule_words

Row = list[Any]
Named = Iterator[tuple[TableRow, Row]]
"""The rows of a table without their references, each with what its reference is made of."""
DRAWN = ("population", "main", "reserves", "reserves_released", "design_weight")


def design_table(results: Results) -> Table:
    """T1: what was drawn from what, by stratum."""
    columns = [
        *_texts(gettext("County"), gettext("Category"), gettext("Unit")),
        *_counts(
            gettext("N on the roster"), gettext("n drawn"), gettext("Reserves drawn"), gettext("Reserves released")
        ),
        Column(gettext("Design weight (N / released)"), "number", digits=2),
        reference_column(),
    ]
    return Table(gettext("Sample design"), columns, referenced(results, design_rows(results)))


def design_rows(results: Results) -> Named:
    """The rows of T1, all strata together last."""
    for row in results.strata.to_dict("records"):
        names = (row["county"], row["category_name"], wording.unit_name(row["unit"]))
        yield TableRow("T1", *names[:2], row["unit"]), [*names, *(row[name] for name in DRAWN)]
    yield TableRow("T1"), [gettext("All"), "", "", *(results.strata[name].sum() for name in DRAWN[:-1]), None]


def response_table(results: Results) -> Table:
    """T2: outcomes and response by county and channel, all together last."""
    columns = [
        *_texts(gettext("County"), gettext("Channel")),
        *_counts(*(wording.class_name(name) for name in CLASSES)),
        *_percents(gettext("Response rate RR1"), gettext("Response rate RR2")),
        reference_column(),
    ]
    rows = referenced(results, response_rows(results))
    return Table(gettext("Outcomes and response"), columns, rows, [gettext(wording.RESPONSE)])


def response_rows(results: Results) -> Named:
    """The rows of T2."""
    for county, rows in results.dataset.cases.groupby("county", sort=True):
        for row in fieldwork.of_channels(rows).to_dict("records"):
            if row["channel"]:
                named = TableRow("T2", county=str(county), channel=row["channel"])
                yield named, _response_row(str(county), row)
    for row in results.response.to_dict("records"):
        yield TableRow("T2", channel=row["channel"]), _response_row(gettext("All"), row)


def composition_table(results: Results) -> Table:
    """T3: those who answered against the roster, by county and category."""
    columns = [
        *_texts(gettext("By"), gettext("Group")),
        *_counts(gettext("N on the roster")),
        *_percents(gettext("Share of the roster")),
        *_counts(gettext("Answered")),
        *_percents(gettext("Share of those who answered")),
        reference_column(),
    ]
    return Table(gettext("Those who answered and the roster"), columns, referenced(results, composition_rows(results)))


def composition_rows(results: Results) -> Named:
    """The rows of T3."""
    for row in shares_of(results.strata, "county"):
        yield TableRow("T3", county=row[0]), [gettext("County"), *row]
    for row in shares_of(results.strata, "category_name"):
        yield TableRow("T3", category=row[0]), [gettext("Category"), *row]


def shares_of(strata: pd.DataFrame, name: str) -> list[Row]:
    """Group, N, its share, answered, its share; fractions."""
    found = strata.assign(answered=strata["complete"] + strata["partial"]).groupby(name, sort=False)
    sums = found[["population", "answered"]].sum()
    shares = sums / sums.sum().replace(0, float("nan"))
    return [
        [str(group), int(count["population"]), share["population"], int(count["answered"]), share["answered"]]
        for (group, count), (_, share) in zip(sums.iterrows(), shares.iterrows(), strict=True)
    ]


def satisfaction_table(results: Results) -> Table:
    """T4: every question about satisfaction, its five classes and the satisfied with their interval."""
    columns = [
        *_texts(gettext("Question")),
        *_counts(*(wording.answer_name("sat_overall", str(code)) for code in SCALE)),
        *_counts(gettext("No valid answer"), "n"),
        *_percents(gettext("Satisfied"), gettext("from"), gettext("to")),
        reference_column(),
    ]
    rows = referenced(results, satisfaction_rows(results))
    notes = [gettext("Counts are unweighted; rates and intervals are weighted.")]
    return Table(gettext("Satisfaction, each question"), columns, rows, notes)


def satisfaction_rows(results: Results) -> Named:
    """The rows of T4."""
    for one in results.questions.scales if results.questions else ():
        cells = [wording.question_name(one.tag), *one.counts, one.missing, one.n, one.rate, one.low, one.high]
        yield TableRow("T4", tag=one.tag), cells


def counties_table(results: Results) -> Table:
    """T4 by county and category: the headline with its interval."""
    names = dict(results.categories)
    own = results.definitions["satisfaction"]
    figures = [
        *((gettext("County"), county, results.figures.get(own, county=county)) for county in results.counties),
        *((gettext("Category"), names[code], results.figures.get(own, category=code)) for code in names),
    ]
    rows = [[kind, name, *_cells(results, figure)] for kind, name, figure in figures]
    columns = [*_texts(gettext("By"), gettext("Group")), *_figure_columns(results.satisfaction)]
    return Table(gettext("Satisfaction by county and category"), columns, rows)


def awareness_table(results: Results) -> Table:
    """T5: the average and each question of awareness."""
    figures = [results.awareness, *awareness_items(results)]
    columns = [*_texts(gettext("Indicator")), *_figure_columns(results.awareness)]
    return Table(
        gettext("Awareness"),
        columns,
        [[wording.metric_name(one.metric), *_cells(results, one)] for one in figures],
    )


def process_table(results: Results) -> Table:
    """T6: payments and procedure."""
    figures = process_rates(results)
    columns = [*_texts(gettext("Indicator")), *_rate_columns()]
    rows = [[wording.metric_name(one.metric), *_cells(results, one)] for one in figures]
    return Table(gettext("Payments and procedure"), columns, rows, [gettext(wording.PROCESS)])


def problems_table(results: Results) -> Table:
    """T7: problems by kind and county: verified ones, and the clues that are still to be verified."""
    columns = [
        *_texts(gettext("Kind of problem"), gettext("County")),
        *_counts(gettext("Verified"), gettext("To be verified"), gettext("Dismissed")),
    ]
    counts = results.dataset.findings
    rows: list[Row] = []
    for kind, part in sorted(counts.groupby("kind"), key=lambda pair: int(str(pair[0]))) if len(counts) else ():
        found = verified_counts(part, "county")
        lines = [*found.sort_index().iterrows(), (gettext("All"), found.sum())]
        rows += [
            [kinds()[str(kind)].name, str(county), *(int(row[name]) for name in ("verified", "clue", "dismissed"))]
            for county, row in lines
        ]
    return Table(
        gettext("Problems found, by kind"), columns, rows, [gettext("Only verified findings count as problems.")]
    )


def accuracy_table(results: Results) -> Table:
    """T7: what findings say was wrong, between the bounds of the clues that are still open."""
    columns = [
        *_texts(gettext("Indicator")),
        *_percents(gettext("At least"), gettext("At most"), gettext("from"), gettext("to")),
        *_counts(gettext("Verified"), gettext("To be verified"), "n"),
        reference_column(),
    ]
    notes = [gettext("At least: every open clue is false. At most: every one is true. n is everybody who was drawn.")]
    return Table(gettext("Accuracy of assistance"), columns, referenced(results, accuracy_rows(results)), notes)


def accuracy_rows(results: Results, county: str = "", category: str = "") -> Named:
    """The rows of the accuracy rates, of a county or a category by its code; none where nothing was ever found."""
    if results.dataset.findings.empty:
        return
    for one in accuracy_of(part_of(results.dataset, county, category)):
        ends = (one.least.estimate, one.most.estimate, one.least.low, one.most.high)
        cells = [wording.metric_name(one.metric), *ends, one.verified, one.unresolved, one.n]
        yield TableRow(ACCURACY, county=county, category=category, metric=one.metric), cells


def score_table(results: Results, card: Card) -> Table:
    """T8: every line of the study's indicator table with its value, its score and where the value comes from."""
    columns = [
        *_texts(gettext("Indicator")),
        Column(gettext("Points"), "number"),
        *_texts(gettext("Rule"), gettext("Value found"), gettext("Source of the value")),
        Column(gettext("Score"), "number"),
        *_texts(gettext("Interval of the score"), gettext("Evidence")),
        reference_column(),
    ]
    notes = [gettext("Lines without a score were not assessed; they count for nothing.")] if card.scored.missing else []
    return Table(card.table.title, columns, referenced(results, score_rows(card)), notes)


def score_rows(card: Card) -> Named:
    """The rows of T8, the total last."""
    for each in card.scored.lines:
        yield line_of(card, each.line.key), _score_row(card, each)
    ends = f"{card.range[0]} – {card.range[1]}" if card.range else ""
    total = [gettext("All"), card.table.total, "", "", "", card.scored.total, ends, ""]
    yield line_of(card, ""), total


def _score_row(card: Card, each: ScoredLine) -> Row:
    source = card.source(each.line)
    ends = f"{each.low} – {each.high}" if each.low is not None and each.low != each.high else ""
    return [
        "　" * (each.level - 1) + each.line.name,
        each.weight,
        "" if each.line.children else rule_words(each.line),
        card.actual_text(each),
        source_words(source.kind),
        each.score,
        ends,
        "、".join(source.actual.evidence) if source.actual else "",
    ]


def sensitivity_table(results: Results) -> Table:
    """T9: the same answers under every definition, and by channel."""
    columns = [*_texts(gettext("Indicator"), gettext("Denominator"), gettext("Whose answers")), *_rate_columns()]
    rows: list[Row] = [
        [
            wording.metric_name(one.metric),
            wording.denominator_name(one.denominator),
            wording.domain_name(one.domain),
            *_cells(results, one),
        ]
        for one in definitions_beside(results)
        if one.is_rate
    ]
    domain = results.definitions["domain"]
    rows += [
        [
            gettext("Satisfaction rate, %(channel)s") % {"channel": wording.channel_name(row["channel"])},
            wording.denominator_name("valid"),
            wording.domain_name(domain),
            *(row["estimate"], row["low"], row["high"], row["n"], ""),
        ]
        for row in (results.questions.channels.to_dict("records") if results.questions else ())
        if row["n"]
    ]
    return Table(gettext("The same answers under other definitions"), columns, rows)


def open_answers_table(results: Results) -> Table:
    """T10: what people say in their own words, by keyword; none that fewer than five used."""
    asked = int(results.dataset.cases["counted"].sum())
    rows: list[Row] = [[word, count, count / asked] for word, count in results.open_answers]
    columns = [
        *_texts(gettext("Keyword")),
        *_counts(gettext("People who used it")),
        *_percents(gettext("Share of the interviews")),
    ]
    notes = [gettext("Unweighted; words that fewer than 5 people used, names and numbers are left out.")]
    return Table(gettext("Open answers by keyword"), columns, rows, notes)


TABLES: Mapping[str, Callable[[Results], Table]] = {
    "T1": design_table,
    "T2": response_table,
    "T3": composition_table,
    "T4": satisfaction_table,
    "T4county": counties_table,
    "T5": awareness_table,
    "T6": process_table,
    "T7": problems_table,
    ACCURACY: accuracy_table,
    "T9": sensitivity_table,
    "T10": open_answers_table,
}


ROWS: Mapping[str, Callable[[Results], Named]] = {
    "T1": design_rows,
    "T2": response_rows,
    "T3": composition_rows,
    "T4": satisfaction_rows,
    ACCURACY: accuracy_rows,
}
"""The tables whose rows have a reference; in the others each figure has its own, or there are counts alone."""


def referenced(results: Results, rows: Named) -> list[Row]:
    """The rows with their references last."""
    return [[*cells, reference(results.study.id, named, results.issue)] for named, cells in rows]


def reference_column() -> Column:
    """The last of a table."""
    return Column(gettext("Reference"), width=16)


def _response_row(county: str, row: Mapping[Any, Any]) -> Row:
    channel = wording.channel_name(row["channel"]) if row["channel"] else gettext("all channels")
    return [county, channel, *(row[name] for name in CLASSES), row["rr1"], row["rr2"]]


def _cells(results: Results, figure: Figure) -> Row:
    census = figure.method == "census"
    ends = (None, None) if census else (figure.low, figure.high)
    return [figure.estimate, *ends, figure.n, reference(results.study.id, figure, results.issue)]


def _figure_columns(figure: Figure) -> list[Column]:
    return _rate_columns() if figure.is_rate else _rate_columns("number")


def _rate_columns(kind: Any = "percent") -> list[Column]:  # noqa: ANN401 - a kind of column
    names = (gettext("Estimate"), gettext("from"), gettext("to"))
    return [*(Column(name, kind) for name in names), Column("n", "integer"), reference_column()]


def _texts(*names: str) -> Sequence[Column]:
    return [Column(name) for name in names]


def _counts(*names: str) -> Sequence[Column]:
    return [Column(name, "integer") for name in names]


def _percents(*names: str) -> Sequence[Column]:
    return [Column(name, "percent") for name in names]
