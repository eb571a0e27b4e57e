"""Ordered substitutes, and what a release does to probabilities and weights.

A stratum's main sample is the first n of one order and its reserve the next m. To release k of them, in their order
and for a reason that does not depend on the answers, is the same as to have drawn n + k: every unit that was issued
stays in the response rate, and the weights of the whole stratum change, not those of the substitutes alone. A refusal
is not replaced one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sampling.design import stratum_key
from sampling.drawing import Draw
from sampling.errors import ReleaseError, Stratum
from sampling.methods import METHODS


def next_reserves(draw: Draw, stratum: object, count: int = 1, *, released: int = 0) -> list[str]:
    """The ids of the next `count` reserves of a stratum of which `released` were released before, in order.

    In several stages a stratum's name goes on with its clusters: reserves stay in their village.

    Raises ReleaseError when the stratum is not in the draw or has no reserve left to give.
    """
    key = stratum_key(stratum)
    chosen = draw.chosen.get(key)
    if chosen is None:
        raise ReleaseError("stratum_unknown", "the draw has no such stratum", strata=[key])
    if count < 0 or released < 0:
        raise ReleaseError("count_negative", "a release cannot be taken back", strata=[key])
    left = chosen.reserve[released : released + count]
    if len(left) < count:
        raise ReleaseError(
            "reserve_exhausted",
            f"{count} reserves are asked for and {len(left)} are left: draw the next wave with the same seed",
            strata=[key],
        )
    return draw.frame.unit_id[left].tolist()


def replicate_counts(draw: Draw, replicates: int, *, of: int) -> dict[Stratum, int]:
    """How many reserves of each stratum the first `replicates` `of` so many whole replicates are.

    Each replicate is a small sample of all strata: released whole, it leaves their shares as they were. The counts go
    to `release`. Raises ReleaseError when there are not so many replicates.
    """
    if not 0 <= replicates <= of or of < 1:
        raise ReleaseError("replicates", f"there are {of} replicates, and {replicates} are asked for")
    return {key: len(chosen.reserve) * replicates // of for key, chosen in draw.chosen.items()}


def check_release(cases: pd.DataFrame, reason: str, *, attempts: int) -> None:
    """Refuses a release without a reason, or before the issued cases of its stratum had their attempts.

    `cases` are the issued cases of the stratum with columns `attempts` (a number) and `closed` (true when there is an
    outcome that no further attempt can change: complete, refused, moved away). Reserves are for what cannot be
    reached, so every open case must have been tried `attempts` times. Raises ReleaseError saying how many were not.
    """
    if not reason.strip():
        raise ReleaseError("reason_missing", "a release needs its reason")
    short = int((~cases["closed"].astype(bool) & (cases["attempts"] < attempts)).sum())
    if short:
        raise ReleaseError(
            "attempts_missing",
            f"{short} open cases have fewer than {attempts} attempts",
            short=short,
            attempts=attempts,
        )


def release(draw: Draw, counts: Mapping[Any, int]) -> pd.DataFrame:
    """The sample after so many reserves of each stratum were released, with a column `released`.

    Main units and released reserves carry the probability and weight that a take of n + k would have given;
    reserves still waiting keep NaN. Raises ReleaseError as `next_reserves` does.
    """
    wanted = {stratum_key(key): count for key, count in counts.items()}
    for key, count in wanted.items():
        next_reserves(draw, key, count)
    sample = draw.sample.copy()
    issued = [_issued(draw, key, wanted.get(key, 0)) for key in draw.chosen]
    sample["released"] = (sample["role"] == "reserve") & np.concatenate([~np.isnan(part) for part in issued])
    sample["probability"] = np.concatenate(issued)
    sample["weight"] = 1 / sample["probability"]
    return sample


def _issued(draw: Draw, key: Stratum, count: int) -> np.ndarray:
    """Probabilities of a stratum's rows in the sample, NaN for the reserves that still wait."""
    chosen, cell = draw.chosen[key], draw.cells[key]
    stated = chosen.probability
    if count:
        issued = np.concatenate([chosen.main, chosen.reserve[:count]])
        released = METHODS[draw.design.method].released
        within = released(draw.units_in(key), draw.units_at(issued), len(chosen.main), len(issued))
        stated = within * cell.probability
    return np.concatenate([stated, np.full(len(chosen.reserve) - count, np.nan)])
