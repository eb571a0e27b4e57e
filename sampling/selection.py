"""Order sampling on tickets: each unit gets a ranking number, the smallest are taken, the next are
the reserve.

Simple random sampling ranks by the ticket itself. Rosén's Pareto πps (Rosén 1997, J. Statist. Plann.
Inference 62, 135-191) ranks by odds(ticket) / odds(λ), λ = n·size / Σ size; the inclusion
probabilities are λ up to a small error that vanishes as the stratum grows, and λ is what is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logit

from sampling.errors import DesignError
from sampling.frame import Objects, Positions, Whole
from sampling.tickets import SPAN, Floats, Integers, as_tickets, ticket_integers

# Neighbours nearer than this (relative) are put in order exactly, so that no rounding decides who is visited.
_NEAR = 1e-12
_SAFE = 2**62


@dataclass(frozen=True)
class Stream:
    """The uniform numbers of one stratum: for a purpose, the tickets of `#purpose stratum/k`, k from 1."""

    seed: str
    stage: int
    stratum: str

    def integers(self, purpose: str, count: int, first: int = 1) -> Integers:
        """Ticket integers `first` to `first + count - 1`: (x + 0.5) / 2**52 is uniform."""
        name = f"#{purpose} {self.stratum}/"
        return ticket_integers([f"{name}{k}" for k in range(first, first + count)], self.seed, stage=self.stage)


@dataclass(frozen=True)
class Units:
    """One stratum as a method sees it: ids, ticket integers, sizes (whole multiples of one unit, or None).

    `ranks` has a row per `order_by` column, the rank of each unit's value; `place` two coordinates per unit. `whole`
    is the stratum where these are only the units that may be drawn.
    """

    ids: Objects
    x: Integers
    size: Integers | None = None
    ranks: Integers | None = None
    place: Floats | None = None
    stream: Stream = Stream("", 1, "")
    whole: Whole | None = None

    @property
    def population(self) -> int:
        """How many units the stratum has."""
        return len(self.ids) if self.whole is None else self.whole.population

    def part(self, positions: Positions) -> Units:
        """Some of the units, in the order of `positions`."""
        size = None if self.size is None else self.size[positions]
        ranks = None if self.ranks is None else self.ranks[:, positions]
        place = None if self.place is None else self.place[positions]
        return Units(self.ids[positions], self.x[positions], size, ranks, place, self.stream)


@dataclass(frozen=True)
class Chosen:
    """Positions in the stratum, main first and then reserve, in order; the probability of each main unit."""

    main: Positions
    reserve: Positions
    probability: Floats

    def among(self, rows: Positions) -> Chosen:
        """The same choice in terms of `rows`, of which this one holds positions."""
        return Chosen(rows[self.main], rows[self.reserve], self.probability)


def simple_random(units: Units, take: int, reserve: int) -> Chosen:
    """The units with the smallest tickets, ties by unit_id; probability take / population, exactly."""
    order = by_ticket(units)
    probability = np.full(take, take / units.population, dtype=np.float64)
    return Chosen(order[:take], order[take : take + reserve], probability)


def pareto(units: Units, take: int, reserve: int) -> Chosen:
    """Rosén's Pareto πps: units with λ ≥ 1 are certain and come first, the others by their ranking
    number.

    Probabilities are the stated λ (1 for certain units): approximate, as Rosén (1997) shows.
    Raises DesignError where the frame has no sizes.
    """
    parted = part_by_size(units, take)
    certain = parted.is_certain(sizes_of(units))
    sure, open_ = np.flatnonzero(certain), np.flatnonzero(~certain)
    sure = sure[by_ticket(units.part(sure))]
    others = units.part(open_)
    left = take - parted.certain
    order = _by_pareto_rank(others, left, parted.total)
    main = np.concatenate([sure, open_[order[:left]]])
    lam = target(sizes_of(others)[order[:left]], left, parted.total)
    return Chosen(main, open_[order[left : left + reserve]], np.concatenate([np.ones(len(sure)), lam]))


@dataclass(frozen=True)
class Parted:
    """Units with λ ≥ 1 and the others: the least size that is certain, how many are, and Σ size of the others."""

    least: int | None
    certain: int
    total: int

    def is_certain(self, size: Integers) -> npt.NDArray[np.bool_]:
        """Which units are taken with certainty."""
        return np.zeros(len(size), dtype=bool) if self.least is None else size >= self.least


def part_by_size(units: Units, take: int) -> Parted:
    """Which sizes are certain in a stratum, of which all units are at hand or only those that may be drawn."""
    if units.whole is not None:
        return part_whole(units.whole, take)
    size = sizes_of(units)
    certain = certainty(size, take)
    least = int(size[certain].min()) if certain.any() else None
    return Parted(least, int(certain.sum()), total_size(size[~certain]))


def part_whole(whole: Whole, take: int) -> Parted:
    """`part_by_size` from how many units have each size: the largest left is certain as long as its λ is 1 or more."""
    pairs = sorted(zip(whole.values.tolist(), whole.counts.tolist(), strict=True), reverse=True)
    least, certain, total = None, 0, sum(value * count for value, count in pairs)
    for value, count in pairs:
        if certain == take or value * (take - certain) < total:
            break
        least, certain, total = value, certain + count, total - value * count
    return Parted(least, certain, total)


def by_ticket(units: Units) -> Positions:
    """The order of all units by their tickets, ties by unit_id."""
    return _ordered(units.x.astype(np.float64), units.ids, lambda k: Fraction(int(units.x[k])))


def sizes_of(units: Units) -> Integers:
    """The sizes, for a method that cannot do without. Raises DesignError where the frame has none."""
    if units.size is None:
        raise DesignError("size_wanted", "this method draws by size: make the frame with size=")
    return units.size


def certainty(size: Integers, take: int) -> npt.NDArray[np.bool_]:
    """Which units have λ = take·size / Σ size ≥ 1: found, removed, and looked for again until there are none."""
    certain = np.zeros(len(size), dtype=bool)
    while take > certain.sum():
        left = take - int(certain.sum())
        total = total_size(size[~certain])
        new = ~certain & (size >= -(-total // left))
        if not new.any():
            break
        certain |= new
    return certain


def target(size: Integers, take: int, total: int | None = None) -> Floats:
    """λ of units that are not certain: take·size / total, which is the sum of these sizes where it is not given."""
    total = total_size(size) if total is None else total
    return np.asarray(size.astype(np.float64) * take / float(total) if len(size) else [], dtype=np.float64)


def target_odds(size: Integers, take: int, total: int | None = None) -> Floats:
    """λ / (1 - λ) from exact integers, so that a λ close to 1 loses no digits."""
    total = total_size(size) if total is None else total
    whole = size if total < _SAFE else size.astype(object)
    return (whole * take).astype(np.float64) / (total - whole * take).astype(np.float64)


def _by_pareto_rank(units: Units, take: int, total: int) -> Positions:
    chances = as_tickets(units.x)
    size = sizes_of(units)

    def exact(k: int) -> Fraction:
        twice, share = 2 * int(units.x[k]) + 1, take * int(size[k])
        return Fraction(twice * (total - share), (2 * SPAN - twice) * share)

    return _ordered(chances / (1 - chances) / target_odds(size, take, total), units.ids, exact)


def _ordered(rank: Floats, ids: Objects, exact: Callable[[int], Fraction]) -> Positions:
    """Ascending by rank; where neighbours are too near for floats, by the exact rank, then by unit_id."""
    order = np.argsort(rank, kind="stable")
    ranked = rank[order]
    near = np.flatnonzero(np.diff(ranked) <= _NEAR * ranked[1:]).tolist()
    for first, last in _runs(near):
        order[first : last + 2] = sorted(order[first : last + 2].tolist(), key=lambda k: (exact(k), ids[k]))
    return order


def _runs(positions: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of consecutive positions."""
    for _, run in groupby(enumerate(positions), key=lambda pair: pair[1] - pair[0]):
        members = [position for _, position in run]
        yield members[0], members[-1]


def total_size(size: Integers) -> int:
    """The exact sum, which may be beyond int64."""
    return sum(size.tolist())


def released_simple_random(units: Units, of: Units, take: int, issued: int) -> Floats:  # noqa: ARG001 - as `Released`
    """Probability of each unit `of` a simple random sample grown by its reserve: issued / population."""
    return np.full(len(of.x), issued / units.population, dtype=np.float64)


def released_pareto(units: Units, of: Units, take: int, issued: int) -> Floats:
    """Probability of each unit `of` a Pareto sample of `take` that has grown by its reserve to `issued`.

    The order stays the one that was drawn, so a unit is in when its ranking number is below a higher level c:
    p = c·o / (1 + c·o) with o = odds(λ), and c such that the p of the stratum add up to `issued` (Rosén 1997).
    """
    own, parted = sizes_of(of), part_by_size(units, take)
    left, wanted = take - parted.certain, issued - parted.certain
    sure = parted.is_certain(own)
    if issued >= units.population:
        return np.ones(len(own))
    level = pareto_level(whole_of(units), parted, left, wanted)
    share = np.where(sure, 0.5, own.astype(np.float64) * left / float(parted.total))
    return np.where(sure, 1.0, expit(level + logit(share)))


def whole_of(units: Units) -> Whole:
    """How many units have each size."""
    if units.whole is not None:
        return units.whole
    size = sizes_of(units)
    return Whole(len(size), size, np.ones(len(size), dtype=np.int64))


def pareto_level(whole: Whole, parted: Parted, left: int, wanted: float) -> float:
    """The logarithm of the ranking number below which `wanted` units that are not certain are expected.

    `left` is the take of those; `wanted` must be fewer than there are of them.
    """
    open_ = ~parted.is_certain(whole.values)
    log_odds = np.log(target_odds(whole.values[open_], left, parted.total))
    counts = whole.counts[open_]
    return float(brentq(lambda log: float(counts @ expit(log + log_odds)) - wanted, -40, 80, xtol=1e-14))
