"""Coverage of "auto" by simulation: a small part of what the benchmark prints.

Every draw is an item of one design, so that a thousand samples are one pass. With 1,000 draws the simulated share
has a standard error of 0.007 at 0.95; the bounds leave room for that.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import SurveyDesign

DRAWS = 1000


def covered(design, outcomes, truth, interval="auto"):
    frame = design.rates({str(k): outcomes[:, k] for k in range(outcomes.shape[1])}, interval=interval).frame
    return ((frame["low"] <= truth + 1e-12) & (frame["high"] >= truth - 1e-12)).mean()


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
