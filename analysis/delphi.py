"""Weights from rounds of experts who do not know who says what: the Delphi method (专家调查法, 德尔菲法).

In each round every expert rates the parts of an indicator. Before the next they are shown what all said, without
names: median and quartiles of each part, and how far the experts agree. Agreement is Kendall's coefficient of
concordance (协调系数)

    W = 12 S / (m² (n³ - n) - m Σ T)

for m experts and n items, S the sum of squared deviations of the items' rank sums, T = Σ (t³ - t) over the ties of one
expert (Kendall and Babington Smith 1939; ties: Kendall 1962, ch. 6), tested by χ² = m (n - 1) W with n - 1 degrees of
freedom. With few experts and items the χ² is on the careful side. The spread of one item is its coefficient of
variation (变异系数), standard deviation over mean (von der Gracht 2012).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from scipy.stats import chi2, rankdata

from analysis.ahp import share_points
from analysis.errors import ScoringError
from analysis.stages import Floats

LOWEST, HIGHEST = 1, 10
SIGNIFICANT = 0.05
MOST_SPREAD = 0.25


@dataclass(frozen=True)
class Item:
    """What the experts said of one part: `low` and `high` are the quartiles, `spread` the coefficient of variation."""

    name: str
    median: float
    low: float
    high: float
    mean: float
    spread: float

    def holds(self, rating: float) -> bool:
        """Whether a rating lies between the quartiles."""
        return self.low <= rating <= self.high


@dataclass(frozen=True)
class Concordance:
    """How far experts agree: `w` from 0 to 1, and its test."""

    w: float
    chi2: float
    df: int
    p: float


@dataclass(frozen=True)
class Round:
    """One round put together: its items, how many experts, and their concordance (None for one item or one expert)."""

    items: tuple[Item, ...]
    experts: int
    concordance: Concordance | None

    def is_settled(self, most_spread: float = MOST_SPREAD) -> bool:
        """Whether the rounds may end: no item spreads more, and that the experts agree is no accident (p < 0.05)."""
        close = all(item.spread <= most_spread for item in self.items)
        return close and self.concordance is not None and self.concordance.p < SIGNIFICANT

    def item(self, name: str) -> Item | None:
        """The item of this name; None where it was not asked."""
        return next((item for item in self.items if item.name == name), None)

    def points(self, total: Decimal | int, digits: int = 2) -> dict[str, Decimal]:
        """The mean ratings as points that add up to `total` exactly."""
        means = np.array([item.mean for item in self.items])
        return share_points([item.name for item in self.items], means / means.sum(), total, digits)


def summarise(names: Sequence[str], ratings: Sequence[Mapping[str, float]]) -> Round:
    """What the experts said of the items in one round; quartiles by linear interpolation (Hyndman and Fan type 7).

    Raises ScoringError where nobody rated, or somebody left an item out or rated it outside of 1 to 10, naming it.
    """
    if not ratings or not names:
        raise ScoringError("delphi_experts", "no expert has rated yet")
    table = np.array([[_rating(name, given) for name in names] for given in ratings], np.float64)
    return Round(tuple(_item(*pair) for pair in zip(names, table.T, strict=True)), len(ratings), concordance(table))


def concordance(table: Floats) -> Concordance | None:
    """Kendall's W of ratings, a row an expert; None where there are not two experts and two items, or no differences.

    Experts who rate all items alike say nothing of their order.
    """
    experts, items = table.shape
    if min(experts, items) < 2:
        return None
    ranks = np.apply_along_axis(rankdata, 1, table)
    sums = ranks.sum(axis=0)
    deviations = float(((sums - sums.mean()) ** 2).sum())
    ties = sum(float((counts**3 - counts).sum()) for row in ranks for counts in [np.unique(row, return_counts=True)[1]])
    most = experts**2 * (items**3 - items) - experts * ties
    if most <= 0:
        return None
    w = 12 * deviations / most
    statistic, df = experts * (items - 1) * w, items - 1
    return Concordance(w, statistic, df, float(chi2.sf(statistic, df)))


def _rating(name: str, given: Mapping[str, float]) -> float:
    if name not in given or not LOWEST <= given[name] <= HIGHEST:
        message = f"{name}: every expert rates it from {LOWEST} to {HIGHEST}"
        raise ScoringError("delphi_rating", message, indicator=name, value=given.get(name))
    return float(given[name])


def _item(name: str, ratings: Floats) -> Item:
    low, median, high = (float(value) for value in np.quantile(ratings, [0.25, 0.5, 0.75]))
    mean = float(ratings.mean())
    spread = float(ratings.std(ddof=1)) / mean if len(ratings) > 1 else 0.0
    return Item(name, median, low, high, mean, spread)
