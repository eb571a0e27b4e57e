"""Coverage of "auto": exactly, where every truth can be enumerated, and a small part of what the benchmark simulates.

Every draw is an item of one design, so that a thousand samples are one pass. With 1,000 draws the simulated share
has a standard error of 0.007 at 0.95; the bounds leave room for that.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from analysis import SurveyDesign, proportion_interval

DRAWS = 1000


def covered(design, outcomes, truth, interval="auto"):
    frame = design.rates({str(k): outcomes[:, k] for k in range(outcomes.shape[1])}, interval=interval).frame
    return ((frame["low"] <= truth + 1e-12) & (frame["high"] >= truth - 1e-12)).mean()


@pytest.mark.parametrize(("population", "n"), [(19, 12), (46, 20), (60, 27), (150, 30), (500, 60), (1200, 80)])
def test_of_every_truth_of_a_finite_population_at_least_its_level(population, n):
    ends = np.array([proportion_interval(yes, n, population=population) for yes in range(n + 1)])
    truth = np.arange(population + 1)[:, None]
    chance = hypergeom.pmf(np.arange(n + 1)[None, :], population, truth, n)
    share = truth / population
    inside = (ends[None, :, 0] <= share + 1e-12) & (ends[None, :, 1] >= share - 1e-12)
    assert (chance * inside).sum(axis=1).min() >= 0.95


def test_a_simple_random_sample_as_a_design_has_the_interval_that_was_enumerated():
    frame = pd.DataFrame({"N": [46] * 20})
    found = SurveyDesign(frame, population="N").rates({str(yes): np.arange(20) < yes for yes in range(21)}).frame
    for yes, low, high in zip(found["yes"], found["low"], found["high"], strict=True):
        assert (low, high) == pytest.approx(proportion_interval(int(yes), 20, population=46))


@pytest.mark.parametrize("rate", [0.8, 0.95, 0.99])
def test_in_a_stratified_sample_of_a_finite_population(rate):
    rng = np.random.default_rng(11)
    sizes, n = np.array([40, 55, 80, 120, 300, 900]), 20
    satisfied = np.rint(sizes * rate).astype(int)
    outcomes = np.vstack(
        [
            np.arange(n)[:, None] < rng.hypergeometric(m, size - m, n, DRAWS)[None, :]
            for m, size in zip(satisfied, sizes, strict=True)
        ]
    )
    frame = pd.DataFrame({"h": np.repeat(np.arange(6), n), "N": np.repeat(sizes, n)})
    truth = satisfied.sum() / sizes.sum()
    assert covered(SurveyDesign(frame, stratum="h", population="N"), outcomes, truth) >= 0.93


@pytest.mark.parametrize("spread", [0.5, 1.2])
@pytest.mark.parametrize("rate", [0.8, 0.95, 0.99])
def test_with_unequal_weights(rate, spread):
    rng = np.random.default_rng(12)
    bound = SurveyDesign(pd.DataFrame({"w": rng.lognormal(0, spread, 100)}), weight="w")
    outcomes = rng.random((100, DRAWS)) < rate
    found = covered(bound, outcomes, rate)
    assert found >= 0.93
    assert found >= covered(bound, outcomes, rate, "nchs") - 0.01


@pytest.mark.parametrize(("rate", "rho"), [(0.8, 0.08), (0.95, 0.02), (0.99, 0.02), (0.99, 0.08)])
def test_in_twenty_four_clusters_of_twenty(rate, rho):
    rng = np.random.default_rng(13)
    a, b = rate * (1 - rho) / rho, (1 - rate) * (1 - rho) / rho
    village = np.repeat(np.arange(24), 20)
    outcomes = rng.random((480, DRAWS)) < rng.beta(a, b, (24, DRAWS))[village]
    bound = SurveyDesign(pd.DataFrame({"village": village, "w": 1.0}), weight="w", cluster="village")
    found = covered(bound, outcomes, rate)
    assert found >= 0.905
    assert found >= covered(bound, outcomes, rate, "logit")
    assert found >= covered(bound, outcomes, rate, "mean")


@pytest.mark.parametrize(("strata", "rate"), [(6, 0.9), (24, 0.98)])
def test_in_villages_of_strata_with_weights_that_differ_by_thirty_times(strata, rate):
    rng = np.random.default_rng(14)
    villages = max(24, 2 * strata)
    village = np.repeat(np.arange(villages), 20)
    a, b = rate * (1 - 0.08) / 0.08, (1 - rate) * (1 - 0.08) / 0.08
    outcomes = rng.random((len(village), DRAWS)) < rng.beta(a, b, (villages, DRAWS))[village]
    frame = pd.DataFrame({"village": village, "h": village % strata, "w": 2.0 ** (village % strata % 6)})
    bound = SurveyDesign(frame, weight="w", stratum="h", cluster="village")
    assert covered(bound, outcomes, rate) >= 0.92
