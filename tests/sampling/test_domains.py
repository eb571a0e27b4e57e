"""Several domains and rates at once: against an independent optimiser, hand-worked cases and brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from sampling import AllocationError, Precision, allocate_for_precision, domains, half_width, sample_size

COUNTIES, KINDS = [f"县{i}" for i in range(5)], ["低保", "特困", "低收入"]
RANDOM = np.random.default_rng(20260701)
POPULATIONS = {(county, kind): int(RANDOM.integers(4, 6000)) for county in COUNTIES for kind in KINDS}
RATES = [{key: float(RANDOM.uniform(0.6, 0.97)) for key in POPULATIONS} for _ in range(3)]


def wishes():
    for rate in RATES:
        yield Precision(0.03, rate, name="全市")
        for position, width in ((0, 0.07), (1, 0.05)):
            for name, strata in domains(POPULATIONS, position).items():
                yield Precision(width, rate, strata, name=name)


def reached(populations, takes, precision):
    """The half-width of a stratified proportion, written out anew."""
    strata = list(precision.strata or populations)
    total = sum(populations[key] for key in strata)
    variance = 0.0
    for key in strata:
        count, take = populations[key], takes[key]
        p = precision.expected if isinstance(precision.expected, float) else precision.expected[key]
        if count > 1:
            variance += (count / total) ** 2 * p * (1 - p) / take * (count - take) / (count - 1)
    return 1.959963984540054 * math.sqrt(precision.deff * variance)


def test_every_precision_is_reached_and_stated():
    wanted = list(wishes())
    result = allocate_for_precision(POPULATIONS, wanted)
    for precision, stated in zip(wanted, result.reached, strict=True):
        assert stated == pytest.approx(reached(POPULATIONS, result.takes, precision), abs=1e-9)
        assert stated <= precision.half_width * (1 + 1e-6)


def test_the_real_optimum_is_that_of_an_independent_optimiser():
    wanted = list(wishes())
    result = allocate_for_precision(POPULATIONS, wanted, minimum=2)
    keys = list(POPULATIONS)

    def room(numbers):
        takes = dict(zip(keys, numbers, strict=True))
        return [1 - (reached(POPULATIONS, takes, p) / p.half_width) ** 2 for p in wanted]

    bounds = [(min(2, count), count) for count in POPULATIONS.values()]
    start = [high * 0.9 + low * 0.1 for low, high in bounds]
    limits = {"type": "ineq", "fun": room}
    options = {"ftol": 1e-10, "maxiter": 1000}
    found = minimize(sum, start, bounds=bounds, constraints=limits, method="SLSQP", options=options)
    assert found.success
    assert sum(result.real.values()) == pytest.approx(found.fun, rel=1e-6)
    assert result.least_cost == pytest.approx(sum(result.real.values()), rel=1e-9)
    assert result.cost <= result.least_cost + len(COUNTIES)  # each county's precision is rounded up on its own


def test_one_stratum_and_one_rate_is_the_plain_sample_size():
    for population in (166, 2000, 40_000):
        result = allocate_for_precision({"a": population}, [Precision(0.05)])
        assert result.takes == {"a": sample_size(0.05, population=population).completes}


def test_the_design_effect_counts_as_in_the_plain_sample_size():
    result = allocate_for_precision({"a": 2000}, [Precision(0.05, deff=1.5)])
    assert result.takes == {"a": 448}
    assert result.reached[0] == pytest.approx(half_width(448, population=2000, deff=1.5))


def test_a_minimum_stands_inside_the_program_so_that_others_give_way():
    populations = {"a": 5000, "b": 5000}
    free = allocate_for_precision(populations, [Precision(0.04, {"a": 0.95, "b": 0.5})])
    held = allocate_for_precision(populations, [Precision(0.04, {"a": 0.95, "b": 0.5})], minimum={"a": 300})
    assert held.takes["a"] == 300
    assert held.takes["b"] < free.takes["b"]


def test_a_dear_stratum_gets_fewer():
    populations = {"近": 5000, "远": 5000}
    result = allocate_for_precision(populations, [Precision(0.04)], costs={"近": 1, "远": 4})
    assert result.real["近"] / result.real["远"] == pytest.approx(2, rel=0.02)


def test_a_census_stratum_leaves_its_share_of_the_variance():
    result = allocate_for_precision({"a": 500, "特困": 19}, [Precision(0.05)], census=["特困"])
    assert result.takes["特困"] == 19


small = st.lists(st.tuples(st.integers(2, 9), st.floats(0.1, 0.9)), min_size=2, max_size=3)


@settings(max_examples=60)
@given(small, st.floats(0.12, 0.5), st.floats(0.15, 0.6))
def test_whole_numbers_are_within_one_unit_of_the_best_of_all(rows, whole_width, part_width):
    populations = {str(h): count for h, (count, _) in enumerate(rows)}
    rate = {str(h): p for h, (_, p) in enumerate(rows)}
    wanted = [Precision(whole_width, rate), Precision(part_width, rate, ["0"])]
    result = allocate_for_precision(populations, wanted, minimum=1)
    feasible = [
        sum(takes)
        for takes in itertools.product(*(range(1, count + 1) for count in populations.values()))
        if all(
            reached(populations, dict(zip(populations, takes, strict=True)), p) <= p.half_width * (1 + 1e-9)
            for p in wanted
        )
    ]
    assert min(feasible) <= result.cost <= min(feasible) + 1
    assert result.least_cost <= min(feasible) + 1e-6


@pytest.mark.parametrize(
    ("wanted", "arguments", "code", "strata"),
    [
        ([Precision(0.01)], {"maximum": 50}, "precision_out_of_reach", {("a",), ("b",)}),
        ([Precision(0.01, strata=["b"])], {"maximum": {"b": 50}}, "precision_out_of_reach", {("b",)}),
        ([Precision(0.05, strata=["c"])], {}, "stratum_unknown", {("c",)}),
        ([Precision(0.05, {"a": 0.5})], {}, "expected_missing", {("b",)}),
        ([Precision(5)], {}, "precision_bad", set()),
        ([Precision(0.05, 90)], {}, "precision_bad", set()),
        ([Precision(0.05)], {"minimum": {"a": 5000}}, "minimum_exceeds_stratum", {("a",)}),
    ],
)
def test_what_cannot_be_reached_is_refused_with_its_strata(wanted, arguments, code, strata):
    with pytest.raises(AllocationError) as caught:
        allocate_for_precision({"a": 1000, "b": 1000}, wanted, **arguments)
    assert caught.value.code == code
    assert set(caught.value.strata) == strata
