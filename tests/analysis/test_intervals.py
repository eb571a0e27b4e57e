"""Intervals of counts, against R and by enumeration of every possible truth."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_cases import exact
from scipy.stats import binom

from analysis import IntervalError, proportion_interval
from analysis import hypergeometric as finite
from analysis.intervals import COUNTS, finite_size


def test_every_binomial_interval_equals_the_reference():
    compared = 0
    for case in exact("binom_ci", "exact_ci"):
        x, n, level = (case["args"][key] for key in ("x", "n", "level"))
        for name in set(COUNTS) & set(case["result"]):
            low, high = COUNTS[name](x, n, level)
            assert [float(low), float(high)] == pytest.approx(case["result"][name], abs=case["tol"]), case["id"]
            compared += 1
    assert compared == 34 * 7


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("tail", finite.tail),
        ("midp", finite.midp),
        ("sterne_range", finite.sterne),
        ("blaker_range", finite.blaker),
    ],
)
def test_every_finite_interval_equals_the_reference(name, method):
    compared = 0
    for case in exact("hypergeom_ci", "exact_ci"):
        if name in case["result"]:
            args = case["args"]
            assert list(method(args["x"], args["n"], args["N"], args["level"])) == case["result"][name], case["id"]
            compared += 1
    assert compared >= 110


def test_the_bound_where_nobody_is_dissatisfied_equals_the_reference():
    for case in exact("zero_failure_bound", "exact_ci"):
        args = case["args"]
        found = finite.no_failures(np.array(args["N_h"]), np.array(args["n_h"]), args["level"])
        assert found == case["result"]["max_dissatisfied"], case["id"]


@pytest.mark.parametrize("method", ["blaker", "clopper-pearson"])
def test_exact_binomial_intervals_never_cover_less_than_their_level(method):
    ends = np.array([proportion_interval(x, 27, method) for x in range(28)])
    for truth in np.linspace(0.001, 0.999, 333):
        inside = (ends[:, 0] <= truth) & (ends[:, 1] >= truth)
        assert binom.pmf(np.arange(28), 27, truth)[inside].sum() >= 0.95 - 1e-9


def one_by_one(sizes, asked, level):
    """The greedy search of the bound, every failure a step."""
    left, taken, budget, failures = np.array(sizes, float), np.array(asked, float), np.log1p(-level), 0
    while True:
        chance = np.divide(left - taken, left, out=np.zeros_like(left), where=left > 0)
        best = int(np.argmax(chance))
        if chance[best] <= 0:
            return failures
        budget -= np.log(chance[best])
        if budget > 1e-12:
            return failures
        left[best] -= 1
        failures += 1


@pytest.mark.parametrize("seed", range(40))
def test_the_bound_where_nobody_is_dissatisfied_is_that_of_a_search_step_by_step(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 10 ** rng.integers(1, 5), rng.integers(1, 12))
    asked = np.minimum(sizes, rng.integers(0, 60, len(sizes)))
    for level in (0.9, 0.975):
        assert finite.no_failures(sizes, asked, level) == one_by_one(sizes, asked, level)


def test_the_bound_for_forty_million_households_takes_no_longer_than_for_forty():
    sizes, asked = np.array([30_000_000, 9_000_000, 1_000_000]), np.array([300, 90, 10])
    assert finite.no_failures(sizes, asked, 0.975) == pytest.approx(40_000_000 * (1 - 0.025 ** (1 / 400)), rel=1e-3)


def test_twelve_of_twelve_of_nineteen_leaves_two_who_may_be_dissatisfied():
    assert proportion_interval(12, 12, population=19) == (17 / 19, 1.0)
    assert proportion_interval(12, 12, "tail", population=19) == (16 / 19, 1.0)


def test_wilson_equals_the_figures_worked_in_the_definitions():
    for yes, n, printed in [(180, 200, (85.06, 93.43)), (90, 200, (38.26, 51.92)), (269, 270, (97.93, 99.93))]:
        low, high = proportion_interval(yes, n, "wilson")
        assert (round(100 * low, 2), round(100 * high, 2)) == printed
    low, high = proportion_interval(27, 27, "wilson")
    assert (round(100 * low, 2), high) == (87.54, 1.0)


def test_binomial_blaker_equals_the_published_example_and_lies_inside_clopper_pearson():
    # R package blakerci (Klaschka 2010): blaker.ci(5, 10) is 0.2224411 to 0.7775589
    assert proportion_interval(5, 10, "blaker") == pytest.approx((0.2224411, 0.7775589), abs=1e-6)
    for x in range(41):
        inner, outer = proportion_interval(x, 40, "blaker"), proportion_interval(x, 40, "clopper_pearson")
        assert outer[0] - 1e-12 <= inner[0] <= inner[1] <= outer[1] + 1e-12


def test_a_census_has_no_width_and_anything_else_has_one():
    assert proportion_interval(18, 19, population=19) == (18 / 19, 18 / 19)
    for x in (0, 7, 19):
        low, high = proportion_interval(x, 19, population=20)
        assert low < high


def test_auto_takes_the_tail_interval_above_five_thousand_and_clopper_pearson_without_a_population():
    assert proportion_interval(269, 270, population=20000) == proportion_interval(269, 270, "tail", population=20000)
    assert proportion_interval(269, 270) == proportion_interval(269, 270, "clopper_pearson")


def test_forty_million_households_are_no_slower_than_forty():
    low, high = proportion_interval(380, 384, population=40_000_000)
    assert (low, high) == pytest.approx(proportion_interval(380, 384), abs=2e-4)


def test_the_finite_size_grows_from_n_without_limit():
    assert float(finite_size(12, 1e12)) == pytest.approx(12)
    assert float(finite_size(12, 19)) == pytest.approx(12 * 18 / 7)
    assert np.isinf(finite_size(19, 19))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((1, 0), "empty"),
        ((3, 2), "yes_over_n"),
        ((-1, 2), "count"),
        ((1, 2, "wilsson"), "method"),
        ((1, 2, "wilson", 95), "level"),
        ((1, 2, "wilson", 0.95, 1), "population"),
    ],
)
def test_what_cannot_be_is_refused_with_its_code(arguments, code):
    with pytest.raises(IntervalError) as caught:
        proportion_interval(*arguments)
    assert caught.value.code == code
