"""Questions with several answers, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import AnalysisError, SurveyDesign
from analysis.multiple import multiple_answers

OPTIONS = {"到账慢": "m__1", "手续多": "m__2", "其他": "m__96"}


def asked():
    """Five people; the third ticks nothing, the last was not asked."""
    return pd.DataFrame(
        {
            "w": [2.0, 1.0, 1.0, 1.0, 1.0],
            "area": ["城", "城", "乡", "乡", "乡"],
            "m__1": [1, 1, 0, 0, None],
            "m__2": [1, 0, 0, 1, None],
            "m__96": [0, 0, 0, 0, None],
        }
    )


def test_rates_among_respondents_and_among_answers_are_both_given():
    found = multiple_answers(SurveyDesign(asked(), weight="w"), OPTIONS)
    table = found.frame.set_index("option")
    # weights 2, 1, 1, 1: 5 respondents; ticks 到账慢 3, 手续多 3, 其他 0: 6 answers
    assert table["estimate"].to_dict() == pytest.approx({"到账慢": 3 / 5, "手续多": 3 / 5, "其他": 0})
    assert table["share"].to_dict() == pytest.approx({"到账慢": 1 / 2, "手续多": 1 / 2, "其他": 0})
    assert table["n"].tolist() == [4, 4, 4]
    assert table["yes"].to_dict() == {"到账慢": 2, "手续多": 2, "其他": 0}
    assert found.per_person.frame["estimate"].iloc[0] == pytest.approx(6 / 5)


def test_the_share_of_answers_has_the_variance_of_a_ratio():
    found = multiple_answers(SurveyDesign(asked(), weight="w"), OPTIONS)
    ratio = SurveyDesign(asked().assign(all=[2, 1, 0, 1, None]), weight="w").ratios({"r": ("m__1", "all")})
    assert found.answers.frame["se"].iloc[0] == pytest.approx(ratio.frame["se"].iloc[0])


def test_shares_and_their_intervals_stay_between_zero_and_one_and_have_a_width():
    table = multiple_answers(SurveyDesign(asked(), weight="w"), OPTIONS).frame
    assert table["share_low"].ge(0).all()
    assert table["share_high"].le(1).all()
    assert (table["share_low"] < table["share_high"]).all()
    assert table["low"].lt(table["high"]).all()


def test_domains_have_rows_of_their_own_and_the_most_frequent_option_stands_first():
    frame = pd.DataFrame({"d": [1, 1, 2, 2] * 20, "a": [0, 1, 0, 0] * 20, "b": [1, 1, 1, 0] * 20})
    table = multiple_answers(SurveyDesign(frame), ["a", "b"], by="d").frame
    assert list(zip(table["option"], table["d"], strict=True)) == [("b", 1), ("b", 2), ("a", 1), ("a", 2)]
    assert table["share"].tolist() == pytest.approx([2 / 3, 1, 1 / 3, 0])


def test_a_census_has_no_interval_of_either_rate():
    table = multiple_answers(SurveyDesign(asked().iloc[:4].assign(N=4), population="N"), OPTIONS).frame
    assert (table["low"] == table["high"]).all()
    assert table["share_low"].to_numpy() == pytest.approx(table["share_high"].to_numpy())


def test_a_row_that_has_half_of_its_options_is_named():
    torn = asked()
    torn.loc[1, "m__2"] = np.nan
    with pytest.raises(AnalysisError, match="row 1") as caught:
        multiple_answers(SurveyDesign(torn), OPTIONS)
    assert caught.value.code == "options_torn"
    with pytest.raises(AnalysisError, match="none were named"):
        multiple_answers(SurveyDesign(asked()), {})


def test_a_county_in_which_nobody_ticks_anything_has_rates_and_no_shares():
    frame = pd.DataFrame({"county": ["甲"] * 4 + ["乙"] * 4, "a": [1, 1, 0, 0] + [0] * 4, "b": [0, 1, 1, 0] + [0] * 4})
    table = multiple_answers(SurveyDesign(frame), ["a", "b"], by="county").frame
    silent = table[table["county"] == "乙"]
    assert silent["estimate"].tolist() == [0, 0]
    assert silent["high"].gt(0).all()
    assert silent[["share", "share_low", "share_high"]].isna().all(axis=None)
    assert table[table["county"] == "甲"]["share"].tolist() == pytest.approx([0.5, 0.5])
