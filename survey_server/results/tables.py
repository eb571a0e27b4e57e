"""Rows that the page and the workbook both print, in one order and with one wording."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis.response import CLASSES
from survey_server.results.estimates import GROUPINGS
from survey_server.results.figures import DASH, Figure, rounded
from survey_server.results.measures import AWARENESS, DENOMINATORS, DOMAINS, SATISFACTION
from survey_server.results.service import Results


@dataclass(frozen=True)
class ResponseRow:
    """Outcomes of one channel (empty: of all) and AAPOR's RR1 and RR2 as fractions with four decimals."""

    channel: str
    counts: tuple[int, ...]
    n: int
    rr1: Decimal | None
    rr2: Decimal | None

    @property
    def answered(self) -> int:
        """Complete and partial."""
        return self.counts[0] + self.counts[1]

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
            counts=tuple(int(row[name]) for name in CLASSES),
            n=int(row["n"]),
            rr1=rounded(row["rr1"], 4),
            rr2=rounded(row["rr2"], 4),
        )
        for row in table.to_dict("records")
    ]


def definitions_beside(results: Results) -> list[Figure]:
    """Satisfaction over all under every definition, the study's own first."""
    found = [
        results.figures.get(measure.metric, denominator=denominator, domain=domain)
        for measure in SATISFACTION
        for domain in DOMAINS
        for denominator in DENOMINATORS
        if measure.is_rate or denominator == "valid"
    ]
    own = results.satisfaction
    return [own, *(figure for figure in found if figure.keys != own.keys)]


def awareness_items(results: Results) -> list[Figure]:
    """The five awareness rates over all, under the study's own definition."""
    return [results.figures.get(measure.metric) for measure in AWARENESS]


def figure_rows(results: Results) -> list[Figure]:
    """Every printed figure in the order of the workbook: overall, by county, by category, by both."""
    order = {metric: place for place, metric in enumerate(_metrics())}
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


def _metrics() -> list[str]:
    return [*(measure.metric for measure in SATISFACTION), "AW_AVG", *(measure.metric for measure in AWARENESS)]
