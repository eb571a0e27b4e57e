"""Two columns of a sample against each other: the weighted table, and covariances of what is computed from it.

Any smooth function of a table has the linearised score w G[cell], one row of G per cell. Its covariance needs only the
sums of w and w² by stratum and cell, or of w by cluster and cell: a million rows are read once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import AnalysisError
from analysis.stages import Floats, Stage
from analysis.variance import covariance

if TYPE_CHECKING:
    from analysis.design import SurveyDesign


@dataclass(frozen=True, eq=False)
class Crossing:
    """A crossing. cell: of each row, -1 where it lacks a column or is outside of the domain; rows, cols: the values.

    table: weighted counts, (rows, cols), no row or column of it empty. n: rows of data in it.
    """

    design: SurveyDesign
    cell: NDArray[np.int64]
    rows: list[Any]
    cols: list[Any]
    table: Floats
    n: int

    def covariance(self, per_weight: Floats) -> Floats:
        """The covariance of Σ w G[cell], for G = per_weight of shape (cells, k)."""
        design = self.design
        pooled = any(stage.lonely == "adjust" and stage.alone.any() for stage in design.stages)
        if design.by_scores or pooled:
            inside = (self.cell >= 0)[:, None]
            return covariance(design, np.where(inside, design.weights[:, None] * per_weight[self.cell], 0.0))
        total = np.zeros((per_weight.shape[1], per_weight.shape[1]))
        for stage in design.stages:
            if (stage.scale > 0).any():
                total += self._of_stage(stage, per_weight)
        return total

    def _of_stage(self, stage: Stage, per_weight: Floats) -> Floats:
        group = stage.stratum if stage.unit is None else stage.unit
        w = self.design.weights
        if stage.unit is not None:
            sums = self._sums(group, len(stage.stratum), w)
            return replace(stage, unit=None).covariance(sums @ per_weight)
        squares = stage.scale @ self._sums(group, len(stage.drawn), w * w)
        between = self._sums(group, len(stage.drawn), w) @ per_weight
        within = (per_weight.T * squares) @ per_weight
        return stage.inflation * (within - (between.T * (stage.scale / stage.drawn)) @ between)

    def _sums(self, group: NDArray[np.int32], groups: int, values: Floats) -> Floats:
        """Sums of values by group and cell, (groups, cells)."""
        cells = self.table.size
        inside = self.cell >= 0
        at = group[inside].astype(np.int64) * cells + self.cell[inside]
        return np.bincount(at, values[inside], minlength=groups * cells).reshape(groups, cells).astype(np.float64)


def crossing(design: SurveyDesign, rows: str, cols: str) -> Crossing:
    """The crossing of two columns of a design. Raises AnalysisError for a column that is not there."""
    for name in (rows, cols):
        if name not in design.data.columns:
            raise AnalysisError("column", f"there is no column {name!r} to cross", column=name)
    inside = np.array(design.data[rows].notna() & design.data[cols].notna())
    if design.within is not None:
        inside &= design.within
    r, row_names = pd.factorize(design.data[rows].where(inside), sort=True)
    c, col_names = pd.factorize(design.data[cols].where(inside), sort=True)
    shape = len(row_names), len(col_names)
    cell = np.where(inside, r * shape[1] + c, -1)
    counts = np.bincount(cell[inside], design.weights[inside], minlength=shape[0] * shape[1])
    table = counts.reshape(shape).astype(np.float64)
    return Crossing(design, cell, list(row_names), list(col_names), table, int(inside.sum()))
