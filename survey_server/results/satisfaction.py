"""The five-point scale of every question about satisfaction, and satisfaction by channel: what T4, T9 and F1 show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.metrics import codes
from survey_server.results.dataset import Dataset
from survey_server.results.estimates import LEVEL, design_of

QUESTIONS = ("sat_overall", "sat_process", "sat_open", "sat_pay", "sat_staff", "sat_level")
SCALE = (5, 4, 3, 2, 1)
SATISFIED = (5, 4)
MISSING = (98, 99)


@dataclass(frozen=True)
class Scale:
    """One question in the headline domain: counts and weighted shares (fractions) from very satisfied down."""

    tag: str
    counts: Sequence[int]
    missing: int
    shares: Sequence[float]
    rate: float
    low: float | None
    high: float | None
    method: str

    @property
    def n(self) -> int:
        """Valid answers."""
        return sum(self.counts)


def scales(dataset: Dataset, domain: str) -> list[Scale]:
    """Every question that somebody answered validly."""
    rows, answers = _counted(dataset)
    if rows.empty:
        return []
    inside = rows["headline"] if domain == "headline" else rows["counted"]
    items = {tag: _satisfied(answers[tag]).where(inside) for tag in QUESTIONS}
    asked = {tag: item for tag, item in items.items() if item.notna().any()}
    if not asked:
        return []
    rates = {rate["item"]: rate for rate in design_of(rows).rates(asked, level=LEVEL).frame.to_dict("records")}
    return [_scale(tag, answers[tag][inside], rows["weight"][inside], rates[tag]) for tag in asked]


def by_channel(dataset: Dataset, domain: str) -> pd.DataFrame:
    """Satisfaction over all by the channel that counts: channel, estimate, low, high, n, yes, method."""
    rows, _ = _counted(dataset)
    item = satisfied_of(dataset, rows, domain) if len(rows) else pd.Series(dtype=float)
    if not item.notna().any():
        return pd.DataFrame(columns=["channel", "estimate", "low", "high", "n", "yes", "method"])
    return design_of(rows).rates({"satisfied": item}, by="channel", level=LEVEL).frame


def satisfied_of(dataset: Dataset, rows: pd.DataFrame, domain: str) -> pd.Series:
    """Of these counted cases: 1 satisfied over all, 0 not, missing without a valid answer or outside the domain."""
    inside = rows["headline"] if domain == "headline" else rows["counted"]
    return _satisfied(codes(dataset.answers["sat_overall"].reindex(rows.index))).where(inside)


def _counted(dataset: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = dataset.cases[dataset.cases["counted"]]
    return rows, dataset.answers.reindex(rows.index)[list(QUESTIONS)].apply(codes)


def _satisfied(answers: pd.Series) -> pd.Series:
    """1 or 0; missing where there is no valid answer."""
    return answers.isin(SATISFIED).astype(float).where(answers.isin(SCALE))


def _scale(tag: str, answers: pd.Series, weights: pd.Series, rate: Mapping[Any, Any]) -> Scale:
    valid = answers.isin(SCALE)
    total = weights[valid].sum()
    shares = [float(weights[answers == code].sum() / total) if total else 0.0 for code in SCALE]
    ends = [None if pd.isna(rate[name]) or rate["method"] == "none" else float(rate[name]) for name in ("low", "high")]
    return Scale(
        tag=tag,
        counts=[int((answers == code).sum()) for code in SCALE],
        missing=int(answers.isin(MISSING).sum()),
        shares=shares,
        rate=float(rate["estimate"]),
        low=ends[0],
        high=ends[1],
        method=str(rate["method"]),
    )
