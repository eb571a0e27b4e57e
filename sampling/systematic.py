"""Systematic sampling down a list that is put in order first (implicit stratification).

The list is sorted by the `order_by` columns in serpentine order (each lower level runs forth and back, so that
neighbours in the list are neighbours in truth), then by unit_id. One uniform number gives the start; everything else
is whole-number arithmetic, so that the sample has exactly the size that was asked. Source: Madow (1949), Annals of
Mathematical Statistics 20, 333-354; serpentine: Williams and Chromy (1980), SAS SUGI 5.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import numpy as np

from sampling.frame import Positions
from sampling.selection import Chosen, Units, by_ticket, certainty, sizes_of, target, total_size
from sampling.tickets import SPAN


def in_list_order(units: Units) -> Positions:
    """The units in serpentine order of their ranks, ties by unit_id."""
    by_id = np.argsort(np.argsort(units.ids, kind="stable"), kind="stable")
    group = np.zeros(len(units.ids), dtype=np.int64)
    for rank in [] if units.ranks is None else units.ranks:
        way = np.where(group % 2 == 0, rank, -rank)
        order = np.lexsort((way, group))
        new = np.diff(group[order], prepend=-1).astype(bool) | np.diff(way[order], prepend=way[order][0]).astype(bool)
        group[order] = np.cumsum(new) - 1
    return np.lexsort((by_id, group))


def systematic(units: Units, take: int, reserve: int) -> Chosen:
    """Every (N/n)th unit of the list from a random start; probability n/N, exactly. Sizes are not looked at."""
    sequence = in_list_order(units)
    steps = _steps(units, take, len(sequence))
    main = sequence[np.array(steps, dtype=np.intp)]
    return with_reserve(units, main, reserve, np.full(take, take / len(sequence)))


def systematic_pps(units: Units, take: int, reserve: int) -> Chosen:
    """Systematic along the cumulated sizes; certain units first; probability λ, exactly."""
    certain = certainty(sizes_of(units), take)
    sure, sequence = np.flatnonzero(certain), in_list_order(units)
    sure = sure[by_ticket(units.part(sure))]
    open_ = sequence[~certain[sequence]]
    size = sizes_of(units)[open_]
    left = take - len(sure)
    ends = list(accumulate(size.tolist()))
    met = [bisect_right(ends, step) for step in _steps(units, left, total_size(size))] if left else []
    places = np.array(met, dtype=np.intp)
    probability = np.concatenate([np.ones(len(sure)), target(size, left)[places]])
    return with_reserve(units, np.concatenate([sure, open_[places]]), reserve, probability)


def with_reserve(units: Units, main: Positions, reserve: int, probability: np.ndarray) -> Chosen:
    """The main units, and of all others those with the smallest tickets as reserve."""
    others = np.ones(len(units.ids), dtype=bool)
    others[main] = False
    left = np.flatnonzero(others)
    return Chosen(main, left[by_ticket(units.part(left))][:reserve], probability)


def _steps(units: Units, take: int, total: int) -> list[int]:
    """⌊(i + u)·total / take⌋ for i = 0 … take - 1, u the stratum's start: exact in whole numbers."""
    start = 2 * int(units.stream.integers("systematic", 1)[0]) + 1
    return [(i * 2 * SPAN + start) * total // (take * 2 * SPAN) for i in range(take)]
