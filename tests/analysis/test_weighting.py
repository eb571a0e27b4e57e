"""Weights of those who answered, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import SurveyDesign, WeightingError
from analysis.weighting import design_weights, nonresponse_weights, propensity_classes


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


def test_every_case_that_was_drawn_stands_for_as_many():
    cases = pd.DataFrame({"h": ["a"] * 4 + ["b"] * 5, "N": [100] * 4 + [5] * 5})
    found = design_weights(cases, population="N", stratum="h")
    assert found.weights.tolist() == [25.0] * 4 + [1.0] * 5
    assert found.report.to_dict("records")[0] == {"stratum": "a", "drawn": 4, "population": 100, "factor": 25.0}
    assert design_weights(cases.iloc[:4], population="N").weights.sum() == 100


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"N": [100, 100, 100, 99]}, "population_varies"),
        ({"N": [100, None, 100, 100]}, "population_varies"),
        ({"N": [3, 3, 3, 3]}, "population_small"),
        ({"h": ["a", None, "a", "a"]}, "stratum"),
    ],
)
def test_a_stratum_that_cannot_be_is_named(change, code):
    cases = pd.DataFrame({"h": ["a"] * 4, "N": [100] * 4}).assign(**change)
    with pytest.raises(WeightingError) as caught:
        design_weights(cases, population="N", stratum="h")
    assert caught.value.code == code
    with pytest.raises(WeightingError, match="no column 'M'"):
        design_weights(cases, population="M")


def test_classes_with_few_answers_are_marked():
    found = nonresponse_weights(drawn(), weight="w", responded="responded", classes="stratum")
    assert found.report["thin"].tolist() == [True, True]
    many = nonresponse_weights(pd.concat([drawn()] * 3, ignore_index=True), weight="w", responded="responded")
    assert many.report["thin"].tolist() == [False]


def test_classes_by_the_chance_to_answer_lift_the_bias_that_the_facts_explain():
    rng = np.random.default_rng(3)
    age = rng.uniform(20, 90, 4000)
    answered = rng.random(4000) < 1 / (1 + np.exp(-(age - 60) / 15))
    yes = rng.random(4000) < 0.2 + age / 150
    cases = pd.DataFrame({"w": 1.0, "answered": answered, "age": age})
    classes = propensity_classes(cases, weight="w", responded="answered", variables=cases[["age"]])
    assert classes.value_counts().between(700, 900).all()
    cases["class"] = classes
    weights = nonresponse_weights(cases, weight="w", responded="answered", classes="class").weights
    rate = np.average(yes[answered], weights=weights[answered])
    assert yes[answered].mean() - yes.mean() > 0.05
    assert rate == pytest.approx(yes.mean(), abs=0.02)
