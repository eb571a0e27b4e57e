"""What a screen says, ready for its template: every word in the visitor's language, every answer as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mobile_forms.answers import Filled
from mobile_forms.definition import Choice, Group, Question
from survey_server.public.interview import MAX_TEXT, Sitting, field_of
from survey_server.public.screens import Node

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "kk-arab", "ky-arab", "ug", "ur"})
INPUT_TYPES = {"date": "date", "time": "time"}
KINDS = {"select_one": "one", "select_multiple": "many", "acknowledge": "many", "image": "photo", "geopoint": "place"}


@dataclass(frozen=True)
class Option:
    """One row to tap."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Item:
    """A heading, a note or a question; ``field`` is the name of its inputs.

    ``kind`` chooses the markup: heading, note, row (the head of a row of a repeat), one, many, lines, line, photo or
    place.
    """

    kind: str
    field: str
    label: str
    hint: str = ""
    error: str = ""
    value: str = ""
    options: tuple[Option, ...] = ()
    input_type: str = "text"
    input_mode: str = "text"
    required: bool = False
    without: bool = False
    """Whether the visitor said that it cannot be given."""

    @property
    def max_length(self) -> int:
        """The longest text that is taken."""
        return MAX_TEXT


def items_of(sitting: Sitting, errors: Mapping[str, str]) -> Iterator[Item]:
    """The relevant parts of the shown screen, in order; those of a repeat row by row."""
    screen = sitting.screen
    if screen.repeat is None:
        yield from _items(sitting, screen.nodes, errors, None)
        return
    yield from _items(sitting, screen.lead, errors, None)
    name = sitting.shown.label(screen.repeat.name, sitting.interview.language)
    for row in range(sitting.rows):
        yield Item("row", str(row), f"{name} {row + 1}".strip())
        yield from _items(sitting, screen.nodes, errors, row)


def _items(sitting: Sitting, nodes: Iterable[Node], errors: Mapping[str, str], row: int | None) -> Iterator[Item]:
    filled, language = sitting.shown, sitting.interview.language
    for node in nodes:
        if not (node.name in filled.relevant if row is None else filled.shows(node.name, row)):
            continue
        label = filled.label(node.name, language, row or 0)
        if isinstance(node, Group):
            yield Item("heading", node.name, label)
        elif node.kind == "note":
            yield Item("note", node.name, label)
        else:
            yield _question(sitting, node, errors, row)


def code_of(language: str) -> str:
    """The code of a form's language: ``中文(zh)`` → ``zh``; Chinese where it names none."""
    found = re.search(r"\(([A-Za-z][\w-]*)\)\s*$", language)
    return found.group(1).lower() if found else "zh"


def direction_of(language: str) -> str:
    """``rtl`` for languages that are written from the right."""
    code = code_of(language)
    return "rtl" if code in RIGHT_TO_LEFT or code.split("-")[0] in RIGHT_TO_LEFT else "ltr"


def _question(sitting: Sitting, question: Question, errors: Mapping[str, str], row: int | None) -> Item:
    filled, language = sitting.shown, sitting.interview.language
    name, at = field_of(question.name, row), row or 0
    value = _value(sitting, question, row)
    return Item(
        kind=_kind(question),
        field=name,
        label=filled.label(question.name, language, at),
        hint=filled.hint(question.name, language, at),
        error=errors.get(name, ""),
        value=_shown_place(value) if question.kind == "geopoint" else value,
        options=_options(question, filled, language, value, at),
        input_type=INPUT_TYPES.get(question.kind, "tel" if _is_phone(question) else "text"),
        input_mode=_input_mode(question),
        required=question.name in filled.required,
        without=name in sitting.interview.without,
    )


def _kind(question: Question) -> str:
    found = KINDS.get(question.kind, "line")
    return "lines" if found == "line" and "multiline" in question.appearance else found


def _value(sitting: Sitting, question: Question, row: int | None) -> str:
    repeat = sitting.screen.repeat
    if row is None or repeat is None:
        return sitting.shown.values.get(question.name, "")
    found = sitting.shown.repeats[repeat.name][row].get(question.name, "")
    return found if isinstance(found, str) else ""


def _shown_place(value: str) -> str:
    """Latitude and longitude alone."""
    return " ".join(value.split()[:2])


def _options(question: Question, filled: Filled, language: str, value: str, row: int) -> tuple[Option, ...]:
    if question.kind == "acknowledge":
        return (Option("OK", filled.label(question.name, language, row), value == "OK"),)
    chosen = set(value.split())
    return tuple(
        Option(choice.value, _label(choice, language), choice.value in chosen)
        for choice in (filled.choices(question.name, row) if question.kind.startswith("select") else ())
    )


def _label(choice: Choice, language: str) -> str:
    text = choice.label.get(language) or next(iter(choice.label.values()), None)
    return text.plain if text else choice.value


def _is_phone(question: Question) -> bool:
    return question.role == "contact_phone"


def _input_mode(question: Question) -> str:
    if _is_phone(question):
        return "tel"
    if question.kind == "integer" or "numbers" in question.appearance:
        return "numeric"
    return "decimal" if question.kind == "decimal" else "text"
