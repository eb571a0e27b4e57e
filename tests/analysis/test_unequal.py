"""Samples with probabilities proportional to size (πps), by hand and against each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, SurveyDesign

# π = .5, .25, .2 and one drawn with certainty; t = y/π = 8, 20, 30 and 6; 1-π = .5, .75, .8
SAMPLE = pd.DataFrame({"p": [0.5, 0.25, 0.2, 1.0], "y": [4.0, 5.0, 6.0, 6.0]})


def test_hajeks_variance_follows_the_formula_worked_by_hand():
    # t* = (4 + 15 + 24)/2.05 = 20.97561; V = 3/2 [.5 (8-t*)² + .75 (20-t*)² + .8 (30-t*)²], the certain one apart
    found = SurveyDesign(SAMPLE, probability="p").totals("y").frame.iloc[0]
    centre = 43 / 2.05
    wanted = 1.5 * (0.5 * (8 - centre) ** 2 + 0.75 * (20 - centre) ** 2 + 0.8 * (30 - centre) ** 2)
    assert found["estimate"] == pytest.approx(64)
    assert found["se"] ** 2 == pytest.approx(wanted)
    assert wanted == pytest.approx(225.0732, abs=1e-4)


def test_brewers_variance_is_about_the_plain_mean():
    # mean t = 58/3; V = 3/2 [.5 (8-58/3)² + .75 (20-58/3)² + .8 (30-58/3)²]
    found = SurveyDesign(SAMPLE, probability="p", unequal="brewer").totals("y").frame.iloc[0]
    assert found["se"] ** 2 == pytest.approx(1.5 * (0.5 * (34 / 3) ** 2 + 0.75 * (2 / 3) ** 2 + 0.8 * (32 / 3) ** 2))


def test_with_replacement_the_variance_is_that_of_hansen_and_hurwitz():
    # Cochran (1977), theorem 9A.2: v = Σ (y/z - Y)² / n(n-1), with w = 1/(n z)
    z, y = np.array([0.1, 0.05, 0.02, 0.1]), np.array([12.0, 5.0, 3.0, 9.0])
    frame = pd.DataFrame({"w": 1 / (4 * z), "y": y})
    found = SurveyDesign(frame, weight="w").totals("y").frame.iloc[0]
    total = (y / z).mean()
    assert found["estimate"] == pytest.approx(total)
    assert found["se"] ** 2 == pytest.approx((((y / z) - total) ** 2).sum() / 12)


@pytest.mark.parametrize("unequal", ["hajek", "brewer"])
def test_equal_probabilities_are_a_simple_random_sample(unequal):
    frame = pd.DataFrame({"p": 0.2, "N": 100, "y": ([1, 0, 1, 1] * 5)})
    found = SurveyDesign(frame, probability="p", unequal=unequal).means("y").frame.iloc[0]
    simple = SurveyDesign(frame, population="N").means("y").frame.iloc[0]
    assert found["se"] == pytest.approx(simple["se"])


@pytest.mark.parametrize("unequal", ["hajek", "brewer"])
def test_a_unit_drawn_with_certainty_is_a_take_all_stratum(unequal):
    frame = pd.DataFrame({"p": [0.5, 0.25, 0.2, 1.0, 1.0], "y": [4.0, 5.0, 6.0, 6.0, 9.0]})
    apart = frame.assign(h=[1, 1, 1, 2, 2])
    together = SurveyDesign(frame, probability="p", unequal=unequal)
    stratified = SurveyDesign(apart, stratum="h", probability="p", unequal=unequal)
    assert together.totals("y").frame["se"][0] == pytest.approx(stratified.totals("y").frame["se"][0])
    assert together.df == stratified.df == 2


def test_one_unit_beside_certain_ones_is_lonely():
    with pytest.raises(DesignError) as caught:
        SurveyDesign(pd.DataFrame({"p": [0.3, 1.0, 1.0], "y": 1.0}), probability="p")
    assert caught.value.code == "lonely"


def test_all_drawn_with_certainty_is_a_census():
    found = SurveyDesign(pd.DataFrame({"p": [1.0, 1.0], "y": [1, 0]}), probability="p").rates("y").frame.iloc[0]
    assert (found["method"], found["se"]) == ("census", 0)


def villages():
    return pd.DataFrame(
        {
            "v": ["a", "a", "b", "b", "c", "c"],
            "p": [0.4, 0.4, 0.2, 0.2, 1.0, 1.0],
            "households": [10, 10, 20, 20, 8, 8],
            "y": [1.0, 3.0, 2.0, 6.0, 4.0, 8.0],
        }
    )


def test_villages_drawn_by_size_keep_their_probability_for_all_their_households():
    frame = villages()
    assert SurveyDesign(frame, cluster="v", probability="p").means("y").frame["se"][0] > 0
    with pytest.raises(DesignError, match="not the same in all of its rows"):
        SurveyDesign(frame.assign(p=[0.4, 0.3, 0.2, 0.2, 1.0, 1.0]), cluster="v", probability="p")
    with pytest.raises(DesignError, match="at most 1"):
        SurveyDesign(frame.assign(p=1.5), probability="p")
    with pytest.raises(DesignError, match="not both"):
        SurveyDesign(frame, probability="p", population=9)
    with pytest.raises(DesignError, match="hajek"):
        SurveyDesign(frame, probability="p", unequal="sen")


def test_households_drawn_in_a_village_that_was_certain_still_vary():
    # Särndal, Swensson, Wretman (1992), result 4.3.1: V = V(villages) + Σ V(i)/π(i), V(i) = M²(1-m/M) s²/m
    # villages: t = 50, 400 (weights 12.5 and 50): π = .4, .2; households: s² = 2, 8, 8 and m = 2 of 10, 20, 8
    bound = SurveyDesign(villages(), cluster="v", probability="p", population="households")
    found = bound.totals("y").frame.iloc[0]
    assert found["estimate"] == pytest.approx(12.5 * 4 + 50 * 8 + 4 * 12)
    centre = (0.6 * 50 + 0.8 * 400) / 1.4
    between = 2 * (0.6 * (50 - centre) ** 2 + 0.8 * (400 - centre) ** 2)
    within = 100 * 0.8 * 2 / 2 / 0.4 + 400 * 0.9 * 8 / 2 / 0.2 + 64 * 0.75 * 8 / 2 / 1.0
    assert found["se"] ** 2 == pytest.approx(between + within)
