"""Persons collapsed to households, lists merged, and the one unit under which each will be drawn.

**Who belongs together.** Rows are joined where they share a key, and what is joined to the same row is joined:
the household number within a township and list (across lists too where it has at least `LONG_NUMBER`
characters, for short numbers are counted anew on every list); the ID number of the head; a person's own
ID number, which is what ties several lists together; and where a row has none of these, name and address.

**What is one unit.** Each person's main category is the first in the order of the lists that person is on.
A person whose main category counts people (人, as 特困 does) and stands before every household category of
the household is a unit alone; all others of the household are one unit (户) under the first of their
categories. So a couple on 特困 is two units, 低保 with a disabled member is one, and a 特困 mother in a
低保 family is a unit beside that family.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from survey_server.rosters.categories import all_categories, rank
from survey_server.rosters.checks import Rules
from survey_server.rosters.duplicates import list_name
from survey_server.rosters.households import LONG_NUMBER, Pseudonym, UnitFacts, best, bits_of, gather, unit_ids

_NONE = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Merged:
    """Units ready for storing, and how each row of the rosters came to belong to its unit.

    `households`: unit_id, unit (户 or 人), county, town, village, area, category, category_name, categories (codes
    joined by commas), persons, family, monthly, amount, standard, standard_year; and to be encrypted: name, surname,
    id_number, phones (joined by blanks), address, card.

    `links`: a row per roster row with unit (position in `households`), file, sheet, row, category, why.
    """

    households: pd.DataFrame
    links: pd.DataFrame
    household: np.ndarray
    """The household of each row: several units (人) may be of one."""


def merge(persons: pd.DataFrame, rules: Rules, pseudonym: Pseudonym) -> Merged:
    """Collapse the rows of all lists to units (see the module's text for the rules)."""
    persons = persons.reset_index(drop=True)
    keys = _keys(persons)
    household = _components(len(persons), keys)
    person = _person(persons, household)
    masks = bits_of(persons["category"].to_numpy())
    unit = _units(household, person, masks, rank(rules.order))
    households = UnitFacts(persons, unit, person, masks, rules).table()
    households.insert(0, "unit_id", unit_ids(households, pseudonym))
    links = persons[["file", "sheet", "row", "category"]].copy()
    links.insert(0, "unit", unit.astype(np.int32))
    links["why"] = _reasons(keys, household)
    return Merged(households.drop(columns=["household_no", "head_id_number"]), links, household)


def _label(*columns: np.ndarray | pd.Series) -> np.ndarray:
    """One integer per row, equal where all columns are equal."""
    label = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        codes = pd.factorize(column)[0]
        label = pd.factorize(label * (int(codes.max(initial=0)) + 1) + codes)[0].astype(np.int64)
    return label


def _keys(persons: pd.DataFrame) -> dict[str, np.ndarray]:
    """Reason → a label per row, -1 where the row has no such key.

    Labels of different reasons are told apart later, except that a head's ID number is that person's own.
    """
    number = persons["household_no"].to_numpy()
    lists = np.array([list_name(code) for code in persons["category"]], dtype=object)
    lists[[len(text) >= LONG_NUMBER for text in number]] = ""
    ids = np.concatenate([persons["id_number"].to_numpy(), persons["head_id_number"].to_numpy()])
    id_labels = np.where(ids == "", -1, pd.factorize(ids)[0])
    own, head = id_labels[: len(persons)], id_labels[len(persons) :]
    where = [persons[name] for name in ("county", "town")]
    numbered = np.where(number == "", -1, _label(*where, lists, number))
    loose = (number == "") & (own < 0) & (head < 0) & (persons["address"] != "").to_numpy()
    named = np.where(loose, _label(*where, persons["village"], persons["name"], persons["address"]), -1)
    return {"household_no": numbered, "head_id_number": head, "id_number": own, "name_address": named}


def _components(count: int, keys: dict[str, np.ndarray]) -> np.ndarray:
    """The household of each row: connected components of the graph of rows and keys."""
    rows, nodes, base = [], [], count
    for names in (("household_no",), ("head_id_number", "id_number"), ("name_address",)):
        width = max((int(keys[name].max(initial=-1)) for name in names), default=-1) + 1
        for name in names:
            has = np.flatnonzero(keys[name] >= 0)
            rows.append(has)
            nodes.append(keys[name][has] + base)
        base += width
    row, node = np.concatenate(rows), np.concatenate(nodes)
    graph = coo_array((np.ones(len(row), dtype=np.int8), (row, node)), shape=(base, base))
    return connected_components(graph, directed=False)[1][:count].astype(np.int64)


def _reasons(keys: dict[str, np.ndarray], household: np.ndarray) -> pd.Categorical:
    """By which key each row met another of its household; `alone` where it is the only one."""
    reasons = ["alone", "household_no", "head_id_number", "id_number", "name_address"]
    code = np.zeros(len(household), dtype=np.int8)
    together = np.bincount(household)[household] > 1
    shared_ids = np.bincount(np.concatenate([keys["head_id_number"], keys["id_number"]]) + 1)
    for number, reason in reversed(list(enumerate(reasons[1:], start=1))):
        label = keys[reason]
        counts = shared_ids if reason.endswith("id_number") else np.bincount(label + 1)
        code = np.where((label >= 0) & (counts[label + 1] > 1) & together, number, code)
    return pd.Categorical(np.array(reasons, dtype=object)[code].tolist(), categories=reasons)


def _person(persons: pd.DataFrame, household: np.ndarray) -> np.ndarray:
    """One integer per person: by ID number, else by name within the household."""
    ids = persons["id_number"].to_numpy()
    who = np.where(ids == "", persons["name"].to_numpy(), ids)
    return _label(household, who)


def _units(household: np.ndarray, person: np.ndarray, masks: np.ndarray, ranks: dict[str, int]) -> np.ndarray:
    """The unit of each row, numbered by first appearance."""
    order = sorted(ranks, key=lambda code: ranks[code])
    own = best(gather(person, masks), ranks)[person]
    counts_people = np.array([all_categories()[code].unit == "人" for code in order])[own]
    first_household = np.full(int(household.max(initial=-1)) + 1, _NONE)
    np.minimum.at(first_household, household[~counts_people], own[~counts_people])
    alone = counts_people & (own < first_household[household])
    return pd.factorize(np.where(alone, -1 - person, household))[0].astype(np.int64)
