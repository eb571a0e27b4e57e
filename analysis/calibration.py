"""Weights that meet known totals of the population, and what that does to variances.

Deville and Särndal (1992): the weights closest to the design's that satisfy Σ w x = totals are w F(x'λ), F by the
distance: linear 1 + u (the regression estimator), raking e^u (iterated proportional fitting where x are margins),
logit between bounds. Post-stratification is the linear case with one cell per person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from analysis.errors import WeightingError
from analysis.stages import Codes, Floats, group_totals

Bounds = tuple[float, float]
Margin = str | tuple[str, ...]
MOST_STEPS = 50

_Factor = Callable[[Floats], tuple[Floats, Floats]]


class Calibration(Protocol):
    """One step that changed weights, and how scores are freed of what it explains."""

    @property
    def before(self) -> Floats:
        """The weights that it was given."""
        ...

    @property
    def after(self) -> Floats:
        """The weights that it made."""
        ...

    @property
    def report(self) -> pd.DataFrame:
        """What it did, cell by cell or variable by variable."""
        ...

    def residuals(self, scores: Floats) -> Floats:
        """Scores, (rows, k), less the part that the step's known totals explain."""
        ...


@dataclass(frozen=True, eq=False)
class PostStratification:
    """Weights scaled to the known size of every cell. report: a row per cell with total, sum before, and factor."""

    cell: Codes
    before: Floats
    after: Floats
    report: pd.DataFrame

    def residuals(self, scores: Floats) -> Floats:
        """Scores about their cell's mean, weighted by the weights before (as R survey has it)."""
        size = len(self.report)
        sums = group_totals(self.cell, size, scores * (self.before / self.after)[:, None])
        means = sums / np.bincount(self.cell, self.before, minlength=size)[:, None]
        return scores - self.after[:, None] * means[self.cell]


@dataclass(frozen=True, eq=False)
class Regression:
    """Weights calibrated to totals of variables. report: a row per variable with total and sum before.

    variables: their distinct rows, (groups, k); group: the one of each row of data. Margins have few.
    """

    variables: Floats
    group: Codes
    before: Floats
    after: Floats
    report: pd.DataFrame

    def residuals(self, scores: Floats) -> Floats:
        """Residuals of a regression weighted by the weights before, times the weights after."""
        size = len(self.variables)
        root = np.sqrt(np.bincount(self.group, self.before, minlength=size))[:, None]
        sums = group_totals(self.group, size, scores * (self.before / self.after)[:, None])
        slope, *_ = np.linalg.lstsq(root * self.variables, sums / root, rcond=None)
        return scores - self.after[:, None] * (self.variables @ slope)[self.group]


def post_stratification(cells: pd.DataFrame, totals: Mapping[object, float], weights: Floats) -> PostStratification:
    """Weights scaled within the crossings of `cells` to `totals`, by value, or by tuple where there are several.

    Raises WeightingError for a cell of the data without a total, and for a total without anybody in the data.
    """
    keys = _keys(cells)
    code, found = pd.factorize(keys, sort=False)
    wanted = np.array([_total(totals, key, cells) for key in found])
    empty = set(totals) - set(found)
    if empty:
        cell = min(map(str, empty))
        message = f"nobody in the data is in the cell {cell}: join it to another and add their totals"
        raise WeightingError("empty_cell", message, cell=cell)
    sums = np.bincount(code, weights, minlength=len(found))
    report = pd.DataFrame({"cell": found, "total": wanted, "before": sums, "factor": wanted / sums})
    after = weights * (wanted / sums)[code]
    return PostStratification(code.astype(np.int32), weights, after, report)


def regression(
    variables: pd.DataFrame,
    totals: Mapping[str, float],
    weights: Floats,
    *,
    method: str = "linear",
    bounds: Bounds | None = None,
) -> Regression:
    """Weights w F(x'λ) with Σ w F x = totals. method: linear, raking or logit; bounds of F: (low, high).

    Raises WeightingError where no such weights exist or are found, or where one would not be above 0 (unless the
    bounds admit it).
    """
    lacking = [name for name in variables.columns if name not in totals]
    if lacking or len(totals) != variables.shape[1]:
        message = f"totals and variables differ: variables {list(variables.columns)}, totals {list(totals)}"
        raise WeightingError("totals", message)
    x = variables.to_numpy(np.float64)
    target = np.array([totals[name] for name in variables.columns], dtype=np.float64)
    if not np.isfinite(x).all() or not np.isfinite(target).all():
        raise WeightingError("missing", "a variable or total of the calibration is missing: fill it first")
    rows, group = _distinct(x)
    heavy = np.bincount(group, weights, minlength=len(rows)).astype(np.float64)
    g = _solve(rows, target, heavy, _factor(method, bounds), [str(name) for name in variables.columns])[group]
    if bounds is None or bounds[0] >= 0:
        _refuse_negative(g, variables.index)
    after = weights * g
    report = pd.DataFrame(
        {"variable": list(variables.columns), "total": target, "before": weights @ x, "after": after @ x}
    )
    return Regression(rows, group, weights, after, report)


def _distinct(x: Floats) -> tuple[Floats, Codes]:
    """The distinct rows of x and which of them each row is; rows as they are where there are many.

    They are told apart by one number each, a sum with irrational weights, and then compared in full.
    """
    marks = x @ np.sqrt(np.arange(2, x.shape[1] + 2) * np.pi)
    group, found = pd.factorize(marks)
    first = np.zeros(len(found), dtype=np.intp)
    first[group[::-1]] = np.arange(len(x))[::-1]
    if len(found) > len(x) // 2 or not (x[first][group] == x).all():
        return x, np.arange(len(x), dtype=np.int32)
    return x[first], group.astype(np.int32)


def margins(data: pd.DataFrame, wanted: Mapping[Any, Mapping[Any, float]]) -> tuple[pd.DataFrame, dict[str, float]]:
    """Indicator columns and totals of several margins, as regression wants them: one is left out of each but the first.

    wanted: maps a column, or a tuple of columns whose crossings are the margin, to the totals of its values (tuples).
    Raises WeightingError for a value without a total, or margins that do not add up to one population.
    """
    sums = {name: float(sum(totals.values())) for name, totals in wanted.items()}
    first = next(iter(sums.values()))
    for name, added in sums.items():
        if abs(added - first) > 1e-6 * first:
            message = f"margin {name!r} adds up to {added:g}, the first one to {first:g}: give one population"
            raise WeightingError("margin_sum", message, margin=name, sum=added, total=first)
    columns: dict[str, Floats] = {}
    totals: dict[str, float] = {}
    for at, (name, margin) in enumerate(wanted.items()):
        column = _margin_column(data, name)
        _refuse_strange_values(column, margin)
        code, found = pd.factorize(column)
        place = {value: k for k, value in enumerate(found)}
        held = [value for value in margin if margin[value] > 0]  # what nobody is in, and nobody should be, says nothing
        for value in held[min(at, 1) :]:
            columns[f"{column.name}={value}"] = (code == place[value]).astype(np.float64)
            totals[f"{column.name}={value}"] = float(margin[value])
    return pd.DataFrame(columns, index=data.index), totals


def _margin_column(data: pd.DataFrame, name: Margin) -> pd.Series:
    names = list(name) if isinstance(name, tuple) else [name]
    lacking = [each for each in names if each not in data.columns]
    if lacking:
        raise WeightingError("column", f"there is no column {lacking[0]!r} for the margin", column=lacking[0])
    return _keys(data[names]).rename(" × ".join(names))


def _refuse_strange_values(column: pd.Series, margin: Mapping[object, float]) -> None:
    strange = set(column.unique()) - set(margin)
    if strange:
        value = min(map(str, strange))
        message = f"margin {column.name!r} has no total for {value}, which is in the data"
        raise WeightingError("margin", message, margin=column.name, value=value)
    _refuse_empty_margin(column, margin)


def _refuse_empty_margin(column: pd.Series, margin: Mapping[object, float]) -> None:
    there = set(column.unique())
    for value, total in margin.items():
        if value in there and not total > 0:
            message = f"the total of {column.name} = {value} is {total:g}, not above 0, but there are such people"
            raise WeightingError("total", message, cell=value)
        if value not in there and total > 0:
            cell = f"{column.name} = {value}"
            message = f"nobody in the data is in the cell {cell}: join it to another and add their totals"
            raise WeightingError("empty_cell", message, cell=cell)


def _keys(cells: pd.DataFrame) -> pd.Series:
    missing = cells.isna().any(axis=1)
    if missing.any():
        row = cells.index[int(np.argmax(missing.to_numpy()))]
        raise WeightingError("missing", f"row {row!r} is in no cell: one of {list(cells.columns)} is missing", row=row)
    if cells.shape[1] == 1:
        return cells.iloc[:, 0].astype(object)
    return pd.Series(list(cells.itertuples(index=False, name=None)), index=cells.index, dtype=object)


def _total(totals: Mapping[object, float], key: object, cells: pd.DataFrame) -> float:
    if key not in totals:
        message = f"there is no total for {list(cells.columns)} = {key!r}, which is in the data"
        raise WeightingError("total", message, cell=key)
    total = float(totals[key])
    if not total > 0:
        raise WeightingError("total", f"the total of {key!r} is {total:g}, not above 0", cell=key)
    return total


def _solve(x: Floats, target: Floats, weights: Floats, factor: _Factor, names: Sequence[str]) -> Floats:
    """Newton's method for λ, with half steps where a whole one leads away."""
    scale = np.maximum(np.abs(target), 1.0)
    slack = np.zeros(x.shape[1])
    best = np.inf
    step = np.zeros_like(slack)
    miss = target
    for _ in range(MOST_STEPS):
        g, slope = factor(x @ slack)
        miss = target - (weights * g) @ x
        error = float(np.max(np.abs(miss) / scale))
        if error < 1e-12 or (error < 1e-9 and error >= best):
            return g
        if error > best * 2 and np.abs(step).max() > 1e-12:
            step = step / 2
            slack = slack - step
            continue
        best = error
        step = np.linalg.lstsq((x * (weights * slope)[:, None]).T @ x, miss, rcond=None)[0]
        slack = slack + step
    worst = int(np.argmax(np.abs(miss) / scale))
    message = (
        f"no weights meet all totals: {names[worst]} has to come to {target[worst]:g} and is still off by "
        f"{miss[worst]:g}; widen the bounds, join cells, or check the totals"
    )
    raise WeightingError("no_convergence", message, variable=names[worst], miss=float(miss[worst]))


def _refuse_negative(g: Floats, rows: pd.Index) -> None:
    if not (g > 0).all():
        at = int(np.argmin(g))
        count = int((g <= 0).sum())
        message = (
            f"row {rows[at]!r} would get {g[at]:.3g} times its weight ({count} rows would have none or less): "
            "use raking, or bounds above 0"
        )
        raise WeightingError("negative", message, row=rows[at], factor=float(g[at]))


def _factor(method: str, bounds: Bounds | None) -> _Factor:
    if method not in {"linear", "raking", "logit"} or (method == "logit" and bounds is None):
        message = f"calibration is linear, raking or logit (with bounds), not {method!r}"
        raise WeightingError("method", message, method=method)
    low, high = bounds if bounds is not None else (-np.inf, np.inf)
    if not low < 1 < high:
        raise WeightingError("bounds", f"bounds {bounds} of the factor must lie about 1", bounds=bounds)
    if method == "logit":
        return lambda u: _logit(u, low, high)
    plain: _Factor = _linear if method == "linear" else _raking

    def bounded(u: Floats) -> tuple[Floats, Floats]:
        g, slope = plain(u)
        return np.clip(g, low, high), np.where((g > low) & (g < high), slope, 0.0)

    return bounded


def _linear(u: Floats) -> tuple[Floats, Floats]:
    return 1 + u, np.ones_like(u)


def _raking(u: Floats) -> tuple[Floats, Floats]:
    g = np.exp(np.minimum(u, 50.0))
    return g, g


def _logit(u: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """Deville and Särndal (1992), case 6: between low and high, 1 at u = 0 with slope 1."""
    a = (high - low) / ((1 - low) * (high - 1))
    e = np.exp(np.clip(a * u, -200, 200))
    below = (high - 1) + (1 - low) * e
    g = (low * (high - 1) + high * (1 - low) * e) / below
    return g, a * (high - low) * (high - 1) * (1 - low) * e / below**2


def cluster_means(variables: pd.DataFrame, cluster: Codes, weights: Floats) -> pd.DataFrame:
    """Variables replaced by their weighted means within clusters, so that everybody in one gets the same factor."""
    size = int(cluster.max()) + 1
    x = variables.to_numpy(np.float64)
    sums = group_totals(cluster, size, x * weights[:, None])
    means = sums / np.bincount(cluster, weights, minlength=size)[:, None]
    return pd.DataFrame(means[cluster], columns=variables.columns, index=variables.index)


def as_columns(names: str | Sequence[str]) -> list[str]:
    """One name or several as a list."""
    return [names] if isinstance(names, str) else list(names)
