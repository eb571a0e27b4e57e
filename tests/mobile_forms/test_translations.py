from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest

from mobile_forms.catalog import shipped_form
from mobile_forms.translations import (
    MissingText,
    language_code,
    missing_texts,
    text_direction,
    translator_sheet,
    with_translations,
)
from mobile_forms.xlsform import FormFaultError, UnreadableWorkbookError, compile_workbook
from tests.mobile_forms.forms import workbook

UYGHUR = "维吾尔语 (ug)"
BOOK = workbook(
    [
        ("type", "name", "label::中文(zh)", "hint::中文(zh)", "constraint", "constraint_message::中文(zh)"),
        ("text", "a", "您好，{{company}}", "提示", ". != 'x'", "不行"),
        ("select_one yn", "b", "${a}，同意吗？", None, None, None),
    ],
    [("list_name", "name", "label::中文(zh)"), ("yn", "1", "同意"), ("yn", "2", "不同意")],
    [("form_id", "default_language"), ("t", "中文(zh)")],
)


def filled(texts: dict[tuple[str, str], str], language: str = UYGHUR) -> bytes:
    book = openpyxl.load_workbook(BytesIO(translator_sheet(BOOK, language=language)))
    for row in book.worksheets[0].iter_rows(min_row=2):
        cell = row[5]
        cell.value = texts.get((str(row[2].value), str(row[3].value)))
        cell.data_type = "s" if cell.value else "n"
    content = BytesIO()
    book.save(content)
    return content.getvalue()


ALL = {
    ("a", "label"): "ياخشىمۇسىز، {{company}}",
    ("a", "hint"): "كۆرسەتمە",
    ("a", "constraint_message"): "بولمايدۇ",
    ("b", "label"): "${a}، قوشۇلامسىز؟",
    ("1", "label"): "قوشۇلىمەن",
    ("2", "label"): "قوشۇلمايمەن",
}


def test_the_sheet_holds_every_text_once() -> None:
    sheet = openpyxl.load_workbook(BytesIO(translator_sheet(BOOK, language=UYGHUR))).worksheets[0]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))

    assert [cell.value for cell in sheet[1]] == ["sheet", "list_name", "name", "column", "original", UYGHUR]
    assert [(row[2], row[3]) for row in rows] == list(ALL)
    assert rows[0][4] == "您好，{{company}}"
    assert sheet["F2"].alignment.readingOrder == 2


def test_a_filled_sheet_becomes_a_language_of_the_form() -> None:
    form = compile_workbook(with_translations(BOOK, filled(ALL)), filename="t.xlsx").definition

    assert form.languages == ("中文(zh)", UYGHUR)
    assert form.default_language == "中文(zh)"
    assert form.question("a").label[UYGHUR].plain == "ياخشىمۇسىز، {{company}}"
    assert form.question("a").bind.constraint_message[UYGHUR].plain == "بولمايدۇ"
    assert form.question("b").choices[1].label[UYGHUR].plain == "قوشۇلمايمەن"
    assert missing_texts(form) == ()


def test_what_is_missing_is_listed() -> None:
    some = {key: words for key, words in ALL.items() if key not in {("a", "hint"), ("2", "label")}}
    form = compile_workbook(with_translations(BOOK, filled(some)), filename="t.xlsx").definition

    assert set(missing_texts(form)) == {
        MissingText(UYGHUR, "a", "hint"),
        MissingText(UYGHUR, "b", "label", "2"),
    }


def test_chinese_that_stands_in_for_a_translation_is_missing() -> None:
    plain = workbook(
        [("type", "name", "label", "label::维吾尔语 (ug)"), ("select_one yn", "a", "同意吗？", "قوشۇلامسىز؟")],
        [("list_name", "name", "label"), ("yn", "1", "同意"), ("yn", "2", "OK")],
    )

    assert missing_texts(compile_workbook(plain, filename="t.xlsx").definition) == (
        MissingText(UYGHUR, "a", "label", "1"),
    )


def test_a_sheet_of_a_translated_form_shows_what_is_there() -> None:
    sheet = translator_sheet(with_translations(BOOK, filled(ALL)), language=UYGHUR)
    rows = list(openpyxl.load_workbook(BytesIO(sheet)).worksheets[0].iter_rows(min_row=2, values_only=True))

    assert {(row[2], row[3]): row[5] for row in rows} == ALL
    assert rows[0][4] == "您好，{{company}}"


def test_a_reference_that_was_lost_is_named_with_its_row() -> None:
    with pytest.raises(FormFaultError) as caught:
        with_translations(BOOK, filled({**ALL, ("b", "label"): "قوشۇلامسىز؟", ("a", "label"): "{{client}}"}))

    assert [(problem.row, problem.question, problem.values["lost"]) for problem in caught.value.problems] == [
        (2, "a", "{{client}} {{company}}"),
        (5, "b", "${a}"),
    ]


def test_words_that_look_like_a_formula_stay_words() -> None:
    book = openpyxl.load_workbook(BytesIO(with_translations(BOOK, filled({("1", "label"): "=1+1"}))))
    cell = next(cell for row in book["choices"].iter_rows(min_row=2) for cell in row if cell.value == "=1+1")

    assert cell.data_type == "s"


def test_what_is_no_translator_s_sheet_is_refused() -> None:
    with pytest.raises(UnreadableWorkbookError):
        with_translations(BOOK, BOOK)
    with pytest.raises(UnreadableWorkbookError):
        with_translations(BOOK, b"nothing")
    with pytest.raises(ValueError, match="维吾尔语"):
        translator_sheet(BOOK, language="Uyghur")


@pytest.mark.parametrize(
    ("language", "code", "direction"),
    [
        ("中文(zh)", "zh", "ltr"),
        ("English (en)", "en", "ltr"),
        (UYGHUR, "ug", "rtl"),
        ("ئۇيغۇرچە（ug-Arab）", "ug-arab", "rtl"),
        ("ꆈꌠꉙ (ii)", "ii", "ltr"),
        ("default", "", "ltr"),
    ],
)
def test_a_language_knows_its_code_and_direction(language: str, code: str, direction: str) -> None:
    assert (language_code(language), text_direction(language)) == (code, direction)


def test_the_visit_form_can_go_to_a_translator() -> None:
    content = shipped_form("hv_household_visit").read()
    sheet = translator_sheet(content, language="English (en)")

    assert openpyxl.load_workbook(BytesIO(sheet)).worksheets[0].max_row > 400
    assert compile_workbook(with_translations(content, sheet), filename="t.xlsx").definition.form_id
