"""Scores by rule, against the vectors of the scoring rules, and contradictions of published tables."""

from __future__ import annotations

from decimal import Decimal

import pytest

from analysis import Actual, ScoringError, load_table, score, tables
from analysis.contradictions import check_published, fund_balance, possible_rate, rate_vs_score, smallest_n
from analysis.indicators import shipped_table, table_from, target_from
from analysis.scoring import grade


def one_line(weight, rule, **more):
    return table_from(
        {"id": "t", "title": "t", "total": weight, "tree": [{"name": "x", "weight": weight, "rule": rule, **more}]}
    )


def points_of(weight, rule, value, **more):
    return score(one_line(weight, rule, **more), {"x": value}).total


@pytest.mark.parametrize(
    ("weight", "actual", "wanted"),
    [(5, 90, "4.50"), (8, 97.5, "7.80"), (5, 85.71, "4.29"), (3, 80.78, "2.42"), (3, 88.87, "2.67")],
)
def test_in_proportion_the_printed_rate_times_the_weight_is_the_score(weight, actual, wanted):
    assert points_of(weight, {"type": "proportional"}, actual / 100) == Decimal(wanted)


def test_a_rate_is_scored_as_printed_so_that_a_reader_can_recompute_it():
    assert points_of(5, {"type": "proportional"}, 180 / 210) == Decimal("4.29")
    assert points_of(25, {"type": "proportional"}, 0.00495) == Decimal("0.13")  # 0.50 per cent, 0.125 points


@pytest.mark.parametrize(("actual", "wanted"), [(88, "9.78"), (92, "10.00")])
def test_in_proportion_to_the_target_full_marks_are_the_most(actual, wanted):
    rule = {"type": "proportional_to_target", "target": ">=90%"}
    assert points_of(10, rule, actual / 100) == Decimal(wanted)


def test_numbers_that_are_not_rates_keep_their_unit():
    rule = {"type": "proportional_to_target", "target": ">=25000"}
    assert points_of(4, rule, 20000, unit="册") == Decimal("3.20")
    assert points_of(4, {"type": "proportional_to_target", "target": "<=30"}, 40) == Decimal("3.00")


@pytest.mark.parametrize(
    ("actual", "deduct", "partial", "wanted"),
    [
        (89.6, 1, "ceil", "9.00"),
        (89.6, 1, "exact", "9.60"),
        (89.6, 1, "floor", "10.00"),
        (82, 1, "ceil", "2.00"),
        (82, 0.5, "ceil", "6.00"),
        (60, 1, "ceil", "0.00"),
    ],
)
def test_below_the_threshold_points_go_by_steps(actual, deduct, partial, wanted):
    rule = {"type": "threshold_step", "target": ">=90%", "deduct": deduct, "partial": partial}
    assert points_of(10, rule, actual / 100) == Decimal(wanted)


@pytest.mark.parametrize(("actual", "wanted"), [(0.85, "8"), (0.8499, "6"), (0.70, "4"), (0.6999, "0")])
def test_bands_are_closed_below_and_open_above(actual, wanted):
    rule = {"type": "bands", "bands": [[85, 8], [80, 6], [70, 4], [0, 0]]}
    assert points_of(8, rule, actual) == Decimal(wanted)


ZHANJIANG_BANDS = [[0, 10, 0.5], [10, 20, 1], [20, 50, 2], [50, None, 3]]


@pytest.mark.parametrize(
    ("pct", "deduct"),
    [(0, 0), (0.01, 0.5), (9.99, 0.5), (10, 1), (19.99, 1), (20, 2), (36.67, 2), (49.99, 2), (50, 3)],
)
def test_a_change_costs_by_its_range_and_no_change_costs_nothing(pct, deduct):
    rule = {"type": "range_deduct", "part": 3, "bands": ZHANJIANG_BANDS, "plus": {"做实项目库": 1}}
    assert points_of(4, rule, pct / 100) == Decimal(str(3 - deduct))
    assert points_of(4, rule, {"rate": pct / 100, "plus": ["做实项目库"], "exempt": True}) == Decimal(4)


def test_checklists_add_or_take_and_never_go_below_nothing():
    assert points_of(4, {"type": "checklist_additive", "items": {"a": 1, "b": 3}}, ["b"]) == Decimal(3)
    rule = {"type": "checklist_deductive", "items": {"虚列套取": 3, "超预算": 2}}
    assert points_of(3, rule, []) == Decimal(3)
    assert points_of(3, rule, ["超预算"]) == Decimal(1)
    assert points_of(3, rule, ["超预算", "超预算"]) == Decimal(0)
    with pytest.raises(ScoringError, match="没有"):
        points_of(3, rule, ["没有"])


def test_one_tier_is_chosen():
    assert points_of(
        2, {"type": "tiers", "items": {"及时": 2, "不及时并影响进度": 0.5}}, "不及时并影响进度"
    ) == Decimal("0.5")


def test_points_of_what_is_not_assessed_go_where_the_rule_says():
    rule = {"type": "not_assessed_reassign", "when": "无结转", "to": "y"}
    raw = {
        "tree": [{"name": "y", "weight": 3, "rule": {"type": "proportional"}}, {"name": "x", "weight": 2, "rule": rule}]
    }
    table = table_from({"id": "t", "title": "t", "total": 5, **raw})
    assert score(table, {"y": 0.9, "x": 0.8}).total == Decimal("4.30")
    assert score(table, {"y": 0.9, "x": Actual(assessed=False)}).total == Decimal("4.50")


def test_an_event_sets_the_score_to_nothing():
    rule = {"type": "proportional", "override_zero": "引起信访且情节严重"}
    assert points_of(5, rule, Actual(0.9, zero="引起信访且情节严重")) == Decimal(0)
    assert points_of(5, {"type": "override_zero", "then": {"type": "proportional"}}, 0.9) == Decimal("4.50")


def test_points_by_judgement_are_the_mean_of_the_experts_and_need_a_reason():
    table = one_line(5, {"type": "manual"})
    found = score(table, {"x": Actual({"甲": 4, "乙": 5, "丙": 4}, evidence=("D1",))})
    assert found.total == Decimal("4.33")
    assert [finding.code for finding in found.findings] == ["NO_REASON"]
    with pytest.raises(ScoringError, match="0 to 5"):
        score(table, {"x": Actual(6, reason="好")})


def test_the_definition_decides_the_score_of_the_zhanjiang_rule():
    assert points_of(5, {"type": "proportional"}, 180 / 210) == Decimal("4.29")
    assert points_of(5, {"type": "proportional"}, 180 / 200) == Decimal("4.50")


def test_zhanjiang_recomputed_gives_what_its_rules_say():
    table = shipped_table("zhanjiang_2020")
    for spent, wanted in [(894.971, "2.67"), (813.5138, "2.42")]:
        found = score(table, {"预算执行率（截止2019-12-31）": spent / 1007.077})
        line = next(each for each in found.lines if each.line.name.startswith("预算执行率（截止2019"))
        assert line.score == Decimal(wanted)
        assert "RULE_VS_SCORE" in {finding.code for finding in line.findings}
    satisfied = score(table, {"社会公众或服务对象满意度": Actual(0.9, n=400)})
    line = next(each for each in satisfied.lines if each.line.name == "社会公众或服务对象满意度")
    assert line.score == Decimal("4.50")
    assert {finding.code for finding in line.findings} >= {"RULE_VS_SCORE"}
    assert "NO_NUMERIC_ACTUAL" in {finding.code for finding in check_published(table)}


def test_xinjiang_adds_up_to_a_total_that_its_report_did_not_print():
    table = shipped_table("xinjiang_2024")
    found = score(table, {})
    assert found.total_stated == Decimal("90.36")
    assert grade(Decimal("90.36")) == "优" == table.grade_stated
    assert found.total is None
    assert {line.weight for line in table.leaves() if line.name not in {"项目决策", "项目管理"}} == {None}
    by_dimension = {"项目决策": 11.47, "项目管理": 22.06, "项目产出": 26.83, "项目效益": 30}
    rule = {"rule": {"type": "manual"}}
    raw = [{"name": name, "weight": w, **rule} for name, w in zip(by_dimension, (12, 28, 30, 30), strict=True)]
    judged = score(table_from({"id": "x", "title": "x", "tree": raw}), by_dimension)
    assert judged.total == Decimal("90.36")


def test_every_shipped_table_adds_up():
    for table in tables():
        assert [finding for finding in score(table, {}).findings if finding.code == "WEIGHT_SUM"] == [], table.id


def test_a_table_that_does_not_add_up_says_where():
    raw = {"id": "t", "title": "表", "tree": [{"name": "a", "weight": 25, "children": [{"name": "b", "weight": 20}]}]}
    found = score(table_from(raw), {}).findings
    assert [(finding.code, finding.indicator, finding.fields["sum"]) for finding in found] == [
        ("WEIGHT_SUM", "表", Decimal(25)),
        ("WEIGHT_SUM", "a", Decimal(20)),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"target": "<=5300", "actual_stated": "5830", "weight": 10, "score_stated": 10}, "TARGET_DIRECTION"),
        ({"target": ">=4754", "actual_stated": "4604", "weight": 5, "score_stated": 5}, "RULE_VS_SCORE"),
        ({"target": ">=90%", "actual_stated": "≥90%", "weight": 10, "score_stated": 10}, "NO_NUMERIC_ACTUAL"),
        ({"target": ">=95%", "actual_stated": "已完成", "weight": 10, "score_stated": 10}, "NO_NUMERIC_ACTUAL"),
    ],
)
def test_real_faults_of_published_tables_are_found(line, code):
    table = table_from({"id": "t", "title": "t", "total": line["weight"], "tree": [{"name": "x", **line}]})
    assert [finding.code for finding in check_published(table)] == [code]


def test_full_marks_without_evidence_are_named_and_an_estimate_is_evidence():
    assert [f.code for f in score(one_line(5, {"type": "manual"}), {"x": Actual(5, reason="好")}).findings] == [
        "NO_EVIDENCE"
    ]
    full = score(one_line(5, {"type": "proportional"}), {"x": Actual(1.0, n=20000)})
    assert full.findings == ()


def test_funds_that_do_not_balance_are_found():
    assert fund_balance("10.328", "7", "9.585", "7.743") is None
    found = fund_balance("10.328", "7", "9.585", "10.328", "临时救助")
    assert found is not None
    assert found.fields["balance"] == Decimal("7.743")


def test_a_percentage_tells_the_least_number_of_answers_behind_it():
    assert smallest_n("99.63") == 267
    assert not possible_rate("99.63", 100)
    assert possible_rate("66.7", 3)
    found = score(one_line(5, {"type": "proportional"}), {"x": Actual(Decimal("0.9963"), n=100, evidence=("1",))})
    assert {finding.code for finding in found.findings} == {"DECIMALS", "IMPOSSIBLE_RATE"}


def test_a_rate_and_a_score_that_do_not_multiply_are_found():
    assert rate_vs_score("85.71", 5, "4.29") is None
    found = rate_vs_score("80.78", 3, 3)
    assert found is not None
    assert found.fields["score"] == Decimal("2.42")


def test_the_interval_of_a_rate_becomes_that_of_its_score_and_of_the_total():
    raw = {
        "tree": [
            {"name": "满意度", "weight": 10, "rule": {"type": "proportional"}},
            {"name": "y", "weight": 90, "rule": {"type": "manual"}},
        ]
    }
    found = score(
        table_from({"id": "t", "title": "t", **raw}),
        {"满意度": Actual(0.9, n=200, low=0.8506, high=0.9343), "y": Actual(81, reason="r", evidence=("1",))},
    )
    assert (found.lines[0].low, found.lines[0].score, found.lines[0].high) == (
        Decimal("8.51"),
        Decimal("9.00"),
        Decimal("9.34"),
    )
    assert found.total == Decimal("90.00")
    assert found.grade() == "优"
    assert found.grade({"好": 95, "一般": 0}) == "一般"
    assert list(found.frame["actual"]) == ["90.00%", "81"]


@pytest.mark.parametrize(("total", "wanted"), [(90, "优"), ("89.99", "良"), (80, "良"), (60, "中"), (0, "差")])
def test_grades_are_closed_below(total, wanted):
    assert grade(Decimal(total)) == wanted


def test_targets_are_read_with_their_sign_and_unit():
    assert (target_from("≥90%").op, target_from("≥90%").value) == (">=", Decimal("0.9"))
    assert (target_from("<=30").value, target_from("<=30").percent) == (Decimal(30), False)
    assert target_from("有效提高").op == "qualitative"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [", "yaml"),
        ("title: x", "tree"),
        ("tree: [{weight: 1}]", "name"),
        ("tree: [{name: a, weight: 多}]", "number"),
        ("tree: [{name: a, rule: {type: magic}}]", "rule"),
        ("tree: [{name: a}, {name: a}]", "double"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(text, code):
    with pytest.raises(ScoringError) as caught:
        load_table(text)
    assert caught.value.code == code


def test_a_value_for_an_indicator_that_does_not_exist_is_refused():
    with pytest.raises(ScoringError, match="没有这项"):
        score(shipped_table("self_eval_generic"), {"没有这项": 1})
