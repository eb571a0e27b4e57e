"""What choices cost and give, against formulas worked by hand and against what a sample really does."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from sampling import AllocationError, Fieldwork, SizeError, allocate, domains, half_width, plan, plan_options

POPULATIONS = {("青河", "低保"): 8000, ("青河", "特困"): 300, ("白山", "低保"): 4000, ("白山", "特困"): 100}
TAKES = {("青河", "低保"): 100, ("青河", "特困"): 30, ("白山", "低保"): 60, ("白山", "特困"): 100}
BY_COUNTY = {"青河": [("青河", "低保"), ("青河", "特困")], "白山": [("白山", "低保"), ("白山", "特困")]}


def by_hand(keys, response=1.0, deff=1.0, p=0.5):
    """√Σ W²·deff·pq/m·(N - m)/(N - 1), times 1.96."""
    total = sum(POPULATIONS[key] for key in keys)
    variance = 0.0
    for key in keys:
        size, answers = POPULATIONS[key], TAKES[key] * response
        variance += (size / total) ** 2 * deff * p * (1 - p) / answers * (size - answers) / (size - 1)
    return 1.959963984540054 * math.sqrt(variance)


def test_the_half_width_of_a_stratum_is_that_of_its_completes():
    table = plan(POPULATIONS, TAKES, Fieldwork(response=0.8)).strata
    expected = [half_width(0.8 * TAKES[key], population=size) for key, size in POPULATIONS.items()]
    assert table["half_width"].tolist() == pytest.approx(expected)
    assert table["stratum"].tolist() == list(POPULATIONS)


def test_domains_and_the_whole_are_stratified():
    made = plan(POPULATIONS, TAKES, Fieldwork(response=0.9), deff=1.4, expected=0.8, domains=BY_COUNTY)
    expected = [by_hand(keys, 0.9, 1.4, 0.8) for keys in (POPULATIONS, *BY_COUNTY.values())]
    assert made.domains["half_width"].tolist() == pytest.approx(expected, rel=1e-12)
    assert made.domains["domain"].tolist() == ["", "青河", "白山"]
    assert made.half_width == made.domains["half_width"][0]


def test_domains_by_a_part_of_the_stratum_are_what_the_plan_takes():
    made = plan(POPULATIONS, TAKES, domains=domains(POPULATIONS, 1))
    assert made.domains["population"].tolist() == [12_400, 12_000, 400]
    assert made.domains["issued"].tolist() == [290, 160, 130]


def test_households_days_and_money_are_those_of_all_visits():
    made = plan(POPULATIONS, TAKES, Fieldwork(visits_per_day=8, response=0.75, cost_per_visit=20, cost_per_day=300))
    assert (made.households, made.completes, made.days) == (290, 217.5, 37)
    assert made.cost == 290 * 20 + 37 * 300


def test_a_census_that_everybody_answers_has_no_interval():
    table = plan(POPULATIONS, TAKES).strata
    assert table["census"].tolist() == [False, False, False, True]
    assert table["half_width"].iloc[3] == 0
    assert table["weight"].iloc[3] == 1


def test_a_stratum_that_nobody_visits_leaves_its_domains_without_an_interval():
    made = plan(POPULATIONS, TAKES | {("白山", "特困"): 0}, domains=BY_COUNTY)
    assert np.isnan(made.strata["half_width"]).tolist() == [False, False, False, True]
    assert np.isnan(made.domains["half_width"]).tolist() == [True, False, True]
    assert math.isnan(made.half_width)


def test_a_proportional_sample_has_no_more_variance_than_a_simple_one():
    made = plan(POPULATIONS, allocate(POPULATIONS, 620))
    assert made.domains["deff"][0] == pytest.approx(1, abs=0.01)


def test_unequal_shares_show_in_the_design_effect():
    made = plan(POPULATIONS, allocate(POPULATIONS, 400, "equal"))
    assert made.domains["deff"][0] > 1.5


def test_the_half_width_is_what_repeated_samples_show():
    random, p = np.random.default_rng(5), {key: 0.7 if key[0] == "青河" else 0.4 for key in POPULATIONS}
    yes = {key: round(size * p[key]) for key, size in POPULATIONS.items()}
    total = sum(POPULATIONS.values())
    rates = sum(
        size / total * random.hypergeometric(yes[key], size - yes[key], TAKES[key], 40_000) / TAKES[key]
        for key, size in POPULATIONS.items()
    )
    made = plan(POPULATIONS, TAKES, expected=p)
    assert made.half_width == pytest.approx(1.96 * rates.std(), rel=0.02)


def test_the_options_of_a_contract_stand_side_by_side():
    table = plan_options(POPULATIONS, [200, 400, 800], Fieldwork(cost_per_day=300), minimum=20)
    assert table["issued"].tolist() == [200, 400, 800]
    assert table["half_width"].is_monotonic_decreasing
    assert table["days"].tolist() == [25, 50, 100]
    again = plan(POPULATIONS, table["takes"][1], Fieldwork(cost_per_day=300))
    assert (table["half_width"][1], table["cost"][1]) == (again.half_width, again.cost)
    assert table["widest"][1] == again.strata["half_width"].max()
    assert table["widest_stratum"][1] == ("青河", "特困")  # 20 of 300; 20 of 100 know more of theirs


def test_options_use_the_allocation_that_is_wished_for():
    deviations = dict.fromkeys(POPULATIONS, 0.5)
    table = plan_options(POPULATIONS, [300], method="neyman", deviations=deviations, minimum=2)
    assert table["takes"][0] == allocate(POPULATIONS, 300, "neyman", deviations=deviations, minimum=2)


def test_a_page_can_plan_thirty_strata_at_every_keystroke():
    many = {(f"县{i // 3}", str(i % 3)): 1000 + 317 * i for i in range(30)}
    counties = domains(many, 0)
    seconds = []
    for total in range(300, 1300, 100):
        began = time.process_time()
        plan(many, allocate(many, total, minimum=5), Fieldwork(), domains=counties)
        plan_options(many, [total, 2 * total, 3 * total], minimum=5)
        seconds.append(time.process_time() - began)
    assert np.median(seconds) < 0.02


@pytest.mark.parametrize(
    ("call", "code", "strata"),
    [
        (lambda: plan(POPULATIONS, TAKES | {("青河", "特困"): 301}), "issued", (("青河", "特困"),)),
        (lambda: plan(POPULATIONS, TAKES | {("青河", "特困"): -1}), "issued", (("青河", "特困"),)),
        (lambda: plan(POPULATIONS, {("黑水", "低保"): 3}), "stratum_unknown", (("黑水", "低保"),)),
        (lambda: plan({("空", "低保"): 0}, 0), "stratum_empty", (("空", "低保"),)),
        (lambda: plan(POPULATIONS, TAKES, expected={("青河", "低保"): 0.5}), "expected", tuple(list(POPULATIONS)[1:])),
        (lambda: plan(POPULATIONS, TAKES, deff=-1), "deff", tuple(POPULATIONS)),
        (lambda: plan(POPULATIONS, TAKES, domains={"x": [("黑水", "低保")]}), "stratum_unknown", (("黑水", "低保"),)),
    ],
)
def test_a_plan_that_cannot_be_names_its_strata(call, code, strata):
    with pytest.raises(SizeError) as caught:
        call()
    assert (caught.value.code, caught.value.fields["strata"]) == (code, strata)
    assert all("|".join(stratum) in str(caught.value) for stratum in strata)


@pytest.mark.parametrize("call", [lambda: plan({}, 5), lambda: plan({"a": 9}, 3, Fieldwork(response=0))])
def test_a_plan_of_nothing_is_refused(call):
    with pytest.raises(SizeError):
        call()


def test_an_option_that_cannot_be_shared_out_is_refused():
    with pytest.raises(AllocationError):
        plan_options(POPULATIONS, [3])
