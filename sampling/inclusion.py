"""Joint inclusion probabilities of what was drawn, for estimators that need them (Horvitz-Thompson, Yates-Grundy).

Exact where they can be, and said to be approximate where not: `JointInclusion.exact`. Local pivotal samples have none
that could be written down; their variance comes from neighbours (Grafström and Schelin 2014, Scand. J. Statist. 41).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sampling.design import stratum_key
from sampling.drawing import Draw
from sampling.errors import DesignError
from sampling.frame import Positions
from sampling.joint import (
    MAX_PARETO,
    MAX_UNITS,
    Floats,
    Integers,
    hajek,
    joint_pareto,
    joint_pivotal,
    joint_sampford,
    systematic_pairs,
)
from sampling.selection import Units, part_by_size, sizes_of, whole_of
from sampling.systematic import in_list_order


@dataclass(frozen=True, eq=False)
class JointInclusion:
    """π_kl of the main units of a stratum, in the order of the sample, π_k on the diagonal; where they come from.

    For Pareto samples the diagonal has the true π_k where `exact`, which the stated λ come near to.
    """

    unit_id: list[str]
    matrix: Floats
    exact: bool
    source: str


def joint_inclusion(draw: Draw, stratum: object = ()) -> JointInclusion:
    """The joint inclusion probabilities of a stratum's main units, before any reserve was released.

    Systematic and simple samples: exact. Sampford and Pareto: exact in small strata, else Hájek's approximation.
    Pivotal: exact, in strata of up to `MAX_UNITS`. Raises DesignError for an unknown stratum, several stages, local
    pivotal sampling (`joint_unknown`), or a stratum too large.
    """
    key = stratum_key(stratum)
    if draw.design.stages:
        raise DesignError("stages", "samples in several stages are estimated by their clusters, not by pairs")
    if key not in draw.chosen:
        raise DesignError("stratum_unknown", "the draw has no such stratum", strata=[key])
    method = draw.design.method
    if method not in _PAIRS:
        says = "pairs of a local pivotal sample have no known probability: estimate its variance from neighbours"
        raise DesignError("joint_unknown", says)
    main = draw.chosen[key].main
    positions = np.searchsorted(draw.cells[key].rows, main)
    matrix, exact, source = _PAIRS[method](draw.units_in(key), len(main), positions)
    return JointInclusion(draw.frame.unit_id[main].tolist(), matrix, exact, source)


Pairs = tuple[Floats, bool, str]


def _simple(units: Units, take: int, of: Positions) -> Pairs:
    population = units.population
    matrix = np.full((len(of), len(of)), take * (take - 1) / (population * max(population - 1, 1)))
    np.fill_diagonal(matrix, take / population)
    return matrix, True, "n(n - 1) / N(N - 1)"


def _systematic(sizes: Callable[[Units], Integers]) -> Callable[[Units, int, Positions], Pairs]:
    def pairs(units: Units, take: int, of: Positions) -> Pairs:
        order = in_list_order(units)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return systematic_pairs(sizes(units)[order], take, place[of]), True, "Madow 1949"

    return pairs


def _pivotal(sizes: Callable[[Units], Integers]) -> Callable[[Units, int, Positions], Pairs]:
    def pairs(units: Units, take: int, of: Positions) -> Pairs:
        order = in_list_order(units)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        whole = joint_pivotal(sizes(units)[order].tolist(), take)
        return whole[np.ix_(place[of], place[of])], True, "Chauvet 2012"

    return pairs


def _sampford(units: Units, take: int, of: Positions) -> Pairs:
    if units.population > MAX_UNITS:
        return _approximate(units, take, of)
    whole = joint_sampford(sizes_of(units).tolist(), take)
    return whole[np.ix_(of, of)], True, "Sampford 1967, eq. 4"


def _pareto(units: Units, take: int, of: Positions) -> Pairs:
    if units.whole is not None or units.population > MAX_PARETO:
        return _approximate(units, take, of)
    whole = joint_pareto(sizes_of(units).tolist(), take)
    return whole[np.ix_(of, of)], True, "Aires 1999"


def _approximate(units: Units, take: int, of: Positions) -> Pairs:
    whole, parted = whole_of(units), part_by_size(units, take)
    left = take - parted.certain

    def probabilities(size: Integers) -> Floats:
        return np.where(parted.is_certain(size), 1.0, size * (left / max(parted.total, 1)))

    every = probabilities(whole.values)
    spread = float(whole.counts @ (every * (1 - every)))
    return hajek(probabilities(sizes_of(units)[of]), spread), False, "Hájek 1964, approximate"


def _ones(units: Units) -> Integers:
    return np.ones(len(units.ids), dtype=np.int64)


_PAIRS: dict[str, Callable[[Units, int, Positions], Pairs]] = {
    "srs": _simple,
    "pareto": _pareto,
    "sampford": _sampford,
    "systematic": _systematic(_ones),
    "systematic_pps": _systematic(sizes_of),
    "pivotal": _pivotal(_ones),
    "pivotal_pps": _pivotal(sizes_of),
}
