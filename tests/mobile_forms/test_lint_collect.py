"""What ODK Collect means otherwise than our own phone program is found, with its row, and nothing else is."""

from __future__ import annotations

import pytest

from mobile_forms.lint_collect import anchored, lint_for_collect
from mobile_forms.problems import Problem
from mobile_forms.xlsform import compile_workbook
from tests.mobile_forms.everything import OTHERWISE_IN_COLLECT, feature_form
from tests.mobile_forms.forms import Row, workbook

HEADINGS = ("type", "name", "label", "relevant", "constraint", "calculation", "required", "choice_filter")


def found(*rows: Row) -> list[Problem]:
    choices = (("list_name", "name", "label", "part"), ("l", "1", "一", "a"), ("l", "2", "二", "b"))
    form = compile_workbook(workbook([HEADINGS, *rows], choices), filename="t.xlsx")
    return list(lint_for_collect(form.definition, form.rows))


def codes(*rows: Row) -> list[tuple[str, str, str]]:
    return [(problem.code, problem.question, problem.column) for problem in found(*rows)]


def limited(constraint: str, kind: str = "text") -> list[tuple[str, str, str]]:
    return codes((kind, "a", "甲", None, constraint))


def test_a_pattern_without_ends_is_found_with_its_row() -> None:
    (problem,) = found(("text", "a", "编号", None, "regex(., '[0-9]{4}')"))

    assert (problem.code, problem.sheet, problem.row) == ("lint_loose_pattern", "survey", 2)
    assert "[0-9]{4}" in problem.sentence("zh")
    assert limited("regex(., '^[0-9]{4}$')") == []


def test_a_pattern_is_found_in_every_kind_of_rule() -> None:
    rows = (
        ("text", "a", "甲"),
        ("text", "b", "乙", "regex(${a}, '^1')"),
        ("calculate", "c", None, None, None, 'if(regex(${a}, "x$"), 1, 2)'),
    )

    assert codes(*rows) == [("lint_loose_pattern", "b", "relevant"), ("lint_loose_pattern", "c", "calculation")]


@pytest.mark.parametrize(
    ("pattern", "whole"),
    [
        ("^a$", True),
        ("a", False),
        ("^a", False),
        ("a$", False),
        ("^a|b$", False),
        ("^(a|b)$", True),
        ("^[a|b]$", True),
        ("^a\\|b$", True),
        ("^a\\$", False),
        ("^[$]", False),
        ("^[^)]|b$", False),
        ("", False),
    ],
)
def test_a_pattern_has_ends_where_it_can_match_a_whole_text_only(pattern: str, whole: bool) -> None:
    assert anchored(pattern) is whole


def test_a_sum_over_rows_that_may_be_blank_is_found() -> None:
    def rows(required: str, rule: str) -> list[tuple[str, str, str]]:
        return codes(
            ("begin_repeat", "r", "R"),
            ("integer", "x", "X", None, None, None, required),
            ("end_repeat",),
            ("calculate", "total", None, None, None, rule),
        )

    assert rows("", "sum(${x})") == [("lint_sum_of_blanks", "total", "calculation")]
    assert rows("yes", "sum(${x})") == []
    assert rows("", "sum(${x}[. != ''])") == []


def test_functions_that_collect_does_not_have_are_each_named() -> None:
    assert limited("floor(.) > 1", "decimal") == [("lint_not_in_collect", "a", "constraint")]
    assert limited("substring (., 1, 4) = '2025'") == [("lint_not_in_collect", "a", "constraint")]
    both = found(("decimal", "a", "甲", None, "floor(.) = ceiling(.)"))
    assert [problem.values["function"] for problem in both] == ["floor", "ceiling"]
    assert limited("not(. = 'floor(')") == []
    assert limited("substr(., 0, 4) = '2025'") == []


def test_a_filter_of_options_is_read_too() -> None:
    rows = (("text", "a", "甲"), ("select_one l", "b", "乙", None, None, None, None, "part = substring(${a}, 1, 1)"))

    assert codes(*rows) == [("lint_not_in_collect", "b", "choice_filter")]


def test_a_quoted_date_is_found() -> None:
    assert limited(". < '2025-06-01'", "date") == [("lint_bare_date", "a", "constraint")]
    assert limited(". < date('2025-06-01')", "date") == []


def test_every_function_that_javarosa_was_seen_to_lack_is_found_in_the_form_of_every_feature() -> None:
    lacking = {name for name, why in OTHERWISE_IN_COLLECT.items() if why.endswith("() is not there")}
    lacking |= {"middle"}
    told = {problem.question for problem in lint_for_collect(feature_form().definition)}

    assert lacking == {"middle", "last_row", "ce", "fl", "named"}
    assert lacking <= told
    assert "before2" in told, "a quoted date"
