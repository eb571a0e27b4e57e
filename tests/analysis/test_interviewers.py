"""Interviewer effects, by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import AnalysisError
from analysis.interviewers import interviewer_effect


def test_answers_that_differ_by_interviewer_alone_are_wholly_the_interviewers():
    found = interviewer_effect(pd.Series([1, 1, 1, 5, 5, 5]), pd.Series(["甲"] * 3 + ["乙"] * 3))
    assert (found.rho, found.p_value, found.deff) == (1.0, 0.0, 3.0)


def test_the_effect_of_interviewers_by_hand():
    # groups (1, 3), (4, 6): MSB = 9, MSW = 2, m = 2: rho = 7/11
    found = interviewer_effect(pd.Series([1.0, 3, 4, 6]), pd.Series([1, 1, 2, 2]))
    assert found.rho == pytest.approx(7 / 11)
    assert (found.interviewers, found.n, found.load) == (2, 4, 2)
    assert found.deff == pytest.approx(1 + 7 / 11)
    # F = 4.5; its ends with 1 and 2 degrees of freedom, F(.975) = 38.51 and F(.025) = 0.00125
    assert found.low == pytest.approx((4.5 / 38.50633 - 1) / (4.5 / 38.50633 + 1), abs=1e-6)
    assert found.high == pytest.approx((4.5 / 0.001251564 - 1) / (4.5 / 0.001251564 + 1), abs=1e-6)


def test_without_an_effect_there_is_none_and_one_interviewer_shows_nothing():
    rng = np.random.default_rng(5)
    found = interviewer_effect(pd.Series(rng.normal(size=400)), pd.Series(np.repeat(np.arange(20), 20)))
    assert abs(found.rho) < 0.05
    assert found.low < 0 < found.high
    assert found.p_value > 0.05
    with pytest.raises(AnalysisError, match="two"):
        interviewer_effect(pd.Series([1, 2]), pd.Series(["甲", "甲"]))


def sent(rng, effect):
    """20 interviewers in 10 villages, two in each; villages differ much, interviewers by `effect`."""
    who = np.repeat(np.arange(20), 30)
    village = who // 2
    y = rng.normal(0, 1, 10)[village] + rng.normal(0, effect, 20)[who] + rng.normal(0, 1, 600)
    return pd.Series(y), pd.Series(who), pd.Series(village)


def test_villages_that_differ_are_not_held_against_who_was_sent_there():
    y, who, village = sent(np.random.default_rng(1), 0.0)
    assert interviewer_effect(y, who).rho > 0.3
    assert abs(interviewer_effect(y, who, village).rho) < 0.05


def test_the_effect_within_places_is_found_on_average_and_covered_by_its_interval():
    rng = np.random.default_rng(7)
    found = [interviewer_effect(*sent(rng, 0.5)) for _ in range(100)]
    true = 0.25 / 1.25
    assert np.mean([each.rho for each in found]) == pytest.approx(true, abs=0.03)
    assert np.mean([each.low <= true <= each.high for each in found]) >= 0.9


def test_a_place_with_one_interviewer_compares_nobody():
    y, who = pd.Series([1.0, 2, 3, 4]), pd.Series(["甲", "甲", "乙", "乙"])
    with pytest.raises(AnalysisError, match="cannot show an effect"):
        interviewer_effect(y, who, pd.Series(["东", "东", "西", "西"]))
