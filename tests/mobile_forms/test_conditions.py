"""When a question is asked, in words: exact, or not at all."""

from __future__ import annotations

import pytest

from mobile_forms.catalog import shipped
from mobile_forms.conditions import Fact, Wording
from mobile_forms.xlsform import compile_workbook
from tests.mobile_forms.forms import compiled, workbook

SURVEY = [
    ("type", "name", "label", "calculation"),
    ("select_one yn", "a", "甲", None),
    ("select_multiple kind", "b", "乙", None),
    ("integer", "n", "几口人", None),
    ("text", "t", "说明", None),
    ("select_one scale", "s", "满意吗", None),
    ("calculate", "go", None, "if(${a} = 1 and not(selected(${b}, '2')), 1, 0)"),
    ("calculate", "which", None, "if(${a} = 1, 'x', if(${n} > 2, 'y', ''))"),
    ("calculate", "p_kind", None, "'3'"),
]
CHOICES = [
    ("list_name", "name", "label"),
    *(("yn", code, label) for code, label in ((1, "是"), (2, "否"))),
    *(("kind", code, label) for code, label in ((1, "老人"), (2, "孩子"), (3, "病人"))),
    *(("scale", code, label) for code, label in ((3, "满意"), (2, "一般"), (1, "不满意"))),
]
FACTS = {"p_kind": Fact("救助类别", {"3": "特困", "4": "低保"})}


def wording() -> Wording:
    form = compile_workbook(workbook(SURVEY, CHOICES), filename="t.xlsx").definition
    asked = [question.name for question in form.questions if question.asked]
    return Wording(form, {name: str(number) for number, name in enumerate(asked, 1)}, FACTS)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("/t/a = 1", "第 1 题选“是”"),
        ("1 = /t/a", "第 1 题选“是”"),
        ("/t/a = 1 or /t/a = 2", "第 1 题选“是”或“否”"),
        ("not(/t/a = 1)", "第 1 题没有选“是”"),
        ("selected(/t/b, '1') or selected(/t/b, '3')", "第 2 题选了“老人”或“病人”"),
        ("not(selected(/t/b, '2'))", "第 2 题没有选“孩子”"),
        ("count-selected(/t/b) > 0", "第 2 题选了任何一项"),
        ("count-selected(/t/b) = 0", "第 2 题一项也没有选"),
        ("/t/n >= 3", "第 3 题填的数不少于3"),
        ("3 < /t/n", "第 3 题填的数大于3"),
        ("/t/t != ''", "第 4 题填了"),
        ("string-length(/t/t) = 0", "第 4 题没有填"),
        ("/t/s <= 2", "第 5 题选“一般”或“不满意”"),
        ("/t/s > 0", "第 5 题已经回答"),
        ("/t/a = 1 and (/t/n > 2 or /t/t = '')", "第 1 题选“是”，并且（第 3 题填的数大于2，或者第 4 题没有填）"),
        ("/t/p_kind = '3' or /t/p_kind = '4'", "名册上的救助类别是“特困”或“低保”"),
        ("not(/t/p_kind = '3')", "名册上的救助类别不是“特困”"),
    ],
)
def test_a_condition_is_said_in_words(expression: str, words: str) -> None:
    assert wording().when(expression) == words


def test_a_calculated_truth_gets_a_letter_and_its_meaning_once() -> None:
    paper = wording()
    assert paper.when("/t/go = 1") == "条件 A 成立"
    assert paper.when("/t/go = 1 and /t/n > 1") == "条件 A 成立，并且第 3 题填的数大于1"
    assert paper.when("/t/which = 'y'") == "条件 B 成立"
    assert dict(paper.letters) == {
        "A": "第 1 题选“是”，并且第 2 题没有选“孩子”",
        "B": "第 1 题没有选“是”，并且第 3 题填的数大于2",
    }


@pytest.mark.parametrize(
    "expression",
    [
        "regex(/t/t, '^a')",
        "/t/n * 2 > 3",
        "/t/a = 9",
        "position(..) = 1",
        "/t/nowhere = 1",
        "count(/t/a[. = 1]) > 1",
        "(",
    ],
)
def test_what_words_cannot_say_exactly_they_do_not_say(expression: str) -> None:
    assert wording().when(expression) is None


@pytest.mark.parametrize("form_id", [form.form_id for form in shipped()])
def test_every_condition_of_a_shipped_form_can_be_said(form_id: str) -> None:
    form = compiled(form_id).definition
    asked = [question.name for question in form.questions if question.asked]
    names = ("p_category", "p_monthly", "p_family", "p_persons")
    paper = Wording(
        form, {name: str(number) for number, name in enumerate(asked, 1)}, {name: Fact(name) for name in names}
    )
    rules = [node.bind.relevant for node in form.root.walk() if node.bind.relevant]
    assert [rule for rule in rules if paper.when(rule) is None] == []
