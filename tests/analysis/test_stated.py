"""What a published line says against itself: its money, its evidence, its multiplication; and the same in a study."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from analysis import Actual, score
from analysis.contradictions import check_published
from analysis.errors import ScoringError
from analysis.indicator_sheet import table_from_frame
from analysis.indicators import table_from


def found(**stated: object) -> set[str]:
    line = {"name": "资金支付率", "weight": 10, "target": "≥95%", **stated}
    return {finding.code for finding in check_published(table_from({"total": 10, "tree": [line]}))}


def test_money_that_does_not_balance_is_found_in_a_published_sheet() -> None:
    """10.328 + 7 - 9.585 is 7.743, as 昆明呈贡's table has it; 7.734 is a slip of the pen."""
    head = ["一级指标", "分值", "到位资金（万元）", "上年结转", "支出", "结余"]
    rows = [["资金甲", 50, "10.328", "7", "9.585", "7.743"], ["资金乙", 50, "10.328万元", "7", "9.585", "7.734"]]
    findings = check_published(table_from_frame(pd.DataFrame(rows, columns=head)))
    assert [(each.code, each.indicator) for each in findings] == [("FUND_BALANCE", "资金乙")]
    assert findings[0].fields == {"balance": Decimal("7.743"), "stated": Decimal("7.734")}


def test_an_amount_that_is_none_is_refused_by_its_line() -> None:
    with pytest.raises(ScoringError, match="若干"):
        found(received="若干", spent="1", balance="1")


def test_full_marks_with_neither_value_nor_paper_are_found() -> None:
    assert "NO_EVIDENCE" in found(score_stated=10)
    assert "NO_EVIDENCE" not in found(score_stated=10, evidence_stated="E01", actual_stated="96%")
    assert "NO_EVIDENCE" not in found(score_stated=9)


def test_where_a_table_names_papers_a_blank_says_that_there_is_none() -> None:
    lines = [
        {"name": "甲", "weight": 50, "score_stated": 50, "actual_stated": "12", "evidence_stated": "E01"},
        {"name": "乙", "weight": 50, "score_stated": 50, "actual_stated": "12"},
    ]
    findings = check_published(table_from({"total": 100, "tree": lines}))
    assert [(each.code, each.indicator) for each in findings] == [("NO_EVIDENCE", "乙")]


@pytest.mark.parametrize(
    ("stated", "wrong"),
    [
        ({"actual_stated": "85.71%", "score_stated": "8.57"}, False),
        ({"actual_stated": "85.71%", "score_stated": "9.02"}, False),  # in proportion to the target of 95 per cent
        ({"actual_stated": "96%", "score_stated": "10"}, False),  # all for a target that is met
        ({"actual_stated": "85.71%", "score_stated": "9.5"}, True),
        ({"actual_stated": "96%", "score_stated": "10", "note": "按照“支付率*指标分值”计算得分"}, True),
        ({"actual_stated": "96%", "score_stated": "9.6", "note": "按照“支付率*指标分值”计算得分"}, False),
        ({"actual_stated": "85.71%", "score_stated": "9.5", "note": "每低1个百分点扣0.05分"}, False),
    ],
)
def test_a_rate_and_points_that_do_not_multiply_are_found(stated: dict[str, object], *, wrong: bool) -> None:
    assert ("RATE_VS_SCORE" in found(**stated)) is wrong


def in_study(actual: Actual) -> set[str]:
    rule = {"type": "proportional"}
    line = {"name": "服务对象满意度", "weight": 10, "target": ">=90%", "rule": rule, "metric": "SAT_TOP2"}
    scored = score(table_from({"total": 10, "tree": [line]}), {"服务对象满意度": actual})
    return {finding.code for finding in scored.findings}


@pytest.mark.parametrize(
    ("actual", "code"),
    [
        (Actual(Decimal("0.9963"), reason="公报"), "NO_SAMPLE_SIZE"),
        (Actual(Decimal("0.96"), n=50, sampling="分层随机抽样"), "TOO_SMALL"),
        (Actual(Decimal("0.96"), n=25, sampling="分层随机抽样"), "FEW"),
        (Actual(Decimal("0.96"), n=1200), "NO_SAMPLING"),
        (Actual(Decimal("0.96"), n=1200, sampling="微信扫码自愿填写"), "VOLUNTEERS"),
        (Actual(Decimal("0.9963"), n=200, sampling="分层随机抽样"), "IMPOSSIBLE_RATE"),
        (Actual(Decimal("0.9600"), n=200, sampling="分层随机抽样"), "DECIMALS"),
        (Actual(Decimal("0.9600"), n=60, low=0.87, high=0.99), "TOO_SMALL"),
        (Actual("≥90%"), "NO_NUMERIC_ACTUAL"),
    ],
)
def test_what_a_reviewer_attacks_is_found_in_a_study_too(actual: Actual, code: str) -> None:
    assert code in in_study(actual)


def test_a_sound_rate_of_a_study_is_left_alone() -> None:
    assert in_study(Actual(Decimal("0.9600"), n=20_000, low=0.957, high=0.963)) == set()
    assert in_study(Actual(Decimal("0.9600"), n=20_000, sampling="分层随机抽样")) == set()
