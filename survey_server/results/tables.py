"""Rows that the page and the workbook both print, in one order and with one wording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis.metrics import DENOMINATORS, DOMAINS
from analysis.response import CLASSES
from survey_server.results.estimates import GROUPINGS
from survey_server.results.figures import DASH, Figure, rounded
from survey_server.results.measures import AWARENESS, HEARD, NAMES, PROCESS, SATISFACTION, figure_names
from survey_server.results.service import Results


@dataclass(frozen=True)
class ResponseRow:
    """Outcomes of one channel (empty: of all) and AAPOR's RR1 and RR2 as fractions with four decimals.

    None stands for a count that the reader is not shown.
    """

    channel: str
    counts: tuple[int | None, ...]
    n: int | None
    rr1: Decimal | None
    rr2: Decimal | None

    @property
    def answered(self) -> int | None:
        """Complete and partial."""
        complete, partial = self.counts[:2]
        return None if complete is None or partial is None else complete + partial

    @property
    def rr1_text(self) -> str:
        """Per cent in print."""
        return rate_text(self.rr1)

    @property
    def rr2_text(self) -> str:
        """Per cent in print."""
        return rate_text(self.rr2)


def rate_text(rate: Decimal | None) -> str:
    """A rate in print, 0.9 as 90.00%; a dash where there is none."""
    return DASH if rate is None else f"{rate * 100:.2f}%"


def response_rows(table: pd.DataFrame) -> list[ResponseRow]:
    """The channels of :func:`survey_server.results.fieldwork.by_channel`, all together last."""
    return [
        ResponseRow(
            channel=row["channel"],
            counts=tuple(None if row[name] is None else int(row[name]) for name in CLASSES),
            n=None if row["n"] is None else int(row["n"]),
            rr1=None if row["rr1"] is None else rounded(row["rr1"], 4),
            rr2=None if row["rr2"] is None else rounded(row["rr2"], 4),
        )
        for row in table.to_dict("records")
    ]


def definitions_beside(results: Results) -> list[Figure]:
    """Satisfaction over all under every definition that has answers, the study's own first."""
    found = [
        results.figures.get(name, denominator=denominator, domain=domain)
        for name in figure_names(SATISFACTION)
        for domain in DOMAINS
        for denominator in DENOMINATORS
    ]
    own = results.satisfaction
    return [own, *(figure for figure in found if figure.n and figure.keys != own.keys)]


def awareness_items(results: Results) -> list[Figure]:
    """The five awareness rates over all and who knows three of five, under the study's own definition."""
    own = results.awareness.keys
    return [figure for name in figure_names(AWARENESS) if (figure := results.figures.get(name)).keys != own]


def heard_items(results: Results) -> list[Figure]:
    """Who has heard of each thing, as far as it was asked: on self-completed questionnaires, never awareness."""
    return _asked(results, HEARD)


def process_rates(results: Results) -> list[Figure]:
    """What was paid and done as the rules say, as far as it was asked."""
    return _asked(results, PROCESS)


def group_rows(results: Results) -> list[tuple[str, Figure]]:
    """The headline of each county, of each category and over all, as the chart shows them."""
    own = results.definitions["satisfaction"]
    rows = [(county, results.figures.get(own, county=county)) for county in results.counties]
    rows += [(name, results.figures.get(own, category=code)) for code, name in results.categories]
    return [(name, figure) for name, figure in rows if figure.estimate is not None]


def _asked(results: Results, metrics: Sequence[str]) -> list[Figure]:
    return [figure for name in figure_names(metrics) if (figure := results.figures.get(name)).n]


def figure_rows(results: Results) -> list[Figure]:
    """Every printed figure in the order of the workbook: overall, by county, by category, by both."""
    order = {metric: place for place, metric in enumerate(NAMES)}
    counties = {county: place for place, county in enumerate(["", *results.counties])}
    categories = {code: place for place, code in enumerate(["", *(code for code, _ in results.categories)])}
    groups = {("county" in grouping, "category" in grouping): place for place, grouping in enumerate(GROUPINGS)}
    own = (results.definitions["denominator"], results.definitions["domain"])

    def place(figure: Figure) -> tuple[Any, ...]:
        return (
            (figure.denominator, figure.domain) != own,
            DOMAINS.index(figure.domain),
            DENOMINATORS.index(figure.denominator),
            order[figure.metric],
            groups[bool(figure.county), bool(figure.category)],
            counties[figure.county],
            categories[figure.category],
        )

    return sorted(results.figures, key=place)
