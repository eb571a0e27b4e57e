"""Quantiles of weighted samples, with Woodruff's intervals.

Rules are those of Hyndman and Fan (1996) carried over to weights as R survey does: hf1, hf2, hf4 to hf9, "math" (hf1,
the inverse of the distribution) and "school" (hf2, the middle where it is flat).

Woodruff (1952): the share at or below the quantile has an interval, whose ends are turned back into values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import t as student

from analysis import intervals
from analysis.errors import IntervalError
from analysis.stages import Floats
from analysis.totals import Columns, ItemColumns, read_domains, read_items

if TYPE_CHECKING:
    from analysis.design import SurveyDesign

_Points = Callable[[Floats, Floats], Floats]


def weighted_quantile(values: Floats, weights: Floats, probs: Sequence[float], rule: str = "math") -> Floats:
    """Quantiles of a weighted sample without missing values; `probs` are fractions."""
    _check_rule(rule)
    x, w = _ordered(values, weights)
    return np.array([_quantile(x, w, p, rule) for p in probs])


def quantiles(
    design: SurveyDesign,
    items: ItemColumns,
    probs: Sequence[float] = (0.25, 0.5, 0.75),
    by: Columns = None,
    *,
    rule: str = "math",
    interval: str = "mean",
    level: float = 0.95,
) -> pd.DataFrame:
    """A row per item, domain and prob: estimate, se (half the interval over t), low, high, n, df.

    interval: mean, logit, asin, beta or another of analysis.intervals for the share below. Ends are NaN where the
    interval of the share leaves 0 to 1, or nobody answered.
    """
    _check_rule(rule)
    intervals.check_level(level)
    if interval not in intervals.DESIGNS:
        raise intervals.unknown_method(interval, sorted(intervals.DESIGNS))
    for prob in probs:
        if not 0 <= prob <= 1:
            raise IntervalError("probs", f"quantile {prob} is not a fraction from 0 to 1", prob=prob)
    read = read_items(design, items, binary=False)
    domains = read_domains(design, by)
    rows = []
    for name, numbers, mask in zip(read.names, read.numbers, read.masks, strict=True):
        for at, key in enumerate(domains.keys.to_dict("records")):
            inside = domains.code == at if mask is None else (domains.code == at) & mask
            part = _of_domain(design, numbers, inside, probs, rule, interval, level)
            rows += [{"item": name, **key, **row} for row in part]
    return pd.DataFrame(rows)


def _of_domain(
    design: SurveyDesign,
    numbers: Floats,
    inside: np.ndarray,
    probs: Sequence[float],
    rule: str,
    interval: str,
    level: float,
) -> list[dict[str, float]]:
    if not inside.any():
        blank = dict.fromkeys(("estimate", "se", "low", "high", "df"), np.nan)
        return [{"prob": p, **blank, "n": 0} for p in probs]
    x, w = _ordered(numbers[inside], design.weights[inside])
    found = [_quantile(x, w, p, rule) for p in probs]
    below = {str(k): np.where(inside, numbers <= q, np.nan) for k, q in enumerate(found)}
    frame = design.rates(below, interval=interval, level=level).frame
    rows = []
    for p, q, share in zip(probs, found, frame.to_dict("records"), strict=True):
        low, high = (_turn_back(x, w, share[end], rule) for end in ("low", "high"))
        se = (high - low) / (2 * float(student.ppf((1 + level) / 2, share["df"])))
        rows.append({"prob": p, "estimate": q, "se": se, "low": low, "high": high, "n": share["n"], "df": share["df"]})
    return rows


def _turn_back(x: Floats, w: Floats, share: float, rule: str) -> float:
    return _quantile(x, w, share, rule) if 0 <= share <= 1 else np.nan


def _ordered(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Values in order, and the weight of each; equal ones stay apart, as the smooth rules of R have it."""
    order = np.argsort(values, kind="stable")
    return values[order], weights[order]


def _quantile(x: Floats, w: Floats, p: float, rule: str) -> float:
    if rule in _SMOOTH:
        return float(np.interp(p, _SMOOTH[rule](w, np.cumsum(w)), x))
    total = np.cumsum(w) / w.sum()
    at = int(np.searchsorted(total, p - 1e-12, side="left"))
    upper = min(at, len(x) - 1)
    exact = abs(total[upper] - p) < 1e-12  # the distribution is flat at p, from x[upper] on
    after = min(upper + 1, len(x) - 1)
    if rule in {"hf2", "school"}:
        return float((x[upper] + x[after]) / 2 if exact else x[upper])
    return float(x[upper])


def _check_rule(rule: str) -> None:
    known = ["math", "school", "hf1", "hf2", *_SMOOTH]
    if rule not in known:
        message = f"no rule of quantiles is called {rule!r}; there are {', '.join(known)}"
        raise IntervalError("rule", message, rule=rule)


def _before(cumulative: Floats) -> Floats:
    return np.concatenate([[0.0], cumulative[:-1]])


_SMOOTH: Mapping[str, _Points] = {
    "hf4": lambda _w, s: s / s[-1],
    "hf5": lambda w, s: (s - w / 2) / s[-1],
    "hf6": lambda w, s: s / (s[-1] + w[-1]),
    "hf7": lambda w, s: _before(s) / (s[-1] - w[-1]) if len(w) > 1 else np.zeros_like(s),
    "hf8": lambda w, s: (_before(s) + 2 * s) / 3 / (s[-1] + w[-1] / 3),
    "hf9": lambda w, s: (3 * _before(s) + 5 * s) / 8 / (s[-1] + w[-1] / 4),
}
