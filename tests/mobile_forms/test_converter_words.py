"""Whatever the converter says reaches a Chinese author in Chinese, or is marked as its own words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import pyxform
from pyxform.errors import ErrorCode, PyXFormError

from mobile_forms.converter_words import UNKNOWN, in_chinese
from mobile_forms.problems import Sheet, notice_of_pyxform, problem_of_pyxform
from mobile_forms.xlsform import FormFaultError, compile_workbook
from tests.mobile_forms.forms import workbook

ENGLISH = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z']{2,}){2,}")
LACKS_TWO = "Language 'Uyghur(ug)' is missing the choices columns image, label."
MARK = UNKNOWN.partition("{")[0]


def said(message: str, *, code: ErrorCode | None = None) -> str:
    fault = problem_of_pyxform(PyXFormError(message, code=code) if code else PyXFormError(message), Sheet([]))
    return fault.text("zh") + fault.remedy("zh")


@pytest.mark.parametrize("code", list(ErrorCode), ids=lambda code: code.name)
def test_every_sentence_that_has_a_code_is_told_in_chinese(code: ErrorCode) -> None:
    tokens = re.findall(r"(?<!\{)\{(\w+)\}", code.value.msg)
    message = code.value.format(**{token: "4" if "row" in token else "x1" for token in tokens})

    assert not ENGLISH.search(said(message)), said(message)
    assert MARK not in said(message)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("[row : 4] Missing calculation.", "calculation"),
        ("[row : 3] Choice filter not supported with or_other.", "or_other"),
        ("[row : 3] Choice filter not supported for table-list appearance.", "table-list"),
        ("[row : 3] Parameter rows must have an integer value.", "rows 必须是整数"),
        ("Parameter max-pixels must have an integer value.", "max-pixels 必须是整数"),
        ("randomize must be set to true or false: 'maybe' is an invalid value", "不能写“maybe”"),
        ("seed value must be a number or a reference to another field.", "seed 只能是数字"),
        ("[row : 2] Audits must always be named 'audit.' The name column should be left blank.", "audit"),
        ("[row : 2] username is no longer supported on most devices. Only old versions", "username"),
        ("There is no survey element named 'q9'.", "q9"),
        ("Duplicate column header: label", "列名相同"),
        ("The survey element named 'q1' has no label or hint.", "没有题目文字"),
        ("Unknown question type 'foo'.", "foo"),
        ("Choice names with spaces cannot be added to multiple choice selects. See [a b] in [l]", "a b"),
    ],
)
def test_a_sentence_without_a_code_is_told_in_chinese(message: str, told: str) -> None:
    assert not ENGLISH.search(said(message)), said(message)
    assert told in said(message)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "Language 'English(en)' is missing the survey hint column.\n" + LACKS_TWO,
            "语言“English(en)”在 survey 表缺 hint；语言“Uyghur(ug)”在 choices 表缺 image, label",
        ),
        ("[row : 9] Use the max-pixels parameter to speed up submission sending and save storage space.", "max-pixels"),
        ("[row : 9] The 'disabled' column header is not part of the current spec.", "relevant"),
        (
            "The following language declarations do not contain valid machine-readable codes: 中文. Learn more: x",
            "中文",
        ),
    ],
)
def test_a_warning_is_told_in_chinese(message: str, told: str) -> None:
    notice = notice_of_pyxform(message)

    assert told in notice.text("zh")
    assert not ENGLISH.search(notice.text("zh"))
    assert notice.text("en").endswith(re.sub(r"^\[row : \d+\] ", "", message)) or notice.code != "notice"


def test_what_is_not_known_stands_as_it_was_said_and_says_so() -> None:
    assert in_chinese("", {}, "[row : 2] Something quite new happened.") == f"{MARK}Something quite new happened."


def test_no_sentence_that_the_converter_has_today_is_unknown() -> None:
    """Its own sentences, read from its source."""
    folder = Path(pyxform.__file__).parent
    unknown = []
    for name in ("xls2json.py", "survey.py", "survey_element.py", "builder.py"):
        for node in ast.walk(ast.parse((folder / name).read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("PyXFormError", "warnings.append")):
                text = "".join(_literals(node.args[0])) if node.args else ""
                if ENGLISH.search(text) and MARK in in_chinese("", {}, text):
                    unknown.append(text)

    assert unknown == []


def _literals(node: ast.expr) -> list[str]:
    """The words of a sentence as they stand in the source, ``x1`` for each value."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return [word for part in node.values for word in _literals(part)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _literals(node.left) + _literals(node.right)
    place = isinstance(node, ast.BinOp) or "row_number" in ast.unparse(node)
    return [""] if place else ["x1"]


def test_a_fault_of_the_converter_stands_in_a_chinese_sentence() -> None:
    headings = ("type", "name", "label", "parameters")
    book = workbook([headings, ("geopoint", "a", "甲", "capture-accuracy=x")])
    with pytest.raises(FormFaultError) as caught:
        compile_workbook(book, filename="t.xlsx")
    (problem,) = caught.value.problems

    assert "capture-accuracy 必须是数字" in problem.sentence("zh")
    assert "must have a numeric value" in problem.sentence("en")
