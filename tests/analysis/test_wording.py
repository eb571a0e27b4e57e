"""Sentences for estimates, in Chinese and English."""

from __future__ import annotations

import dataclasses
import string

import numpy as np
import pandas as pd
import pytest

from analysis import SurveyDesign
from analysis.averages import averages
from analysis.compare import pairwise
from analysis.intervals import DESIGNS
from analysis.reliability import reliability
from analysis.response import aapor_rates
from analysis.scales import net_promoter
from analysis.wording import EN, METHODS, ZH, difference_sentence, mean_sentence, response_sentence, sentence


def satisfied():
    frame = pd.DataFrame({"yes": [1] * 180 + [0] * 20, "N": 20000})
    return SurveyDesign(frame, population="N").rates("yes").frame.iloc[0]


def test_a_sentence_says_the_rate_the_interval_the_answers_and_the_method():
    assert sentence("满意率", satisfied()) == (
        "满意率为90.00%，95%置信区间为85.01%至93.77%（有效作答200人，其中180人为是；"
        "有限总体简单随机抽样，双尾精确区间（超几何分布））。一人之差即变动0.50个百分点，小数位仅供复算。"
    )


def test_the_same_sentence_in_english():
    assert sentence("The satisfaction rate", satisfied(), unit="households", language=EN) == (
        "The satisfaction rate is 90.00%, 95% confidence interval 85.01% to 93.77% (200 households answered, 180 of "
        "them yes; simple random sample of a finite population, exact tail interval (hypergeometric)). One answer more "
        "or less moves it by 0.50 percentage points; the decimals serve to recompute it."
    )


def test_what_stands_beside_a_rate_is_said_with_it():
    text = sentence("满意率", satisfied(), unit="户", details={"口径": "SAT_TOP2", "渠道": "入户", "未作答": "10户"})
    assert "有效作答200户，其中180户为是；口径：SAT_TOP2；渠道：入户；未作答：10户；有限总体" in text


def test_a_census_volunteers_and_nobody_have_sentences_of_their_own():
    census = SurveyDesign(pd.DataFrame({"yes": [1, 0], "N": 2}), population="N").rates("yes").frame.iloc[0]
    assert sentence("满意率", census, unit="户") == (
        "满意率为50.00%（有效作答2户，其中1户为是；全部对象均已调查，为普查结果，不存在抽样误差）。"
        "一人之差即变动50.00个百分点，小数位仅供复算。"
    )
    volunteers = SurveyDesign(pd.DataFrame({"yes": [1, 0]})).rates("yes", interval="none").frame.iloc[0]
    assert "不计算置信区间" in sentence("扫码满意率", volunteers)
    nobody = SurveyDesign(pd.DataFrame({"yes": [None, None]}, dtype=float)).rates("yes").frame.iloc[0]
    assert sentence("满意率", nobody) == "满意率：没有有效作答，不出数。"
    assert mean_sentence("得分", nobody) == "得分：没有有效作答，不出数。"


def test_no_sentence_speaks_of_one_person_where_the_decimals_bear_it():
    frame = pd.DataFrame({"yes": [1] * 9000 + [0] * 2000})
    assert "一人之差" not in sentence("满意率", SurveyDesign(frame).rates("yes").frame.iloc[0])


def test_an_estimate_that_is_not_sure_enough_says_so():
    found = SurveyDesign(pd.DataFrame({"yes": [1] * 15 + [0] * 5})).rates("yes").frame
    row = found.assign(reliability=reliability(found)).iloc[0]
    assert sentence("满意率", row).endswith("作答太少或区间太宽，不宜单独公布。")
    assert sentence("It", row, language=EN).endswith("not to be published by itself.")


def test_an_average_of_rates_has_no_count_of_yes():
    frame = pd.DataFrame({"a": [1, 0, 1, 1] * 30, "b": [1, 1, 0, 1] * 30})
    found = SurveyDesign(frame).rates(["a", "b"])
    row = averages("AW_AVG", found, found.frame.assign(metric="AW_AVG"), None, whole=False).iloc[0]
    assert "（有效作答120人；按抽样设计加权，logit 变换区间）" in sentence("平均知晓率", row)


def test_means_totals_and_quantiles_are_said_in_their_measure():
    frame = pd.DataFrame({"score": [100.0, 80, 60, 80], "N": 400, "one": 1.0})
    bound = SurveyDesign(frame, population="N")
    assert mean_sentence("满意度得分", bound.means("score").frame.iloc[0], measure="分") == (
        "满意度得分为80.00分，95%置信区间为54.15分至105.85分（有效作答4人；按抽样设计加权，t 分布区间）。"
    )
    total = bound.totals("one").frame.iloc[0]
    assert mean_sentence("户数", total, measure="户", unit="户", digits=0).startswith("户数为400户，")
    median = bound.quantiles("score", [0.5]).iloc[0]
    assert "Woodruff" in mean_sentence("中位数", median, measure="分", digits=0)
    assert mean_sentence("The median", median, digits=0, language=EN).startswith("The median is 80")


def test_a_net_promoter_score_is_said_in_points_of_a_hundred():
    scores = net_promoter(pd.Series([9, 10, 10, 8, 3] * 20))
    row = SurveyDesign(pd.DataFrame({"nps": scores})).means("nps").frame.iloc[0]
    assert mean_sentence("净推荐值", row, times=100).startswith("净推荐值为40.00，95%置信区间为24.")


def counties(second):
    frame = pd.DataFrame(
        {"county": ["甲"] * 300 + ["乙"] * 300, "yes": [1] * 280 + [0] * 20 + [1] * second + [0] * (300 - second)}
    )
    return pairwise(SurveyDesign(frame, stratum="county").rates("yes", by="county"), "yes").iloc[0]


def test_a_difference_is_said_with_its_doubt_and_only_where_there_is_one():
    row = counties(240)
    assert row["one"] == "乙"
    text = difference_sentence("乙县", "甲县", row)
    assert text.startswith("乙县比甲县低13.33个百分点（差的95%置信区间为-18.6")
    assert text.endswith("个百分点；经多重比较校正，p<0.001）。")
    same = difference_sentence("乙县", "甲县", counties(275))
    assert same.startswith("乙县与甲县相差1.67个百分点，尚不能认为两者有差别（")
    assert difference_sentence("B", "A", row, language=EN).startswith("B is 13.33 percentage points below A (95%")
    assert "does not show that they differ" in difference_sentence("B", "A", counties(275), language=EN)


def test_the_difference_of_two_censuses_is_what_it_is():
    frame = pd.DataFrame({"county": [1, 1, 2, 2], "yes": [1, 1, 1, 0], "N": 2})
    found = SurveyDesign(frame, stratum="county", population="N").rates("yes", by="county")
    assert (
        difference_sentence("甲县", "乙县", pairwise(found, "yes").iloc[0])
        == "甲县比乙县高50.00个百分点（无抽样误差）。"
    )


def test_a_rate_of_response_names_its_formula_its_cases_and_its_e():
    found = aapor_rates({"complete": 150, "partial": 10, "refusal": 12, "noncontact": 14, "other": 6, "unknown": 8})
    assert response_sentence("入户应答率", found) == (
        "入户应答率为75.00%（AAPOR RR1；完成150，部分完成10，拒访12，未联系上14，其他6，资格不明8）。"
    )
    assert "已知资格者中的合格比例100.00%" in response_sentence("入户应答率", found, "RR3")
    given = aapor_rates({"complete": 1, "unknown": 2}, e=0.5)
    assert response_sentence("The response rate", given, "RR3", language=EN).endswith(
        "2 of unknown eligibility); those of unknown eligibility count by the given share 50.00%."
    )
    assert response_sentence("应答率", aapor_rates([])) == "应答率：分母中没有样本，不出数。"


def test_every_method_that_an_estimate_can_carry_has_words():
    assert set(DESIGNS) | {"census", "none", "blaker", "tail", "clopper_pearson", "exact_stratified"} <= set(METHODS)


def blanks(template):
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(ZH)])
def test_both_languages_say_the_same(field):
    chinese, english = getattr(ZH, field), getattr(EN, field)
    if isinstance(chinese, str):
        assert blanks(chinese) == blanks(english)
        return
    assert set(chinese) == set(english)
    assert all(blanks(chinese[key]) == blanks(english[key]) for key in chinese)


def test_numbers_of_numpy_and_pandas_are_said_as_numbers():
    row = {"estimate": np.float64(0.5), "low": np.float64(0.4), "high": np.float64(0.6), "n": np.int64(20000)}
    assert "np." not in sentence("满意率", {**row, "yes": np.int64(10000), "method": "kg"})
