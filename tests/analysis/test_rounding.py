"""Rounding half up, and sentences."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from analysis import SurveyDesign
from analysis.intervals import DESIGNS
from analysis.rounding import decimals_supported, half_up, percent, percent_text
from analysis.wording import METHODS, sentence


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0.125, "0.13"),
        (0.135, "0.14"),
        (1.005, "1.01"),
        (-0.125, "-0.13"),
        (2.675, "2.68"),
        ("0.005", "0.01"),
        (7, "7.00"),
    ],
)
def test_a_half_goes_up(value, wanted):
    assert half_up(value) == Decimal(wanted)


def test_a_binary_tail_does_not_tip_a_half():
    assert percent(0.12345) == Decimal("12.35")
    assert percent(0.1 + 0.2 - 0.17655) == Decimal("12.35")
    assert half_up(np.float64(0.1) * 3, 2) == Decimal("0.30")


def test_a_fraction_is_printed_in_per_cent():
    assert percent(0.99629) == Decimal("99.63")
    assert percent_text(269 / 270) == "99.63%"
    assert percent_text(1) == "100.00%"
    assert percent_text(float("nan")) == "—"
    assert percent_text(None) == "—"


def test_what_is_no_number_cannot_be_rounded():
    with pytest.raises(ValueError, match="finite"):
        half_up(float("nan"))


def test_two_decimals_need_ten_thousand_answers():
    assert decimals_supported(10_000)
    assert not decimals_supported(9_999)
    assert decimals_supported(1000, 1)


def test_a_sentence_says_the_rate_the_interval_the_answers_and_the_method():
    frame = pd.DataFrame({"yes": [1] * 180 + [0] * 20, "N": 20000})
    row = SurveyDesign(frame, population="N").rates("yes").frame.iloc[0]
    assert sentence("满意率", row) == (
        "满意率为90.00%，95%置信区间为85.01%至93.77%（有效作答200人，其中180人为是；"
        "有限总体简单随机抽样，双尾精确区间（超几何分布））。一人之差即变动0.50个百分点，小数位仅供复算。"
    )


def test_a_census_volunteers_and_nobody_have_sentences_of_their_own():
    census = SurveyDesign(pd.DataFrame({"yes": [1, 0], "N": 2}), population="N").rates("yes").frame.iloc[0]
    assert "普查" in sentence("满意率", census, unit="户")
    volunteers = SurveyDesign(pd.DataFrame({"yes": [1, 0]})).rates("yes", interval="none").frame.iloc[0]
    assert "不计算置信区间" in sentence("扫码满意率", volunteers)
    nobody = SurveyDesign(pd.DataFrame({"yes": [None, None]}, dtype=float)).rates("yes").frame.iloc[0]
    assert sentence("满意率", nobody) == "满意率：没有有效作答，不出数。"


def test_every_method_that_an_estimate_can_carry_has_words():

    assert set(DESIGNS) | {"census", "none", "blaker", "tail", "clopper_pearson", "exact_stratified"} <= set(METHODS)
