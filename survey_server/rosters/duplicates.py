"""Rows that say again what another row of the same list said."""

from __future__ import annotations

import numpy as np
import pandas as pd

from survey_server.rosters.categories import all_categories
from survey_server.rosters.checks import HEADS
from survey_server.rosters.identity import mask
from survey_server.rosters.problems import Problem, ProblemLog


def find_duplicates(persons: pd.DataFrame, log: ProblemLog) -> np.ndarray:
    """Name the rows that say again what a row of the same list said before; returns which rows stay.

    The same person on *different* lists is no duplicate, nor is a second one-off payment (临时救助): such rows merge.
    """
    lists = persons["category"].astype(object).map(list_name)
    once = ~persons["category"].isin([c for c in persons["category"].unique() if _is_one_off(c)])
    has_id = (persons["id_number"] != "") & once
    drop = _repeats(persons, [persons["id_number"], lists], has_id, "duplicate_person", "id_number", log)
    place = [persons[name] for name in ("county", "town", "village")]
    nameless = (persons["id_number"] == "") & once & (persons["address"] != "")
    same = [*place, lists, persons["household_no"], persons["name"], persons["address"]]
    drop |= _repeats(persons, same, nameless & ~drop, "duplicate_household", "name", log)
    heads = persons["relation"].isin(HEADS) & (persons["household_no"] != "") & once
    heads &= persons["category"].isin([c for c in persons["category"].unique() if _is_household(c)])
    same = [*place[:2], lists, persons["household_no"]]
    drop |= _repeats(persons, same, heads & ~drop, "duplicate_household", "household_no", log)
    return ~drop


def list_name(codes: str) -> str:
    """The list that a row stands on: both kinds of 低保 are one list, and both kinds of 特困."""
    return {"1": "低保", "2": "低保", "3": "特困", "4": "特困"}.get(codes, codes)


def _is_one_off(codes: str) -> bool:
    return all(all_categories()[code].one_off for code in codes.split(",") if code)


def _is_household(codes: str) -> bool:
    return any(all_categories()[code].unit == "户" for code in codes.split(",") if code)


def _repeats(
    persons: pd.DataFrame,
    same: list[pd.Series],
    among: pd.Series,
    code: str,
    name: str,
    log: ProblemLog,
) -> np.ndarray:
    """Which rows repeat an earlier row in all of `same`; the problem names that earlier row."""
    rows = np.flatnonzero(among.to_numpy())
    drop = np.zeros(len(persons), dtype=bool)
    label = np.zeros(len(rows), dtype=np.int64)
    for column in same:
        label = pd.factorize(label * (len(rows) + 1) + pd.factorize(column.to_numpy()[rows])[0])[0]
    again = pd.Series(label).duplicated().to_numpy()
    if not again.any():
        return drop
    first = dict(zip(label[~again], rows[~again], strict=True))
    columns = {key: persons[key].to_numpy() for key in ("file", "sheet", "row", name)}
    for group, i in zip(label[again], rows[again], strict=True):
        place = {f"first_{key}": columns[key][first[group]] for key in ("file", "sheet")}
        fields = {**place, "first_row": int(columns["row"][first[group]])}
        value = mask(name, columns[name][i])
        log.add(Problem(code, columns["file"][i], columns["sheet"][i], int(columns["row"][i]), name, value, fields))
    if log.leaves_out(code):
        drop[rows[again]] = True
    return drop


def find_shared_phones(persons: pd.DataFrame, household: np.ndarray, log: ProblemLog, at_least: int) -> frozenset[str]:
    """Telephones that stand at so many households that they are nobody's own (a cadre's, an institution's)."""
    cells = persons["phone"].to_numpy()
    rows = np.flatnonzero(cells != "")
    found = [cells[i].split(" ") if " " in cells[i] else (cells[i],) for i in rows]
    position = np.repeat(rows, [len(numbers) for numbers in found])
    label, numbers = pd.factorize(np.array([number for several in found for number in several], dtype=object))
    size = int(household.max(initial=0)) + 1
    pairs = np.unique(label * size + household[position])
    households = np.bincount(pairs // size, minlength=len(numbers))
    columns = {key: persons[key].to_numpy() for key in ("file", "sheet", "row")}
    for k in np.flatnonzero(households[label] >= at_least):
        i, number = position[k], numbers[label[k]]
        place = columns["file"][i], columns["sheet"][i], int(columns["row"][i])
        fields = {"households": int(households[label[k]])}
        log.add(Problem("phone_shared", *place, "phone", mask("phone", number), fields))
    return frozenset(map(str, numbers[households >= at_least]))
