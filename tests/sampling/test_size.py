"""Sample sizes against the reference answers, the figures of the content pack and worked examples."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling import SizeError, design_effect, half_width, sample_size, size_by_ratio

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
