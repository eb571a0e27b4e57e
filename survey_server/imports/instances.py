"""A row of a file worked through the form: the very instance that a phone would hand in.

What the form calls irrelevant is written down all the same, as the file has it: the door flags it, and nothing that a
respondent said is dropped without a word.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from mobile_forms.answers import Rules
from mobile_forms.definition import Question
from mobile_forms.filled import clean_text
from survey_server.imports.items import Item, option_and_words
from survey_server.imports.matching import (
    CHOOSING,
    DROP_ROW,
    KEEP_MISSING,
    MARKS,
    NO_MATCH,
    Decisions,
    Match,
    open_beside,
)

Lists = Mapping[str, list[dict[str, str]]]


class DroppedRowError(ValueError):
    """A value in the row was decided to be a reason to leave it out; ``question`` is where it stands."""

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question


@dataclass(frozen=True)
class RowAnswers:
    """What a row answers by question, and the questions where it says something that nothing was made of.

    ``question〖…〗`` stands for words written beside an option of a question for which the form has no open answer.
    """

    values: Mapping[str, str]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reader:
    """How rows are read: the form, what its columns and values are, and which columns name no question."""

    rules: Rules
    items: Sequence[Item]
    decisions: Decisions
    source: str
    _questions: dict[str, Question] = field(default_factory=dict)

    def answers(self, row: Sequence[str]) -> RowAnswers:
        """The answers of one row; raises DroppedRowError."""
        values, unread, beside = dict(self.decisions.fixed), [], []
        for item in self.items:
            name = self.decisions.columns.get(item.key, Match("", 0.0, "none")).target
            given = item.answer(row) if name else ()
            if not given:
                continue
            value = self._value(item, self.rules.form.question(name), given)
            if value:
                values[name] = value
            else:
                unread.append(name)
            beside += self._written(item, self.rules.form.question(name), given)
        for name, target, words in beside:
            if target and not values.get(target):
                values[target] = words
            else:
                unread.append(f"{name}〖…〗")
        return RowAnswers(values, tuple(unread))

    def _written(self, item: Item, question: Question, given: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Words beside options: the question, the open answer that they belong to where the form has one, the words."""
        if question.kind not in CHOOSING:
            return
        for option, words in map(option_and_words, given):
            if words:
                code = self.decisions.values.get(item.key, {}).get(option, NO_MATCH).target
                yield question.name, open_beside(self.rules.form, question, code) if code else "", words

    def _value(self, item: Item, question: Question, given: Sequence[str]) -> str:
        if question.kind not in CHOOSING:
            return _plain_answer(question, given)
        given = [option_and_words(value)[0] for value in given]
        if len(given) == 1 and item.kind != "multiple" and question.kind == "select_multiple":
            given = _parts(given[0], self.decisions.values.get(item.key, {}))
        codes = [self._code(item, question, value) for value in given]
        return " ".join(dict.fromkeys(code for code in codes if code != KEEP_MISSING))

    def _code(self, item: Item, question: Question, value: str) -> str:
        match = self.decisions.values.get(item.key, {}).get(value)
        if match is None:
            return KEEP_MISSING
        if match.target == DROP_ROW:
            raise DroppedRowError(question.name)
        return match.target


def instance(
    rules: Rules,
    answers: Mapping[str, str],
    lists: Lists,
    *,
    instance_id: str,
    now: dt.datetime,
    times: tuple[dt.datetime, dt.datetime] | None,
) -> bytes:
    """The instance's XML: the same bytes for the same row, however often it is made."""
    zone = rules.zone
    began, ended = times or (now, now)
    meta = {
        "start": began.astimezone(zone).isoformat("T", "milliseconds"),
        "end": ended.astimezone(zone).isoformat("T", "milliseconds"),
        "today": ended.astimezone(zone).date().isoformat(),
    }
    known: dict[str, Any] = {file: [] for file in rules.form.media}
    filled = rules.fill(answers, known | dict(lists), instance_id=instance_id, now=ended, meta=meta)
    beside = {name: value for name, value in answers.items() if value and name not in filled.relevant}
    return _with_beside(filled.xml, rules, beside) if beside else filled.xml


def _with_beside(xml: bytes, rules: Rules, beside: Mapping[str, str]) -> bytes:
    """Write answers down where the form asks no answer: at their own place in the tree."""
    root = etree.fromstring(xml)
    for name, value in beside.items():
        node = root
        for part in rules.form.question(name).path.split("/")[2:]:
            below = next((child for child in node if etree.QName(child).localname == part), None)
            node = below if below is not None else _child(node, part, root)
        node.text = clean_text(value)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _child(node: etree._Element, part: str, root: etree._Element) -> etree._Element:
    space = etree.QName(root).namespace
    made = etree.SubElement(node, f"{{{space}}}{part}" if space else part)
    if node is root:  # the block meta stays the last
        meta = next(child for child in root if etree.QName(child).localname == "meta")
        meta.addprevious(made)
    return made


def _plain_answer(question: Question, given: Sequence[str]) -> str:
    text = "、".join(given)
    if question.kind == "date":
        found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?:日|[ T].*)?", text)
        return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}" if found else text
    if question.kind in {"integer", "decimal", "range"}:
        number = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*(?:元|人|岁|分|次|天|个|户|%)?", text.replace(",", ""))
        return number[1] if number else text
    return text


def _parts(text: str, known: Mapping[str, Match]) -> Sequence[str]:
    """Several answers in one cell, by the first mark between them that gives values which were decided."""
    if text in known and known[text].target != KEEP_MISSING:
        return (text,)
    for mark in MARKS:
        parts = [part.strip() for part in re.split(mark, text) if part.strip()]
        if len(parts) > 1 and all(part in known for part in parts):
            return parts
    return (text,)
