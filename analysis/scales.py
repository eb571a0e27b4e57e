"""Scales: shares of codes, points, composites, net promoters, and whether items measure one thing (Cronbach's alpha).

Codes become columns here; SurveyDesign estimates them with their standard errors. What drives a scale is in drivers.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from analysis.errors import AnalysisError
from analysis.stages import Floats
from analysis.variance import covariance

if TYPE_CHECKING:
    from analysis.design import SurveyDesign

NO_ANSWER = (98, 99)
"""说不清、不愿回答: codes that are no answer unless a question says otherwise."""


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


def scale_alpha(design: SurveyDesign, items: Sequence[str], level: float = 0.95) -> Alpha:
    """Alpha of a weighted, stratified or clustered sample, with an interval that knows its design.

    Linearised as a function of the weighted variances of the items; t on the scale of log(1 - α), on which it is
    nearly normal (Bonett 2002). Feldt's interval, which cronbach_alpha gives, takes people to be drawn one by one.
    """
    inside = np.ones(len(design.data), dtype=bool) if design.within is None else design.within
    table = pd.DataFrame({name: np.asarray(design.values(name), np.float64) for name in items})
    plain = cronbach_alpha(table[inside], design.weights[inside], level)
    complete = (table.notna().all(axis=1) & inside).to_numpy()
    x = np.where(complete[:, None], table.to_numpy(), 0.0)
    w = np.where(complete, design.weights, 0.0)
    gap = np.where(complete[:, None], x - w @ x / w.sum(), 0.0)
    parts, whole = (gap**2).sum(axis=1), gap.sum(axis=1) ** 2
    a, b = float(w @ parts / w.sum()), float(w @ whole / w.sum())
    k = len(items)
    score = -k / (k - 1) * w / w.sum() * ((parts - a) / b - a / b**2 * (whole - b))
    se = float(np.sqrt(max(0.0, covariance(design, score[:, None])[0, 0])))
    spread = float(stats.t.ppf((1 + level) / 2, max(design.df, 1))) * se / (1 - plain.alpha) if plain.alpha < 1 else 0.0
    low, high = (1 - (1 - plain.alpha) * float(np.exp(sign * spread)) for sign in (1, -1))
    return replace(plain, low=low, high=high)


def top_box(answers: pd.Series, top: Collection[int], missing: Collection[int] = NO_ANSWER) -> pd.Series:
    """1 for the codes of `top`, 0 for other answers, NaN for no answer: the mean is 满意率 (top-k, bottom-k)."""
    known = answers.notna() & ~answers.isin(list(missing))
    return answers.isin(list(top)).astype(float).where(known)


def points(answers: pd.Series, scores: Mapping[int, float], missing: Collection[int] = NO_ANSWER) -> pd.Series:
    """Points of each code (赋分), such as {5: 100, 4: 80, 3: 60, 2: 30, 1: 0}; NaN for no answer.

    Raises AnalysisError for a code that has neither points nor a place in `missing`.
    """
    known = answers.notna() & ~answers.isin(list(missing))
    strange = known & ~answers.isin(list(scores))
    if strange.any():
        row, code = answers.index[int(np.argmax(strange.to_numpy()))], answers[strange].iloc[0]
        message = f"row {row!r} has the code {code}, for which there are no points: add it, or name it as missing"
        raise AnalysisError("code", message, row=row, value=code)
    return answers.where(known).map(scores).astype(float)


def composite(parts: pd.DataFrame, weights: Mapping[str, float]) -> pd.Series:
    """A weighted mean of each person's parts: the weights of parts that are missing go to the others.

    NaN for who has none of the parts. Raises AnalysisError for a weight without its column, or not above 0.
    """
    for name, weight in weights.items():
        if name not in parts.columns or not weight > 0:
            message = f"the composite gives {name!r} the weight {weight}: it needs such a column and a weight above 0"
            raise AnalysisError("composite", message, part=name, weight=weight)
    table = parts[list(weights)].astype(float)
    share = table.notna() * pd.Series(dict(weights), dtype=float)
    below = share.sum(axis=1)
    return (table.fillna(0.0) * share).sum(axis=1) / below.where(below > 0)


def net_promoter(scores: pd.Series) -> pd.Series:
    """+1 for 9 and 10, -1 for 0 to 6, else 0: its weighted mean is the NPS, its standard error comes free.

    Raises AnalysisError for a score outside 0 to 10.
    """
    strange = scores.notna() & ~scores.between(0, 10)
    if strange.any():
        row, value = scores.index[int(np.argmax(strange.to_numpy()))], scores[strange].iloc[0]
        message = f"row {row!r} scores {value}: a net promoter score is of answers from 0 to 10"
        raise AnalysisError("score", message, row=row, value=value)
    value = (scores >= 9).astype(float) - (scores <= 6).astype(float)
    return value.where(scores.notna())


def _alpha(c: Floats) -> float:
    k = len(c)
    return float(k / (k - 1) * (1 - np.trace(c) / c.sum()))
