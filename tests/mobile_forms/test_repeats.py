"""Repeats: rows of people in a household, counted, summed, indexed and nested."""

from __future__ import annotations

import pytest

from mobile_forms.answers import Rules
from mobile_forms.flatten import columns, flatten, repeat_columns
from tests.mobile_forms.forms import rules_of

SO_FAR = "sum(../../person[position() <= position(current()/..)]/age)"
YN = [("list_name", "name", "label"), ("yn", "1", "是"), ("yn", "2", "否")]


@pytest.fixture(scope="module")
def people() -> Rules:
    return rules_of(
        ("type", "name", "label", "relevant", "required", "constraint", "calculation", "repeat_count"),
        ("integer", "size", "几口人", None, "yes", None, None, None),
        ("begin_repeat", "person", "第几人", None, None, None, None, "${size}"),
        ("calculate", "place", None, None, None, None, "position(..)", None),
        ("integer", "age", "年龄", None, "yes", ". >= 0 and . <= 120", None, None),
        ("select_multiple yn", "school", "上学", "${age} >= 6 and ${age} <= 15", None, None, None, None),
        (
            "calculate",
            "so_far",
            None,
            None,
            None,
            None,
            SO_FAR,
            None,
        ),
        ("end_repeat", None, None, None, None, None, None, None),
        ("calculate", "total", None, None, None, None, "sum(${age})", None),
        ("calculate", "children", None, None, None, None, "count(/data/person[age < 16])", None),
        ("calculate", "eldest", None, None, None, None, "max(${age})", None),
        ("calculate", "second", None, None, None, None, "indexed-repeat(${age}, ${person}, 2)", None),
        choices=YN,
    )


def test_a_count_makes_the_rows_and_each_knows_its_place(people: Rules) -> None:
    filled = people.fill({"size": "3"})

    assert [row["place"] for row in filled.repeats["person"]] == ["1", "2", "3"]
    assert filled.missing == ("age",)
    assert filled.values["children"] == "0"


def test_rows_are_counted_summed_and_indexed(people: Rules) -> None:
    filled = people.fill({"size": "3", "person": [{"age": "40"}, {"age": "9", "school": "1"}, {"age": "71"}]})

    assert filled.finalises
    assert {name: filled.values[name] for name in ("total", "children", "eldest", "second")} == {
        "total": "120",
        "children": "1",
        "eldest": "71",
        "second": "9",
    }
    assert [row["so_far"] for row in filled.repeats["person"]] == ["40", "49", "120"]
    assert [row["school"] for row in filled.repeats["person"]] == ["", "1", ""]


def test_rows_beyond_the_count_go(people: Rules) -> None:
    filled = people.fill({"size": "1", "person": [{"age": "40"}, {"age": "50"}]})

    assert len(filled.repeats["person"]) == 1
    assert people.fill({"size": "", "person": [{"age": "40"}]}).repeats["person"][0]["age"] == "40"


def test_a_count_without_measure_is_bounded(people: Rules) -> None:
    assert len(people.fill({"size": "999999999"}).repeats["person"]) == 500


def test_rows_beyond_measure_are_named_and_not_evaluated(people: Rules) -> None:
    xml = people.fill({"size": "1", "person": [{"age": "40"}]}).xml
    many = xml.replace(b"</person>", b"</person>" + b"<person><age>3</age></person>" * 5_000, 1)
    checked = people.check(many)

    assert len(checked.repeats["person"]) == 500
    assert {(item.question, item.rule) for item in checked.breaks} >= {("person", "too_many_rows")}


def test_a_break_in_a_row_names_the_row(people: Rules) -> None:
    filled = people.fill({"size": "2", "person": [{"age": "40"}, {"age": "400"}]})
    checked = people.check(filled.xml)

    assert [(item.question, item.rule, item.index) for item in filled.breaks] == [("age", "constraint", (2,))]
    assert checked.breaks == filled.breaks
    assert checked.repeats == filled.repeats


def test_an_answer_in_a_row_where_none_belongs_is_named(people: Rules) -> None:
    filled = people.fill({"size": "1", "person": [{"age": "40"}]})
    checked = people.check(filled.xml.replace(b"</age>", b"</age><school>1</school>"))

    assert [(item.question, item.rule, item.index) for item in checked.breaks] == [("school", "irrelevant_value", (1,))]


def test_rows_become_a_table_of_their_own(people: Rules) -> None:
    filled = people.fill({"size": "2", "person": [{"age": "10", "school": "1 2"}, {"age": "71"}]})
    flat = flatten(people.form, filled)

    assert columns(people.form) == ("size", "total", "children", "eldest", "second")
    assert repeat_columns(people.form, "person") == (
        "_index",
        "_parent_index",
        "place",
        "age",
        "school",
        "school__1",
        "school__2",
        "so_far",
    )
    assert [tuple(row.values()) for row in flat.tables["person"]] == [
        ("1", "", "1", "10", "1 2", "1", "1", "10"),
        ("2", "", "2", "71", "", "", "", "81"),
    ]
    with pytest.raises(KeyError):
        repeat_columns(people.form, "nobody")


@pytest.fixture(scope="module")
def nested() -> Rules:
    return rules_of(
        ("type", "name", "label", "relevant", "calculation"),
        ("begin_repeat", "house", "House", None, None),
        ("text", "street", "Street", None, None),
        ("begin_group", "inside", "Inside", "${street} != 'empty'", None),
        ("begin_repeat", "person", "Person", None, None),
        ("integer", "age", "Age", None, None),
        ("calculate", "key", None, None, "concat(position(../../..), '-', position(..), ' ', ${street})"),
        ("end_repeat", None, None, None, None),
        ("calculate", "living", None, None, "count(${person})"),
        ("end_group", None, None, None, None),
        ("end_repeat", None, None, None, None),
        ("calculate", "all", None, None, "count(/data/house/inside/person)"),
        ("calculate", "that", None, None, "indexed-repeat(${age}, ${house}, 2, ${person}, 1)"),
    )


def test_rows_inside_rows_know_both_places(nested: Rules) -> None:
    filled = nested.fill(
        {
            "house": [
                {"street": "A", "person": [{"age": "1"}, {"age": "2"}]},
                {"street": "B", "person": [{"age": "3"}]},
                {"street": "empty"},
            ]
        }
    )
    flat = flatten(nested.form, filled)

    assert [row["key"] for row in flat.tables["person"]] == ["1-1 A", "1-2 A", "2-1 B"]
    assert [(row["_index"], row["_parent_index"]) for row in flat.tables["person"]] == [
        ("1", "1"),
        ("2", "1"),
        ("3", "2"),
    ]
    assert [row["living"] for row in flat.tables["house"]] == ["2", "1", ""]
    assert (filled.values["all"], filled.values["that"]) == ("3", "3")
    assert nested.check(filled.xml).breaks == ()
    assert nested.check(filled.xml).repeats == filled.repeats


def test_a_break_inside_rows_names_both_places(nested: Rules) -> None:
    filled = nested.fill({"house": [{"street": "A"}, {"street": "B", "person": [{"age": "x"}]}]})

    assert [(item.question, item.index) for item in filled.breaks] == [("age", (2, 1))]
