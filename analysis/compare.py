"""Estimates against each other: counties, waves, channels. Many looks are paid for.

Differences use the covariance of the estimates, so that domains of one sample are compared rightly. Samples drawn apart
that share villages or households are compared in waves.py, the channels of one survey in modes.py. p-values of a
family of comparisons are adjusted by Holm (1979), which keeps the chance of any false finding, or by Benjamini and
Hochberg (1995), which keeps the share of false findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import t as student

from analysis.errors import AnalysisError
from analysis.rates import Estimates
from analysis.stages import Floats

Adjustment = Literal["holm", "bh", "none"]

FLAT = 1e-9
"""What floating point leaves of a standard error of 0."""


def adjusted(p_values: ArrayLike, method: Adjustment = "holm") -> Floats:
    """p-values adjusted for being a family, each at most 1; NaN stays NaN and counts for nothing."""
    p = np.asarray(p_values, np.float64)
    out = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    size = len(order)
    if method == "none":
        return p.copy()
    if method == "holm":
        steps = np.maximum.accumulate(p[order] * (size - np.arange(size)))
    elif method == "bh":
        steps = np.minimum.accumulate((p[order] * size / np.arange(1, size + 1))[::-1])[::-1]
    else:
        raise AnalysisError("adjustment", f"p-values are adjusted by holm, bh or none, not {method!r}", method=method)
    out[order] = np.minimum(steps, 1.0)
    return out


def pairwise(estimates: Estimates, item: str, *, adjust: Adjustment = "holm") -> pd.DataFrame:
    """Every domain of an item against every other: a row per pair, with the rows of the frame that it compares.

    Columns: one, other (their domains), row_one, row_other, estimate (one less other), se, df, statistic, p_value,
    p_adjusted, low, high (unadjusted, at the level of the estimates). Domains without answers are left out.
    """
    rows = _rows_of(estimates, item)
    return differences(estimates, list(combinations(rows, 2)), adjust=adjust)


def against_rest(estimates: Estimates, item: str, reference: int, *, adjust: Adjustment = "holm") -> pd.DataFrame:
    """Every other domain of an item against the one in row `reference` of the frame; columns as in pairwise."""
    pairs = [(row, reference) for row in _rows_of(estimates, item) if row != reference]
    return differences(estimates, pairs, adjust=adjust)


def differences(estimates: Estimates, pairs: Sequence[tuple[int, int]], *, adjust: Adjustment = "holm") -> pd.DataFrame:
    """Differences of pairs of rows of the frame, as one family; columns as in pairwise.

    A rate of exactly 0 or 1 counts with the doubt of its interval (unseen_variance).
    """
    rows = sorted({row for pair in pairs for row in pair})
    at = {row: k for k, row in enumerate(rows)}
    frame = estimates.frame
    covariance = estimates.covariance(rows) if rows else np.empty((0, 0))
    one = np.array([at[a] for a, _ in pairs], dtype=np.intp)
    other = np.array([at[b] for _, b in pairs], dtype=np.intp)
    values = frame["estimate"].to_numpy()[rows] if rows else np.empty(0)
    unseen = unseen_variance(estimates, rows)
    spread = covariance[one, one] + covariance[other, other] - 2 * covariance[one, other]
    spread = np.maximum(spread, 0) + unseen[one] + unseen[other]
    names = _names(frame)
    compared = pd.DataFrame(
        {
            "one": [names[a] for a, _ in pairs],
            "other": [names[b] for _, b in pairs],
            "row_one": [a for a, _ in pairs],
            "row_other": [b for _, b in pairs],
        }
    )
    df = float(estimates.design_df)
    return compared.join(tested(values[one] - values[other], np.sqrt(spread), df, estimates.level, adjust))


def unseen_variance(estimates: Estimates, rows: Sequence[int]) -> Floats:
    """What the variance of a rate of exactly 0 or 1 leaves out, by row; 0 for other estimates and for a census.

    All twelve who were asked agree, and so their estimated variance is 0: taken at its word it would make any
    difference significant. The length of the interval over Student's t stands for the standard error instead.
    """
    part = estimates.frame.iloc[list(rows)]
    p, low, high = (part[name].to_numpy(np.float64) for name in ("estimate", "low", "high"))
    reach = np.maximum(p - low, high - p)
    flat = ~(part["se"].to_numpy(np.float64) > FLAT) & (reach > 0)
    quantile = float(student.ppf((1 + estimates.level) / 2, float(estimates.design_df)))
    return np.where(flat, reach / quantile, 0.0) ** 2


def tested(difference: Floats, se: Floats, df: float, level: float, adjust: Adjustment) -> pd.DataFrame:
    """Differences with their t tests, as one family: estimate, se, df, statistic, p_value, p_adjusted, low, high."""
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(se > 0, difference / se, np.where(difference == 0, 0.0, np.inf * np.sign(difference)))
    p_value = 2 * student.sf(np.abs(statistic), df)
    half = student.ppf((1 + level) / 2, df) * se
    return pd.DataFrame(
        {
            "estimate": difference,
            "se": se,
            "df": df,
            "statistic": statistic,
            "p_value": p_value,
            "p_adjusted": adjusted(p_value, adjust),
            "low": difference - half,
            "high": difference + half,
        }
    )


def _rows_of(estimates: Estimates, item: str) -> list[int]:
    frame = estimates.frame
    found = np.flatnonzero(((frame["item"] == item) & (frame["n"] > 0)).to_numpy())
    if not len(found):
        raise AnalysisError("item", f"no estimate with answers is called {item!r}", item=item)
    return [int(row) for row in found]


def _names(frame: pd.DataFrame) -> list[str]:
    """The domain of each row in words: its keys, joined."""
    keys = list(frame.columns[1 : list(frame.columns).index("estimate")])
    if not keys:
        return [str(item) for item in frame["item"]]
    return ["·".join(str(row[key]) for key in keys) for row in frame[keys].to_dict("records")]
