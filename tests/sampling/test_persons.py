"""Which person of a household is asked."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from scipy.stats import chi2

from sampling import DesignError
from sampling.persons import KISH_TABLES, kish_person, kish_table, last_birthday, person_number


def is_fair(counts, expected):
    assert sum((counts[key] - share) ** 2 / share for key, share in expected.items()) < chi2.ppf(
        0.9999, len(expected) - 1
    )


@pytest.mark.parametrize("persons", [2, 5, 9])
def test_everybody_in_the_household_has_the_same_chance(persons):
    counts = Counter(person_number(f"h{i}", persons, "s") for i in range(12_000))
    assert set(counts) == set(range(1, persons + 1))
    is_fair(counts, dict.fromkeys(counts, 12_000 / persons))


def test_the_tables_are_given_out_in_twelfths():
    counts = Counter(kish_table(f"h{i}", "s") for i in range(12_000))
    is_fair(counts, {name: twelfths * 1000 for name, twelfths, _ in KISH_TABLES})


@pytest.mark.parametrize("persons", [1, 2, 3, 4, 6])
def test_kish_gives_equal_chances_where_he_says_so(persons):
    chances = Counter()
    for table, twelfths, _ in KISH_TABLES:
        chances[kish_person(table, persons)] += twelfths
    assert set(chances.values()) == {12 // persons}


def test_kish_gives_nearly_equal_chances_to_five():
    chances = Counter()
    for table, twelfths, _ in KISH_TABLES:
        chances[kish_person(table, 5)] += twelfths
    assert chances == {1: 2, 2: 2, 3: 3, 4: 2, 5: 3}


def test_the_last_birthday_is_looked_for_back_from_the_visit():
    family = [date(1950, 7, 2), date(1980, 6, 30), date(2001, 12, 24)]
    assert last_birthday(family, date(2026, 7, 1)) == 1
    assert last_birthday(family, date(2026, 7, 2)) == 0
    assert last_birthday(family, date(2026, 1, 5)) == 2


def test_a_leap_day_birthday_is_on_the_first_of_march_in_other_years():
    family = [date(2000, 2, 29), date(1980, 2, 27)]
    assert last_birthday(family, date(2026, 2, 28)) == 1
    assert last_birthday(family, date(2026, 3, 1)) == 0
    assert last_birthday(family, date(2024, 2, 29)) == 0


@pytest.mark.parametrize("call", [lambda: person_number("h", 0, "s"), lambda: last_birthday([], date(2026, 1, 1))])
def test_an_empty_household_is_refused(call):
    with pytest.raises(DesignError):
        call()


def test_an_unknown_table_is_refused():
    with pytest.raises(DesignError):
        kish_person("G", 3)
