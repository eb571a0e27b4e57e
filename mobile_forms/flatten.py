"""Answers as flat rows: a column per question, 0/1 columns for select_multiple, one table per repeat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mobile_forms.answers import Checked, Filled
from mobile_forms.definition import FormDefinition, Group, Question
from mobile_forms.instance import Rows, Value

INDEX = "_index"
PARENT = "_parent_index"


@dataclass(frozen=True, slots=True)
class Flat:
    """One set of answers as flat values.

    Attributes:
        row: question name → code or text; for select_multiple also ``question__code`` → "1" or "0", empty where it
            was not answered. Notes are left out.
        tables: by name of the repeat, at any depth, its rows; ``_index`` counts the rows of one table from 1,
            ``_parent_index`` names the row of the repeat around it, empty in outer repeats.
        by_tag: metric tag → raw code; where a metric stands twice, that of the question which was relevant and
            answered. Metrics inside repeats are left out: they have no single value.
    """

    row: Mapping[str, str]
    tables: Mapping[str, tuple[Mapping[str, str], ...]]
    by_tag: Mapping[str, str]


def flatten(form: FormDefinition, answers: Checked | Filled) -> Flat:
    """Flatten what `Rules.check` or `Rules.fill` gave."""
    tables: dict[str, list[Mapping[str, str]]] = {group.name: [] for group in form.repeats}
    _fill_tables(form.root, answers.repeats, "", tables)
    return Flat(
        row=_flat_row(_outside(form), answers.values),
        tables={name: tuple(rows) for name, rows in tables.items()},
        by_tag=_by_tag(form, answers),
    )


def columns(form: FormDefinition) -> tuple[str, ...]:
    """The columns of the main table, in the order of the form."""
    return tuple(_columns(_outside(form)))


def repeat_columns(form: FormDefinition, repeat: str) -> tuple[str, ...]:
    """The columns of the table of a repeat.

    Raises:
        KeyError: the form has no such repeat.
    """
    group = next((group for group in form.repeats if group.name == repeat), None)
    if group is None:
        raise KeyError(repeat)
    return (INDEX, PARENT, *_columns(_within(group)))


def _outside(form: FormDefinition) -> list[Question]:
    return [question for question in form.questions if not question.repeat]


def _within(group: Group) -> list[Question]:
    """The questions of a repeat, without those of repeats inside it."""
    return [node for node in group.walk() if isinstance(node, Question) and node.repeat == group.path]


def _columns(questions: Iterable[Question]) -> Iterator[str]:
    for question in questions:
        if question.kind != "note":
            yield question.name
            yield from (f"{question.name}__{choice.value}" for choice in _codes(question))


def _codes(question: Question) -> tuple:
    return question.choices if question.kind == "select_multiple" else ()


def _flat_row(questions: Iterable[Question], values: Mapping[str, Value]) -> dict[str, str]:
    row: dict[str, str] = {}
    for question in questions:
        value = values.get(question.name, "")
        if question.kind == "note" or not isinstance(value, str):
            continue
        row[question.name] = value
        chosen = set(value.split())
        for choice in _codes(question):
            row[f"{question.name}__{choice.value}"] = ("1" if choice.value in chosen else "0") if value else ""
    return row


def _fill_tables(
    group: Group, repeats: Mapping[str, Value | Rows], parent: str, tables: dict[str, list[Mapping[str, str]]]
) -> None:
    for below in group.children:
        if not isinstance(below, Group):
            continue
        if not below.repeat:
            _fill_tables(below, repeats, parent, tables)
            continue
        rows = repeats.get(below.name, ())
        for row in () if isinstance(rows, str) else rows:
            index = str(len(tables[below.name]) + 1)
            tables[below.name].append({INDEX: index, PARENT: parent, **_flat_row(_within(below), row)})
            _fill_tables(below, row, index, tables)


def _by_tag(form: FormDefinition, answers: Checked | Filled) -> dict[str, str]:
    found: dict[str, str] = {}
    for question in _outside(form):
        if question.metric and question.name in answers.relevant:
            found[question.metric] = answers.values.get(question.name, "") or found.get(question.metric, "")
        elif question.metric:
            found.setdefault(question.metric, "")
    return found
