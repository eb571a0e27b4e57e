"""What a screen says, ready for its template: every word in the visitor's language, every answer as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mobile_forms.answers import Filled
from mobile_forms.definition import Choice, Group, Question
from survey_server.public.interview import FIELD, MAX_TEXT, Sitting

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "kk-arab", "ky-arab", "ug", "ur"})
INPUT_TYPES = {"date": "date", "time": "time"}


@dataclass(frozen=True)
class Option:
    """One row to tap."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Item:
    """A heading, a note or a question. ``kind`` chooses the markup: heading, note, one, many, lines or line."""

    kind: str
    name: str
    label: str
    hint: str = ""
    error: str = ""
    value: str = ""
    options: tuple[Option, ...] = ()
    input_type: str = "text"
    input_mode: str = "text"
    required: bool = False

    @property
    def field(self) -> str:
        """The name of its inputs."""
        return FIELD + self.name

    @property
    def max_length(self) -> int:
        """The longest text that is taken."""
        return MAX_TEXT


def items_of(sitting: Sitting, errors: Mapping[str, str]) -> Iterator[Item]:
    """The relevant parts of the shown screen, in order."""
    filled, language = sitting.filled, sitting.interview.language
    for node in sitting.screen.nodes:
        if node.name not in filled.relevant:
            continue
        label = filled.label(node.name, language)
        if isinstance(node, Group):
            yield Item("heading", node.name, label)
        elif node.kind == "note":
            yield Item("note", node.name, label)
        else:
            yield _question(node, filled, language, errors.get(node.name, ""))


def code_of(language: str) -> str:
    """The code of a form's language: ``中文(zh)`` → ``zh``; Chinese where it names none."""
    found = re.search(r"\(([A-Za-z][\w-]*)\)\s*$", language)
    return found.group(1).lower() if found else "zh"


def direction_of(language: str) -> str:
    """``rtl`` for languages that are written from the right."""
    code = code_of(language)
    return "rtl" if code in RIGHT_TO_LEFT or code.split("-")[0] in RIGHT_TO_LEFT else "ltr"


def _question(question: Question, filled: Filled, language: str, error: str) -> Item:
    kind = {"select_one": "one", "select_multiple": "many", "acknowledge": "many"}.get(question.kind, "line")
    value = filled.values.get(question.name, "")
    return Item(
        kind="lines" if kind == "line" and "multiline" in question.appearance else kind,
        name=question.name,
        label=filled.label(question.name, language),
        hint=filled.hint(question.name, language),
        error=error,
        value=value,
        options=_options(question, filled, language, value),
        input_type=INPUT_TYPES.get(question.kind, "tel" if _is_phone(question) else "text"),
        input_mode=_input_mode(question),
        required=question.name in filled.required,
    )


def _options(question: Question, filled: Filled, language: str, value: str) -> tuple[Option, ...]:
    if question.kind == "acknowledge":
        return (Option("OK", filled.label(question.name, language), value == "OK"),)
    chosen = set(value.split())
    return tuple(
        Option(choice.value, _label(choice, language), choice.value in chosen)
        for choice in (filled.choices(question.name) if question.kind.startswith("select") else ())
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
