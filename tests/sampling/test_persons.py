"""Which person of a household is asked."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from sampling import DesignError, Frame, SampleDesign, draw
from sampling.persons import (
    KISH_TABLES,
    kish_chance,
    kish_person,
    kish_table,
    last_birthday,
    person_number,
    select_persons,
)


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


@pytest.mark.parametrize("persons", range(1, 7))
def test_the_chances_of_a_household_add_up_to_one(persons):
    assert sum(kish_chance(person, persons) for person in range(1, persons + 1)) == pytest.approx(1)


def test_the_fifth_of_five_has_the_chance_that_kish_gives():
    assert [kish_chance(person, 5) * 12 for person in range(1, 6)] == [2, 2, 3, 2, 3]


def households(count=40):
    return pd.DataFrame({"unit_id": [f"h{i:02d}" for i in range(count)]})


def members(count=40):
    rows = [(f"h{i:02d}", f"h{i:02d}/{k}") for i in range(count) for k in range(1 + i % 6)]
    return pd.DataFrame(rows, columns=["unit_id", "person"])


def drawn(take=20, seed="s"):
    return draw(Frame.from_table(households(), unit_id="unit_id"), SampleDesign(take=take, reserve=3), seed=seed).sample


def test_a_person_of_each_household_is_drawn_with_a_weight_of_their_own():
    sample = select_persons(drawn(), members(), seed="s")
    sizes = members().groupby("unit_id").size()
    assert sample["persons"].tolist() == sizes[sample["unit_id"]].tolist()
    main = sample["role"] == "main"
    assert (sample["person_weight"] / sample["weight"])[main].tolist() == sample["persons"][main].tolist()
    assert sample.loc[~main, "person_weight"].isna().all()
    assert all(row.person.startswith(row.unit_id) for row in sample.itertuples())


def test_the_order_of_the_members_does_not_matter():
    shuffled = members().sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        select_persons(drawn(), members(), seed="s"), select_persons(drawn(), shuffled, seed="s")
    )


@pytest.mark.parametrize("method", ["equal", "kish"])
def test_weights_of_people_add_up_to_all_people_on_average(method):
    totals = [
        select_persons(drawn(seed=seed), members(), seed=seed, method=method)["person_weight"].sum()
        for seed in range(300)
    ]
    assert abs(np.mean(totals) - len(members())) < 4.5 * np.std(totals) / np.sqrt(300)


def test_kish_asks_whom_the_grid_of_the_household_says():
    for row in select_persons(drawn(), members(), seed="s", method="kish").itertuples():
        number = kish_person(kish_table(row.unit_id, "s"), row.persons)
        assert row.person == f"{row.unit_id}/{number - 1}"
        if row.role == "main":
            assert row.person_probability == pytest.approx(row.probability * kish_chance(number, row.persons))


def test_households_in_which_nobody_can_be_asked_are_named():
    with pytest.raises(DesignError, match="h00") as caught:
        select_persons(drawn(take=37), members().query("unit_id != 'h00'"), seed="s")
    assert caught.value.code == "nobody_eligible"
