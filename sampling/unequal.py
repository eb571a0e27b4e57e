"""Sampford's and the pivotal methods: exact inclusion probabilities, fixed size.

Sampford (1967), Biometrika 54, 499-513, by rejection. Pivotal: Deville and Tillé (1998), Biometrika 85, 89-101, in
list order (Chauvet 2012, Bernoulli 18, 1320-1340), and local pivotal, method 2, of Grafström, Lundström and Schelin
(2012), Biometrics 68, 514-520, which spreads the sample over the map. Duels are fought in whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, count

import numpy as np

from sampling.errors import DesignError
from sampling.frame import Positions
from sampling.selection import Chosen, Units, by_ticket, certainty, sizes_of, target, target_odds, total_size
from sampling.systematic import in_list_order, with_reserve
from sampling.tickets import SPAN, as_tickets

MAX_UNIFORMS = 1_000_000
MAX_LOCAL = 50_000
_BATCH = 1024


def sampford(units: Units, take: int, reserve: int) -> Chosen:
    """Sampford's method: one draw by size, n - 1 by λ/(1-λ), all with replacement, until all are different.

    Raises DesignError where that does not happen soon: the stratum's sampling fraction is too large for it.
    """
    return _by_size(units, take, reserve, _sampford)


def pivotal(units: Units, take: int, reserve: int) -> Chosen:
    """Pivotal sampling down the list, with equal probabilities: neighbours in the list are rarely taken together."""
    return _by_size(_equal(units), take, reserve, _pivotal)


def pivotal_pps(units: Units, take: int, reserve: int) -> Chosen:
    """Pivotal sampling down the list, with probability proportional to size."""
    return _by_size(units, take, reserve, _pivotal)


def local_pivotal(units: Units, take: int, reserve: int) -> Chosen:
    """Pivotal sampling between nearest neighbours on the map, with equal probabilities."""
    return _by_size(_equal(units), take, reserve, _local_pivotal)


def local_pivotal_pps(units: Units, take: int, reserve: int) -> Chosen:
    """Pivotal sampling between nearest neighbours on the map, with probability proportional to size."""
    return _by_size(units, take, reserve, _local_pivotal)


def _equal(units: Units) -> Units:
    return replace(units, size=np.ones(len(units.ids), dtype=np.int64))


def _by_size(units: Units, take: int, reserve: int, method: Callable[[Units, int], Positions]) -> Chosen:
    """Certain units first, then what the method takes of the others, in list order."""
    certain = certainty(sizes_of(units), take)
    sure, open_ = np.flatnonzero(certain), in_list_order(units)
    open_ = open_[~certain[open_]]
    sure = sure[by_ticket(units.part(sure))]
    others, left = units.part(open_), take - len(sure)
    met = method(others, left) if left else np.empty(0, dtype=np.intp)
    probability = np.concatenate([np.ones(len(sure)), target(sizes_of(others), left)[met]])
    return with_reserve(units, np.concatenate([sure, open_[met]]), reserve, probability)


def _sampford(units: Units, take: int) -> Positions:
    size = sizes_of(units)
    first = np.cumsum(size.astype(np.float64)) / float(total_size(size))
    others = np.cumsum(target_odds(size, take))
    others /= others[-1]
    used = 0
    while used + take <= MAX_UNIFORMS:
        tries = 1 + min(used // take, _BATCH)
        chances = as_tickets(units.stream.integers("sampford", tries * take, used + 1)).reshape(tries, take)
        used += tries * take
        met = np.column_stack([np.searchsorted(first, chances[:, 0]), np.searchsorted(others, chances[:, 1:])])
        met.sort(axis=1)
        different = np.flatnonzero((np.diff(met, axis=1) > 0).all(axis=1))
        if different.size:
            return met[different[0]]
    raise DesignError(
        "sampford_rejected",
        "Sampford's method does not end for so large a part of a stratum: take pareto or pivotal_pps",
        strata=[tuple(units.stream.stratum.split("|"))],
    )


def _pivotal(units: Units, take: int) -> Positions:
    duels = _Duels(units, take, "pivotal")
    standing = 0
    for challenger in range(1, len(units.ids)):
        duels.fight(standing, challenger)
        if duels.decided(standing):
            standing = challenger
    return duels.winners()


def _local_pivotal(units: Units, take: int) -> Positions:
    if units.place is None:
        raise DesignError("place_wanted", "this method spreads over the map: make the frame with place=")
    if len(units.ids) > MAX_LOCAL:
        raise DesignError("stratum_too_large", f"local pivotal takes strata of at most {MAX_LOCAL} units")
    duels, map_ = _Duels(units, take, "local_pivotal"), _Map(units.place)
    picks = chain.from_iterable(duels.chances("local_pivotal_pick"))
    while map_.count > 1:
        unit = map_.standing((2 * next(picks) + 1) * map_.count // (2 * SPAN))
        rival = map_.nearest(unit)
        duels.fight(unit, rival)
        map_.remove([k for k in (unit, rival) if duels.decided(k)])
    return duels.winners()


class _Duels:
    """Inclusion probabilities as whole multiples of 1/total, moved between two units until one is decided."""

    def __init__(self, units: Units, take: int, purpose: str) -> None:
        size = sizes_of(units)
        self.total = total_size(size)
        self.mass = [take * value for value in size.tolist()]
        self._stream = units.stream
        self._chance = chain.from_iterable(self.chances(purpose))

    def chances(self, purpose: str) -> Iterator[list[int]]:
        """The stratum's uniform numbers, batch by batch."""
        batch = min(len(self.mass), _BATCH)
        for first in count(1, batch):
            yield self._stream.integers(purpose, batch, first).tolist()

    def decided(self, unit: int) -> bool:
        """Whether the unit is out (0) or in (total)."""
        return self.mass[unit] in (0, self.total)

    def fight(self, one: int, other: int) -> None:
        """Deville and Tillé's duel: the sum stays, and one of the two is decided."""
        a, b, chance = self.mass[one], self.mass[other], 2 * next(self._chance) + 1
        if a + b < self.total:
            wins = chance * (a + b) < a * 2 * SPAN
            high, low = a + b, 0
        else:
            wins = chance * (2 * self.total - a - b) < (self.total - b) * 2 * SPAN
            high, low = self.total, a + b - self.total
        self.mass[one], self.mass[other] = (high, low) if wins else (low, high)

    def winners(self) -> Positions:
        """The units that are in."""
        return np.flatnonzero([mass == self.total for mass in self.mass])


class _Map:
    """The units that still stand, in list order, with their places."""

    def __init__(self, place: np.ndarray) -> None:
        self._units = np.arange(len(place))
        self._place = place.copy()
        self.count = len(place)

    def standing(self, k: int) -> int:
        """The k-th unit that stands, in list order."""
        return int(self._units[k])

    def nearest(self, unit: int) -> int:
        """The unit that stands nearest to `unit`; of several, the first of the list."""
        here = int(self._units.searchsorted(unit))
        distance = np.square(self._place - self._place[here]).sum(axis=1)
        distance[here] = np.inf
        return int(self._units[np.argmin(distance)])

    def remove(self, units: list[int]) -> None:
        """Take decided units off the map."""
        keep = np.ones(self.count, dtype=bool)
        keep[self._units.searchsorted(units)] = False
        self._units, self._place, self.count = self._units[keep], self._place[keep], int(keep.sum())
