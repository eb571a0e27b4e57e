"""How a sample is shared among strata.

Whole numbers come from the largest remainder, or for Neyman from Wright's exact integer optimum (T.
Wright 2012, The Equivalence of Neyman Optimum Allocation for Sampling and Equal Proportions for
Apportioning the U.S. House of Representatives, The American Statistician 66, 217-224): each next unit
goes where it lowers the variance most.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sampling.design import stratum_key
from sampling.errors import AllocationError

Numbers = Mapping[Any, float]

_SLACK = 1e-9
METHODS = ("equal", "proportional", "sqrt", "power", "neyman", "cost")


@dataclass(frozen=True)
class Bounds:
    """The least and the most that each stratum may get."""

    least: Mapping[Any, int]
    most: Mapping[Any, int]


def allocate(
    populations: Mapping[Any, int],
    total: int,
    method: str = "proportional",
    *,
    deviations: Numbers | None = None,
    variation: Numbers | None = None,
    importance: Numbers | None = None,
    power: float = 0.5,
    costs: Numbers | None = None,
    minimum: int | Mapping[Any, int] = 1,
    maximum: int | Mapping[Any, int] | None = None,
    census: Collection[Any] = (),
) -> dict[Any, int]:
    """How many of `total` units each stratum gets, in the order of `populations`; they add up to
    `total`.

    `method`: `equal`; `proportional` to N; `sqrt`, to √N; `power` (Bankier 1988, The American
    Statistician 42, 174-177), to X^q·CV, with `importance` X (N by default), `variation` CV (1) and
    `power` q; `neyman`, to N·S with `deviations` S, as Wright's exact integers; `cost`, to N·S/√c
    with `costs` c per unit. `census` names strata that are taken whole before the rest is shared.
    `minimum` (a stratum without any would be left out of the rates) and `maximum` are one number for
    every stratum (one that has fewer units is then taken whole) or a mapping. Raises AllocationError
    naming the strata whose wishes cannot be met.
    """
    populations = {key: int(count) for key, count in populations.items()}
    _check_strata(populations, deviations, variation, importance, costs, census, minimum, maximum)
    bounds = bounds_for(populations, minimum, maximum, census)
    _check_total(bounds, total)
    if method == "neyman":
        spreads = _given(deviations, populations, "deviations")
        return neyman_integers(populations, spreads, total, bounds)
    shares = _shares(method, populations, deviations, variation, importance, power, costs)
    return largest_remainder(real_allocation(shares, total, bounds), total)


def _shares(
    method: str,
    populations: Mapping[Any, int],
    deviations: Numbers | None,
    variation: Numbers | None,
    importance: Numbers | None,
    power: float,
    costs: Numbers | None,
) -> dict[Any, float]:
    """What each stratum's part is proportional to."""
    if method == "equal":
        return dict.fromkeys(populations, 1.0)
    if method in ("proportional", "sqrt"):
        return {key: count ** (1.0 if method == "proportional" else 0.5) for key, count in populations.items()}
    if method == "power":
        sizes = _given(importance or populations, populations, "importance")
        spreads = _given(variation or dict.fromkeys(populations, 1.0), populations, "variation")
        return {key: sizes[key] ** power * spreads[key] for key in populations}
    if method == "cost":
        spreads = _given(deviations, populations, "deviations")
        prices = _given(costs, populations, "costs", positive=True)
        return {key: count * spreads[key] / math.sqrt(prices[key]) for key, count in populations.items()}
    raise AllocationError("method", f"there is no allocation {method!r}; choose from {', '.join(METHODS)}")


def real_allocation(shares: Numbers, total: float, bounds: Bounds) -> dict[Any, float]:
    """The real numbers λ·share, held between the bounds, with the λ at which they add up to `total`.

    This is the optimum of the bounded convex problem (Stenger and Gabler 2005, Metrika 61, 137-156).
    λ is looked for between the points where a stratum meets a bound, and is linear there, so nothing
    is left to an iteration.
    """

    def held(level: float) -> dict[Any, float]:
        return {key: min(max(level * share, bounds.least[key]), bounds.most[key]) for key, share in shares.items()}

    turns = sorted(
        {
            0.0,
            *(
                bound[key] / share
                for key, share in shares.items()
                if share > 0
                for bound in (bounds.least, bounds.most)
            ),
        }
    )
    place = bisect_left(turns, total, key=lambda level: sum(held(level).values()))
    if place == len(turns):
        full = [stratum_key(key) for key, share in shares.items() if share <= 0]
        raise AllocationError("share_zero", "all other strata are full, and these have no share", strata=full)
    below = sum(held(turns[max(place - 1, 0)]).values())
    above = sum(held(turns[place]).values())
    part = 1.0 if above == below else (total - below) / (above - below)
    return held(turns[max(place - 1, 0)] + part * (turns[place] - turns[max(place - 1, 0)]))


def largest_remainder(real: Numbers, total: int) -> dict[Any, int]:
    """Whole numbers that add up to `total`: rounded down, then one more for the largest remainders.

    Ties go to the larger number, then to the stratum that comes first. (Hamilton's method.)
    """
    whole = {key: math.floor(number + _SLACK) for key, number in real.items()}
    by_remainder = sorted(real, key=lambda key: (-round(real[key] - whole[key], 9), -real[key]))
    for key in by_remainder[: total - sum(whole.values())]:
        whole[key] += 1
    return whole


def neyman_integers(populations: Mapping[Any, int], deviations: Numbers, total: int, bounds: Bounds) -> dict[Any, int]:
    """Wright's exact integer optimum: from the least, each next unit to the largest N·S / √(k(k+1)).

    k is how many the stratum has. The variance Σ N²S²/n is then as small as whole numbers allow.
    """
    given = dict(bounds.least)
    waiting = [
        (-_priority(populations[key] * deviations[key], given[key]), place, key)
        for place, key in enumerate(populations)
        if given[key] < bounds.most[key]
    ]
    heapq.heapify(waiting)
    for _ in range(total - sum(given.values())):
        _, place, key = heapq.heappop(waiting)
        given[key] += 1
        if given[key] < bounds.most[key]:
            heapq.heappush(waiting, (-_priority(populations[key] * deviations[key], given[key]), place, key))
    return given


def allocate_budget(
    populations: Mapping[Any, int],
    budget: float,
    *,
    deviations: Numbers,
    costs: Numbers,
    minimum: int | Mapping[Any, int] = 1,
    maximum: int | Mapping[Any, int] | None = None,
    census: Collection[Any] = (),
) -> dict[Any, int]:
    """The takes that a budget buys, cost-optimal: n near to N·S/√c (Cochran 1977, eq. 5.23).

    From the minima on, each next unit goes where it lowers the variance most for its money, until nothing that is
    left can be paid. Raises AllocationError naming the strata, as `allocate` does, also when the minima cost more.
    """
    populations = {key: int(count) for key, count in populations.items()}
    _check_strata(populations, deviations, costs, minimum, maximum, census)
    bounds = bounds_for(populations, minimum, maximum, census)
    spreads = _given(deviations, populations, "deviations")
    prices = _given(costs, populations, "costs", positive=True)
    given = dict(bounds.least)
    left = budget - sum(prices[key] * number for key, number in given.items())
    if left < 0:
        strata = [stratum_key(key) for key in populations]
        raise AllocationError("budget_too_small", f"the minima cost {-left:g} more than the budget", strata=strata)

    def worth(key: object) -> float:
        return -_priority(populations[key] * spreads[key], given[key]) / math.sqrt(prices[key])

    waiting = [(worth(key), place, key) for place, key in enumerate(populations) if given[key] < bounds.most[key]]
    heapq.heapify(waiting)
    while waiting:
        _, place, key = heapq.heappop(waiting)
        if prices[key] > left:
            continue
        given[key] += 1
        left -= prices[key]
        if given[key] < bounds.most[key]:
            heapq.heappush(waiting, (worth(key), place, key))
    return given


def _priority(spread: float, k: int) -> float:
    return spread / math.sqrt(k * (k + 1))


def bounds_for(
    populations: Mapping[Any, int],
    minimum: int | Mapping[Any, int],
    maximum: int | Mapping[Any, int] | None,
    census: Collection[Any],
) -> Bounds:
    """The least and the most of each stratum, as `allocate` says. Raises AllocationError naming the strata."""
    least = {key: _wish(minimum, key, count, 1) for key, count in populations.items()}
    most = {key: count if maximum is None else _wish(maximum, key, count, count) for key, count in populations.items()}
    for key in census:
        least[key] = most[key] = populations[key]
    _refuse("minimum_exceeds_stratum", "the minimum is more than the stratum has", least, populations)
    capped = {key: min(number, populations[key]) for key, number in most.items()}
    _refuse("minimum_exceeds_maximum", "the minimum is above the maximum", least, capped)
    return Bounds(least, capped)


def _wish(wish: int | Mapping[Any, int], key: object, population: int, otherwise: int) -> int:
    """A stratum's bound; one number for all bends to a stratum that has fewer units, a number of its own does not."""
    if isinstance(wish, Mapping):
        return max(1, int(wish.get(key, otherwise)))
    return max(1, min(int(wish), population))


def _check_strata(populations: Mapping[Any, int], *named: Mapping[Any, Any] | Collection[Any] | int | None) -> None:
    empty = [stratum_key(key) for key, count in populations.items() if count < 1]
    if empty or not populations:
        raise AllocationError("stratum_empty", "strata without units get no sample", strata=empty)
    unknown = [
        stratum_key(key) for names in named if isinstance(names, Collection) for key in names if key not in populations
    ]
    if unknown:
        raise AllocationError("stratum_unknown", "strata are named that are not among the populations", strata=unknown)


def _check_total(bounds: Bounds, total: int) -> None:
    least, most = sum(bounds.least.values()), sum(bounds.most.values())
    if total < least:
        strata = sorted(bounds.least, key=lambda key: -bounds.least[key])
        raise AllocationError(
            "total_too_small",
            f"{total} units cannot give every stratum its minimum, which takes {least}",
            strata=[stratum_key(key) for key in strata],
        )
    if total > most:
        raise AllocationError(
            "total_too_large",
            f"{total} units are more than the {most} that the strata may give",
            strata=[stratum_key(key) for key in bounds.most],
        )


def _given(numbers: Numbers | None, populations: Mapping[Any, int], name: str, *, positive: bool = False) -> Numbers:
    """The numbers that a method needs for every stratum, none negative."""
    missing = [stratum_key(key) for key in populations if numbers is None or key not in numbers]
    if numbers is None or missing:
        raise AllocationError(f"{name}_missing", f"this allocation needs {name} for every stratum", strata=missing)
    bad = [
        stratum_key(key)
        for key in populations
        if not math.isfinite(numbers[key]) or numbers[key] < 0 or (positive and numbers[key] == 0)
    ]
    if bad:
        raise AllocationError(f"{name}_bad", f"{name} must be {'above' if positive else 'at least'} 0", strata=bad)
    return numbers


def _refuse(code: str, says: str, left: Mapping[Any, int], right: Mapping[Any, int]) -> None:
    strata = [stratum_key(key) for key in left if left[key] > right[key]]
    if strata:
        raise AllocationError(code, says, strata=strata)
