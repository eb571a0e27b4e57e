"""Weights cut where a few would rule the result, and the cut shared among the others.

A little bias for much less variance (Potter 1990). Totals that were met before are no longer met exactly: calibrate
again, or calibrate with bounds instead, and look at weight_steps for what it did to the estimates.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import WeightingError
from analysis.stages import Floats
from analysis.weighting import Weighting, kish_effect

if TYPE_CHECKING:
    from analysis.design import SurveyDesign


@dataclass(frozen=True, eq=False)
class Trimming:
    """A step of a design that cut weights. It explains nothing: what came before it keeps its variance."""

    before: Floats
    after: Floats
    report: pd.DataFrame

    def residuals(self, scores: Floats) -> Floats:
        """The scores by the weights before, which are those that the earlier steps know."""
        return scores


def trim_weights(weights: pd.Series, most: float, classes: pd.Series | None = None) -> Weighting:
    """Weights cut at `most` times their median, what is cut shared among the others until none is above.

    classes: keeps the sum of weights of every class by itself (the cap is that of all). The report has a row per class:
    class, cap, cut (how many), weight_before, weight_after.
    Raises WeightingError where the cap is so low that a sum cannot be kept.
    """
    kept = weights.dropna().astype(float)
    cap = most * float(kept.median())
    groups = pd.Series("all", index=kept.index) if classes is None else classes.reindex(kept.index)
    if groups.isna().any():
        row = groups.index[int(np.argmax(groups.isna().to_numpy()))]
        raise WeightingError("class", f"row {row!r} has a weight and no class", row=row)
    trimmed = kept.copy()
    rows = []
    for name, part in kept.groupby(groups, sort=True):
        if cap * len(part) < part.sum() * (1 - 1e-12):
            where = "" if classes is None else f" of {name}"
            message = f"a cap of {most} × the median cannot hold the sum of weights{where}: raise it"
            raise WeightingError("cap", message, most=most, cell=None if classes is None else name)
        trimmed.loc[part.index] = _capped(np.asarray(part, np.float64), cap)
        rows.append((name, cap, int((part > cap).sum()), part.sum(), trimmed.loc[part.index].sum()))
    report = pd.DataFrame(rows, columns=["class", "cap", "cut", "weight_before", "weight_after"])
    return Weighting(trimmed.reindex(weights.index), report, kish_effect(trimmed))


def trim(design: SurveyDesign, most: float, classes: str | None = None) -> SurveyDesign:
    """The design with weights cut at `most` times their median; classes: column whose sums of weights are kept."""
    weights = pd.Series(design.weights)
    named = None if classes is None else pd.Series(design.data[classes].to_numpy())
    found = trim_weights(weights, most, named)
    trimmed = copy.copy(design)
    trimmed.weights = found.weights.to_numpy(np.float64)
    trimmed.calibrations = (*design.calibrations, Trimming(design.weights, trimmed.weights, found.report))
    return trimmed


def _capped(weights: Floats, cap: float) -> Floats:
    trimmed = weights.copy()
    for _ in range(len(weights)):
        over = trimmed > cap
        excess = float((trimmed[over] - cap).sum())
        if excess <= 1e-12 * cap:
            break
        trimmed[over] = cap
        under = trimmed < cap
        trimmed[under] *= 1 + excess / float(trimmed[under].sum())
    return np.minimum(trimmed, cap)
