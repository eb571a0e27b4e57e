"""Change between two waves of a survey, whose samples may share villages or households.

    V(change) = V(before) + V(after) - 2 C

Each wave has its own design; C comes from the units of the first stage that both waves drew. In a stratum of N units
of which n₁ and n₂ were drawn and n₁₂ were drawn both times (Tam 1984; Qualité and Tillé 2008)

    C = (n₁₂ - n₁ n₂ / N) r s₁ s₂

with s the standard deviations of the units' linearised totals in each wave, and r their correlation over the shared
units: of the stratum where it shares ten or all, else of all strata together (as Berger 2004 pools them), so that V
is never negative. Waves kept apart on purpose, as a shifted start of tickets does, have a negative C.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.compare import Adjustment, tested, unseen_variance
from analysis.errors import AnalysisError
from analysis.rates import Estimates
from analysis.stages import Floats, group_totals
from analysis.variance import unexplained

if TYPE_CHECKING:
    from analysis.design import SurveyDesign

ENOUGH_SHARED = 10
"""Shared units from which a stratum has a correlation of its own."""


def changes(
    before: Estimates, after: Estimates, *, unit: str, stratum: str | None = None, adjust: Adjustment = "holm"
) -> pd.DataFrame:
    """The change of every item and domain that both waves have: a row each, in the order of `before`.

    before, after: the same items by the same columns, each from the design of its own wave. unit: the column, in the
    data of both, that says which unit of the first stage a row belongs to (village, or household where these were
    drawn one by one), by an id that stays. stratum: the column of strata of both designs.

    Columns: item, the domain columns, before, after, estimate (after less before), se, correlation (of the two
    estimates), shared (units in both waves), df, statistic, p_value, p_adjusted, low, high. Covariance at later stages
    of sampling is left out, which can only widen the interval where households stay the same.
    Raises AnalysisError where a unit is not one, or no row stands in both waves.
    """
    keys = list(before.frame.columns[: list(before.frame.columns).index("estimate")])
    if keys != list(after.frame.columns[: list(after.frame.columns).index("estimate")]):
        raise AnalysisError("domains", f"the waves are not estimated by the same columns: before by {keys}", keys=keys)
    pairs = _pairs(before.frame, after.frame, keys)
    shared = _Shared(_wave(before, unit, stratum), _wave(after, unit, stratum))
    one, other = _scores(before, pairs["before"]), _scores(after, pairs["after"])
    covariance = np.array([shared.covariance(a, b) for a, b in zip(one, other, strict=True)])
    se_before = before.frame["se"].to_numpy()[pairs["before"]]
    se_after = after.frame["se"].to_numpy()[pairs["after"]]
    unseen = unseen_variance(before, pairs["before"]) + unseen_variance(after, pairs["after"])
    se = np.sqrt(np.maximum(se_before**2 + se_after**2 - 2 * covariance, 0) + unseen)
    values = {
        "before": before.frame["estimate"].to_numpy()[pairs["before"]],
        "after": after.frame["estimate"].to_numpy()[pairs["after"]],
    }
    difference = values["after"] - values["before"]
    below = se_before * se_after
    correlation = np.divide(covariance, below, out=np.zeros_like(below), where=below > 0)
    df = float(min(before.design_df, after.design_df))
    table = before.frame.loc[pairs["before"], keys].reset_index(drop=True).assign(**values)
    return table.join(
        tested(difference, se, df, before.level, adjust).assign(correlation=correlation, shared=shared.count)
    )[
        [*keys, "before", "after", "estimate", "se", "correlation", "shared", "df", "statistic", "p_value",
         "p_adjusted", "low", "high"]
    ]  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Wave:
    """One wave: its first stage with the name of every unit and of its stratum."""

    design: SurveyDesign
    unit_names: NDArray[np.object_]
    stratum_names: NDArray[np.object_]

    def totals(self, scores: Floats) -> Floats:
        return self.design.stages[0].unit_totals(unexplained(self.design, scores[:, None]))[:, 0]


def _wave(estimates: Estimates, unit: str, stratum: str | None) -> _Wave:
    design = estimates._linear.design  # noqa: SLF001 - of the same package: estimates know their design
    stage = design.stages[0]
    for name in (unit, stratum):
        if name is not None and name not in design.data.columns:
            raise AnalysisError("column", f"there is no column {name!r} in the data of one wave", column=name)
    names = design.data[unit].to_numpy(dtype=object)
    rows = np.arange(len(names)) if stage.unit is None else stage.unit
    of_unit = np.empty(len(stage.stratum), dtype=object)
    of_unit[rows] = names
    apart = of_unit[rows] != names
    if apart.any() or len(set(of_unit)) < len(of_unit):
        message = f"column {unit!r} does not name the units of the first stage: each has one name, and it alone has it"
        raise AnalysisError("unit", message, column=unit)
    given = np.zeros(len(names)) if stratum is None else design.data[stratum].to_numpy(dtype=object)
    certain = np.zeros(len(of_unit), dtype=bool) if stage.open is None else stage.open == 0
    strata = np.empty(len(stage.drawn), dtype=object)
    # units drawn with certainty are a stratum of their own within theirs
    strata[stage.row_stratum()] = pd.Series(list(zip(given, certain[rows], strict=True)), dtype=object).to_numpy()
    return _Wave(design, of_unit, strata)


class _Shared:
    """The units that both waves drew in a stratum of the same name; units that changed their stratum stay apart."""

    def __init__(self, one: _Wave, other: _Wave) -> None:
        self._one, self._other = one, other
        first = pd.Series(np.arange(len(one.unit_names)), index=one.unit_names)
        second = pd.Series(np.arange(len(other.unit_names)), index=other.unit_names)
        both = first.index.intersection(second.index)
        a, b = first[both].to_numpy(np.intp), second[both].to_numpy(np.intp)
        self.count = len(both)
        h1, h2 = one.design.stages[0].stratum[a], other.design.stages[0].stratum[b]
        same = one.stratum_names[h1] == other.stratum_names[h2]
        self._rows = a[same], b[same]
        named = pd.Series(np.arange(len(other.stratum_names)), index=other.stratum_names)
        self._strata = [
            (h, int(named[name])) for h, name in enumerate(one.stratum_names) if name in named.index
        ]  # the strata that both waves have, by their codes in each
        place = {h: k for k, (h, _) in enumerate(self._strata)}
        self._at = np.array([place[int(h)] for h in h1[same]], dtype=np.int32)

    def covariance(self, one: Floats, other: Floats) -> float:
        """C of two estimates, from the linearised score of every row of each wave."""
        t1, t2 = self._one.totals(one), self._other.totals(other)
        size = len(self._strata)
        n12 = np.bincount(self._at, minlength=size).astype(np.float64)
        s1, n1, population = _spread(self._one, t1, [h for h, _ in self._strata])
        s2, n2, population2 = _spread(self._other, t2, [h for _, h in self._strata])
        weight = self._weight(n12, n1 * n2 / np.maximum(population, population2))
        r = self._correlation(t1, t2, n12, (n12 == n1) & (n12 == n2), float((weight * s1 * s2).sum()))
        return float((weight * r * s1 * s2).sum())

    def _weight(self, n12: Floats, expected: Floats) -> Floats:
        """n₁₂ - n₁ n₂/N; with unequal probabilities π the sum over shared units of √((1 - π₁)(1 - π₂))."""
        open1, open2 = self._one.design.stages[0].open, self._other.design.stages[0].open
        if open1 is None or open2 is None:
            return n12 - expected
        left = np.sqrt(open1[self._rows[0]] * open2[self._rows[1]])
        return np.bincount(self._at, left, minlength=len(n12)).astype(np.float64)

    def _correlation(self, t1: Floats, t2: Floats, n12: Floats, whole: NDArray[np.bool_], lean: float) -> Floats:
        """r by stratum; where too few are shared to know it what makes V larger: 0, or 1 where C is negative."""
        pairs = np.column_stack([t1[self._rows[0]], t2[self._rows[1]]])
        size = len(n12)
        means = group_totals(self._at, size, pairs) / np.maximum(n12, 1)[:, None]
        left = pairs - means[self._at]
        sums = group_totals(self._at, size, np.column_stack([left[:, 0] * left[:, 1], left**2]))
        freedom = int(np.maximum(n12 - 1, 0).sum())
        pooled = _r(sums.sum(axis=0)[None, :])[0] if freedom >= ENOUGH_SHARED or whole.all() else float(lean < 0)
        own = (n12 >= ENOUGH_SHARED) | (whole & (n12 > 1))
        return np.where(own, _r(sums), pooled)


def _r(sums: Floats) -> Floats:
    below = np.sqrt(sums[:, 1] * sums[:, 2])
    return np.clip(np.divide(sums[:, 0], below, out=np.zeros(len(sums)), where=below > 0), -1, 1)


def _spread(wave: _Wave, totals: Floats, strata: list[int]) -> tuple[Floats, Floats, Floats]:
    """Standard deviation of unit totals, units drawn, and units there, by stratum."""
    stage = wave.design.stages[0]
    size = len(stage.drawn)
    means = np.bincount(stage.stratum, totals, minlength=size) / stage.drawn
    squares = np.bincount(stage.stratum, (totals - means[stage.stratum]) ** 2, minlength=size)
    sd = np.sqrt(squares / np.maximum(stage.drawn - 1, 1))
    return sd[strata], stage.drawn[strata], stage.population[strata]


def _pairs(before: pd.DataFrame, after: pd.DataFrame, keys: list[str]) -> dict[str, list[int]]:
    """The rows of each frame that hold the same item of the same domain, with answers in both."""
    one = before.loc[before["n"] > 0, keys].assign(before=lambda frame: frame.index)
    other = after.loc[after["n"] > 0, keys].assign(after=lambda frame: frame.index)
    both = one.merge(other, on=keys, how="inner")
    if both.empty:
        raise AnalysisError("waves", "no item of the first wave has answers in the same domain of the second")
    return {name: [int(row) for row in both[name]] for name in ("before", "after")}


def _scores(estimates: Estimates, rows: list[int]) -> list[Floats]:
    return [estimates._linear.scores(row) for row in rows]  # noqa: SLF001 - as above
