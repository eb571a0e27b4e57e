"""Which person of a household is asked: by a public number, by Kish's grid, or by the last birthday.

The person's probability is 1 / persons where the choice is a number of its own, and the household's weight is then
multiplied by `persons` for rates of people (人); rates of households (户) keep the household's weight. Where the roster
names the people, `select_persons` is the last stage of the draw; else the phone asks for their number at the door.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import pandas as pd

from sampling.errors import DesignError
from sampling.tickets import SPAN, ticket_integer

# Kish (1949), J. Amer. Statist. Assoc. 44, 380-387, table 1: in twelfths, who is asked of 1, 2, 3, 4, 5, 6 or more.
KISH_TABLES: tuple[tuple[str, int, tuple[int, ...]], ...] = (
    ("A", 2, (1, 1, 1, 1, 1, 1)),
    ("B1", 1, (1, 1, 1, 1, 2, 2)),
    ("B2", 1, (1, 1, 1, 2, 2, 2)),
    ("C", 2, (1, 1, 2, 2, 3, 3)),
    ("D", 2, (1, 2, 2, 3, 4, 4)),
    ("E1", 1, (1, 2, 3, 3, 3, 5)),
    ("E2", 1, (1, 2, 3, 4, 5, 5)),
    ("F", 2, (1, 2, 3, 4, 5, 6)),
)


def person_number(unit_id: str, persons: int, seed: str | int) -> int:
    """Who is asked, from 1: each of `persons` eligible people with the same chance, by the ticket of `#person/id`."""
    _check(persons)
    return ticket_integer(f"#person {unit_id}/1", seed) * persons // SPAN + 1


def kish_table(unit_id: str, seed: str | int) -> str:
    """Which of Kish's eight tables the household gets: A, C, D, F with chance 1/6, the others 1/12."""
    twelfth = ticket_integer(f"#kish {unit_id}/1", seed) * 12 // SPAN
    for name, twelfths, _ in KISH_TABLES:
        if twelfth < twelfths:
            return name
        twelfth -= twelfths
    return KISH_TABLES[-1][0]  # not reached: the twelfths add up to twelve


def kish_person(table: str, persons: int) -> int:
    """Who is asked by a table, from 1, the eligible people listed men first and by age downwards.

    Equal chances for up to four people and for six; nearly so for five. Beyond six nobody but the first six is met.
    Raises DesignError for an unknown table.
    """
    _check(persons)
    for name, _, numbers in KISH_TABLES:
        if name == table:
            return numbers[min(persons, 6) - 1]
    raise DesignError("kish_table", f"there is no Kish table {table!r}")


def kish_chance(person: int, persons: int) -> float:
    """The chance with which Kish's grid asks this person, from 1, of so many: what a person's weight is divided by."""
    _check(persons)
    twelfths = sum(part for name, part, _ in KISH_TABLES if kish_person(name, persons) == person)
    return twelfths / 12


def select_persons(
    sample: pd.DataFrame,
    members: pd.DataFrame,
    *,
    seed: str | int,
    unit_id: str = "unit_id",
    person: str = "person",
    method: Literal["equal", "kish"] = "equal",
) -> pd.DataFrame:
    """The last stage, for a roster that names the people: the sample with `person, persons` and people's own weights.

    `members` has a row per eligible person. `equal` gives each the same chance, whatever the order of rows (see
    `person_number`); `kish` goes down the rows in the order given, men first and by age downwards (see `kish_person`).
    `persons` is how many could be asked, `person_probability` and `person_weight` are those of the person, blank for a
    reserve as the household's are. Raises DesignError naming the households in which nobody can be asked.
    """
    people = {str(unit): keys.tolist() for unit, keys in members.groupby(unit_id, sort=False)[person]}
    units = sample["unit_id"].tolist()
    empty = [unit for unit in units if unit not in people]
    if empty:
        says = f"nobody can be asked in {len(empty)} households: {', '.join(empty[:10])}"
        raise DesignError("nobody_eligible", says, units=tuple(empty))
    choose = _by_kish if method == "kish" else _by_number
    chosen = [choose(unit, people[unit], seed) for unit in units]
    result = sample.assign(person=[key for key, _ in chosen], persons=[len(people[unit]) for unit in units])
    result["person_probability"] = result["probability"] * [chance for _, chance in chosen]
    return result.assign(person_weight=1 / result["person_probability"])


def _by_number(unit: str, people: list[Any], seed: str | int) -> tuple[Any, float]:
    return sorted(people, key=str)[person_number(unit, len(people), seed) - 1], 1 / len(people)


def _by_kish(unit: str, people: list[Any], seed: str | int) -> tuple[Any, float]:
    number = kish_person(kish_table(unit, seed), len(people))
    return people[number - 1], kish_chance(number, len(people))


def last_birthday(birthdays: Sequence[date], visit: date) -> int:
    """Position of the person whose birthday was last before or on the day of the visit; of twins, the first.

    Somebody born on 29 February has the birthday on 1 March in other years.
    """
    _check(len(birthdays))
    ages = [(visit - _latest(birthday, visit)).days for birthday in birthdays]
    return ages.index(min(ages))


def _latest(birthday: date, visit: date) -> date:
    this_year = _in_year(birthday, visit.year)
    return this_year if this_year <= visit else _in_year(birthday, visit.year - 1)


def _in_year(birthday: date, year: int) -> date:
    leap_day = (birthday.month, birthday.day) == (2, 29)
    leap_year = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, 3, 1) if leap_day and not leap_year else birthday.replace(year=year)


def _check(persons: int) -> None:
    if persons < 1:
        raise DesignError("nobody_eligible", "nobody in the household can be asked")
