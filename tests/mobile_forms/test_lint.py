"""Each thing that spoils a survey is found, and nothing is found where nothing is wrong."""

from __future__ import annotations

import pytest

from mobile_forms.catalog import shipped
from mobile_forms.lint import lint
from mobile_forms.lint_collect import lint_for_collect
from mobile_forms.lint_texts import LINT_TEXTS
from mobile_forms.problems import Problem
from mobile_forms.xlsform import compile_workbook
from tests.mobile_forms.forms import Row, compiled, workbook

HEADINGS = (
    "type",
    "name",
    "label",
    "hint",
    "relevant",
    "required",
    "constraint",
    "default",
    "bind::zf:role",
    "bind::zf:metric",
    "bind::zf:pipl",
)
SETTINGS = (("form_id", "namespaces"), ("t", 'zf="urn:zoufang:form:1"'))
CHOICES = (
    ("list_name", "name", "label", "x_flag"),
    *(("sat", code, label, None) for code, label in ((5, "很满意"), (4, "满意"), (3, "一般"))),
    *(("sat", code, label, None) for code, label in ((2, "不满意"), (1, "很不满意"))),
    ("sat", 98, "说不清", "missing"),
    *(("kind", code, label, None) for code, label in ((4, "非常满意"), (3, "很满意"), (2, "满意"), (1, "不满意"))),
    ("kind", 98, "说不清", "missing"),
    *(("mute", code, label, None) for code, label in ((3, "满意"), (2, "一般"), (1, "不满意"))),
    *(("turned", code, label, None) for code, label in ((1, "很满意"), (2, "满意"), (3, "一般"))),
    *(("turned", code, label, None) for code, label in ((4, "不满意"), (5, "很不满意"), (98, "说不清"))),
    *(("short", code, label, None) for code, label in ((1, "满意"), (2, "不满意"))),
    *(("know", code, label, None) for code, label in ((1, "知道"), (2, "不知道"))),
    *(("said", code, label, None) for code, label in ((1, "说对了"), (2, "说不出来"), (99, "不愿回答"))),
    *(("aid", code, label, None) for code, label in ((1, "低保"), (2, "临时救助"))),
)


def question(kind: str, name: str, label: str, **cells: str) -> Row:
    columns = {"hint": "hint", "relevant": "relevant", "required": "required", "constraint": "constraint"}
    columns |= {"default": "default", "role": "bind::zf:role", "metric": "bind::zf:metric", "pipl": "bind::zf:pipl"}
    filled = {columns[key]: value for key, value in cells.items()}
    return tuple({"type": kind, "name": name, "label": label, **filled}.get(heading) for heading in HEADINGS)


def sat(name: str = "s", choices: str = "sat", label: str = "您满意吗？", **cells: str) -> Row:
    tags = {"role": "satisfaction", "metric": "sat_overall", "pipl": "none"}
    return question(f"select_one {choices}", name, label, **{**tags, **cells})


def found(*rows: Row) -> list[Problem]:
    form = compile_workbook(workbook([HEADINGS, *rows], CHOICES, SETTINGS), filename="t.xlsx")
    return list(lint(form.definition, form.rows))


def codes(*rows: Row) -> list[tuple[str, str]]:
    return [(problem.code, problem.question) for problem in found(*rows)]


@pytest.mark.parametrize("form_id", [form.form_id for form in shipped()])
def test_a_shipped_form_has_no_findings(form_id: str) -> None:
    assert lint(compiled(form_id).definition) == ()
    assert lint_for_collect(compiled(form_id).definition) == ()


def test_a_balanced_question_has_no_findings() -> None:
    assert codes(sat()) == []


def test_a_scale_with_more_praise_than_blame_is_found_with_its_row() -> None:
    (problem,) = found(question("text", "a", "A"), sat(choices="kind"))

    assert (problem.code, problem.row, problem.sheet) == ("lint_unbalanced", 3, "survey")
    assert "好评 3 档，差评 1 档" in problem.sentence("zh")
    assert "3 approving and 1 disapproving" in problem.sentence("en")


def test_a_scale_without_a_way_out_is_found() -> None:
    assert codes(sat(choices="mute")) == [("lint_no_way_out", "s")]


def test_two_scales_that_run_against_each_other_are_found() -> None:
    assert codes(sat("s1"), sat("s2", "turned")) == [("lint_scales_differ", "s2")]


def test_a_leading_question_is_found() -> None:
    assert codes(sat(label="您对我们的优质服务满意吗？")) == [("lint_leading", "s")]


def test_an_answer_selected_beforehand_is_found() -> None:
    assert codes(sat(default="5")) == [("lint_preselected", "s")]


def test_a_scale_that_no_result_counts_is_found() -> None:
    assert codes(sat(role="", metric="", pipl="")) == [("lint_untagged", "s")]


def test_a_reason_required_of_the_dissatisfied_alone_is_found() -> None:
    assert codes(sat(), question("text", "why", "为什么？", relevant="${s} <= 2", required="yes")) == [
        ("lint_reason_required", "why")
    ]
    assert codes(sat(), question("text", "why", "为什么？", required="${s} = 1 or ${s} = 2")) == [
        ("lint_reason_required", "why")
    ]


def test_a_step_more_for_the_dissatisfied_is_found() -> None:
    assert codes(sat(), question("text", "why", "为什么？", relevant="${s} = 1")) == [("lint_extra_steps", "why")]


def test_satisfied_or_not_is_a_scale_too() -> None:
    rows = (sat(choices="short"), question("text", "why", "为什么？", relevant="${s} = 2", required="yes"))

    assert codes(*rows) == [("lint_no_way_out", "s"), ("lint_reason_required", "why")]


def test_a_question_for_all_or_for_the_satisfied_costs_nothing() -> None:
    rows = (question("text", "why", "为什么？"), question("text", "good", "哪里好？", relevant="${s} >= 4"))

    assert codes(sat(), *rows) == []


def test_knowledge_that_was_given_away_is_found() -> None:
    asked = question(
        "select_one said", "k", "遇到急难可以申请什么？", role="awareness", hint="说出“临时救助”算“说对了”"
    )
    told = question("select_multiple aid", "aid", "您领过哪些？", role="fact")

    assert codes(asked, told) == []
    assert codes(told, asked) == [("lint_gives_answer", "k")]


def test_asking_only_whether_something_is_known_is_found() -> None:
    rows = codes(question("select_one know", "k", "您知道低保标准吗？", role="awareness"))

    assert ("lint_whether_known", "k") in rows


def test_what_is_sensitive_before_consent_is_found() -> None:
    ill = question("text", "ill", "得过什么病？", role="fact", pipl="spi")
    agree = question("select_one know", "ok", "同意吗？", role="consent", pipl="none")

    assert codes(agree, ill) == []
    assert codes(ill, agree) == [("lint_before_consent", "ill")]


def test_free_text_that_invites_names_is_found() -> None:
    assert codes(question("text", "a", "是谁？请写姓名和电话")) == [("lint_invites_names", "a")]
    assert codes(question("text", "a", "意见（请不要写姓名）", role="open", pipl="pi")) == []
    assert codes(question("text", "a", "您的意见", role="open", pipl="pi")) == [("lint_open_unwarned", "a")]


def test_an_operator_that_holds_of_nothing_is_found() -> None:
    assert codes(question("integer", "a", "A"), question("text", "b", "B", relevant="${a} != 2")) == [
        ("lint_not_equal", "b")
    ]
    assert codes(question("integer", "a", "A"), question("text", "b", "B", relevant="${a} != ''")) == []


def test_every_finding_has_a_sentence_and_a_remedy_in_both_languages() -> None:
    for code, texts in LINT_TEXTS.items():
        assert set(texts) == {"zh", "en"}, code
        assert all(part.strip() for pair in texts.values() for part in pair), code
