"""One sample that is precise enough for several domains and rates at once: study, county and category.

Minimise Σ c·n subject to Σ_h N²S²/n_h ≤ V + Σ_h N S² for every wanted precision (Bethel 1989, Survey Methodology 15,
47-57; Chromy 1987, Proc. ASA Survey Research Methods, 194-199), with each stratum's minimum and maximum inside the
program: their place after it, as elsewhere, costs units. The dual problem is solved (one multiplier per precision), so
its value proves how far any answer can be from the best; whole numbers come from a greedy repair.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sampling.allocation import bounds_for
from sampling.design import stratum_key
from sampling.errors import AllocationError
from sampling.size import z_value

Floats = npt.NDArray[np.float64]

_SLACK = 1e-9
_TIGHT = 1e-12
_CHROMY = 200
_NEWTON = 100


@dataclass(frozen=True)
class Precision:
    """A half-width wanted for a proportion in a domain, both fractions.

    `expected` is the proportion expected, one for all strata or a mapping; `strata` are the domain's (None: all);
    `deff` is the design effect beyond stratification.
    """

    half_width: float
    expected: float | Mapping[Any, float] = 0.5
    strata: Collection[Any] | None = None
    level: float = 0.95
    deff: float = 1.0
    name: str = ""


@dataclass(frozen=True)
class PreciseAllocation:
    """`takes` by stratum; their `cost`; the real numbers behind and their least possible cost; half-widths reached."""

    takes: dict[Any, int]
    cost: float
    real: dict[Any, float]
    least_cost: float
    reached: list[float]


def allocate_for_precision(
    populations: Mapping[Any, int],
    wanted: Sequence[Precision],
    *,
    costs: Mapping[Any, float] | None = None,
    minimum: int | Mapping[Any, int] = 2,
    maximum: int | Mapping[Any, int] | None = None,
    census: Collection[Any] = (),
) -> PreciseAllocation:
    """The cheapest takes that give every wanted precision; `costs` are per unit (1 for all by default).

    `minimum`, `maximum` and `census` are as in `allocate`; two a stratum let its variance be estimated. Raises
    AllocationError naming the strata of a precision that even the maxima do not give.
    """
    populations = {key: int(count) for key, count in populations.items()}
    bounds = bounds_for(populations, minimum, maximum, census)
    problem = _Problem.of(populations, wanted, costs or dict.fromkeys(populations, 1.0), bounds.least, bounds.most)
    _check_attainable(problem, wanted, populations)
    multipliers = _dual_optimum(problem)
    real = problem.takes(multipliers)
    whole = _whole_numbers(problem, real)
    excess = problem.excess(whole)
    return PreciseAllocation(
        dict(zip(populations, whole.astype(int).tolist(), strict=True)),
        float(problem.costs @ whole),
        dict(zip(populations, real.tolist(), strict=True)),
        problem.dual_value(multipliers),
        [_reached(precision, ratio) for precision, ratio in zip(wanted, problem.ratios(excess), strict=True)],
    )


def domains(populations: Mapping[Any, int], position: int) -> dict[str, list[Any]]:
    """The strata by one of their parts: by county where `position` 0 is the county."""
    found: dict[str, list[Any]] = {}
    for key in populations:
        found.setdefault(stratum_key(key)[position], []).append(key)
    return found


@dataclass(frozen=True)
class _Problem:
    """Σ_h coefficient[j, h] / n_h ≤ 1 for every j, least ≤ n ≤ most; `fixed` is the part that no n changes."""

    coefficients: Floats
    fixed: Floats
    costs: Floats
    least: Floats
    most: Floats

    @classmethod
    def of(
        cls,
        populations: Mapping[Any, int],
        wanted: Sequence[Precision],
        costs: Mapping[Any, float],
        least: Mapping[Any, int],
        most: Mapping[Any, int],
    ) -> _Problem:
        rows = [_row(precision, populations) for precision in wanted]
        limits = np.array([limit for _, _, limit in rows])
        return cls(
            np.array([row for row, _, _ in rows]) / limits[:, None],
            np.array([fixed for _, fixed, _ in rows]) / limits,
            *(_column(numbers, populations) for numbers in (costs, least, most)),
        )

    def takes(self, multipliers: Floats) -> Floats:
        """The n that minimise cost plus multipliers times variance."""
        return np.clip(np.sqrt(multipliers @ self.coefficients / self.costs), self.least, self.most)

    def excess(self, takes: Floats) -> Floats:
        """Σ coefficient / n - 1: above 0 where a precision is missed."""
        return self.coefficients @ (1 / takes) - 1

    def dual_value(self, multipliers: Floats) -> float:
        """A lower bound of the cost of any n, whole or not, that gives every precision."""
        takes = self.takes(multipliers)
        return float(self.costs @ takes + multipliers @ self.excess(takes))

    def ratios(self, excess: Floats) -> Floats:
        """Variance reached over variance wanted."""
        return (excess + 1 - self.fixed) / (1 - self.fixed)


def _column(numbers: Mapping[Any, float], populations: Mapping[Any, int]) -> Floats:
    return np.array([numbers[key] for key in populations], dtype=np.float64)


def _row(precision: Precision, populations: Mapping[Any, int]) -> tuple[list[float], float, float]:
    """N²S² by stratum, Σ N S², and the limit V + Σ N S²; S² = p q N / (N - 1), times the design effect."""
    inside = set(populations if precision.strata is None else precision.strata)
    _check_precision(precision, inside, populations)
    spread = {}
    for key, count in populations.items():
        p = precision.expected[key] if isinstance(precision.expected, Mapping) else precision.expected
        spread[key] = precision.deff * p * (1 - p) * count / (count - 1) if key in inside and count > 1 else 0.0
    total = sum(populations[key] for key in inside)
    fixed = sum(populations[key] * spread[key] for key in inside)
    limit = (precision.half_width / z_value(precision.level) * total) ** 2 + fixed
    return [populations[key] ** 2 * spread[key] for key in populations], fixed, limit


def _check_precision(precision: Precision, inside: set[Any], populations: Mapping[Any, int]) -> None:
    unknown = [stratum_key(key) for key in inside if key not in populations]
    if unknown or not inside:
        raise AllocationError(
            "stratum_unknown", f"{precision.name or 'a precision'} names no known strata", strata=unknown
        )
    expected = precision.expected
    missing = [stratum_key(key) for key in inside if isinstance(expected, Mapping) and key not in expected]
    if missing:
        raise AllocationError("expected_missing", "a precision needs an expected proportion", strata=missing)
    proportions = [expected[key] for key in inside] if isinstance(expected, Mapping) else [expected]
    if not all(0 <= p <= 1 for p in proportions) or not 0 < precision.half_width < 1 or not precision.deff > 0:
        raise AllocationError("precision_bad", "half-width and proportions are fractions, deff is above 0")


def _check_attainable(problem: _Problem, wanted: Sequence[Precision], populations: Mapping[Any, int]) -> None:
    for precision, excess in zip(wanted, problem.excess(problem.most), strict=True):
        if excess > _SLACK:
            strata = [stratum_key(key) for key in precision.strata or populations]
            says = f"the precision {precision.name} is out of reach even with every maximum"
            raise AllocationError("precision_out_of_reach", says, strata=strata)


def _dual_optimum(problem: _Problem) -> Floats:
    """Multipliers of the convex program: Chromy's iteration to come near, Newton's on the active ones to arrive."""
    multipliers = np.full(len(problem.fixed), float(problem.costs @ problem.least) / len(problem.fixed))
    for _ in range(_CHROMY):
        multipliers *= (problem.excess(problem.takes(multipliers)) + 1) ** 2
    for _ in range(_NEWTON):
        better = _newton_step(problem, multipliers)
        if better is None:
            break
        multipliers = better
    return multipliers


def _newton_step(problem: _Problem, multipliers: Floats) -> Floats | None:
    """A better point of the dual, or None at its optimum."""
    takes = problem.takes(multipliers)
    slope = problem.excess(takes)
    active = (multipliers > _TIGHT * multipliers.max()) | (slope > 0)
    multipliers = np.where(active, multipliers, 0.0)
    if np.abs(slope[active]).max(initial=0) < _TIGHT:
        return None
    free = (takes > problem.least) & (takes < problem.most)
    rows = problem.coefficients[np.ix_(active, free)]
    curvature = rows / (2 * problem.costs[free] * takes[free] ** 3) @ rows.T
    direction = np.zeros_like(multipliers)
    direction[active] = np.linalg.lstsq(curvature, slope[active], rcond=None)[0]
    value = problem.dual_value(multipliers)
    for halvings in range(40):
        trial = np.maximum(0, multipliers + direction / 2**halvings)
        if problem.dual_value(trial) > value:
            return trial
    return None


def _whole_numbers(problem: _Problem, real: Floats) -> Floats:
    """Whole numbers near the real optimum that give every precision: added where they help most, then spared."""
    takes = np.maximum(problem.least, np.floor(real + _SLACK))
    excess = problem.excess(takes)
    while (excess > _SLACK).any():
        gain = np.minimum(problem.coefficients * (1 / takes - 1 / (takes + 1)), np.maximum(excess, 0)[:, None])
        worth = np.where(takes < problem.most, gain.sum(axis=0) / problem.costs, -1)
        takes[np.argmax(worth)] += 1
        excess = problem.excess(takes)
    return _spared(problem, takes)


def _spared(problem: _Problem, takes: Floats) -> Floats:
    """Without the units that no precision needs, the dearest first."""
    takes = takes.copy()
    while True:
        fewer = np.maximum(takes - 1, 0.5)
        loss = problem.coefficients * (1 / fewer - 1 / takes)
        spare = (takes > problem.least) & (problem.excess(takes)[:, None] + loss <= _SLACK).all(axis=0)
        if not spare.any():
            return takes
        takes[np.argmax(np.where(spare, problem.costs, -1))] -= 1


def _reached(precision: Precision, ratio: float) -> float:
    return precision.half_width * math.sqrt(max(0.0, ratio))
