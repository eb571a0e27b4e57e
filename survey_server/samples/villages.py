"""Villages as a stage (整群、分阶段): how many of each stratum, and how many households in each.

Villages are drawn with probability proportional to their number of households, and a fixed number of households in
each, so that every household has the same chance and every interviewer a day's work on foot. A village that has fewer
gives what it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sampling import SampleDesign, Stage
from survey_server.samples.strata import Key


@dataclass(frozen=True)
class Walk:
    """One stratum's stage of villages: how many of how many, so many households in each, and what that gives."""

    villages: int
    of: int
    take: int
    expected: float


def walks(takes: Mapping[Key, int], villages: Mapping[Key, Sequence[int]], village_take: int) -> dict[Key, Walk]:
    """The fewest villages of each stratum that are expected to give its take."""
    return {key: _walk(take, np.array(villages[key]), village_take) for key, take in takes.items()}


def village_design(walks: Mapping[Key, Walk], reserves: Mapping[Key, int]) -> SampleDesign:
    """The design: villages by Pareto πps, then households by ticket; the reserve is shared among the villages."""
    return SampleDesign(
        take={key: walk.take for key, walk in walks.items()},
        reserve={key: -(-reserves[key] // walk.villages) for key, walk in walks.items()},
        stages=(Stage(take={key: walk.villages for key, walk in walks.items()}),),
    )


def _walk(take: int, sizes: np.ndarray, village_take: int) -> Walk:
    each = village_take
    while np.minimum(sizes, each).sum() < take:
        each += 1
    number = min(len(sizes), max(1, -(-take // each)))
    while number < len(sizes) and _expected(sizes, number, each) < take - 0.5:
        number += 1
    return Walk(number, len(sizes), each, _expected(sizes, number, each))


def _expected(sizes: np.ndarray, number: int, each: int) -> float:
    return float((chances(sizes, number) * np.minimum(sizes, each)).sum())


def chances(sizes: np.ndarray, number: int) -> np.ndarray:
    """The probability of each village to be one of ``number``, proportional to size, 1 for those that are too large."""
    sure = np.zeros(len(sizes), dtype=bool)
    while True:
        rest = sizes[~sure].sum()
        chance = np.where(sure, 1.0, sizes * ((number - sure.sum()) / rest if rest else 0.0))
        if (chance[~sure] < 1).all():
            return chance
        sure |= chance >= 1
