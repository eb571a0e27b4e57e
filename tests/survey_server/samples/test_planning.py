from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling import AllocationError, SamplingError
from survey_server.errors import Problem, ZoufangError
from survey_server.samples.planning import Frame, Plan, plan, plan_of
from survey_server.samples.strata import Stratum
from survey_server.samples.villages import chances, walks
from survey_server.samples.wishes import FIELDS, Wish

LARGE, SMALL = ("甲县", "1"), ("甲县", "3")


def frame(*sizes: int, villages: list[list[int]] | None = None) -> Frame:
    """Strata of 甲县 and 乙县 in turn: 低保 (1) and 特困 (3)."""
    keys = [("甲县", "1"), ("甲县", "3"), ("乙县", "1"), ("乙县", "3")][: len(sizes)]
    strata = [
        Stratum(county, code, {"1": "城市低保", "3": "特困"}[code], "户", size)
        for (county, code), size in zip(keys, sizes, strict=True)
    ]
    return Frame(strata, dict(zip(keys, villages or [], strict=False)))


def wish(**typed: str) -> Wish:
    return Wish.read({"minimum": "1", "reserve": "0", **typed})


def takes(made: Plan) -> dict[tuple[str, str], int]:
    return {stratum.key: stratum.take for stratum in made.strata}


def test_five_points_of_one_stratum_of_a_thousand_take_278() -> None:
    """Cochran 1977, eq. 4.1 and 4.2: 384.15 before, 277.74 after the finite population."""
    made = plan(frame(1000), wish())
    assert made.households == 278
    assert made.overall == pytest.approx(1.959964 * math.sqrt(0.25 / 278 * 722 / 999), abs=1e-6)


def test_precision_holds_for_the_whole_study_even_where_small_strata_are_taken_whole() -> None:
    made = plan(frame(139, 22), wish(minimum="30", precision="5"))
    assert takes(made)[SMALL] == 22
    assert made.overall <= 0.05
    fewer = {**takes(made), LARGE: takes(made)[LARGE] - 1}
    assert plan_of(frame(139, 22), made.wish, fewer).overall > 0.05


def test_a_ratio_is_rounded_up_in_each_stratum_and_keeps_the_least() -> None:
    made = plan(frame(700, 100, 12), wish(how="ratio", ratio="7", minimum="10"))
    assert list(takes(made).values()) == [49, 10, 10]


def test_a_contract_is_given_out_with_the_expected_response_on_top() -> None:
    made = plan(frame(2000, 500), wish(how="contract", total="400", response="80"))
    assert (made.households, made.completes) == (500, 400)


def test_to_find_one_of_two_wrong_among_a_hundred_78_are_looked_at() -> None:
    """Hypergeometric: with 2 wrong of 100, 77 looked at miss both with more than 5 %, 78 with less."""
    missed = math.comb(98, 77) / math.comb(100, 77)
    assert missed > 0.05 >= math.comb(98, 78) / math.comb(100, 78)
    assert plan(frame(100), wish(how="discovery", rate="1")).households == 78


def test_each_county_is_large_enough_to_be_told_from_the_other() -> None:
    """Fleiss, Levin and Paik 2003, eq. 4.19: 80 % against 90 % takes 199 in each group."""
    made = plan(frame(5000, 100, 3000, 100), wish(how="comparison", groups="county"))
    by_county = {name: sum(s.take for s in inside) for name, inside in made.domains(0).items()}
    assert by_county == {"甲县": 199, "乙县": 199}


def test_a_group_that_is_too_small_to_compare_is_refused_with_its_strata() -> None:
    with pytest.raises(AllocationError) as caught:
        plan(frame(5000, 100, 100, 50), wish(how="comparison"))
    assert caught.value.code == "group_too_small"
    assert [tuple(key) for key in caught.value.strata] == [("乙县", "1"), ("乙县", "3")]


def test_study_county_and_category_are_precise_at_once() -> None:
    made = plan(frame(5000, 400, 3000, 200), wish(precision="5", county_precision="7", category_precision="8"))
    assert made.overall <= 0.05 + 1e-9
    assert all(made.joined(inside) <= 0.07 + 1e-9 for inside in made.domains(0).values())
    assert all(made.joined(inside) <= 0.08 + 1e-9 for inside in made.domains(1).values())


def test_neyman_asks_more_where_answers_differ_more() -> None:
    made = plan(
        frame(1000, 1000),
        wish(how="contract", total="200", share="neyman", **{"rate|甲县|1": "50", "rate|甲县|3": "2"}),
    )
    # N·S is 500 and 140: 200 are shared as 156.25 and 43.75.
    assert takes(made) == {LARGE: 156, SMALL: 44}


def test_a_visit_that_costs_four_times_as_much_is_made_half_as_often() -> None:
    made = plan(frame(900, 900), wish(how="contract", total="90", share="cost", **{"cost|甲县|3": "4"}))
    assert takes(made) == {LARGE: 60, SMALL: 30}


def test_everybody_has_no_interval() -> None:
    made = plan(frame(100, 20), wish(how="census"))
    assert (made.households, made.overall, made.reserve) == (120, 0.0, 0)


def test_a_contract_below_what_the_strata_are_to_give_is_refused_with_their_names() -> None:
    with pytest.raises(AllocationError) as caught:
        plan(frame(1000, 1000), wish(how="contract", total="50", minimum="30"))
    assert caught.value.code == "total_too_small"
    assert set(map(tuple, caught.value.strata)) == {LARGE, SMALL}


@pytest.mark.parametrize("take", [0, 101])
def test_a_take_that_its_stratum_cannot_give_is_refused(take: int) -> None:
    with pytest.raises(SamplingError) as caught:
        plan_of(frame(1000, 100), wish(), {LARGE: 10, SMALL: take})
    assert [tuple(key) for key in caught.value.fields["strata"]] == [SMALL]


def test_villages_give_what_was_asked_and_widen_the_interval_by_the_design_effect() -> None:
    wanted = wish(how="contract", total="60", way="villages", village_take="6", icc="0.1")
    made = plan(frame(400, villages=[[20] * 20]), wanted)
    assert made.deff == pytest.approx(1.5)
    walk = made.walks[LARGE]
    assert (walk.villages, walk.of, walk.take) == (10, 20, 6)
    assert walk.expected == pytest.approx(60)
    simple = plan(frame(400), wish(how="contract", total="60"))
    assert made.overall == pytest.approx(simple.overall * math.sqrt(1.5))


def test_where_every_village_is_taken_neighbours_widen_nothing() -> None:
    wanted = {"how": "contract", "total": "60"}
    made = plan(frame(400, villages=[[40] * 10]), wish(**wanted, way="villages", village_take="6", icc="0.1"))
    assert made.walks[LARGE].villages == 10
    assert made.overall == plan(frame(400), wish(**wanted)).overall


def test_where_villages_are_too_few_more_households_are_taken_in_each() -> None:
    (walk,) = walks({LARGE: 50}, {LARGE: [40, 30]}, 5).values()
    assert (walk.villages, walk.take) == (2, 25)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=30), st.data())
def test_chances_of_villages_add_up_and_none_is_above_one(sizes: list[int], data: st.DataObject) -> None:
    number = data.draw(st.integers(1, len(sizes)))
    chance = chances(np.array(sizes), number)
    assert chance.sum() == pytest.approx(number)
    assert chance.max() <= 1 + 1e-12
    assert (np.diff(chance[np.argsort(sizes)]) >= -1e-12).all()


def test_every_default_can_be_read() -> None:
    read = Wish.read({})
    assert set(read.numbers) == {name for name, field in FIELDS.items() if field.default}
    assert Wish.read(read.typed).numbers == read.numbers


@pytest.mark.parametrize("typed", ["", "x", "-5", "nan", "inf", "1e9", "51"])
def test_a_precision_that_cannot_be_is_refused_by_its_name(typed: str) -> None:
    with pytest.raises(ZoufangError) as caught:
        Wish.read({"precision": typed})
    assert caught.value.problem is Problem.INVALID_FIELD
    assert caught.value.fields["field"] == "Precision, ± percentage points"


@pytest.mark.parametrize(("name", "text"), [("how", "guess"), ("share", "1"), ("way", "../"), ("last", "nobody")])
def test_a_choice_that_is_not_in_its_list_is_refused(name: str, text: str) -> None:
    with pytest.raises(ZoufangError) as caught:
        Wish.read({name: text})
    assert caught.value.problem is Problem.INVALID_FIELD
