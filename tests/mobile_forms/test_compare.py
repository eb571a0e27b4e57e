from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mobile_forms.compare import Comparison, _longest_rising, compare_forms
from mobile_forms.definition import FormDefinition
from mobile_forms.xlsform import compile_workbook
from tests.mobile_forms.forms import Row, compiled, workbook

HEADINGS = ("type", "name", "label", "relevant", "required", "bind::zf:metric")
SETTINGS = (("form_id", "namespaces"), ("t", 'zf="urn:zoufang:form:1"'))
CHOICES: tuple[Row, ...] = (
    ("list_name", "name", "label"),
    ("sat", "2", "满意"),
    ("sat", "1", "不满意"),
)
FIRST: tuple[Row, ...] = (
    ("text", "a", "甲", None, None, None),
    ("text", "b", "乙", None, None, None),
    ("select_one sat", "s", "满意吗？", None, "yes", "sat_overall"),
)


def form(*rows: Row, choices: tuple[Row, ...] = CHOICES) -> FormDefinition:
    content = workbook([HEADINGS, *rows], choices, SETTINGS)
    return compile_workbook(content, filename="t.xlsx").definition


def compared(*rows: Row, choices: tuple[Row, ...] = CHOICES) -> Comparison:
    return compare_forms(form(*FIRST), form(*rows, choices=choices))


def kinds(comparison: Comparison) -> list[tuple[str, str]]:
    return [(change.kind, change.question) for change in comparison.changes]


def test_the_same_form_has_no_changes_and_pools() -> None:
    visit = compiled("hv_household_visit").definition
    comparison = compare_forms(visit, visit)

    assert comparison.changes == ()
    assert set(comparison.pooling.values()) == {"yes"}


def test_a_question_more_and_one_less_are_named() -> None:
    comparison = compared(FIRST[0], FIRST[2], ("text", "c", "丙", None, None, None))

    assert kinds(comparison) == [("added", "c"), ("removed", "b")]
    assert comparison.pooling == {"a": "yes", "s": "yes", "c": "no"}


def test_other_words_pool_with_care() -> None:
    comparison = compared(FIRST[0], FIRST[1], ("select_one sat", "s", "总体满意吗？", None, "yes", "sat_overall"))

    assert kinds(comparison) == [("wording", "s")]
    assert (comparison.changes[0].old, comparison.changes[0].new) == ("满意吗？", "总体满意吗？")
    assert comparison.pooling["s"] == "with_care"


def test_a_code_with_another_meaning_does_not_pool() -> None:
    turned = (CHOICES[0], ("sat", "1", "满意"), ("sat", "2", "不满意"))
    comparison = compared(*FIRST, choices=turned)

    assert {(change.kind, change.code) for change in comparison.changes} == {
        ("choice_wording", "1"),
        ("choice_wording", "2"),
    }
    assert comparison.pooling["s"] == "no"


def test_an_option_more_pools_with_care() -> None:
    comparison = compared(*FIRST, choices=(*CHOICES, ("sat", "98", "说不清")))

    assert [(change.kind, change.code, change.new) for change in comparison.changes] == [
        ("choice_added", "98", "说不清")
    ]
    assert comparison.pooling["s"] == "with_care"


def test_a_new_name_with_the_same_metric_is_the_same_question() -> None:
    comparison = compared(FIRST[0], FIRST[1], ("select_one sat", "overall", "满意吗？", None, "yes", "sat_overall"))

    assert kinds(comparison) == [("renamed", "overall")]
    assert comparison.matched["overall"] == "s"
    assert comparison.pooling["overall"] == "with_care"


def test_a_group_s_condition_changes_who_is_asked() -> None:
    comparison = compared(
        FIRST[0],
        FIRST[1],
        ("begin_group", "g", "G", "${a} = 'x'", None, None),
        FIRST[2],
        ("end_group", None, None, None, None, None),
    )

    assert [(change.kind, change.question) for change in comparison.changes] == [("relevant", "s")]
    assert comparison.pooling["s"] == "with_care"


def test_moving_a_question_into_a_group_alone_changes_nothing() -> None:
    comparison = compared(
        ("begin_group", "g", "G", None, None, None),
        *FIRST,
        ("end_group", None, None, None, None, None),
    )

    assert comparison.changes == ()


def test_a_question_that_moved_is_named_and_the_others_are_not() -> None:
    comparison = compared(FIRST[2], FIRST[0], FIRST[1])

    assert kinds(comparison) == [("order", "s")]


def test_another_kind_does_not_pool() -> None:
    comparison = compared(("integer", "a", "甲", None, None, None), FIRST[1], FIRST[2])

    assert kinds(comparison) == [("kind", "a")]
    assert comparison.pooling["a"] == "no"


@given(st.permutations(range(9)))
def test_what_stayed_is_in_order_and_as_much_as_can_be(order: list[int]) -> None:
    stayed = _longest_rising(order)
    lengths: list[int] = []
    for place, number in enumerate(order):
        shorter = [lengths[at] for at in range(place) if order[at] < number]
        lengths.append(1 + max(shorter, default=0))

    assert [number for number in order if number in stayed] == sorted(stayed)
    assert len(stayed) == max(lengths)
