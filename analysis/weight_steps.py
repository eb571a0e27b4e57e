"""What each step of weighting did: how uneven it made the weights, and how it moved the estimates.

A step that moves a rate much says that who answered differs from whom it was weighted to; one that moves none and
costs effective size may be left out. A report shows the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.calibration import PostStratification
from analysis.errors import WeightingError
from analysis.trimming import Trimming
from analysis.weighting import kish_effect

if TYPE_CHECKING:
    from analysis.design import SurveyDesign


def weight_steps(steps: Mapping[str, ArrayLike], answers: pd.DataFrame | None = None) -> pd.DataFrame:
    """A row per step, in order, from the weights that each left: a column of numbers, NaN for who has none.

    answers: items, 1 and 0 or numbers, whose weighted means are followed. Columns: step, n (with a weight), sum,
    least, median, most, ratio (most/least), deff_w (n Σw²/(Σw)²), n_effective (n/deff_w), and per item its mean under
    its own name and `<item>_change` from the step before.
    Raises WeightingError for a step with a weight that is not above 0, or of another length.
    """
    rows, means = [], []
    for name, column in steps.items():
        w = np.asarray(column, np.float64)
        if answers is not None and len(w) != len(answers):
            raise WeightingError("length", f"step {name!r} has {len(w)} weights for {len(answers)} answers", step=name)
        rows.append({"step": name, **_spread(name, w[~np.isnan(w)])})
        means.append({} if answers is None else _means(w, answers))
    table = pd.DataFrame(rows)
    for item in [] if answers is None else answers.columns:
        values = pd.Series([row[item] for row in means])
        table[str(item)] = values
        table[f"{item}_change"] = values.diff()
    return table


def steps_of(
    design: SurveyDesign, items: list[str] | None = None, earlier: Mapping[str, ArrayLike] | None = None
) -> pd.DataFrame:
    """The same for the steps that a design has gone through; `items` names columns of its data.

    earlier: weights of steps before the design was made, such as those of the draw, a value per row of its data.
    """
    weights: dict[str, ArrayLike] = dict(earlier or {})
    first = design.calibrations[0].before if design.calibrations else design.weights
    weights["design"] = first
    for at, step in enumerate(design.calibrations, start=1):
        weights[f"{at} {_name(step)}"] = step.after
    answers = None if items is None else pd.DataFrame({item: design.values(item) for item in items})
    return weight_steps(weights, answers)


def _name(step: object) -> str:
    if isinstance(step, PostStratification):
        return "post-stratified"
    return "trimmed" if isinstance(step, Trimming) else "calibrated"


def _spread(name: str, w: np.ndarray) -> dict[str, float]:
    if not len(w) or not (w > 0).all():
        raise WeightingError("weight", f"step {name!r} has no weights, or one that is not above 0", step=name)
    effect = kish_effect(w)
    return {
        "n": len(w),
        "sum": float(w.sum()),
        "least": float(w.min()),
        "median": float(np.median(w)),
        "most": float(w.max()),
        "ratio": float(w.max() / w.min()),
        "deff_w": effect,
        "n_effective": len(w) / effect,
    }


def _means(w: np.ndarray, answers: pd.DataFrame) -> dict[object, float]:
    out = {}
    for item in answers.columns:
        y = answers[item].to_numpy(np.float64, na_value=np.nan)
        known = ~np.isnan(y) & ~np.isnan(w)
        out[item] = float(np.average(y[known], weights=w[known])) if known.any() else float("nan")
    return out
