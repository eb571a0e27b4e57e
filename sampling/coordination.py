"""This year's sample beside last year's: avoid its households, or meet a wanted share of them again.

Permanent random numbers (Ohlsson 1995, in Cox et al., Business Survey Methods, chapter 9): the seed stays, so each
household keeps its ticket; each wave begins where a start shift says. A wave that starts behind the last one meets
nobody again until the whole stratum was asked; newcomers bring their own tickets and leavers vanish, which disturbs
no one else's. Whatever the shift, the probability of each wave is what its design states.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from sampling.design import stratum_key
from sampling.drawing import Draw
from sampling.errors import DesignError, Stratum
from sampling.frame import Positions
from sampling.tickets import SPAN


def shifts_to_avoid(last: Draw, *, released: Mapping[Any, int] | None = None) -> dict[Stratum, int]:
    """The `shift` of a design that starts each stratum behind the last draw, with the same seed and stage.

    `released` says how many reserves of each stratum were issued; None: all were. Units that were certain are met
    again by any design that takes them with certainty. By size, others are avoided as far as their size allows.
    Raises DesignError for a draw in several stages or by a method that does not go by tickets.
    """
    _check(last)
    counts = None if released is None else {stratum_key(key): count for key, count in released.items()}
    shifts = {}
    for key in last.chosen:
        issued = _issued(last, key, None if counts is None else counts.get(key, 0))
        reach = int(last.x[issued].max()) + 1 if len(issued) else 0
        shifts[key] = (_shift(last, key) + reach) % SPAN
    return shifts


def shifts_to_overlap(last: Draw, share: float, take: Mapping[Any, int] | int) -> dict[Stratum, int]:
    """The `shift` of a simple random design whose `take` meets this share of itself in the last main sample.

    ⌊share·take + ½⌋ units of each stratum are met again, fewer where the last sample was smaller; exactly so if the
    frame is the same. Raises DesignError for a share outside 0 to 1 or a draw that was not simple random.
    """
    _check(last)
    if last.design.method != "srs":
        raise DesignError("method", "a share of overlap can be kept in simple random samples only")
    if not 0 <= share <= 1:
        raise DesignError("share", "the share must lie between 0 and 1")
    takes = dict.fromkeys(last.chosen, take) if isinstance(take, int) else {stratum_key(k): n for k, n in take.items()}
    shifts = {}
    for key, chosen in last.chosen.items():
        again = min(int(share * takes.get(key, 0) + 0.5), len(chosen.main))
        x = last.x[chosen.main]
        start = int(x[-again]) if again else int(x[-1]) + 1
        shifts[key] = (_shift(last, key) + start) % SPAN
    return shifts


def overlap(samples: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How many units each pair of samples shares: `first, second, shared, share_of_first, share_of_second`.

    Samples are `Draw.sample`, or any table with a column `unit_id`; reserves that were not released do not count.
    """
    met = {name: _asked(sample) for name, sample in samples.items()}
    rows = [
        (one, other, len(met[one] & met[other]), len(met[one]), len(met[other])) for one, other in combinations(met, 2)
    ]
    table = pd.DataFrame(rows, columns=["first", "second", "shared", "in_first", "in_second"])
    table["share_of_first"] = table["shared"] / table.pop("in_first").replace(0, np.nan)
    table["share_of_second"] = table["shared"] / table.pop("in_second").replace(0, np.nan)
    return table


def burden(samples: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How often each unit is asked: `unit_id, times, samples`, the most burdened first.

    `samples` lists the names of those that it is in, in the order given.
    """
    parts: dict[str, list[str]] = {}
    for name, sample in samples.items():
        for unit in _asked(sample):
            parts.setdefault(unit, []).append(name)
    rows = [(unit, len(names), tuple(names)) for unit, names in parts.items()]
    table = pd.DataFrame(rows, columns=["unit_id", "times", "samples"])
    return table.sort_values(["times", "unit_id"], ascending=[False, True], ignore_index=True)


def _asked(sample: pd.DataFrame) -> set[str]:
    """Units of the main sample, and released reserves where the table says which."""
    if "role" not in sample:
        return set(sample["unit_id"])
    released = sample.get("released", default=False)
    return set(sample.loc[(sample["role"] == "main") | released, "unit_id"])


def _check(last: Draw) -> None:
    if last.design.stages:
        raise DesignError("stages", "samples in several stages are not coordinated by a shift")
    if last.design.method not in ("srs", "pareto"):
        raise DesignError("method", "only samples that go by tickets, srs and pareto, are coordinated by a shift")


def _issued(last: Draw, key: Stratum, reserves: int | None) -> Positions:
    """Rows that were issued and not certain."""
    chosen = last.chosen[key]
    uncertain = chosen.main[chosen.probability < 1]
    return np.concatenate([uncertain, chosen.reserve[:reserves]])


def _shift(last: Draw, key: Stratum) -> int:
    return last.design.shifts(last.frame.populations)[key]
