"""Weights that meet known totals of the population, and what that does to variances.

Deville and Särndal (1992): the weights closest to the design's that satisfy Σ w x = totals. Each distance has its
function g = F(x'λ): linear 1 + u (the regression estimator; post-stratification when x are cells), raking e^u
(iterated proportional fitting when x are margins), logit between bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.stages import Floats


@dataclass(frozen=True, eq=False)
class Calibration:
    """One calibration that was done: its variables (rows, k), and the weights before and after."""

    variables: Floats
    before: Floats
    after: Floats

    def residuals(self, scores: Floats) -> Floats:
        """What is left of scores, (rows, k), once the calibration variables have explained their part.

        The regression is weighted by the weights before, the residuals by those after (as R survey has it).
        """
        single = scores / self.after[:, None]
        root = np.sqrt(self.before)[:, None]
        slope, *_ = np.linalg.lstsq(root * self.variables, root * single, rcond=None)
        return self.after[:, None] * (single - self.variables @ slope)
