"""What a roster says against itself and against other lists: reasons to look at a household, never proof.

Flags name units, reasons and rows; they never repeat a name, an identity number or a card. Keys of people and cards are
compared and nothing else, so a keyed digest of an identity number serves as well as the number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sampling.columns import read_codes
from sampling.errors import DesignError, FrameError, FrameProblem

Mask = npt.NDArray[np.bool_]

DEAD = "dead_elsewhere"
OLD = "over_100"
CARD = "shared_bank_card"
OFFICIAL = "relative_of_official"

# How much each reason counts when a risk sample is drawn: a convention, to be set anew where local audits teach better.
RISK_WEIGHTS: Mapping[str, int] = MappingProxyType({DEAD: 10, OLD: 5, CARD: 3, OFFICIAL: 2})


def contradictions(
    roster: pd.DataFrame,
    *,
    unit_id: str,
    as_of: date,
    person: str | None = None,
    birth: str | None = None,
    bank_card: str | None = None,
    dead: Collection[str] = (),
    relatives_of_officials: Collection[str] = (),
    oldest: int = 100,
    also: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """A row per unit and reason: `unit_id, reason, rows`, sorted by both; `rows` are 1-based rows of the roster.

    The roster has a row per person or per household; columns are named, and what is not named is not looked at.
    `dead_elsewhere`: the key in `person` is among `dead` (火化、户籍注销 lists). `over_100`: born more than `oldest`
    years before `as_of`. `shared_bank_card`: the same card under different units. `relative_of_official`: the key in
    `person` is among `relatives_of_officials` (近亲属备案). `also` adds reasons of one's own, name to a mask over the
    rows. Empty cells are no reason. Raises FrameError for a missing column or bad unit ids, DesignError where a list
    is given without the column that it is compared with.
    """
    _check_columns(roster, [unit_id, *filter(None, (person, birth, bank_card))])
    if person is None and (dead or relatives_of_officials):
        raise DesignError("person_wanted", "to compare people with other lists, name the column that holds their key")
    ids, problems = read_codes(roster[unit_id], "unit_id")
    if problems:
        raise FrameError(problems)
    masks: dict[str, Mask] = {}
    if person is not None:
        keys = roster[person].astype("string").str.strip()
        masks[DEAD] = keys.isin(_keys(dead)).to_numpy(dtype=bool)
        masks[OFFICIAL] = keys.isin(_keys(relatives_of_officials)).to_numpy(dtype=bool)
    if birth is not None:
        masks[OLD] = _older_than(roster[birth], oldest, as_of)
    if bank_card is not None:
        masks[CARD] = _shared(roster[bank_card], ids)
    return _flags(ids, masks | {name: np.asarray(mask, dtype=bool) for name, mask in (also or {}).items()})


def risk_scores(flags: pd.DataFrame, weights: Mapping[str, float | Decimal] = RISK_WEIGHTS) -> pd.DataFrame:
    """The flagged units, the gravest first: `unit_id, score, reasons`; the score adds up the weights of the reasons.

    Weights are summed in decimal. Raises DesignError naming the reasons that have no weight above 0.
    """
    missing = sorted(set(flags["reason"]) - {reason for reason, weight in weights.items() if weight > 0})
    if missing:
        raise DesignError("reason_without_weight", f"no weight is given for {', '.join(missing)}", reasons=missing)
    worth = {reason: Decimal(str(weight)) for reason, weight in weights.items()}
    gravest = sorted(set(flags["reason"]), key=lambda reason: (-worth[reason], reason))
    table = flags.assign(worth=flags["reason"].map(worth), rank=flags["reason"].map(gravest.index))
    units = table.sort_values(["unit_id", "rank"]).groupby("unit_id", sort=True)
    scores = units.agg(score=("worth", "sum"), reasons=("reason", tuple)).reset_index()
    return scores.sort_values(["score", "unit_id"], ascending=[False, True], ignore_index=True)


def _check_columns(roster: pd.DataFrame, names: list[str]) -> None:
    problems = [
        FrameProblem("column_missing", name, (), "is not in the roster") for name in names if name not in roster.columns
    ]
    if not len(roster):
        problems.append(FrameProblem("frame_empty", names[0], (), "has no rows"))
    if problems:
        raise FrameError(problems)


def _keys(people: Collection[str]) -> set[str]:
    return {str(key).strip() for key in people} - {""}


def _older_than(births: pd.Series, years: int, as_of: date) -> Mask:
    """Whether a person had the birthday after that of `years` years before the day; unreadable dates say nothing."""
    born = pd.to_datetime(births, errors="coerce", format="mixed")
    if born.dt.tz is not None:
        born = born.dt.tz_localize(None)
    had = (born.dt.month < as_of.month) | ((born.dt.month == as_of.month) & (born.dt.day <= as_of.day))
    return ((as_of.year - born.dt.year - (~had).astype(int)) > years).to_numpy(dtype=bool, na_value=False)


def _shared(cards: pd.Series, ids: npt.NDArray[np.object_]) -> Mask:
    """Whether a row's card stands under more than one unit; spaces in a card number do not matter."""
    table = pd.DataFrame({"card": cards.astype("string").str.replace(r"\s", "", regex=True), "unit": ids})
    table.loc[table["card"] == "", "card"] = pd.NA
    return (table.groupby("card")["unit"].transform("nunique") > 1).fillna(value=False).to_numpy(dtype=bool)


def _flags(ids: npt.NDArray[np.object_], masks: Mapping[str, Mask]) -> pd.DataFrame:
    wrong = [name for name, mask in masks.items() if mask.shape != ids.shape]
    if wrong:
        raise DesignError("mask_length", f"the mask of {wrong[0]} has not one value for each row of the roster")
    parts = [
        pd.DataFrame({"unit_id": ids[mask], "reason": reason, "rows": np.flatnonzero(mask) + 1})
        for reason, mask in masks.items()
        if mask.any()
    ]
    if not parts:
        return pd.DataFrame({"unit_id": [], "reason": [], "rows": []}, dtype=object)
    table = pd.concat(parts, ignore_index=True)
    return table.groupby(["unit_id", "reason"], sort=True)["rows"].agg(tuple).reset_index()
