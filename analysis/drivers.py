"""What drives satisfaction: the share of each driver in what is explained, and the grid of importance and performance.

Weights are those of the design; where none are given everybody counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, combinations_with_replacement
from math import comb
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import expit, logit

from analysis.errors import AnalysisError
from analysis.stages import Floats
from analysis.variance import covariance

if TYPE_CHECKING:
    from analysis.design import SurveyDesign

MOST_DRIVERS = 15
MOST_WITH_INTERVALS = 10
_STEP = 1e-5

QUADRANTS = {
    "improve": "优先改进：重要而做得不够",
    "keep": "继续保持：重要且做得好",
    "low_priority": "暂缓：不太重要，做得也一般",
    "overkill": "不必再加力：做得好但不太重要",
}


def key_drivers(y: pd.Series, drivers: pd.DataFrame, weights: ArrayLike | None = None) -> pd.DataFrame:
    """How much each driver explains of y: a row per driver, by two decompositions of R².

    lmg: its mean gain over all orders of entry (Lindeman, Merenda and Gold 1980; Shapley). johnson: relative weights
    (Johnson 2000). Both add up to R², lmg_share and johnson_share to 1. Also importance (correlation with y) and
    performance (mean), for the grid of both.
    Raises AnalysisError for more than 15 drivers, for one that never varies, or too few people who answered them all.
    """
    k = drivers.shape[1]
    if not 1 <= k <= MOST_DRIVERS:
        raise AnalysisError("drivers", f"there can be 1 to {MOST_DRIVERS} drivers, not {k}", drivers=k)
    complete = (drivers.notna().all(axis=1) & y.notna()).to_numpy()
    x = drivers.to_numpy(np.float64, na_value=np.nan)[complete]
    target = y.to_numpy(np.float64, na_value=np.nan)[complete]
    if len(x) < k + 2:
        message = f"{len(x)} people answered all of the {k} drivers and what they drive: {k + 2} are needed"
        raise AnalysisError("few", message, n=len(x), drivers=k)
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


def driver_shares(
    design: SurveyDesign, y: ArrayLike | str, drivers: Sequence[str], level: float = 0.95
) -> pd.DataFrame:
    """The shares of key_drivers with standard errors and intervals that know the design: what may be ranked at all.

    A row per driver: driver, and for each of lmg and johnson the share, `_se`, `_low`, `_high`. Shares are smooth
    functions of the weighted covariances, and are linearised as such, with slopes by central differences; intervals
    are by t on the logit scale. Rows that lack a value are left out as a domain. Raises AnalysisError as key_drivers
    does, and for more than ten drivers.
    """
    if len(drivers) > MOST_WITH_INTERVALS:
        message = f"shares of {len(drivers)} drivers take too long with intervals: choose at most {MOST_WITH_INTERVALS}"
        raise AnalysisError("drivers", message, drivers=len(drivers))
    table = np.column_stack([np.asarray(design.values(name), np.float64) for name in (*drivers, y)])
    lacking = np.isnan(table).any(axis=1)
    if design.within is not None:
        lacking |= ~design.within
    columns = pd.DataFrame(table[~lacking, :-1], columns=list(drivers))
    found = key_drivers(pd.Series(table[~lacking, -1]), columns, design.weights[~lacking])
    w = np.where(lacking, 0.0, design.weights)
    table[lacking] = 0.0
    gap = table - w @ table / w.sum()
    gap[lacking] = 0.0
    gap /= np.sqrt(w @ gap**2 / w.sum())
    cross = (gap * w[:, None]).T @ gap / w.sum()
    quantile = float(stats.t.ppf((1 + level) / 2, max(design.df, 1)))
    out = found[["driver"]]
    for name, shares in (("lmg", _shapley), ("johnson", _johnson)):
        share = found[f"{name}_share"].to_numpy(np.float64)
        scores = _linearised(shares, cross, gap) * (w / w.sum())[:, None]
        se = np.sqrt(np.maximum(np.diag(covariance(design, scores)), 0))
        reach = quantile * se / np.maximum(share * (1 - share), 1e-12)
        ends = {f"{name}_low": expit(logit(share) - reach), f"{name}_high": expit(logit(share) + reach)}
        out = out.assign(**{f"{name}_share": share, f"{name}_se": se}, **ends)
    return out


def importance_performance(
    drivers: pd.DataFrame, *, importance: float | None = None, performance: float | None = None
) -> pd.DataFrame:
    """The table of key_drivers with the quadrant of each driver (Martilla and James 1977), the first to improve first.

    importance, performance: where the lines cross; None takes the means of the drivers. A driver on a line counts as
    above it. quadrant: improve (important, done badly), keep, low_priority, overkill; QUADRANTS has them in Chinese.
    """
    lines = (
        drivers["importance"].mean() if importance is None else importance,
        drivers["performance"].mean() if performance is None else performance,
    )
    important, good = drivers["importance"] >= lines[0], drivers["performance"] >= lines[1]
    named = np.select([important & ~good, important & good, ~important & ~good], list(QUADRANTS)[:3], "overkill")
    order = pd.Series(named, index=drivers.index).map({name: at for at, name in enumerate(QUADRANTS)})
    table = drivers.assign(quadrant=named, order=order)
    table = table.sort_values(["order", "importance"], ascending=[True, False], kind="stable", ignore_index=True)
    return table.drop(columns="order")


def _linearised(shares: Callable[[Floats, Floats], Floats], cross: Floats, gap: Floats) -> Floats:
    """For every row what it adds to each share, (rows, k): slopes by the covariances times the row's own products."""

    def of(c: Floats) -> Floats:
        scale = np.sqrt(np.diag(c))
        r = c / np.outer(scale, scale)
        parts = shares(r[:-1, :-1], r[:-1, -1])
        return parts / parts.sum()

    out = np.zeros((len(gap), len(cross) - 1))
    for i, j in combinations_with_replacement(range(len(cross)), 2):
        step = np.zeros_like(cross)
        step[i, j] = step[j, i] = _STEP
        slope = (of(cross + step) - of(cross - step)) / (2 * _STEP)
        out += np.outer(gap[:, i] * gap[:, j] - cross[i, j], slope)
    return out


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
