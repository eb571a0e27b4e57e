from __future__ import annotations

import io
import zipfile

import pytest

from mobile_forms.problem_texts import TEXTS
from mobile_forms.problems import Problem
from mobile_forms.xlsform import (
    FormFaultError,
    UnreadableWorkbookError,
    compile_workbook,
    fill_placeholders,
    left_placeholders,
)
from tests.mobile_forms.forms import Row, workbook

HEADINGS = ("type", "name", "label", "relevant", "calculation", "constraint")


def faults(*rows: Row) -> tuple[Problem, ...]:
    with pytest.raises(FormFaultError) as caught:
        compile_workbook(workbook([HEADINGS, *rows]), filename="t.xlsx")
    return caught.value.problems


@pytest.mark.parametrize(
    ("rows", "code", "row", "column"),
    [
        ([("text", "a b", "A")], "names_008", 2, "name"),
        ([("text", "a", "A"), ("text", "a", "A")], "name_twice", 3, "name"),
        ([("txt", "a", "A")], "type_misspelt", 2, "type"),
        ([("text", "a", "A", "${b} = 1")], "pyref_003", 2, "relevant"),
        ([("text", "a", "A", "${b")], "pyref_001", 2, "relevant"),
        ([("text", "ok", "A"), ("text", "a", "A", "foo(1)")], "expression", 3, "relevant"),
        ([("text", "a", "A", None, None, "regex(., '[')")], "expression", 2, "constraint"),
        ([("calculate", "a", "", None, "1 +")], "expression", 2, "calculation"),
        ([("begin_group", "g", "G"), ("text", "a", "A")], "survey_002", 2, "type"),
        ([("end_group", "g", "G")], "survey_001", 2, "type"),
        ([("text", "", "A")], "no_name", 2, "name"),
        ([("", "a", "A")], "no_type", 2, "type"),
    ],
)
def test_a_fault_is_named_with_its_row_and_column(rows: list[Row], code: str, row: int | None, column: str) -> None:
    problem = faults(*rows)[0]

    assert (problem.code, problem.row, problem.column) == (code, row, column)
    assert problem.sheet == ("survey" if row else "")
    if row:
        assert f"第{row}行" in problem.sentence("zh")
        assert f"row {row}" in problem.sentence("en")


def test_every_fault_of_expressions_is_named_at_once() -> None:
    problems = faults(("text", "a", "A", "foo(1)"), ("text", "b", "B", "1 = = 2"), ("text", "c", "C"))

    assert [(problem.row, problem.question) for problem in problems] == [(2, "a"), (3, "b")]


def test_a_name_in_two_groups_is_refused_with_the_row_of_the_second() -> None:
    problem = faults(
        ("begin_group", "g", "G"),
        ("text", "a", "A"),
        ("end_group",),
        ("begin_group", "h", "H"),
        ("text", "a", "A"),
        ("end_group",),
    )[0]

    assert (problem.code, problem.row, problem.question) == ("name_twice", 6, "a")


def test_a_name_that_is_a_column_of_a_multiple_choice_is_refused() -> None:
    survey = [("type", "name", "label"), ("select_multiple l", "q", "Q"), ("text", "q__1", "T")]
    choices = [("list_name", "name", "label"), ("l", "1", "one")]

    with pytest.raises(FormFaultError) as caught:
        compile_workbook(workbook(survey, choices), filename="t.xlsx")
    assert [problem.code for problem in caught.value.problems] == ["column_twice"]


def test_questions_that_wait_for_each_other_are_refused() -> None:
    problem = faults(("calculate", "a", "", None, "${b} + 1"), ("calculate", "b", "", None, "${a} + 1"))[0]

    assert problem.code == "cycle"
    assert "a → b → a" in problem.sentence("zh")


def test_a_fault_nobody_foresaw_keeps_the_words_of_the_converter() -> None:
    problem = faults(("select_one_from_file x.doc", "a", "A"))[0]

    assert problem.code == "file_extension"
    assert ".csv" in problem.sentence("zh")


def test_a_list_that_is_no_csv_is_refused_with_its_row() -> None:
    problem = faults(("select_one_from_file places.geojson", "a", "A"))[0]

    assert (problem.code, problem.row, problem.column) == ("unsupported", 2, "type")
    assert "places.geojson" in problem.sentence("en")


def test_what_the_converter_advises_is_kept_with_its_row() -> None:
    content = workbook([("type", "name", "label"), ("text", "a", "A"), ("image", "b", "B"), ("text", "A", "A")])
    pixels, alike = compile_workbook(content, filename="t.xlsx").warnings

    assert (pixels.code, pixels.row) == ("notice", 3)
    assert (alike.code, alike.row) == ("names_002", 4)


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (b"no workbook", "a.xlsx"),
        (b"no workbook", "a.xls"),
        (b"type,name", "a.csv"),
        (b"PK\x05\x06" + bytes(18), "a.xlsx"),
        (b"x" * 4_000_001, "a.xlsx"),
    ],
    ids=["text", "old", "csv", "empty archive", "large"],
)
def test_what_is_no_workbook_is_refused(content: bytes, filename: str) -> None:
    with pytest.raises(UnreadableWorkbookError):
        compile_workbook(content, filename=filename)


def test_a_workbook_that_unpacks_to_a_mountain_is_refused_unopened() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 61_000_000)

    with pytest.raises(UnreadableWorkbookError) as caught:
        compile_workbook(content.getvalue(), filename="a.xlsx")
    assert caught.value.problems[0].code == "too_large"


def test_a_form_without_an_id_is_named_after_its_file() -> None:
    content = workbook([("type", "name", "label"), ("text", "a", "A")], settings=())

    assert compile_workbook(content, filename="问卷.xlsx").definition.form_id == "问卷"


def test_placeholders_are_filled_and_escaped() -> None:
    xml = "<a b='{{client}}'>{{company}}，{{ hotline }}，{{staff_no}}</a>".encode()
    filled = fill_placeholders(xml, {"company": "<甲&乙>", "client": '"丙"', "hotline": "1"})

    assert filled.decode() == "<a b='&quot;丙&quot;'>&lt;甲&amp;乙&gt;，1，{{staff_no}}</a>"
    assert left_placeholders(filled) == []


def test_a_placeholder_that_is_left_is_named() -> None:
    assert left_placeholders("{{client}} {{staff_no}} {{机构}}".encode()) == ["client", "机构"]
    assert left_placeholders(b"{{staff_no}}", allowed=()) == ["staff_no"]
    assert left_placeholders(b"{{ never closed") == ["{{"]


def test_every_fault_has_a_sentence_and_a_remedy_in_both_languages() -> None:
    for code, texts in TEXTS.items():
        assert set(texts) == {"zh", "en"}, code
        assert all(part.strip() for pair in texts.values() for part in pair), code
