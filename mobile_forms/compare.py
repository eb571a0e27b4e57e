"""Two versions of a questionnaire held against each other: what changed, and which answers may be put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mobile_forms.definition import Choice, FormDefinition, Question, Texts

ChangeKind = Literal[
    "added",
    "removed",
    "renamed",
    "kind",
    "wording",
    "hint",
    "choice_added",
    "choice_removed",
    "choice_wording",
    "relevant",
    "required",
    "constraint",
    "calculate",
    "metric",
    "role",
    "pipl",
    "repeat",
    "order",
]
Pooling = Literal["yes", "with_care", "no"]

_FORBIDS: frozenset[ChangeKind] = frozenset({"kind", "choice_wording", "metric", "repeat"})
_CARE: frozenset[ChangeKind] = frozenset(
    {"renamed", "wording", "hint", "choice_added", "choice_removed", "relevant", "calculate", "role", "order"}
)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``question`` is the name in the newer version (in the older one, where it was removed).

    ``code`` names the choice that is meant, empty elsewhere; ``old`` and ``new`` are what stood and what stands.
    """

    kind: ChangeKind
    question: str
    old: str = ""
    new: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two versions.

    Attributes:
        changes: every difference in the order of the newer form, removed questions last.
        pooling: by question name of the newer form, whether answers of both versions may be put together: ``yes``,
            ``with_care`` (other words, other people asked, options added), or ``no`` (the codes mean something else,
            or only one version asks it).
        matched: question name of the newer form → name in the older.
    """

    changes: tuple[Change, ...]
    pooling: Mapping[str, Pooling]
    matched: Mapping[str, str]


def compare_forms(old: FormDefinition, new: FormDefinition) -> Comparison:
    """Compare two versions. A question is the same by its name; failing that, by a metric that each asks only once."""
    matched = _matches(old, new)
    changes: list[Change] = []
    for question in new.questions:
        before = matched.get(question.name)
        if before is None:
            changes.append(Change("added", question.name, new=_words(question.label, new)))
        else:
            changes.extend(_changes(old, old.question(before), new, question))
    changes.extend(_moved(old, new, matched))
    kept = set(matched.values())
    changes.extend(
        Change("removed", question.name, old=_words(question.label, old))
        for question in old.questions
        if question.name not in kept
    )
    return Comparison(tuple(changes), _pooling(new, changes), matched)


def _matches(old: FormDefinition, new: FormDefinition) -> dict[str, str]:
    names = {question.name for question in old.questions}
    matched = {question.name: question.name for question in new.questions if question.name in names}
    free = {q.metric: q.name for q in old.questions if q.name not in matched and _alone(old, q.metric)}
    for question in new.questions:
        if question.name not in matched and _alone(new, question.metric) and question.metric in free:
            matched[question.name] = free[question.metric]
    return matched


def _alone(form: FormDefinition, metric: str) -> bool:
    return bool(metric) and len(form.by_metric(metric)) == 1


def _changes(old: FormDefinition, before: Question, new: FormDefinition, after: Question) -> Iterator[Change]:
    pairs: tuple[tuple[ChangeKind, str, str], ...] = (
        ("renamed", before.name, after.name),
        ("kind", before.kind, after.kind),
        ("repeat", before.repeat, after.repeat),
        ("wording", _words(before.label, old), _words(after.label, new)),
        ("hint", _words(before.hint, old), _words(after.hint, new)),
        ("metric", before.metric, after.metric),
        ("role", before.role, after.role),
        ("pipl", before.pipl, after.pipl),
        ("required", _rule(before.bind.required), _rule(after.bind.required)),
        ("constraint", _rule(before.bind.constraint), _rule(after.bind.constraint)),
        ("calculate", _rule(before.bind.calculate), _rule(after.bind.calculate)),
        ("relevant", _asked_when(old, before), _asked_when(new, after)),
    )
    for kind, stood, stands in pairs:
        if stood != stands:
            yield Change(kind, after.name, stood, stands)
    yield from _choice_changes(old, before, new, after)


def _choice_changes(old: FormDefinition, before: Question, new: FormDefinition, after: Question) -> Iterator[Change]:
    stood = {choice.value: _choice_words(choice, old) for choice in before.choices}
    stands = {choice.value: _choice_words(choice, new) for choice in after.choices}
    for code, words in stands.items():
        if code not in stood:
            yield Change("choice_added", after.name, new=words, code=code)
        elif stood[code] != words:
            yield Change("choice_wording", after.name, stood[code], words, code)
    for code, words in stood.items():
        if code not in stands:
            yield Change("choice_removed", after.name, old=words, code=code)


def _asked_when(form: FormDefinition, question: Question) -> str:
    """The conditions of a question and of the groups around it, joined: who is asked."""
    around = [g.bind.relevant for g in form.groups if question.path.startswith(f"{g.path}/")]
    return " and ".join(f"({_rule(rule)})" for rule in (*around, question.bind.relevant) if _rule(rule))


def _rule(expression: str | None) -> str:
    """An expression without the spaces and the paths that only the place of a question decides."""
    words = (expression or "").split()
    return " ".join(word.rpartition("/")[2] if word.startswith("/") else word for word in words)


def _moved(old: FormDefinition, new: FormDefinition, matched: Mapping[str, str]) -> Iterator[Change]:
    """Asked questions that another question now comes before; the fewest that explain the new order."""
    places = {question.name: place for place, question in enumerate(old.questions)}
    asked = [q.name for q in new.questions if q.asked and q.name in matched]
    order = [places[matched[name]] for name in asked]
    stayed = _longest_rising(order)
    for name, place in zip(asked, order, strict=True):
        if place not in stayed:
            yield Change("order", name)


def _longest_rising(numbers: list[int]) -> set[int]:
    """The longest rising run that can be picked from a list of distinct numbers (patience sorting with links)."""
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        place = next((at for at, tail in enumerate(tails) if tail > number), len(tails))
        before[number] = tails[place - 1] if place else None
        tails[place : place + 1] = [number]
    picked: set[int] = set()
    current: int | None = tails[-1] if tails else None
    while current is not None:
        picked.add(current)
        current = before[current]
    return picked


def _pooling(new: FormDefinition, changes: list[Change]) -> dict[str, Pooling]:
    pooling: dict[str, Pooling] = dict.fromkeys((question.name for question in new.questions), "yes")
    for change in changes:
        if change.question not in pooling or change.kind == "removed":
            continue
        if change.kind in _FORBIDS or change.kind == "added":
            pooling[change.question] = "no"
        elif change.kind in _CARE and pooling[change.question] == "yes":
            pooling[change.question] = "with_care"
    return pooling


def _words(texts: Texts, form: FormDefinition) -> str:
    text = texts.get(form.default_language)
    return text.plain if text else ""


def _choice_words(choice: Choice, form: FormDefinition) -> str:
    return _words(choice.label, form)
