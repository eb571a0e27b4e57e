"""Sample sizes against the reference answers, the figures of the content pack and worked examples."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path
from statistics import NormalDist

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sampling import (
    Fieldwork,
    SizeError,
    comparison_size,
    design_effect,
    discovery_size,
    half_width,
    relative_sample_size,
    sample_size,
    size_by_ratio,
    size_options,
    wilson_size,
)

CASES = json.loads((Path(__file__).parents[1] / "oracles/expected/size_allocation.json").read_text("utf-8"))["cases"]
PROPORTIONS = [case for case in CASES if case["estimator"] == "sample_size_prop"]


@pytest.mark.parametrize("case", PROPORTIONS, ids=lambda case: case["id"])
def test_the_size_for_a_proportion_is_the_reference_answer(case):
    asked, answer = case["args"], case["result"]
    size = sample_size(
        asked["e"],
        level=asked["level"],
        expected=asked["p"],
        population=None if asked["N"] == "Inf" else asked["N"],
        deff=asked["deff"],
        response=asked["response_rate"],
    )
    real = (size.infinite, size.with_deff, size.corrected, size.to_issue)
    expected = tuple(answer[name] for name in ("n_infinite", "n_deff", "n_fpc", "n_issue"))
    assert real == pytest.approx(expected, rel=1e-9)
    assert (size.completes, size.wanted) == (answer["n_fpc_ceil"], answer["n_issue_ceil"])


def test_the_reference_has_many_sizes():
    assert len(PROPORTIONS) == 75


@pytest.mark.parametrize(
    ("population", "deff", "completes"),
    # sample_size block of the content pack's metrics.yaml: p = 0.5, 95 %, ±5 points.
    [
        *[(None, 1, 385), (166, 1, 117), (2000, 1, 323), (20000, 1, 377), (40000, 1, 381), (386000, 1, 384)],
        *[(166, 1.5, 130), (2000, 1.5, 448), (20000, 1.5, 561), (40000, 1.5, 569), (386000, 1.5, 576)],
        (None, 1.5, 577),
    ],
)
def test_the_figures_of_the_content_pack(population, deff, completes):
    assert sample_size(0.05, population=population, deff=deff).completes == completes


def test_three_points_take_1068():
    assert sample_size(0.03).completes == 1068


@given(st.integers(1, 10**6), st.floats(0.005, 0.3), st.floats(1, 5), st.floats(0.05, 1))
def test_never_more_than_there_are(population, precision, deff, response):
    size = sample_size(precision, population=population, deff=deff, response=response)
    assert 1 <= size.completes <= population
    assert size.completes <= size.issue <= population


def test_where_the_response_asks_for_more_than_there_are_it_is_a_census_and_says_so():
    size = sample_size(0.05, population=19, response=0.8)
    assert size.census
    assert size.issue == 19
    assert not size.attainable


def test_near_the_whole_a_census_is_advised():
    assert sample_size(0.05, population=19, response=1).census_advised  # 19 of 19
    assert sample_size(0.05, population=166, deff=1.5, response=0.85).census_advised  # 153 of 166
    assert not sample_size(0.05, population=166).census_advised  # 117 of 166


def test_a_small_size_is_no_census():
    size = sample_size(0.05, population=20000)
    assert not size.census
    assert size.attainable


@given(st.integers(2, 10**6), st.floats(0.01, 0.3), st.floats(1, 3))
def test_the_half_width_undoes_the_size(population, precision, deff):
    size = sample_size(precision, population=population, deff=deff, expected=0.9)
    assert half_width(size.corrected, population=population, deff=deff, expected=0.9) == pytest.approx(precision)


def test_a_ratio_is_read_in_decimal_and_rounded_up():
    sizes = size_by_ratio({"大县": 10_000, "中县": 100, "小县": 7, "特困": 3}, 0.07, minimum=5)
    assert sizes == {"大县": 700, "中县": 7, "小县": 5, "特困": 3}


def test_five_per_cent_at_least_thirty_a_stratum():
    assert size_by_ratio({"a": 4001, "b": 300, "c": 12}, 0.05, minimum=30) == {"a": 201, "b": 30, "c": 12}


def test_the_design_effect_of_clusters_and_weights():
    assert design_effect(10, 0.05) == pytest.approx(1.45)
    assert design_effect(1, 0.9) == 1
    assert design_effect(10, 0.05, weight_cv=0.3) == pytest.approx(1.09 * 1.45)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"precision": 5}, "precision"),
        ({"precision": 0}, "precision"),
        ({"precision": math.nan}, "precision"),
        ({"precision": 0.05, "expected": 1}, "expected"),
        ({"precision": 0.05, "level": 95}, "level"),
        ({"precision": 0.05, "population": 0}, "population"),
        ({"precision": 0.05, "deff": 0}, "deff"),
        ({"precision": 0.05, "deff": math.inf}, "deff"),
        ({"precision": 0.05, "response": 0}, "response"),
        ({"precision": 0.05, "response": 80}, "response"),
    ],
)
def test_an_argument_that_cannot_be_is_named(arguments, name):
    with pytest.raises(SizeError) as caught:
        sample_size(**arguments)
    assert caught.value.fields["argument"] == name


@pytest.mark.parametrize("ratio", [0, 1.01, -0.1])
def test_a_ratio_outside_its_range_is_refused(ratio):
    with pytest.raises(SizeError):
        size_by_ratio({"a": 10}, ratio)


def reference(estimator):
    cases = [case for case in CASES if case["estimator"] == estimator]
    return pytest.mark.parametrize("case", cases, ids=[case["id"] for case in cases])


@reference("sample_size_wilson")
def test_the_size_for_a_wilson_interval_is_the_reference_answer(case):
    asked = case["args"]
    assert wilson_size(asked["e"], expected=asked["p"], level=asked["level"]) == case["result"]["n"]


@given(st.floats(0.005, 0.2), st.floats(0, 1))
def test_the_wilson_size_is_the_least_that_is_narrow_enough(precision, expected):
    def width(n):
        z = 1.959963984540054
        return z / (1 + z * z / n) * math.sqrt(expected * (1 - expected) / n + z * z / (4 * n * n))

    n = wilson_size(precision, expected=expected)
    assert width(n) <= precision * (1 + 1e-9)
    assert n == 1 or width(n - 1) > precision * (1 - 1e-9)


@reference("sample_size_discovery")
def test_the_discovery_size_is_the_reference_answer(case):
    asked = case["args"]
    # The reference forms 1 - p0 in binary: for 0.9 one wrong case fewer than 1 - p0 in decimal.
    assert discovery_size(1 - asked["p0"], population=asked["N"], level=asked["level"]) == case["result"]["n"]


def test_to_meet_one_wrong_case_in_a_hundred_takes_299():
    # (1 - 0.01)^n ≤ 0.05 first at n = 299; the auditor's "300 for 1 %".
    assert discovery_size(0.01) == 299


@given(st.integers(1, 400), st.integers(1, 99), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_discovery_size_is_the_least_that_meets_one_often_enough(population, per_cent, level):
    wrong = population * per_cent // 100 + 1

    def missed(n):
        return math.comb(population - wrong, n) / math.comb(population, n)

    n = discovery_size(Decimal(per_cent) / 100, population=population, level=level)
    assert missed(n) <= 1 - level + 1e-9
    assert missed(n - 1) > 1 - level - 1e-9


def test_two_groups_are_compared_as_in_power_prop_test():
    # R: power.prop.test(p1 = .50, p2 = .75, power = .90) gives n = 76.7 in each group (the example of its help page).
    first, second = comparison_size(0.50, 0.75, power=0.90)
    assert first.infinite == pytest.approx(76.7, abs=0.05)
    assert (first.completes, second.completes) == (77, 77)


def test_an_unequal_ratio_asks_more_of_the_second_group():
    first, second = comparison_size(0.80, 0.88, ratio=2, response=0.8)
    assert second.infinite == pytest.approx(2 * first.infinite)
    assert first.wanted == math.ceil(first.completes / 0.8)


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.2, 5))
def test_the_power_of_the_comparison_is_what_was_asked(one, other, ratio):
    assume(abs(one - other) > 0.01)
    first, second = (group.infinite for group in comparison_size(one, other, ratio=ratio, power=0.8))
    pooled = (one * first + other * second) / (first + second)
    null = math.sqrt(pooled * (1 - pooled) * (1 / first + 1 / second))
    true = math.sqrt(one * (1 - one) / first + other * (1 - other) / second)
    reached = NormalDist().cdf((abs(one - other) - 1.959963984540054 * null) / true)
    assert reached == pytest.approx(0.8)


def test_a_relative_precision_is_a_share_of_the_expected_rate():
    size = relative_sample_size(0.2, expected=0.1, population=2000, deff=1.5, response=0.8)
    same = sample_size(0.02, expected=0.1, population=2000, deff=1.5, response=0.8)
    assert (size.completes, size.wanted) == (same.completes, same.wanted)
    assert size.infinite == pytest.approx(1.959963984540054**2 * 0.9 / 0.1 / 0.2**2)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: discovery_size(0), "rate"),
        (lambda: discovery_size(0.1, population=0), "population"),
        (lambda: discovery_size(0.1, level=1), "level"),
        (lambda: comparison_size(0.5, 0.5), "second"),
        (lambda: comparison_size(0.5, 0.6, ratio=0), "ratio"),
        (lambda: comparison_size(0.5, 0.6, power=80), "power"),
        (lambda: wilson_size(0.1, expected=2), "expected"),
        (lambda: relative_sample_size(0.1, expected=0), "expected"),
        (lambda: design_effect(0.5, 0.1), "cluster_take"),
        (lambda: design_effect(5, 2), "intraclass"),
        (lambda: size_by_ratio({"a": 9}, 0.1, minimum=-1), "minimum"),
        (lambda: size_options([5], Fieldwork(visits_per_day=0)), "fieldwork"),
        (lambda: size_options([20], Fieldwork(), population=19), "issued"),
    ],
)
def test_a_wish_that_cannot_be_is_named(call, name):
    with pytest.raises(SizeError) as caught:
        call()
    assert caught.value.fields["argument"] == name


def test_the_options_show_households_days_money_and_width():
    work = Fieldwork(visits_per_day=8, response=0.8, cost_per_visit=30, cost_per_day=300)
    table = size_options([100, 166], work, population=166)
    assert table["completes"].tolist() == pytest.approx([80, 132.8])
    assert table["days"].tolist() == [13, 21]
    assert table["cost"].tolist() == [100 * 30 + 13 * 300, 166 * 30 + 21 * 300]
    assert table["census"].tolist() == [False, True]
    assert table["half_width"][0] == pytest.approx(half_width(80, population=166))


def test_more_households_never_widen_the_interval():
    widths = size_options(range(50, 400, 50), Fieldwork(), population=400)["half_width"]
    assert widths.is_monotonic_decreasing
