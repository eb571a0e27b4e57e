"""Averages of several rates of the same people, such as 平均知晓率, with the variance of their sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.design import SurveyDesign
from analysis.intervals import Evidence, design_interval
from analysis.rates import Estimates

NO_SPREAD = 1e-9
"""What floating point leaves of a standard error of 0."""


def population_known(design: SurveyDesign) -> bool:
    """Whether the weights of people who were drawn one by one add up to a finite population."""
    return design.elements and bool(np.isfinite(design.stages[0].population).all())


def averages(
    metric: str, found: Estimates, frame: pd.DataFrame, by: str | Sequence[str] | None, *, whole: bool
) -> pd.DataFrame:
    """The plain mean of the rates of a metric's items in each domain, with their covariance.

    frame: the rows of `found` with `metric` and `item`, under their index; `by`: the columns of the domains. A mean is
    missing where an item has no answers. whole: whether the population is known.
    """
    keys = [by] if isinstance(by, str) else list(by or [])
    mine = frame[frame["metric"] == metric]
    groups = mine.groupby(keys, sort=False, dropna=False) if keys else [((), mine)]
    rows = []
    for key, part in groups:
        row = _average(found, part, whole=whole)
        rows.append({**dict(zip(keys, key, strict=True)), "metric": metric, "item": metric, **row})
    return pd.DataFrame(rows)


def _average(found: Estimates, part: pd.DataFrame, *, whole: bool) -> dict[str, Any]:
    """Its interval is the logit one by the variance of the linear combination.

    Where nothing varies, so that it would have no width, it is Korn and Graubard's for the item with the fewest
    answers. `whole`: whether the population is known.
    """
    n = int(part["n"].min())
    row: dict[str, Any] = {"n": n, "yes": np.nan, "population": float(part["population"].min())}
    if n == 0:
        return {**row, "estimate": np.nan, "se": np.nan, "low": np.nan, "high": np.nan, "method": "none"}
    mean = found.contrast(dict.fromkeys([int(at) for at in part.index], 1 / len(part)))
    row |= {"estimate": mean.estimate, "se": mean.se}
    if (part["method"] == "census").all():
        return {**row, "low": mean.estimate, "high": mean.estimate, "method": "census"}
    evidence = Evidence(
        p=np.array([mean.estimate]),
        se=np.array([mean.se]),
        df=np.array([float(part["df"].min())]),
        n=np.array([float(n)]),
        population=np.array([row["population"] if whole else np.inf]),
        weight_effect=np.array([(part["n"] / part["n_effective"]).clip(lower=1).max()]),
    )
    method = "logit" if mean.se > NO_SPREAD else "kg"
    low, high = design_interval(evidence, method, found.level)
    return {**row, "low": float(low[0]), "high": float(high[0]), "method": method}
