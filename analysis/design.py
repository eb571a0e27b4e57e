"""How the answers came to be asked: which column is the weight, the stratum, the cluster, the population.

A design is bound to its data once; then short verbs estimate from it. Nothing is ever estimated by dropping rows:
`where` and `by` make domains of the design, so that standard errors know of everybody who was drawn.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis import calibration, quantiles
from analysis import rates as estimators
from analysis.errors import DesignError
from analysis.stages import UNEQUAL, Floats, Lonely, Stage, Unequal, build_stages

if TYPE_CHECKING:
    from analysis.engines import ParquetDesign
    from analysis.queries import Source

Columns = estimators.Columns


class SurveyDesign:
    """A sample and how it was drawn.

    data: a row per person or household that answered. weight: column of design weights, above 0; None gives
    population / drawn where the population is known, else 1. stratum: column of strata. cluster: column, or a
    list of them for several stages. population: column (or one number) with the finite population of the stratum,
    of clusters at a stage of clusters; a list for several stages; None leaves finite populations out.
    lonely: what a stratum does of which one unit of several was drawn: "fail", "adjust" (about the mean of
    all), "average" (as the other strata do), "remove" or "certainty" (adds nothing). probability: column of the
    probabilities, above 0 to 1, with which the units of the first stage were drawn where these differ (πps without
    replacement); it takes the place of the weight where there is none, and of the population of the first stage, so
    that `population` is of the later ones. unequal: whose variance they have, "hajek" or "brewer". A πps sample with
    replacement has its weights and no probabilities.

    Raises DesignError, naming row and column, where design and data do not fit.
    """

    def __init__(
        self,
        data: pd.DataFrame,
        *,
        weight: str | None = None,
        stratum: str | None = None,
        cluster: Columns = None,
        population: str | float | Sequence[str | float] | None = None,
        lonely: Lonely = "fail",
        probability: str | None = None,
        unequal: Unequal = "hajek",
    ) -> None:
        if data.empty:
            raise DesignError("empty", "there are no rows to estimate from")
        self.data = data
        strata = None if stratum is None else self._column(stratum, "stratum")
        clusters = [self._column(name, "cluster") for name in _listed(cluster)]
        sizes = [self._column(p, "population") if isinstance(p, str) else p for p in _listed(population)]
        chances = None if probability is None else (self._chances(probability), unequal)
        if unequal not in UNEQUAL:
            raise DesignError("unequal", f"unequal={unequal!r} is none of {', '.join(UNEQUAL)}", unequal=unequal)
        if chances is not None:
            if len(sizes) > len(clusters):
                raise DesignError("probability", "the first stage has a population or probabilities, not both")
            sizes = [None, *sizes]
        self.stages: tuple[Stage, ...] = build_stages(len(data), strata, clusters, sizes, lonely, chances=chances)
        self.weights: Floats = self._default_weights(probability) if weight is None else self._weights(weight)
        self.within: NDArray[np.bool_] | None = None
        self.calibrations: tuple[calibration.Calibration, ...] = ()

    @staticmethod
    def from_parquet(
        source: Source,
        *,
        weight: str | None = None,
        stratum: str | None = None,
        cluster: Columns = None,
        population: Columns = None,
        lonely: Lonely = "fail",
    ) -> ParquetDesign:
        """The same for a Parquet file, or several, or a relation of DuckDB: rows stay where they are.

        It has rates, means, totals and where, with the same results; see engines.ParquetDesign.
        """
        from analysis.engines import ParquetDesign  # noqa: PLC0415 - it builds on this module

        return ParquetDesign(
            source, weight=weight, stratum=stratum, cluster=cluster, population=population, lonely=lonely
        )

    # --- verbs

    def rates(
        self,
        items: estimators.ItemColumns,
        by: Columns = None,
        interval: str = "auto",
        level: float = 0.95,
    ) -> estimators.Estimates:
        """Weighted shares of yes, as fractions, with intervals.

        items: maps a name to a column name or to a column of yes and no (bool, or 1 and 0), missing where it was not
        asked. by: columns whose crossings are the domains. interval: a name of analysis.intervals, "auto" or
        "none" (volunteers). level: of confidence, a fraction.
        """
        return estimators.rates(self, items, by, interval, level)

    def means(self, items: estimators.ItemColumns, by: Columns = None, level: float = 0.95) -> estimators.Estimates:
        """Weighted means of numbers, in the units of the items, with intervals by Student's t."""
        return estimators.means(self, items, by, level)

    def totals(self, items: estimators.ItemColumns, by: Columns = None, level: float = 0.95) -> estimators.Estimates:
        """Weighted totals of numbers over the population; what is missing counts as nothing."""
        return estimators.totals(self, items, by, level)

    def ratios(
        self, items: Mapping[str, tuple[ArrayLike | str, ArrayLike | str]], by: Columns = None, level: float = 0.95
    ) -> estimators.Estimates:
        """Ratios of two weighted totals; `items` maps a name to (numerator, denominator)."""
        return estimators.ratios(self, items, by, level)

    def quantiles(
        self,
        items: estimators.ItemColumns,
        probs: Sequence[float] = (0.25, 0.5, 0.75),
        by: Columns = None,
        *,
        rule: str = "math",
        interval: str = "mean",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """Quantiles with Woodruff's intervals, a row per item, domain and prob; see analysis.quantiles."""
        return quantiles.quantiles(self, items, probs, by, rule=rule, interval=interval, level=level)

    def where(self, rows: ArrayLike | str) -> SurveyDesign:
        """The design of a part of the population: a mask or a column of yes and no. Everybody stays in it."""
        mask = self.values(rows)
        keep = np.asarray(mask == 1, dtype=bool)
        design = copy.copy(self)
        design.within = keep if self.within is None else keep & self.within
        return design

    def poststratify(self, by: str | Sequence[str], totals: Mapping[object, float]) -> SurveyDesign:
        """Weights scaled to the known size of every cell of `by`; its variances know it.

        totals: maps the value of a single column, or a tuple of several, to how many there are.
        Raises WeightingError for a cell that is empty or has no total.
        """
        cells = self.data[calibration.as_columns(by)]
        return self._reweighted(calibration.post_stratification(cells, totals, self.weights))

    def rake(
        self, margins: Mapping[Any, Mapping[Any, float]], bounds: calibration.Bounds | None = None
    ) -> SurveyDesign:
        """Weights that meet several margins at once: a column, or a tuple of columns, to the totals of its values.

        bounds: of the factor on the weights. Raises WeightingError where margins cannot be met.
        """
        variables, totals = calibration.margins(self.data, margins)
        return self.calibrate(variables, totals, method="raking", bounds=bounds)

    def calibrate(
        self,
        variables: pd.DataFrame | Sequence[str],
        totals: Mapping[str, float],
        *,
        method: str = "linear",
        bounds: calibration.Bounds | None = None,
        whole_clusters: bool = False,
    ) -> SurveyDesign:
        """Weights that meet known totals of variables; method linear, raking or logit, with bounds of the factor.

        variables: a frame with the rows of the data, or names of its columns. whole_clusters: one factor for
        everybody in a cluster of the first stage.
        """
        table = variables if isinstance(variables, pd.DataFrame) else self.data[list(variables)]
        unit = self.stages[0].unit
        if whole_clusters and unit is not None:
            table = calibration.cluster_means(table, unit, self.weights)
        return self._reweighted(calibration.regression(table, totals, self.weights, method=method, bounds=bounds))

    def _reweighted(self, step: calibration.Calibration) -> SurveyDesign:
        design = copy.copy(self)
        design.weights = step.after
        design.calibrations = (*self.calibrations, step)
        return design

    # --- what the estimators read

    @property
    def elements(self) -> bool:
        """Whether people were drawn one by one, in one stage."""
        return len(self.stages) == 1 and self.stages[0].unit is None

    @property
    def by_scores(self) -> bool:
        """Whether variances need the scores of single rows: after calibration, and with unequal probabilities."""
        return bool(self.calibrations) or self.stages[0].open is not None

    @property
    def df(self) -> int:
        """Degrees of freedom: units of the first stage less strata; adjusted lonely units count as one stratum."""
        first = self.stages[0]
        pooled = first.pooled_freedom(np.ones((len(first.drawn), 1), dtype=bool))
        return int(np.maximum(first.drawn - 1, 0).sum()) + int(pooled[0])

    def take_all(self) -> NDArray[np.bool_]:
        """The rows that were certain to be drawn, at every stage."""
        certain = np.ones(len(self.data), dtype=bool)
        for stage in self.stages:
            if stage.open is None:
                certain &= (stage.fraction == 1)[stage.row_stratum()]
            else:
                certain &= (stage.open == 0) if stage.unit is None else (stage.open == 0)[stage.unit]
        return certain

    def values(self, column: ArrayLike | str) -> NDArray[Any]:
        """A column by its name, or one that is handed in, checked to have a value for every row."""
        if isinstance(column, str):
            return _as_array(self._column(column, "item"))
        array = _as_array(column)
        if array.shape != (len(self.data),):
            message = f"a column of {array.shape} values was handed in for {len(self.data)} rows of data"
            raise DesignError("length", message, rows=len(self.data), shape=array.shape)
        return array

    def _column(self, name: str, role: str) -> pd.Series:
        if name not in self.data.columns:
            message = f"there is no column {name!r} for the {role}"
            raise DesignError("column", message, column=name, role=role)
        return self.data[name]

    def _weights(self, name: str) -> Floats:
        weights = pd.to_numeric(self._column(name, "weight"), errors="coerce").to_numpy(np.float64, na_value=np.nan)
        wrong = ~(weights > 0) | ~np.isfinite(weights)
        if wrong.any():
            row = self.data.index[int(np.argmax(wrong))]
            value = self.data[name].iloc[int(np.argmax(wrong))]
            message = (
                f"row {row!r} has the weight {value!r} in column {name!r}: weights are above 0; "
                "make them with nonresponse_weights, and keep only who answered"
            )
            raise DesignError("weight", message, row=row, column=name, value=value)
        return weights

    def _chances(self, probability: str) -> Floats:
        """The probability of each row's unit of the first stage."""
        chance = pd.to_numeric(self._column(probability, "probability"), errors="coerce")
        values = chance.to_numpy(np.float64, na_value=np.nan)
        wrong = ~((values > 0) & (values <= 1))
        if wrong.any():
            row = self.data.index[int(np.argmax(wrong))]
            message = f"row {row!r}: the probability in column {probability!r} is above 0 and at most 1"
            raise DesignError("probability", message, row=row, column=probability)
        return values

    def _default_weights(self, probability: str | None) -> Floats:
        weights = np.ones(len(self.data)) if probability is None else 1 / self._chances(probability)
        for stage in self.stages:
            fraction = stage.fraction[stage.row_stratum()]
            weights /= np.where(fraction > 0, fraction, 1)
        return weights


def _listed(columns: str | float | Sequence[str | float] | None) -> list[Any]:
    if columns is None:
        return []
    return [columns] if isinstance(columns, (str, int, float)) else list(columns)


def _as_array(column: ArrayLike | pd.Series) -> NDArray[Any]:
    """A column of numbers or of yes and no: bool where nothing is missing, else floats with NaN."""
    series = column if isinstance(column, pd.Series) else pd.Series(np.asarray(column))
    if series.dtype == np.bool_:
        return series.to_numpy()
    try:
        return series.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        message = f"column {series.name!r} holds text where numbers or yes and no are wanted"
        raise DesignError("text", message, column=series.name) from error
