"""Scales and what drives them: reliability, indices, importance.

Weights are those of the design; where none are given everybody counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from analysis.errors import AnalysisError
from analysis.stages import Floats

MOST_DRIVERS = 15


@dataclass(frozen=True)
class Alpha:
    """Cronbach's (1951) alpha with Feldt's (1965) interval.

    standardised: from correlations. mean_r: their mean. if_dropped: alpha without each item. item_rest: correlation
    of each item with the sum of the others.
    """

    alpha: float
    low: float
    high: float
    standardised: float
    mean_r: float
    n: int
    if_dropped: dict[str, float]
    item_rest: dict[str, float]


def cronbach_alpha(items: pd.DataFrame, weights: ArrayLike | None = None, level: float = 0.95) -> Alpha:
    """α = k/(k-1) (1 - Σ s²_i / s²_T) of the rows that answered every item.

    Raises AnalysisError for fewer than two items or answers, or a scale on which nobody differs.
    """
    complete = items.notna().all(axis=1).to_numpy()
    x = items.to_numpy(np.float64)[complete]
    n, k = x.shape
    if k < 2 or n < 2:
        raise AnalysisError("alpha", f"alpha needs two items and two people; there are {k} and {n}", items=k, n=n)
    w = np.ones(n) if weights is None else np.asarray(weights, np.float64)[complete]
    c = np.cov(x, rowvar=False, aweights=w, ddof=0)
    if c.sum() <= 0:
        raise AnalysisError("alpha", "everybody has the same sum: the scale measures no difference")
    alpha = _alpha(c)
    above, below = (float(stats.f.ppf(share, n - 1, (n - 1) * (k - 1))) for share in ((1 + level) / 2, (1 - level) / 2))
    scale = np.sqrt(np.diag(c))
    with np.errstate(divide="ignore", invalid="ignore"):
        r = c / np.outer(scale, scale)
    mean_r = float((r.sum() - k) / (k * (k - 1)))
    names = [str(name) for name in items.columns]
    dropped, rest = {}, {}
    for j, name in enumerate(names):
        others = [i for i in range(k) if i != j]
        dropped[name] = _alpha(c[np.ix_(others, others)]) if k > 2 else float("nan")
        rest[name] = float(c[j, others].sum() / np.sqrt(c[j, j] * c[np.ix_(others, others)].sum()))
    low, high = 1 - (1 - alpha) * above, 1 - (1 - alpha) * below
    standardised = k * mean_r / (1 + (k - 1) * mean_r)
    return Alpha(alpha, low, high, standardised, mean_r, n, dropped, rest)


def net_promoter(scores: pd.Series) -> pd.Series:
    """+1 for 9 and 10, -1 for 0 to 6, else 0: its weighted mean is the NPS, its standard error comes free."""
    value = (scores >= 9).astype(float) - (scores <= 6).astype(float)
    return value.where(scores.notna())


def key_drivers(y: pd.Series, drivers: pd.DataFrame, weights: ArrayLike | None = None) -> pd.DataFrame:
    """How much each driver explains of y: a row per driver, by two decompositions of R².

    lmg: its mean gain over all orders of entry (Lindeman, Merenda and Gold 1980; Shapley). johnson: relative weights
    (Johnson 2000). Both add up to R², lmg_share and johnson_share to 1. Also importance (correlation with y) and
    performance (mean), for the grid of both. Raises AnalysisError for more than 15 drivers.
    """
    k = drivers.shape[1]
    if not 1 <= k <= MOST_DRIVERS:
        raise AnalysisError("drivers", f"there can be 1 to {MOST_DRIVERS} drivers, not {k}", drivers=k)
    complete = (drivers.notna().all(axis=1) & y.notna()).to_numpy()
    x, target = drivers.to_numpy(np.float64)[complete], y.to_numpy(np.float64)[complete]
    w = np.ones(len(x)) if weights is None else np.asarray(weights, np.float64)[complete]
    c = np.cov(np.column_stack([x, target]), rowvar=False, aweights=w, ddof=0)
    scale = np.sqrt(np.diag(c))
    if (scale <= 0).any():
        raise AnalysisError("constant", "a driver, or what it drives, is the same for everybody")
    r = c / np.outer(scale, scale)
    lmg, johnson = _shapley(r[:k, :k], r[:k, k]), _johnson(r[:k, :k], r[:k, k])
    return pd.DataFrame(
        {
            "driver": [str(name) for name in drivers.columns],
            "lmg": lmg,
            "lmg_share": lmg / lmg.sum(),
            "johnson": johnson,
            "johnson_share": johnson / johnson.sum(),
            "importance": r[:k, k],
            "performance": w @ x / w.sum(),
        }
    )


def _alpha(c: Floats) -> float:
    k = len(c)
    return float(k / (k - 1) * (1 - np.trace(c) / c.sum()))


def _shapley(between: Floats, with_y: Floats) -> Floats:
    k = len(with_y)
    explained: dict[tuple[int, ...], float] = {(): 0.0}
    for size in range(1, k + 1):
        for chosen in combinations(range(k), size):
            part = np.ix_(chosen, chosen)
            at = list(chosen)
            explained[chosen] = float(with_y[at] @ np.linalg.lstsq(between[part], with_y[at], rcond=None)[0])
    gains = np.zeros(k)
    for chosen, value in explained.items():
        for j in set(range(k)) - set(chosen):
            gain = explained[tuple(sorted((*chosen, j)))] - value
            gains[j] += gain / (k * comb(k - 1, len(chosen)))
    return gains


def _johnson(between: Floats, with_y: Floats) -> Floats:
    values, vectors = np.linalg.eigh(between)
    root = vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T
    slope = np.linalg.lstsq(root, with_y, rcond=None)[0]
    return np.asarray(root**2 @ slope**2, np.float64)
