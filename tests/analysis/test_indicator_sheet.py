"""Published tables read from spreadsheets, and scores put together."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from analysis import ScoringError, score
from analysis.contradictions import check_published
from analysis.indicator_sheet import table_from_frame
from analysis.indicators import table_from
from analysis.rollup import roll_up, share_examined

PUBLISHED = pd.DataFrame(
    [
        ["预算执行（10分）", "预算执行率", None, 10, "≥95%", "80.78%", 10],
        ["产出（50分）", "数量指标", "特困人员救助供养人数", 20, ">=4754", "4604", 20],
        [None, None, "救助标准", 10, "<=5300", "5830", 10],
        [None, "质量指标", "对象准确率", 20, "≥98%", "已完成", 20],
        ["效益（30分）", "社会效益", "政策知晓率", 20, "≥90%", "≥90%", 20],
        ["满意度（10分）", "服务对象满意度", "满意度", 10, "≥90%", "99.63%", 10],
        ["合计", None, None, 100, None, None, 90],
    ],
    columns=["一级指标", "二级指标", "三级指标", "分值（分）", "年度指标值", "实际完成值", "得分"],
)


def test_blank_levels_are_those_above_and_weights_are_read_from_names():
    table = table_from_frame(PUBLISHED, "自评表")
    assert [line.name for line in table.roots] == ["预算执行", "产出", "效益", "满意度"]
    assert [line.weight for line in table.roots] == [10, 50, 30, 10]
    assert [child.name for child in table.roots[1].children] == ["数量指标", "质量指标"]
    assert len(table.leaves()) == 6


def test_a_published_table_is_checked_from_what_it_states_alone():
    found = {(finding.indicator, finding.code) for finding in check_published(table_from_frame(PUBLISHED))}
    assert found == {
        ("效益", "WEIGHT_SUM"),
        ("预算执行率", "RULE_VS_SCORE"),
        ("特困人员救助供养人数", "RULE_VS_SCORE"),
        ("救助标准", "TARGET_DIRECTION"),
        ("对象准确率", "NO_NUMERIC_ACTUAL"),
        ("政策知晓率", "NO_NUMERIC_ACTUAL"),
        ("服务对象满意度·满意度", "NO_SAMPLE_SIZE"),
    }


def test_names_that_stand_twice_are_told_apart_by_the_level_above():
    frame = pd.DataFrame({"一级指标": ["甲", "乙"], "二级指标": ["完成率", "完成率"], "分值": [50, 50]})
    assert [line.name for line in table_from_frame(frame).leaves()] == ["完成率", "乙·完成率"]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"指标": ["a"]}), "一级指标"),
        (pd.DataFrame({"一级指标": [None]}), "no indicator"),
        (pd.DataFrame({"一级指标": ["a"], "分值": ["很多"]}), "row 1"),
    ],
)
def test_a_sheet_that_is_no_table_says_why(frame, words):
    with pytest.raises(ScoringError, match=words):
        table_from_frame(frame)


def total_of(points):
    table = table_from({"tree": [{"name": "x", "weight": 100, "rule": {"type": "manual"}}]})
    return score(table, {} if points is None else {"x": points})


def test_counties_are_ranked_graded_and_counted_below_the_threshold():
    found = roll_up({"甲县": total_of(92), "乙县": total_of(79.5), "丙县": total_of(92), "丁县": total_of(None)})
    assert list(found.frame["rank"]) == [1, 1, 3]
    assert list(found.frame["grade"]) == ["优", "优", "中"]
    assert found.below == ("乙县",)
    assert found.missing == ("丁县",)
    assert found.mean == Decimal("87.83")
    weighted = roll_up({"甲县": total_of(92), "乙县": total_of(79.5)}, {"甲县": 30, "乙县": 10})
    assert weighted.mean == Decimal("88.88")  # 88.875
    with pytest.raises(ScoringError, match="乙县"):
        roll_up({"甲县": total_of(92), "乙县": total_of(79.5)}, {"甲县": 30})


def test_the_share_of_funds_that_was_examined():
    assert share_examined(990, 2400) == Decimal("0.4125")
    with pytest.raises(ScoringError):
        share_examined(10, 9)
