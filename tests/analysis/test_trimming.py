"""Weights that are cut, and the report of every step of weighting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle_cases import data

from analysis import SurveyDesign, WeightingError
from analysis.trimming import trim, trim_weights
from analysis.weight_steps import steps_of, weight_steps


def test_trimmed_weights_keep_their_sum_and_stay_under_the_cap():
    found = trim_weights(pd.Series([1.0, 1.0, 1.0, 1.0, 1.0, 10.0]), 3)
    assert found.weights.tolist() == pytest.approx([2.4] * 5 + [3.0])
    assert found.report[["cap", "cut", "weight_before"]].iloc[0].tolist() == [3.0, 1, 15.0]
    assert found.effect < 1.02
    with pytest.raises(WeightingError, match="cap"):
        trim_weights(pd.Series([1.0, 1.0, 10.0]), 2)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=40), st.floats(1, 10))
def test_whatever_the_weights_trimming_keeps_their_sum_or_says_that_it_cannot(weights, most):
    column = pd.Series(weights)
    room = most * column.median() * len(column) / column.sum()
    if room < 1 - 1e-9:
        with pytest.raises(WeightingError, match="cap"):
            trim_weights(column, most)
        return
    assume(room > 1 + 1e-9)
    found = trim_weights(column, most)
    assert found.weights.sum() == pytest.approx(column.sum())
    assert found.weights.max() <= max(most * column.median(), 0) * (1 + 1e-9)
    assert (found.weights.rank(method="min") <= column.rank(method="max")).all()


def test_who_has_no_weight_keeps_none_and_every_class_keeps_its_sum():
    weights = pd.Series([1.0, 1.0, 4.0, None, 1.0, 2.0])
    found = trim_weights(weights, 3, pd.Series(list("aaabbb")))
    assert np.isnan(found.weights[3])
    assert found.weights[:3].sum() == pytest.approx(6)
    assert found.weights[3:].sum() == pytest.approx(3)
    assert found.report["cut"].tolist() == [1, 0]
    with pytest.raises(WeightingError, match="of a:") as caught:
        trim_weights(pd.Series([1.0, 9.0, 1.0, 1.0, 1.0]), 2, pd.Series(list("aabbb")))
    assert caught.value.fields["cell"] == "a"
    with pytest.raises(WeightingError, match="no class"):
        trim_weights(weights, 3, pd.Series(["a", None]))


def test_a_design_with_trimmed_weights_estimates_by_them_and_keeps_its_earlier_variance():
    frame = data("apistrat")
    bound = SurveyDesign(frame, weight="pw", stratum="stype", population="fpc")
    raked = bound.rake({"sch_wide": {"No": 1072, "Yes": 5122}})
    same = trim(raked, 1e6)
    assert same.means("api00").frame["se"].iloc[0] == pytest.approx(raked.means("api00").frame["se"].iloc[0])
    cut = trim(bound, 1.2)
    assert cut.weights.max() == pytest.approx(1.2 * np.median(bound.weights))
    assert cut.weights.sum() == pytest.approx(bound.weights.sum())
    assert cut.means("api00").frame["estimate"].iloc[0] == pytest.approx(
        np.average(frame["api00"], weights=cut.weights)
    )
    kept = trim(bound, 2, classes="stype")
    assert kept.totals({"one": np.ones(200)}, by="stype").frame["estimate"].tolist() == pytest.approx([4421, 755, 1018])


def test_the_report_follows_uneven_weights_and_estimates_step_by_step():
    steps = {"draw": [1.0, 1.0, 1.0, 1.0], "answered": [2.0, np.nan, 1.0, 1.0], "trimmed": [1.5, np.nan, 1.25, 1.25]}
    table = weight_steps(steps, pd.DataFrame({"yes": [1, 1, 0, None]})).set_index("step")
    assert table["n"].tolist() == [4, 3, 3]
    assert table["sum"].tolist() == [4, 4, 4]
    assert table.loc["answered", "deff_w"] == pytest.approx(3 * 6 / 16)
    assert table.loc["answered", "n_effective"] == pytest.approx(16 / 6)
    assert table.loc["answered", "ratio"] == 2
    assert table["yes"].tolist() == pytest.approx([2 / 3, 2 / 3, 1.5 / 2.75])
    assert table["yes_change"].tolist() == pytest.approx([np.nan, 0, 1.5 / 2.75 - 2 / 3], nan_ok=True)


def test_the_steps_of_a_design_are_told_in_their_order():
    frame = data("apistrat")
    bound = SurveyDesign(frame, weight="pw", stratum="stype").poststratify("stype", {"E": 4421, "H": 755, "M": 1018})
    bound = trim(bound.rake({"sch_wide": {"No": 1072, "Yes": 5122}}), 1.3)
    table = steps_of(bound, ["api00"], {"drawn": np.ones(200)})
    assert table["step"].tolist() == ["drawn", "design", "1 post-stratified", "2 calibrated", "3 trimmed"]
    assert table["n_effective"].is_monotonic_decreasing is False
    assert table["api00"].iloc[-1] == pytest.approx(np.average(frame["api00"], weights=bound.weights))


def test_a_step_without_proper_weights_is_named():
    with pytest.raises(WeightingError, match="'cut'"):
        weight_steps({"cut": [1.0, 0.0]})
    with pytest.raises(WeightingError, match="'cut' has 2 weights for 3"):
        weight_steps({"cut": [1.0, 1.0]}, pd.DataFrame({"y": [1, 2, 3]}))
