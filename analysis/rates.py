"""Rates, means, totals and ratios by domain, with standard errors, intervals and the covariance between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from analysis import hypergeometric, intervals
from analysis.cells import Adder, Layout, Moments
from analysis.errors import DesignError
from analysis.stages import Floats
from analysis.totals import Columns, Domains, ItemColumns, Items, moments, read_domains, read_items
from analysis.variance import covariance

if TYPE_CHECKING:
    from analysis.design import SurveyDesign

Texts = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates of items in domains.

    frame: a row per item and domain with `item`, the domain columns, and estimate, se, low, high (fractions, for
    rates), n (asked), yes (of them, unweighted), population (that the domain stands for, by the weights),
    n_effective (size of a simple random sample as precise, at most n* where the population is known), deff
    (against simple random sampling with replacement; NaN where nothing varies), df, method. A census has low = high =
    estimate; what has no interval has NaN and the method "none": nobody was asked, volunteers, or a ratio to nothing.
    """

    frame: pd.DataFrame
    level: float
    _linear: Linear

    def at(self, *, level: float | None = None, interval: str | None = None) -> Estimates:
        """The same estimates at another level or by another interval; the data is not read again."""
        chosen = self._linear.interval if interval is None else interval
        return assemble(replace(self._linear, interval=chosen), self.level if level is None else level)

    @property
    def design_df(self) -> int:
        """Degrees of freedom of the whole design, as contrasts use them."""
        return self._linear.design.df

    def covariance(self, rows: Sequence[int] | None = None) -> Floats:
        """The covariance matrix of the estimates in these rows of the frame (None: all of them)."""
        return self._linear.covariance(range(len(self.frame)) if rows is None else rows)

    def contrast(self, coefficients: Mapping[int, float]) -> Contrast:
        """A weighted sum of estimates, such as {0: 1, 1: -1}: the first row of the frame less the second.

        Raises DesignError for a row that is not there or has no estimate.
        """
        rows = list(coefficients)
        weights = np.array([coefficients[row] for row in rows], dtype=np.float64)
        self._check_rows(rows)
        estimate = float(weights @ self.frame["estimate"].to_numpy()[rows])
        variance = float(weights @ self.covariance(rows) @ weights)
        df = float(self.design_df)
        return Contrast.of(estimate, float(np.sqrt(max(variance, 0.0))), df, self.level)

    def variation(self) -> pd.Series:
        """The coefficient of variation of each estimate: se over its size, infinite for a 0 that varies."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return (self.frame["se"] / self.frame["estimate"].abs()).rename("variation")

    def _check_rows(self, rows: Sequence[int]) -> None:
        for row in rows:
            if not 0 <= row < len(self.frame):
                raise DesignError("row", f"there is no row {row} among {len(self.frame)} estimates", row=row)
            if not np.isfinite(self.frame["estimate"].iloc[row]):
                key = self.frame.iloc[row, : 1 + len(self._linear.keys.columns)].to_dict()
                raise DesignError("no_estimate", f"row {row} ({key}) has no estimate to compare", row=row, key=key)

    def design_effects(self) -> pd.DataFrame:
        """Both design effects: `wr` against simple random sampling with, `wor` without replacement (as R survey)."""
        m = self._linear.moments
        with np.errstate(divide="ignore", invalid="ignore"):
            simple = m.spread / m.n
            without = simple * (1 - m.n / m.w)
            effects = [(m.variance / simple).ravel(), np.where(m.w >= m.n, m.variance / without, np.nan).ravel()]
        names = self.frame.columns[: 1 + len(self._linear.keys.columns)]
        return self.frame[list(names)].assign(wr=effects[0], wor=effects[1])


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of estimates with its standard error, t statistic, two-sided p-value and interval."""

    estimate: float
    se: float
    df: float
    statistic: float
    p_value: float
    low: float
    high: float

    @classmethod
    def of(cls, estimate: float, se: float, df: float, level: float) -> Contrast:
        """A contrast from its estimate and standard error, by Student's t."""
        statistic = estimate / se if se > 0 else np.inf * np.sign(estimate) if estimate else 0.0
        half = float(student.ppf((1 + level) / 2, df)) * se
        p_value = 2 * float(student.sf(abs(statistic), df))
        return cls(estimate, se, df, float(statistic), p_value, estimate - half, estimate + half)


@dataclass(frozen=True, eq=False)
class Linear:
    """What estimates were computed from, kept so that intervals and contrasts need no second pass.

    items: their names. keys: a row per domain. certain: domains of which everybody was certain to be drawn. weight:
    of all people, by stratum of the first stage. covariance: of the estimates in some rows of the frame. scores: the
    linearised score of every row of data for one estimate; their sum varies as the estimate does.
    """

    kind: str
    design: SurveyDesign
    items: tuple[str, ...]
    keys: pd.DataFrame
    moments: Moments
    interval: str
    certain: NDArray[np.bool_]
    weight: Floats
    covariance: Callable[[Sequence[int]], Floats]
    scores: Callable[[int], Floats]


def rates(design: SurveyDesign, items: ItemColumns, by: Columns, interval: str, level: float) -> Estimates:
    """Weighted shares of yes; see SurveyDesign.rates."""
    check_interval(interval, level)
    read = read_items(design, items, binary=True)
    return assemble(_linear_means(design, read, read_domains(design, by), "rate", interval), level)


def check_interval(interval: str, level: float) -> None:
    """Raise IntervalError for a level or a name of an interval of rates that there is not."""
    intervals.check_level(level)
    known = {"auto", "none", *intervals.DESIGNS}
    if interval not in known:
        raise intervals.unknown_method(interval, sorted(known))


def means(design: SurveyDesign, items: ItemColumns, by: Columns, level: float) -> Estimates:
    """Weighted means; see SurveyDesign.means."""
    read = read_items(design, items, binary=False)
    return assemble(_linear_means(design, read, read_domains(design, by), "mean", "mean"), level)


def totals(design: SurveyDesign, items: ItemColumns, by: Columns, level: float) -> Estimates:
    """Weighted totals; see SurveyDesign.totals."""
    read = read_items(design, items, binary=False)
    domains = read_domains(design, by)

    def score(item: int, domain: int) -> Floats:
        return np.where(domains.code == domain, design.weights * read.numbers[item], 0.0)

    found = moments(design, read, domains, _pilots(read), Layout.totals)
    if design.by_scores:
        found = replace(found, variance=_by_scores(design, score, found.n))
    return assemble(_linear(design, read, domains, "total", "mean", found, score), level)


def ratios(design: SurveyDesign, items: Mapping[str, tuple[Any, Any]], by: Columns, level: float) -> Estimates:
    """Ratios of weighted totals over those who have both; see SurveyDesign.ratios."""
    over = read_items(design, {name: pair[0] for name, pair in items.items()}, binary=False)
    under = read_items(design, {name: pair[1] for name, pair in items.items()}, binary=False)
    domains = read_domains(design, by)
    both = tuple(_both(a, b) for a, b in zip(over.masks, under.masks, strict=True))
    read = Items(over.names, over.numbers, both)

    def parts(item: int, domain: int) -> tuple[Floats, Floats]:
        mask = both[item]
        inside = domains.code == domain if mask is None else (domains.code == domain) & mask
        weights = np.where(inside, design.weights, 0.0)
        return weights * over.numbers[item], weights * under.numbers[item]

    def ratio(item: int, domain: int) -> float:
        top, bottom = parts(item, domain)
        below = bottom.sum()
        return float(top.sum() / below) if below != 0 else np.nan

    def score(item: int, domain: int) -> Floats:
        top, bottom = parts(item, domain)
        below = bottom.sum()
        return np.zeros_like(top) if below == 0 else (top - top.sum() / below * bottom) / below

    found = moments(design, read, domains, _pilots(read))
    values = np.array([[ratio(item, domain) for domain in range(len(domains))] for item in range(len(both))])
    found = replace(found, mean=values, variance=_by_scores(design, score, found.n))
    return assemble(_linear(design, read, domains, "ratio", "mean", found, score), level)


def _both(a: NDArray[np.bool_] | None, b: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    if a is None or b is None:
        return b if a is None else a
    return a & b


def _linear_means(design: SurveyDesign, items: Items, domains: Domains, kind: str, interval: str) -> Linear:
    pilots = np.zeros(len(items.names)) if kind == "rate" else _pilots(items)
    found = moments(design, items, domains, pilots)

    def score(item: int, domain: int) -> Floats:
        mask = items.masks[item]
        inside = domains.code == domain if mask is None else (domains.code == domain) & mask
        if found.w[item, domain] == 0:
            return np.zeros(len(inside))
        part = design.weights / found.w[item, domain] * (items.numbers[item] - found.mean[item, domain])
        return np.where(inside, part, 0.0)

    if design.by_scores:
        found = replace(found, variance=_by_scores(design, score, found.n))
    return _linear(design, items, domains, kind, interval, found, score)


def _linear(
    design: SurveyDesign,
    items: Items,
    domains: Domains,
    kind: str,
    interval: str,
    found: Moments,
    score: Callable[[int, int], Floats],
) -> Linear:
    """What was found of data in memory; `score` gives the linearised score of every row."""

    def scores(row: int) -> Floats:
        return score(*divmod(row, len(domains)))

    def covariances(rows: Sequence[int]) -> Floats:
        return covariance(design, np.column_stack([scores(row) for row in rows]))

    open_rows = np.bincount(domains.code[(domains.code >= 0) & ~design.take_all()], minlength=len(domains))
    first = design.stages[0]
    weight = np.bincount(first.row_stratum(), design.weights, minlength=len(first.drawn)).astype(np.float64)
    return Linear(kind, design, items.names, domains.keys, found, interval, open_rows == 0, weight, covariances, scores)


def _pilots(items: Items) -> Floats:
    """A mean to count from: that of the unweighted answers."""
    return np.array(
        [
            float(value.mean() if mask is None else value.sum() / max(1, int(mask.sum())))
            for value, mask in zip(items.numbers, items.masks, strict=True)
        ]
    )


def _by_scores(design: SurveyDesign, score: Callable[[int, int], Floats], n: Floats) -> Floats:
    out = np.empty(n.shape)
    for item in range(n.shape[0]):
        columns = np.column_stack([score(item, domain) for domain in range(n.shape[1])])
        out[item] = np.diag(covariance(design, columns))
    return np.where(n > 0, out, np.nan)


# --- from moments to the frame


def assemble(linear: Linear, level: float) -> Estimates:
    """The estimates at a level of confidence. Tables (items, domains) become rows, item after item."""
    intervals.check_level(level)
    m = linear.moments
    with np.errstate(divide="ignore", invalid="ignore"):
        deff = m.variance * m.n / m.spread
        weight_effect = np.maximum(m.n * m.w2 / m.w**2, 1.0)
    evidence = intervals.Evidence(
        p=m.mean.ravel(),
        se=np.sqrt(np.maximum(m.variance, 0)).ravel(),
        df=m.df.ravel(),
        n=m.n.ravel(),
        population=_population(linear).ravel(),
        weight_effect=weight_effect.ravel(),
        steady_df=m.steady_df.ravel(),
    )
    low, high, method, effective = _ends(linear, evidence, level)
    items, domains = m.n.shape
    columns: dict[str, Any] = {"item": np.repeat(np.array(linear.items, dtype=object), domains)}
    results = {
        "estimate": evidence.p,
        "se": evidence.se,
        "low": low,
        "high": high,
        "n": evidence.n.astype(np.int64),
        "yes": np.rint(m.yes).astype(np.int64).ravel() if linear.kind == "rate" else m.yes.ravel(),
        "population": m.w.ravel(),
        "n_effective": effective,
        "deff": deff.ravel(),
        "df": evidence.df,
        "method": method,
    }
    for name, keys in linear.keys.items():
        if name in columns or name in results:
            raise DesignError("by_reserved", f"rename column {name!r}: results have a column of that name", column=name)
        columns[str(name)] = pd.concat([keys] * items, ignore_index=True)
    return Estimates(pd.DataFrame(columns | results), level, linear)


def _population(linear: Linear) -> Floats:
    """The finite population of each estimate, (items, domains): infinite where it is not known.

    In a domain or among the asked it is estimated: of each stratum the share of its weight that lies in them.
    """
    design, cells, n = linear.design, linear.moments.cells, linear.moments.n
    first = design.stages[0]
    if cells is None or not np.isfinite(first.population).all():
        return np.full(n.shape, np.inf)
    part = cells.w * (first.population / linear.weight)[cells.stratum]
    out = Adder(cells.domain, n.shape[1])(part)
    return np.maximum(out, n)


def _ends(linear: Linear, e: intervals.Evidence, level: float) -> tuple[Floats, Floats, Texts, Floats]:
    if linear.kind != "rate":
        low, high = intervals.design_interval(e, "mean", level)
        return _census(linear, e, low, high, np.full(len(e.p), "mean", dtype=object), np.full(len(e.p), np.nan))
    ceiling = np.where(np.isfinite(e.population), intervals.finite_size(e.n, e.population), e.n)
    effective = np.where(e.n > 0, e.capped(ceiling), np.nan)
    if linear.interval == "none":
        blank = np.full(len(e.p), np.nan)
        return blank, blank, np.full(len(e.p), "none", dtype=object), effective
    name = "kg" if linear.interval == "auto" else linear.interval
    low, high = intervals.design_interval(e, name, level)
    flat = (e.se == 0) & (name in intervals.NEED_VARIANCE)
    method = np.where(flat, "kg", np.full(len(e.p), name, dtype=object))
    if linear.interval == "auto":
        _exact_ends(linear, e, level, low, high, method)
    return _census(linear, e, low, high, method, effective)


def _census(
    linear: Linear, e: intervals.Evidence, low: Floats, high: Floats, method: Texts, effective: Floats
) -> tuple[Floats, Floats, Texts, Floats]:
    """Where everybody was asked the interval is the estimate; where nobody was there is none."""
    complete = np.tile(linear.certain, len(linear.items)) & (e.n > 0)
    low, high = np.where(complete, e.p, low), np.where(complete, e.p, high)
    method = np.where(complete, "census", method)
    method = np.where((e.n == 0) | ~np.isfinite(e.p), "none", method)
    return low, high, method, effective


def _exact_ends(linear: Linear, e: intervals.Evidence, level: float, low: Floats, high: Floats, method: Texts) -> None:
    """Write exact intervals over those estimates of a simple or stratified random sample that have one."""
    m = linear.moments
    if not linear.design.elements or linear.design.by_scores:
        return
    even = m.n * m.w2 <= m.w**2 * (1 + 1e-9)
    simple = (even & (m.strata == 1)).ravel() & (e.n > 0)
    for row in np.flatnonzero(simple):
        size = None if np.isinf(e.population[row]) else round(float(e.population[row]))
        yes = round(float(e.p[row] * e.n[row]))
        low[row], high[row] = intervals.proportion_interval(yes, int(e.n[row]), "auto", level, size)
        method[row] = intervals.count_method(size)
    at_end = (e.p == 0) | (e.p == 1)
    for row in np.flatnonzero(at_end & ~simple & np.isfinite(e.population) & (e.n > 0)):
        share = _unseen_share(linear, int(row), (1 + level) / 2)
        if share is not None:
            low[row], high[row] = (0.0, share) if e.p[row] == 0 else (1 - share, 1.0)
            method[row] = "exact_stratified"


def _unseen_share(linear: Linear, row: int, level: float) -> float | None:
    """The largest share of the population that may differ where all asked agree; None where weights are uneven."""
    item, domain = divmod(row, len(linear.keys))
    cells, stage = linear.moments.cells, linear.design.stages[0]
    if cells is None:
        return None
    here = np.flatnonzero((cells.domain == domain) & (cells.n[item] > 0))
    n, w, w2, at = cells.n[item, here], cells.w[item, here], cells.w2[item, here], cells.stratum[here]
    if (n * w2 > w**2 * (1 + 1e-9)).any():
        return None
    asked_of_all = n / stage.drawn[at]
    sizes = np.maximum(np.rint(stage.population[at] * asked_of_all), n)
    if not np.allclose(w / w.sum(), sizes / sizes.sum(), rtol=0.02):
        return None
    failures = hypergeometric.no_failures(sizes.astype(np.int64), n.astype(np.int64), level)
    return failures / float(sizes.sum())
