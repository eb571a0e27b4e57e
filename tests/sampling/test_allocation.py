"""Allocations against the reference answers, brute force and wishes that cannot be met."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling import AllocationError, allocate, allocate_budget
from sampling.allocation import Bounds, largest_remainder, real_allocation

CASES = json.loads((Path(__file__).parents[1] / "oracles/expected/size_allocation.json").read_text("utf-8"))["cases"]
POWER = [case for case in CASES if case["id"].startswith("alloc.bankier")]
WRIGHT = next(case for case in CASES if case["id"] == "alloc.wright.min2")


@pytest.mark.parametrize("case", POWER, ids=lambda case: case["id"])
def test_power_allocation_is_the_reference_answer(case):
    asked, answer = case["args"], case["result"]
    shares = {h: count ** asked["q"] * asked["CV_h"][h] for h, count in enumerate(asked["N_h"])}
    free = Bounds(dict.fromkeys(shares, 0), dict.fromkeys(shares, asked["n"]))
    real = real_allocation(shares, asked["n"], free)
    assert list(real.values()) == pytest.approx(answer["real"], rel=1e-9)
    assert list(largest_remainder(real, asked["n"]).values()) == answer["largest_remainder"]


def test_power_allocation_never_gives_a_stratum_more_than_it_has():
    asked = POWER[0]["args"]
    result = allocate(
        dict(enumerate(asked["N_h"])), 400, "power", variation=dict(enumerate(asked["CV_h"])), power=asked["q"]
    )
    assert sum(result.values()) == 400
    assert (result[9], result[10], result[11]) == (19, 7, 3)


def test_neyman_in_whole_numbers_is_the_reference_answer():
    asked, answer = WRIGHT["args"], WRIGHT["result"]
    counts, spreads = dict(enumerate(asked["N_h"])), dict(enumerate(asked["S_h"]))
    result = allocate(counts, asked["n"], "neyman", deviations=spreads, minimum=asked["min_n"])
    assert list(result.values()) == answer["n_h"]
    assert variance(counts, spreads, result.values()) == pytest.approx(answer["variance_total"], rel=1e-9)


def variance(counts, spreads, takes):
    return sum(
        count**2 * spreads[h] ** 2 * (1 / take - 1 / count)
        for (h, count), take in zip(counts.items(), takes, strict=True)
    )


@given(
    st.lists(st.tuples(st.integers(1, 9), st.floats(0.01, 5)), min_size=2, max_size=4),
    st.integers(1, 3),
    st.data(),
)
def test_neyman_in_whole_numbers_is_the_best_of_all_whole_numbers(strata, minimum, data):
    counts = {h: count for h, (count, _) in enumerate(strata)}
    spreads = {h: spread for h, (_, spread) in enumerate(strata)}
    least = [min(minimum, count) for count in counts.values()]
    total = data.draw(st.integers(sum(least), sum(counts.values())))
    result = allocate(counts, total, "neyman", deviations=spreads, minimum=minimum)
    ranges = [range(low, count + 1) for low, count in zip(least, counts.values(), strict=True)]
    best = min(variance(counts, spreads, takes) for takes in itertools.product(*ranges) if sum(takes) == total)
    assert variance(counts, spreads, result.values()) == pytest.approx(best, abs=1e-9)


def test_proportional_equal_and_square_root_by_hand():
    counts = {"大": 6400, "中": 1600, "小": 100}
    assert allocate(counts, 81) == {"大": 64, "中": 16, "小": 1}
    assert allocate(counts, 81, "equal") == {"大": 27, "中": 27, "小": 27}
    assert allocate(counts, 130, "sqrt") == {"大": 80, "中": 40, "小": 10}


def test_cost_optimal_by_hand():
    # N·S/√c: 100·1/1 = 100 and 100·1/2 = 50.
    result = allocate({"近": 100, "远": 100}, 30, "cost", deviations={"近": 1, "远": 1}, costs={"近": 1, "远": 4})
    assert result == {"近": 20, "远": 10}


def test_largest_remainders_get_the_units_that_are_left():
    # 7/10, 2/10, 1/10 of 9: 6.3, 1.8, 0.9; rounded down 6, 1, 0; the two that are left go to .9 and .8.
    assert allocate({"a": 70, "b": 20, "c": 10}, 9, minimum=0) == {"a": 6, "b": 2, "c": 1}


def test_a_minimum_bends_to_a_small_stratum_and_the_others_share_the_rest():
    assert allocate({"a": 1000, "b": 500, "c": 3}, 63, minimum=10) == {"a": 40, "b": 20, "c": 3}


def test_a_maximum_holds_and_the_others_get_what_it_frees():
    assert allocate({"a": 1000, "b": 500, "c": 500}, 60, maximum={"a": 20}) == {"a": 20, "b": 20, "c": 20}


def test_a_census_stratum_is_taken_whole_before_the_rest_is_shared():
    assert allocate({"a": 1000, "b": 500, "特困": 19}, 49, census=["特困"]) == {"a": 20, "b": 10, "特困": 19}


def test_every_stratum_gets_a_unit_unless_told_otherwise():
    assert allocate({"a": 10_000, "b": 1}, 2) == {"a": 1, "b": 1}


strata = st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 500), min_size=1, max_size=8)


@given(strata, st.sampled_from(["equal", "proportional", "sqrt", "power"]), st.integers(1, 20), st.data())
def test_whole_numbers_add_up_and_keep_their_bounds(counts, method, minimum, data):
    least = {key: min(minimum, count) for key, count in counts.items()}
    most = {key: min(count, minimum + 30) for key, count in counts.items()}
    total = data.draw(st.integers(sum(least.values()), sum(most.values())))
    result = allocate(counts, total, method, minimum=minimum, maximum=minimum + 30)
    assert sum(result.values()) == total
    assert all(least[key] <= result[key] <= most[key] for key in counts)
    assert list(result) == list(counts)


@given(strata, st.integers(0, 10**6))
def test_unbounded_proportional_shares_are_within_one_of_the_exact_share(counts, part):
    whole = sum(counts.values())
    total = part % (whole + 1)
    free = Bounds(dict.fromkeys(counts, 0), counts)
    result = largest_remainder(real_allocation(counts, total, free), total)
    assert all(abs(result[key] - total * count / whole) < 1 for key, count in counts.items())


@pytest.mark.parametrize(
    ("arguments", "code", "strata"),
    [
        ({"total": 1}, "total_too_small", {("甲",), ("乙",)}),
        ({"total": 13}, "total_too_large", {("甲",), ("乙",)}),
        ({"total": 5, "minimum": {"乙": 3}}, "minimum_exceeds_stratum", {("乙",)}),
        ({"total": 5, "minimum": {"甲": 5}, "maximum": {"甲": 4}}, "minimum_exceeds_maximum", {("甲",)}),
        ({"total": 5, "census": ["丙"]}, "stratum_unknown", {("丙",)}),
        ({"total": 5, "minimum": {"丙": 2}}, "stratum_unknown", {("丙",)}),
        ({"total": 5, "method": "neyman"}, "deviations_missing", {("甲",), ("乙",)}),
        ({"total": 5, "method": "neyman", "deviations": {"甲": 1}}, "deviations_missing", {("乙",)}),
        ({"total": 5, "method": "neyman", "deviations": {"甲": 1, "乙": -1}}, "deviations_bad", {("乙",)}),
        ({"total": 5, "method": "neyman", "deviations": {"甲": 1, "乙": math.nan}}, "deviations_bad", {("乙",)}),
        (
            {"total": 5, "method": "cost", "deviations": {"甲": 1, "乙": 1}, "costs": {"甲": 1, "乙": 0}},
            "costs_bad",
            {("乙",)},
        ),
        (
            {"total": 4, "method": "power", "variation": {"甲": 1, "乙": 0}, "maximum": {"甲": 2}},
            "share_zero",
            {("乙",)},
        ),
        ({"total": 5, "method": "guess"}, "method", set()),
    ],
)
def test_an_impossible_wish_is_refused_with_its_strata(arguments, code, strata):
    with pytest.raises(AllocationError) as caught:
        allocate({"甲": 10, "乙": 2}, **arguments)
    assert caught.value.code == code
    assert set(caught.value.strata) == strata


@pytest.mark.parametrize("counts", [{}, {"甲": 10, "乙": 0}])
def test_empty_strata_are_refused(counts):
    with pytest.raises(AllocationError) as caught:
        allocate(counts, 5)
    assert caught.value.code == "stratum_empty"


def test_a_budget_buys_the_cost_optimal_takes():
    # N·S/√c: 100 and 50, as above; 20 near units at 1 and 10 far ones at 4 cost 60.
    strata = {"近": 100, "远": 100}
    result = allocate_budget(strata, 60, deviations={"近": 1, "远": 1}, costs={"近": 1, "远": 4})
    assert result == {"近": 20, "远": 10}


@given(st.lists(st.tuples(st.integers(2, 8), st.floats(0.1, 5), st.integers(1, 4)), min_size=2, max_size=3), st.data())
def test_a_budget_is_kept_and_comes_near_to_the_best_variance(rows, data):
    counts, spreads, costs = ({h: row[part] for h, row in enumerate(rows)} for part in range(3))
    least = sum(costs.values())
    budget = data.draw(st.integers(least, sum(costs[h] * counts[h] for h in counts)))
    result = allocate_budget(counts, budget, deviations=spreads, costs=costs)
    spent = sum(costs[h] * result[h] for h in counts)
    assert spent <= budget
    assert all(result[h] == counts[h] or costs[h] > budget - spent for h in counts)
    less = list(_affordable(counts, costs, budget - max(costs.values())))
    assert all(variance(counts, spreads, result.values()) <= variance(counts, spreads, t) + 1e-9 for t in less)


def _affordable(counts, costs, budget):
    ranges = [range(1, count + 1) for count in counts.values()]
    for takes in itertools.product(*ranges):
        if sum(cost * take for cost, take in zip(costs.values(), takes, strict=True)) <= budget:
            yield takes


def test_a_budget_below_the_minima_is_refused():
    with pytest.raises(AllocationError) as caught:
        allocate_budget({"a": 9, "b": 9}, 3, deviations={"a": 1, "b": 1}, costs={"a": 2, "b": 2})
    assert caught.value.code == "budget_too_small"


@pytest.mark.parametrize("method", ["proportional", "equal", "sqrt", "neyman"])
def test_populations_may_be_counts_of_a_table(method):
    counts = pd.Series(["a"] * 60 + ["b"] * 30).value_counts()
    result = allocate(counts, 9, method, deviations={"a": 1, "b": 1})
    assert sum(result.values()) == 9
    assert all(type(take) is int for take in result.values())
