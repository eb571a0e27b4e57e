"""Figures as they are printed. Page, workbook and score all take them from here, so that they cannot differ."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis.rounding import half_up
from survey_server.results.measures import definition_of

DASH = "—"
HIDDEN = "•"


@dataclass(frozen=True)
class Figure:
    """One printed figure with its interval: a fraction with four decimals (a rate), or points with two (a score).

    None where there is nothing to print, or where the reader is not told: a ``hidden`` one is too small for them.
    ``yes`` of ``n`` answers (unweighted), ``missing`` of ``interviews``.
    """

    metric: str
    denominator: str
    domain: str
    county: str
    category: str
    estimate: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    method: str = "none"
    n: int = 0
    yes: int | None = None
    missing: int | None = 0
    interviews: int | None = 0
    unit: str = ""
    hidden: bool = False

    @property
    def is_rate(self) -> bool:
        """Whether it is printed per cent."""
        return not definition_of(self.metric).points

    @property
    def text(self) -> str:
        """The estimate in print."""
        return HIDDEN if self.hidden else self.write(self.estimate)

    @property
    def interval_text(self) -> str:
        """The interval in print; empty where there is none."""
        if self.low is None or self.high is None or self.method == "census":
            return ""
        return f"{self.write(self.low)} – {self.write(self.high)}"

    @property
    def counts_text(self) -> str:
        """Numerator and denominator."""
        if self.hidden:
            return HIDDEN
        return f"{self.yes}/{self.n}" if self.yes is not None else str(self.n)

    @property
    def keys(self) -> dict[str, str]:
        """What names this figure in an address."""
        named = {"metric": self.metric, "denominator": self.denominator, "domain": self.domain}
        return named | {name: value for name in ("county", "category") if (value := getattr(self, name))}

    def write(self, value: Decimal | None) -> str:
        """A value of this figure's kind in print."""
        if value is None:
            return DASH
        return f"{value * 100:.2f}%" if self.is_rate else f"{value:.2f}"


class Figures:
    """Every figure of a result, found by its name; one that was not computed is printed as a dash."""

    def __init__(self, figures: Iterable[Figure], *, denominator: str, domain: str) -> None:
        self._found = {tuple(figure.keys.items()): figure for figure in figures}
        self.denominator = denominator
        self.domain = domain

    def __iter__(self) -> Iterator[Figure]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def get(
        self, metric: str, *, county: str = "", category: str = "", denominator: str = "", domain: str = ""
    ) -> Figure:
        """The figure under the study's own definition unless another is named."""
        wanted = Figure(metric, denominator or self.denominator, domain or self.domain, county, category)
        return self._found.get(tuple(wanted.keys.items()), wanted)


def print_figures(table: pd.DataFrame, definitions: Mapping[str, Any]) -> Figures:
    """Round the estimates, half up, for print."""
    figures = [print_figure(row) for row in table.to_dict("records")]
    return Figures(figures, denominator=definitions["denominator"], domain=definitions["domain"])


def rounded(value: float, digits: int) -> Decimal | None:
    """Half up; None for what is not a number."""
    return half_up(float(value), digits) if math.isfinite(value) else None


def print_figure(row: Mapping[Any, Any]) -> Figure:
    """One estimate, rounded half up."""
    blank = Figure(row["metric"], row["denominator"], row["domain"], row["county"], row["category"])
    digits = 4 if blank.is_rate else 2
    return Figure(
        *(blank.metric, blank.denominator, blank.domain, blank.county, blank.category),
        estimate=rounded(row["estimate"], digits),
        low=rounded(row["low"], digits),
        high=rounded(row["high"], digits),
        method=row["method"],
        n=int(row["n"]),
        yes=int(row["yes"]) if math.isfinite(row["yes"]) else None,
        missing=int(row["missing"]),
        interviews=int(row["interviews"]),
        unit=row["unit"],
    )
