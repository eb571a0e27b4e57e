"""This year's sample beside last year's: avoid its households, or meet a wanted share of them again.

Permanent random numbers (Ohlsson 1995, in Cox et al., Business Survey Methods, chapter 9): the seed stays, so each
household keeps its ticket; each wave begins where a start shift says. A wave that starts behind the last one meets
nobody again until the whole stratum was asked; newcomers bring their own tickets and leavers vanish, which disturbs
no one else's. Whatever the shift, the probability of each wave is what its design states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from sampling.design import stratum_key
from sampling.drawing import Draw
from sampling.errors import DesignError, Stratum
from sampling.frame import Frame, Positions
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


def shifts_to_avoid_all(
    frame: Frame, earlier: Sequence[Draw], *, released: Sequence[Mapping[Any, int] | None] | None = None
) -> dict[Stratum, int]:
    """The `shift` of a design for `frame` that starts each stratum where no earlier draw has been, with the same seed.

    For several studies of one bureau, which draw by its permanent seed; the newest comes last. Strata may have been cut
    otherwise then. Of the free parts of the circle of tickets the largest is taken; where none is left, it goes on
    behind the last draw. Probabilities are what a design states where the strata are the same, and nearly so where they
    were cut anew. `released` holds for each draw how many reserves were issued (None: all). Raises DesignError for
    draws by another seed or stage, in several stages, or by a method that does not go by tickets.
    """
    if len({(last.seed.value, last.design.stage) for last in earlier}) > 1:
        says = "coordinated samples go by the same tickets: draw them by the bureau's permanent seed, at the same stage"
        raise DesignError("seed_differs", says)
    arcs: dict[Stratum, list[tuple[int, int]]] = {key: [] for key in frame.keys}
    place = pd.Index(frame.unit_id)
    for last, counts in zip(earlier, released or [None] * len(earlier), strict=True):
        _check(last)
        wanted = None if counts is None else {stratum_key(key): count for key, count in counts.items()}
        for key in last.chosen:
            issued = _issued(last, key, None if wanted is None else wanted.get(key, 0))
            met = place.get_indexer(pd.Index(last.frame.unit_id[issued]))
            for code in np.unique(frame.codes[met[met >= 0]]).tolist():
                arcs[frame.keys[code]].append((_shift(last, key), int(last.x[issued].max()) + 1))
    return {key: _free_start(taken) for key, taken in arcs.items()}


def _free_start(taken: Sequence[tuple[int, int]]) -> int:
    """Where the largest part of the circle begins that no arc (start, length) covers; behind the last if none is."""
    if not taken:
        return 0
    behind = (taken[-1][0] + taken[-1][1]) % SPAN
    free = [(_room(start + length, taken), -((start + length - behind) % SPAN)) for start, length in taken]
    room, away = max(free)
    return (behind - away) % SPAN if room else behind


def _room(point: int, taken: Sequence[tuple[int, int]]) -> int:
    """How far it is from a point to the next arc; 0 where the point lies in one."""
    if any((point - start) % SPAN < length for start, length in taken):
        return 0
    return min((start - point) % SPAN for start, _ in taken)


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


def burden_report(frame: Frame, samples: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How the asking is spread over a frame: a row per stratum, with the strata columns.

    `units`, how many of them were asked by `none`, `one`, `two` and `more` samples, the `most` that any was asked, and
    `mean`, how often a unit was asked. Units that are no longer in the frame do not count.
    """
    times = np.zeros(len(frame), dtype=np.int64)
    place = pd.Index(frame.unit_id)
    for sample in samples.values():
        met = place.get_indexer(pd.Index(list(_asked(sample))))
        times[met[met >= 0]] += 1
    table = pd.DataFrame({"code": frame.codes, "times": times})
    by_stratum = table.groupby("code")["times"]
    names = {name: [key[i] for key in frame.keys] for i, name in enumerate(frame.columns.strata)}
    report = pd.DataFrame(names, index=range(len(frame.keys))).assign(units=by_stratum.size())
    for name, number in (("none", 0), ("one", 1), ("two", 2)):
        report[name] = (table["times"] == number).groupby(table["code"]).sum()
    report["more"] = report["units"] - report["none"] - report["one"] - report["two"]
    return report.assign(most=by_stratum.max(), mean=by_stratum.mean())


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
