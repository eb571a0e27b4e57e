"""Weights of those who answered, worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis import SurveyDesign, WeightingError
from analysis.weighting import nonresponse_weights, trim_weights


def drawn():
    """Two strata: 20 of 200 drawn, 10 answered; 10 of 30 drawn, 8 answered."""
    return pd.DataFrame(
        {
            "stratum": ["a"] * 20 + ["b"] * 10,
            "N": [200] * 20 + [30] * 10,
            "w": [10.0] * 20 + [3.0] * 10,
            "responded": [True] * 10 + [False] * 10 + [True] * 8 + [False] * 2,
            "yes": [1] * 8 + [0] * 2 + [None] * 10 + [1] * 2 + [0] * 6 + [None] * 2,
        }
    )


def test_those_who_answered_stand_for_all_who_were_eligible_in_their_class():
    found = nonresponse_weights(drawn(), weight="w", responded="responded", classes="stratum")
    assert found.weights.dropna().unique().tolist() == pytest.approx([20, 3.75])
    assert found.weights.notna().sum() == 18
    assert found.weights.sum() == pytest.approx(230)
    assert found.report["factor"].tolist() == pytest.approx([2, 1.25])
    assert found.effect > 1


def test_a_stratified_sample_with_nonresponse_keeps_its_rate_and_finite_population():
    cases = drawn().assign(
        weight=nonresponse_weights(drawn(), weight="w", responded="responded", classes="stratum").weights
    )
    answered = cases[cases["responded"]]
    found = SurveyDesign(answered, weight="weight", stratum="stratum", population="N").rates("yes").frame.iloc[0]
    assert found["estimate"] == pytest.approx((200 * 0.8 + 30 * 0.25) / 230)
    by_hand = (200 / 230) ** 2 * (1 - 10 / 200) * 0.8 * 0.2 / 9 + (30 / 230) ** 2 * (1 - 8 / 30) * 0.25 * 0.75 / 7
    assert found["se"] ** 2 == pytest.approx(by_hand)
    assert found["population"] == pytest.approx(230)


def test_the_ineligible_are_nobodys_concern_and_the_unknown_count_by_the_share_of_the_known():
    cases = pd.DataFrame(
        {
            "w": [10.0] * 10,
            "responded": [True] * 4 + [False] * 6,
            "eligible": [True] * 4 + [True] * 2 + [False] * 2 + [None] * 2,
        }
    )
    found = nonresponse_weights(cases, weight="w", responded="responded", eligible="eligible")
    # 60 eligible, 20 not, 20 unknown of whom 60/80 = 15 count: 75 shared among 4
    assert found.weights.dropna().tolist() == pytest.approx([18.75] * 4)


def test_a_class_in_which_nobody_answered_is_named():
    cases = drawn().assign(responded=[False] * 20 + [True] * 10)
    with pytest.raises(WeightingError, match="stratum = a") as caught:
        nonresponse_weights(cases, weight="w", responded="responded", classes=["stratum"])
    assert caught.value.code == "empty_class"


def test_a_class_without_anybody_eligible_needs_no_answers():
    cases = drawn().assign(eligible=[False] * 20 + [True] * 10, responded=[False] * 20 + [True] * 10)
    found = nonresponse_weights(cases, weight="w", responded="responded", classes="stratum", eligible="eligible")
    assert found.weights.sum() == pytest.approx(30)


@pytest.mark.parametrize("weight", [0, -1, None])
def test_a_case_without_a_weight_is_named(weight):
    cases = drawn()
    cases.loc[3, "w"] = weight
    with pytest.raises(WeightingError, match="3"):
        nonresponse_weights(cases, weight="w", responded="responded")


def test_trimmed_weights_keep_their_sum_and_stay_under_the_cap():
    found = trim_weights(pd.Series([1.0, 1.0, 1.0, 1.0, 1.0, 10.0]), 3)
    assert found.weights.sum() == pytest.approx(15)
    assert found.weights.max() <= 3 + 1e-9
    with pytest.raises(WeightingError, match="cap"):
        trim_weights(pd.Series([1.0, 1.0, 10.0]), 2)
