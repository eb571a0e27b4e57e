"""Submissions held against their form: every break is named, none raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from mobile_forms.answers import MissingListError, Rules, UnreadableSubmission
from mobile_forms.definition import FormError, read_form
from mobile_forms.instance import ListTable
from tests.mobile_forms.forms import compiled, rules_of, shipped_rules

Submission = Callable[..., bytes]
Lists = dict[str, bytes]


def found(rules: Rules, xml: bytes, lists: Lists) -> set[tuple[str, str]]:
    return {(item.question, item.rule) for item in rules.check(xml, lists).breaks}


def test_a_complete_interview_is_read_with_its_conclusions(
    visit: Rules, visit_lists: Lists, submission: Submission
) -> None:
    checked = visit.check(submission(), visit_lists)

    assert (checked.form_id, checked.version, checked.instance_id) == ("hv_household_visit", "2025120101", "uuid:1")
    assert (checked.outcome, checked.headline, checked.case_id) == ("F1", True, "A-0001")
    assert (checked.language, checked.deprecated_id, checked.breaks) == ("1", None, ())
    assert checked.values["p_amount"] == "860"
    assert checked.started is not None
    assert checked.started.utcoffset() is not None


def test_a_missing_answer_is_a_break_and_not_a_refusal(
    visit: Rules, visit_lists: Lists, submission: Submission
) -> None:
    assert found(visit, submission(b3_sex=""), visit_lists) == {("b3_sex", "required")}


def test_a_constraint_speaks_the_form_s_own_words(visit: Rules, visit_lists: Lists, submission: Submission) -> None:
    breaks = visit.check(submission(b6_persons="33", b7_diff="96"), visit_lists).breaks

    assert [(item.question, item.rule, item.message) for item in breaks] == [
        ("b6_persons", "constraint", "填0—20的整数")
    ]


def test_an_option_that_the_form_does_not_have_is_named(
    visit: Rules, visit_lists: Lists, submission: Submission
) -> None:
    assert found(visit, submission(i6_all="6"), visit_lists) == {("i6_all", "choice")}
    assert ("h6_channel", "choice") in found(visit, submission(h6_channel="1 77"), visit_lists)


def test_a_household_that_is_not_on_the_list_is_named(visit: Rules, visit_lists: Lists, submission: Submission) -> None:
    xml = submission().replace(b"<household>A-0001", b"<household>A-9999")

    assert ("household", "choice") in found(visit, xml, visit_lists)


def test_what_is_no_number_is_named(visit: Rules, visit_lists: Lists, submission: Submission) -> None:
    assert ("f3_amount", "type") in found(visit, submission(f3_amount="八百六"), visit_lists)


def test_an_answer_where_none_belongs_counts_as_empty_and_is_named(
    visit: Rules, visit_lists: Lists, submission: Submission
) -> None:
    xml = submission().replace(b"<c3_lack>", b"<c5_photo>door.jpg</c5_photo><c3_lack>")
    checked = visit.check(xml, visit_lists)

    assert [(item.question, item.rule) for item in checked.breaks] == [("c5_photo", "irrelevant_value")]
    assert checked.values["c5_photo"] == ""
    assert checked.files == ()


def test_a_changed_calculation_is_named_and_the_conclusion_is_ours(
    visit: Rules, visit_lists: Lists, submission: Submission
) -> None:
    xml = submission().replace(b"<outcome>F1", b"<outcome>F6")
    checked = visit.check(xml, visit_lists)

    assert [(item.question, item.rule) for item in checked.breaks] == [
        ("outcome", "calculation"),
        ("headline", "calculation"),
    ]
    assert checked.values["outcome"] == "F6"
    assert (checked.outcome, checked.recalculated["outcome"]) == ("F1", "F1")


def test_a_question_that_the_form_does_not_have_is_named(
    visit: Rules, visit_lists: Lists, submission: Submission
) -> None:
    xml = submission().replace(b"</k>", b"<stranger>1</stranger></k>")

    assert found(visit, xml, visit_lists) == {("stranger", "unknown_question")}


def test_the_same_question_twice_is_named_and_the_first_answer_stands(
    visit: Rules, visit_lists: Lists, submission: Submission
) -> None:
    xml = submission().replace(b"</i6_all>", b"</i6_all><i6_all>1</i6_all>")
    checked = visit.check(xml, visit_lists)

    assert ("i6_all", "unknown_question") in {(item.question, item.rule) for item in checked.breaks}
    assert checked.values["i6_all"] == "4"


def test_without_its_list_a_calculation_is_unjudged_and_not_wrong(visit: Rules, submission: Submission) -> None:
    checked = visit.check(submission(), {})

    assert checked.breaks == ()
    assert {"household", "p_amount", "p_category"} <= checked.unjudged
    assert checked.outcome == "F1"


def test_lists_may_be_bytes_rows_or_prepared(visit: Rules, visit_lists: Lists, submission: Submission) -> None:
    table = ListTable.from_csv(visit_lists["households.csv"])
    xml = submission()

    for given in (visit_lists["households.csv"], table, table.rows[:1]):
        assert visit.check(xml, {"households.csv": given}).breaks == ()


def test_an_unfinished_interview_that_was_stopped_requires_nothing_more(
    visit: Rules, visit_lists: Lists, full_visit: Mapping[str, str]
) -> None:
    some = dict(list(full_visit.items())[:18])
    filled = visit.fill({**some, "stop_why": "1", "k5_infl": "1", "k1_problem": "0"}, visit_lists)

    assert filled.missing == ()
    assert filled.values["outcome"] == "F15"


def test_dates_of_the_future_break_their_constraint(visit: Rules, visit_lists: Lists) -> None:
    answers = {"household": "A-0005", "a2_contact": "8", "ad_known": "1", "ad_month": "2026-03-01"}
    before, after = datetime(2026, 2, 28, 15, 59, tzinfo=UTC), datetime(2026, 2, 28, 16, 0, tzinfo=UTC)

    assert [item.rule for item in visit.fill(answers, visit_lists, now=before).breaks] == ["constraint"]
    assert visit.fill(answers, visit_lists, now=after).breaks == ()


def test_a_correction_names_the_submission_that_it_replaces(
    visit: Rules, visit_lists: Lists, submission: Submission
) -> None:
    xml = submission().replace(b"</instanceID>", b"</instanceID><deprecatedID>uuid:0</deprecatedID>")

    assert visit.check(xml, visit_lists).deprecated_id == "uuid:0"


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (b"", "malformed"),
        (b"\x89PNG", "malformed"),
        (b"<data id='hv_household_visit'", "malformed"),
        (b"<data id='other'><meta><instanceID>uuid:1</instanceID></meta></data>", "unknown_form"),
        (b"<data><meta><instanceID>uuid:1</instanceID></meta></data>", "unknown_form"),
        (b"<data id='hv_household_visit'/>", "no_instance_id"),
        (b'<!DOCTYPE d [<!ENTITY a "b">]><data id="hv_household_visit">&a;</data>', "forbidden"),
        (b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><data id="hv_household_visit"/>', "forbidden"),
        (b'<?xml version="1.0" encoding="UTF-16"?><data/>', "forbidden"),
        ("<data/>".encode("utf-16"), "forbidden"),
        (b"<data>" * 60 + b"</data>" * 60, "too_deep"),
        (b"<data>" * 5_000 + b"</data>" * 5_000, "malformed"),
        (b"<data>" + b"x" * 2_000_000 + b"</data>", "too_large"),
        (b"<data>&a;</data>", "malformed"),
        (b"<data>" + b"<x/>" * 20_000 + b"</data>", "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_only_what_cannot_be_read_is_refused(visit: Rules, xml: bytes, code: str) -> None:
    with pytest.raises(UnreadableSubmission) as caught:
        visit.check(xml, {})
    assert caught.value.code == code


def test_an_answer_with_markup_in_it_stays_an_answer() -> None:
    rules = rules_of(("type", "name", "label"), ("text", "a", "A"))
    words = "<b>&amp; ]]> \"'\u3000\U0001f600"
    filled = rules.fill({"a": f"{words}\x00\x0b"})

    assert rules.check(filled.xml).values["a"] == words


def test_a_list_that_is_needed_and_missing_stops_filling(visit: Rules) -> None:
    with pytest.raises(MissingListError, match=r"households\.csv"):
        visit.fill({})


def test_an_answer_to_no_question_stops_filling(visit: Rules, visit_lists: Lists) -> None:
    with pytest.raises(KeyError, match="nobody"):
        visit.fill({"nobody": "1"}, visit_lists)
    with pytest.raises(KeyError, match="a_ok is a group"):
        visit.fill({"a_ok": "1"}, visit_lists)
    with pytest.raises(KeyError, match="a_ok is not a repeat"):
        visit.fill({"a_ok": []}, visit_lists)


def test_labels_show_the_facts_of_the_household(
    visit: Rules, visit_lists: Lists, full_visit: Mapping[str, str]
) -> None:
    filled = visit.fill(full_visit, visit_lists)

    assert filled.label("h_case") == (
        "【访员看，不念】名册类别：农村低保；当地标准：480元/人/月（2025年）；本户上月应到账：860元。空着的就是名册里没有。"
    )
    assert filled.hint("f1_paid") == "只问名册上的这一种：农村低保"
    assert filled.label("i").startswith("K 满意度")


def test_options_come_from_the_form_and_from_its_file(visit: Rules, visit_lists: Lists) -> None:
    filled = visit.fill({}, visit_lists)

    assert [choice.value for choice in filled.choices("i6_all")] == ["5", "4", "3", "2", "1", "98", "99"]
    assert filled.choices("household")[0].value == "A-0001"
    assert filled.choices("household")[0].label["中文(zh)"].plain == "A-0001 青石镇柳湾村 王*"


def test_options_are_filtered_by_an_answer() -> None:
    rules = rules_of(
        ("type", "name", "label", "choice_filter"),
        ("select_one county", "county", "County", None),
        ("select_one town", "town", "Town", "county=${county}"),
        choices=[
            ("list_name", "name", "label", "county"),
            ("county", "a", "A", None),
            ("county", "b", "B", None),
            ("town", "a1", "A1", "a"),
            ("town", "b1", "B1", "b"),
        ],
    )
    filled = rules.fill({"county": "a", "town": "b1"})

    assert [choice.value for choice in filled.choices("town")] == ["a1"]
    assert [(item.question, item.rule) for item in filled.breaks] == [("town", "choice")]
    assert rules.fill({"county": "b", "town": "b1"}).finalises


def test_the_label_of_a_choice_reaches_a_calculation() -> None:
    rules = rules_of(
        ("type", "name", "label", "calculation"),
        ("select_one yn", "a", "A", None),
        ("calculate", "said", None, "jr:choice-name(${a}, '${a}')"),
        ("note", "n", "You said ${said}", None),
        choices=[("list_name", "name", "label"), ("yn", "1", "是"), ("yn", "2", "否")],
    )

    assert rules.fill({"a": "2"}).label("n") == "You said 否"


def test_defaults_stand_until_they_are_answered() -> None:
    rules = rules_of(("type", "name", "label", "default"), ("text", "a", "A", "x"), ("date", "b", "B", "today()"))
    now = datetime(2025, 12, 31, 17, tzinfo=UTC)

    assert rules.fill({}, now=now).values == {"a": "x", "b": "2026-01-01"}
    assert rules.fill({"a": "", "b": "2025-01-01"}, now=now).values == {"a": "", "b": "2025-01-01"}


def test_the_places_of_a_page_are_required_or_not() -> None:
    public = shipped_rules("qr_public")
    lists = {"places.csv": [{"name": "P-01", "label": "P", "p_county": "C"}]}
    filled = public.fill({"place": "P-01", "z3": "4"}, lists)

    assert {"z1", "z7"} <= filled.required
    assert "z8" not in filled.required
    assert "z6" not in filled.relevant
    assert filled.missing[0] == "z1"
    assert not filled.finalises


def test_what_waits_for_itself_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="g → a → g"):
        rules_of(
            ("type", "name", "label", "relevant"),
            ("begin_group", "g", "G", "${a} = 1"),
            ("text", "a", "A", None),
            ("end_group", None, None, None),
        )


def test_a_form_error_names_question_and_expression() -> None:
    xml = compiled("qr_public").xml.replace(b" /data/z3  &lt;= 3", b"nonsense( /data/z3 )")
    with pytest.raises(FormError, match="relevant of z6 cannot be evaluated") as caught:
        Rules(read_form(xml))
    assert (caught.value.question, caught.value.rule) == ("z6", "relevant")
    assert caught.value.expression == "nonsense( /data/z3 )"


def test_options_may_be_the_rows_of_a_repeat() -> None:
    rules = rules_of(
        ("type", "name", "label"),
        ("begin_repeat", "person", "P"),
        ("text", "called", "N"),
        ("end_repeat", None, None),
        ("select_one ${called}", "head", "H"),
    )
    people = [{"called": "甲"}, {"called": "乙"}, {"called": ""}]

    assert [choice.value for choice in rules.fill({"person": people}).choices("head")] == ["甲", "乙"]
    assert rules.fill({"person": people, "head": "乙"}).finalises
    assert [item.rule for item in rules.fill({"person": people, "head": "丙"}).breaks] == ["choice"]


def test_what_a_phone_remembers_of_the_last_interview_is_nothing_here() -> None:
    rules = rules_of(("type", "name", "label", "default"), ("text", "a", "A", "${last-saved#a}"))

    assert rules.form.media == ()
    assert rules.fill({}).values == {"a": ""}


def test_the_heading_of_a_table_is_no_question() -> None:
    rules = rules_of(
        ("type", "name", "label", "appearance"),
        ("begin_group", "g", "G", "table-list"),
        ("select_one l", "a", "A", None),
        ("end_group", None, None, None),
        choices=[("list_name", "name", "label"), ("l", "1", "one")],
    )

    assert rules.fill({}).asked == ("a",)


def test_a_triggered_calculation_is_filled_in_and_not_held_against_the_phone() -> None:
    rules = rules_of(
        ("type", "name", "label", "calculation", "trigger"),
        ("text", "a", "A", None, None),
        ("calculate", "stamp", None, "concat('seen ', ${a})", "${a}"),
    )
    filled = rules.fill({"a": "x"})

    assert filled.values["stamp"] == "seen x"
    assert rules.check(filled.xml.replace(b"seen x", b"seen before")).breaks == ()


def test_a_truth_that_collect_writes_as_a_number_is_the_same_truth() -> None:
    rules = rules_of(
        ("type", "name", "label", "calculation"), ("integer", "a", "A", None), ("calculate", "b", None, "${a} > 1")
    )
    xml = rules.fill({"a": "2"}).xml

    assert b"<b>true</b>" in xml
    assert rules.check(xml.replace(b"<b>true", b"<b>1")).breaks == ()
    assert [item.rule for item in rules.check(xml.replace(b"<b>true", b"<b>0")).breaks] == ["calculation"]
