"""Columns matched to a form's questions, values to its choices: by name, label and number, each with a confidence.

Nothing is decided here for good: every match is shown with how sure it is, and a person may change each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mobile_forms.definition import Choice, FormDefinition, Question
from survey_server.errors import N_
from survey_server.imports.items import Item, alike, numbered, plain, without_own_words

KEEP_MISSING, DROP_ROW = "", "!drop"
LEAST_QUESTION, LEAST_CHOICE = 0.62, 0.75
CHOOSING = frozenset({"select_one", "select_multiple", "rank"})
TAKEN_KINDS = CHOOSING | {"text", "integer", "decimal", "date", "time", "datetime", "range", "barcode", "acknowledge"}
MARKS = (r"\|", r"[;；]", r"\n", r"[,，]", r"、", r"\s+")
"""What stands between several answers in one cell, beside 问卷星's ┋."""
BY: Mapping[str, str] = {
    "name": N_("same name"),
    "label": N_("same words"),
    "similar": N_("similar words"),
    "code": N_("same code"),
    "place": N_("by its place in the list"),
    "hand": N_("by hand"),
    "remembered": N_("as decided before"),
    "none": N_("no match"),
}
"""How a match was found."""
FOR_ALL = frozenset({"consent", "quality", "fact"})
KEYS = ("sample_id", "unit", "phone", "name", "village")
KEY_WORDS: Mapping[str, tuple[str, ...]] = {
    "sample_id": ("样本编号", "样本编码", "问卷编号", "调查编号", "sample_id", "household"),
    "unit": ("户编码", "户编号", "户号", "家庭编号", "对象编号", "身份证", "unit_id"),
    "phone": ("电话", "手机", "联系方式", "phone"),
    "name": ("姓名", "户主"),
    "village": ("村", "社区"),
}
"""Words in a heading that say that it names a household."""


@dataclass(frozen=True)
class Match:
    """What something is taken for: a question's name or a choice's code; how sure, from 0 to 1; how it was found."""

    target: str
    confidence: float
    by: str


NO_MATCH = Match("", 0.0, "none")


@dataclass(frozen=True)
class Decisions:
    """What is decided of a file.

    Attributes:
        columns: question by the key of an item; values: by item, the code by the value as it stands in the file
            (`KEEP_MISSING`, `DROP_ROW`); fixed: one answer for all rows, by question; keys: which item names the
            household, by `KEYS`.
    """

    columns: Mapping[str, Match] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Match]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it is sealed beside the file."""
        return {
            "columns": {key: [m.target, m.confidence, m.by] for key, m in self.columns.items()},
            "values": {
                key: {value: [m.target, m.confidence, m.by] for value, m in found.items()}
                for key, found in self.values.items()
            },
            "fixed": dict(self.fixed),
            "keys": dict(self.keys),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Decisions:
        """As `as_json` wrote it."""
        return cls(
            {key: Match(*m) for key, m in raw.get("columns", {}).items()},
            {key: {v: Match(*m) for v, m in found.items()} for key, found in raw.get("values", {}).items()},
            raw.get("fixed", {}),
            raw.get("keys", {}),
        )


def takers(form: FormDefinition) -> list[Question]:
    """The questions that a file can answer: asked, outside repeats, no pictures; not the household itself."""
    return [
        question
        for question in form.questions
        if question.kind in TAKEN_KINDS and not question.repeat and question.role != "case" and not question.media
    ]


def decide(items: Sequence[Item], form: FormDefinition, source: str) -> Decisions:
    """The best guess for a new file."""
    columns = match_columns(items, takers(form))
    values = {
        item.key: match_values(item, form.question(columns[item.key].target), source)
        for item in items
        if columns[item.key].target and form.question(columns[item.key].target).kind in CHOOSING
    }
    return Decisions(columns, values, fixed_answers(form, columns), find_keys(items))


def match_columns(items: Sequence[Item], questions: Sequence[Question]) -> dict[str, Match]:
    """For each item the best question that no better item took."""
    pairs = sorted(
        ((score(item, question), item.key, question.name) for item in items for question in questions),
        key=lambda pair: -pair[0].confidence,
    )
    found: dict[str, Match] = {}
    used: set[str] = set()
    for match, key, name in pairs:
        if match.confidence >= LEAST_QUESTION and key not in found and name not in used:
            found[key] = match
            used.add(name)
    return {item.key: found.get(item.key, NO_MATCH) for item in items}


def score(item: Item, question: Question) -> Match:
    """How well a question of the file is one of the form."""
    if question.name in (item.name, item.key):
        return Match(question.name, 1.0, "name")
    best = NO_MATCH
    for text in question.label.values():
        number, label = numbered(text.plain)
        ratio = alike(item.label, label)
        if ratio == 1.0:
            return Match(question.name, 0.98 if number in ("", item.number) else 0.95, "label")
        same_number = bool(number) and number == item.number
        sure = round(min(ratio + (0.12 if same_number else 0.0), 0.94), 2)
        sure = round(sure + 0.03 * _share_of_choices(item, question), 2)
        if sure > best.confidence:
            best = Match(question.name, min(sure, 0.94), "similar")
    return best


def _share_of_choices(item: Item, question: Question) -> float:
    """How many of the values given are words of the question's choices."""
    if not item.values or not question.choices:
        return 0.0
    words = {plain(text.plain) for choice in question.choices for text in choice.label.values()}
    return sum(plain(value) in words for value in item.values) / len(item.values)


def match_values(item: Item, question: Question, source: str) -> dict[str, Match]:
    """For each value of an item a choice of the question, as sure as can be."""
    found: dict[str, Match] = {}
    for value in item.values:
        whole = match_value(value, item.labels.get(value, ""), question.choices, source)
        several = [] if whole.target or question.kind == "select_one" else _pieces(value, question, source)
        found |= dict(several) or {value: whole}
    return found


def _pieces(value: str, question: Question, source: str) -> list[tuple[str, Match]]:
    """Several answers in one cell, where a mark between them gives nothing but choices."""
    for mark in MARKS:
        parts = [part.strip() for part in re.split(mark, value) if part.strip()]
        matched = [(part, match_value(part, "", question.choices, source)) for part in parts]
        if len(parts) > 1 and all(match.target for _, match in matched):
            return matched
    return []


def match_value(value: str, meaning: str, choices: Sequence[Choice], source: str) -> Match:
    """A choice for one value; ``meaning`` is what the file itself says of it (.sav).

    A bare number is the code of a choice, save in 问卷星's and 腾讯's exports by number: a place in the list.
    """
    text = meaning or value
    if not meaning and text.isdigit() and source in {"wenjuanxing", "tencent"}:
        place = int(text)
        return Match(choices[place - 1].value, 0.5, "place") if 0 < place <= len(choices) else NO_MATCH
    if not meaning and any(choice.value == value for choice in choices):
        return Match(value, 1.0, "code")
    return _by_words(text, choices)


def _by_words(text: str, choices: Iterable[Choice]) -> Match:
    best = NO_MATCH
    for choice in choices:
        for label in choice.label.values():
            ratio = max(alike(text, label.plain), alike(without_own_words(text), label.plain))
            if ratio == 1.0:
                return Match(choice.value, 1.0, "label")
            if ratio > max(best.confidence, LEAST_CHOICE) and _same_sense(text, label.plain):
                best = Match(choice.value, round(ratio, 2), "similar")
    return best


def _same_sense(one: str, other: str) -> bool:
    """满意 and 不满意 are alike as texts only: a word of denial in one alone tells them apart."""
    return any(word in one for word in "不没无非") == any(word in other for word in "不没无非")


def open_beside(form: FormDefinition, question: Question, code: str) -> str:
    """The open answer that the form asks of who chose this option (其他，请注明); empty where it asks none."""
    asked = re.compile(rf"{re.escape(question.path)}(?![\w.-])")
    for other in takers(form):
        rule = other.bind.relevant or ""
        if other.kind == "text" and asked.search(rule) and re.search(rf"['\"= ]{re.escape(code)}(?!\w)", rule):
            return other.name
    return ""


def may_be_fixed(question: Question) -> bool:
    """Whether one answer may stand for all rows: how the form was filled and what was agreed to, never an opinion."""
    return question.kind == "select_one" and ("mode" in (question.role, question.metric) or question.role in FOR_ALL)


def fixed_answers(form: FormDefinition, columns: Mapping[str, Match]) -> dict[str, str]:
    """What every row is taken to answer where the file does not say: that it was filled in by the person alone."""
    told = {match.target for match in columns.values()}
    return {
        question.name: choice.value
        for question in takers(form)
        if question.name not in told and "mode" in (question.role, question.metric)
        for choice in question.choices
        if choice.extra.get("x_flag") == "self"
    }


def find_keys(items: Sequence[Item]) -> dict[str, str]:
    """The columns that look as if they named the household."""
    found: dict[str, str] = {}
    for key, words in KEY_WORDS.items():
        for item in items:
            short = plain(item.label or item.key)
            if key not in found and len(short) <= 12 and any(word in short for word in words):
                found[key] = item.key
    return found


def adapted(old: Decisions, fresh: Decisions, items: Sequence[Item]) -> Decisions:
    """What was decided before, for the items and values of this file; what is new keeps its guess."""
    columns, values = dict(fresh.columns), {key: dict(found) for key, found in fresh.values.items()}
    for item in items:
        if item.key in old.columns:
            columns[item.key] = replace(old.columns[item.key], by="remembered")
        for value, match in old.values.get(item.key, {}).items():
            if value in values.get(item.key, item.values):
                values.setdefault(item.key, {})[value] = replace(match, by="remembered")
    here = {item.key for item in items}
    keys = {key: item for key, item in old.keys.items() if item in here}
    return Decisions(columns, values, {**fresh.fixed, **old.fixed}, {**fresh.keys, **keys})
