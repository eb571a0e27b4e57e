"""Every fault of a workbook is told at once, each with sheet, row, column and what mends it."""

from __future__ import annotations

import pytest

from mobile_forms.catalog import shipped
from mobile_forms.problems import Problem
from mobile_forms.xlsform import FormFaultError, compile_workbook
from tests.mobile_forms.forms import Row, workbook

HEADINGS = ("type", "name", "label", "relevant", "calculation", "parameters")
CHOICES: tuple[Row, ...] = (("list_name", "name", "label"), ("yn", "1", "是"), ("yn", "2", "否"))


def faults(*rows: Row, choices: tuple[Row, ...] = CHOICES, headings: Row = HEADINGS) -> tuple[Problem, ...]:
    with pytest.raises(FormFaultError) as caught:
        compile_workbook(workbook([headings, *rows], choices), filename="t.xlsx")
    return caught.value.problems


def places(problems: tuple[Problem, ...]) -> list[tuple[str, str, int | None, str]]:
    return [(problem.code, problem.sheet, problem.row, problem.column) for problem in problems]


def test_seven_faults_in_seven_rows_are_told_together() -> None:
    problems = faults(
        ("select_on yn", "a", "甲"),
        ("select_one ny", "b", "乙"),
        ("text", "c", None),
        ("text", "d", "丁", "${aa} = 1"),
        ("text", "e", "戊", "${a} = = 1"),
        ("text", "d", "又丁"),
        ("begin_group", "g", "组"),
        choices=(*CHOICES, ("yn", "2", "又否"), ("yn", None, "没有编码")),
    )

    assert places(problems) == [
        ("type_misspelt", "survey", 2, "type"),
        ("no_list", "survey", 3, "type"),
        ("no_label", "survey", 4, "label"),
        ("pyref_003", "survey", 5, "relevant"),
        ("expression", "survey", 6, "relevant"),
        ("name_twice", "survey", 7, "name"),
        ("survey_002", "survey", 8, "type"),
        ("code_twice", "choices", 4, "name"),
        ("names_006", "choices", 5, "name"),
    ]
    for problem in problems:
        assert f"第{problem.row}行" in problem.sentence("zh")
        assert problem.remedy("zh")


def test_a_slip_is_answered_with_what_was_meant() -> None:
    kind, chosen, reference = faults(
        ("integr", "number_of_visits", "次数"),
        ("select_one yess", "b", "乙"),
        ("text", "c", "丙", "${number_of_visit} = 1"),
        choices=(CHOICES[0], ("yes", "1", "是")),
    )

    assert "“integer”" in kind.remedy("zh")
    assert "“yes”" in chosen.remedy("zh")
    assert "${number_of_visits}" in reference.remedy("zh")


def test_a_misspelt_heading_is_refused_for_its_column_would_do_nothing() -> None:
    misspelt = "relevent"  # codespell:ignore
    (problem,) = faults(("text", "a", "甲", "1 = 2"), headings=("type", "name", "label", misspelt))

    assert places((problem,)) == [("column_misspelt", "survey", 1, misspelt)]
    assert "relevant" in problem.remedy("zh")


def test_a_column_of_notes_is_no_misspelling() -> None:
    content = workbook([("type", "name", "label", "备注", "memo"), ("text", "a", "甲", "改过", "x")], CHOICES)

    assert compile_workbook(content, filename="t.xlsx").definition.question("a")


def test_a_question_without_words_is_refused_although_the_converter_takes_it() -> None:
    assert places(faults(("select_one yn", "a", None))) == [("no_label", "survey", 2, "label")]


def test_a_code_with_a_space_and_a_choice_without_a_list_are_named() -> None:
    found = faults(
        ("select_multiple yn", "a", "甲"),
        ("text", "b", None),
        choices=(*CHOICES, ("yn", "3 a", "丙"), (None, "4", "丁")),
    )

    assert ("code_with_space", "choices", 4, "name") in places(found)
    assert ("choice_without_list", "choices", 5, "list_name") in places(found)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("range", "a", "甲", None, None, "start=0 end=a"), "range"),
        (("range", "a", "甲", None, None, "from=1"), "survey_005"),
        (("calculate", "a", None, None, None), "no_calculation"),
        (("image", "a", "甲", None, None, "max-pixels"), "survey_004"),
    ],
)
def test_a_fault_that_only_the_converter_sees_is_told_in_our_words(row: Row, code: str) -> None:
    (problem,) = faults(row)

    assert (problem.code, problem.row) == (code, 2)
    assert problem.remedy("zh")


@pytest.mark.parametrize("form", shipped(), ids=lambda form: form.form_id)
def test_a_shipped_form_has_no_faults(form) -> None:
    assert compile_workbook(form.read(), filename=form.filename).definition.questions
