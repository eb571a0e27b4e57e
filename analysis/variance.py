"""The general kernel: the covariance of any estimates, from one linearised score per row of data and estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.stages import Floats

if TYPE_CHECKING:
    from analysis.design import SurveyDesign


def covariance(design: SurveyDesign, scores: Floats) -> Floats:
    """The covariance (k, k) of k estimates whose scores, (rows, k), include the weights.

    Calibrated weights leave only what their variables do not explain (Deville and Särndal 1992, eq. 3.4).
    """
    scores = unexplained(design, scores)
    total = np.zeros((scores.shape[1], scores.shape[1]))
    for stage in design.stages:
        if (stage.scale > 0).any():
            total += stage.covariance(scores)
    return total


def unexplained(design: SurveyDesign, scores: Floats) -> Floats:
    """Scores, (rows, k), less what the known totals of the design's calibrations explain.

    The last step comes first: its totals are met exactly, those of the steps before it no longer are.
    """
    for step in reversed(design.calibrations):
        scores = step.residuals(scores)
    return scores
