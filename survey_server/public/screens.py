"""A questionnaire cut into screens for a phone held by somebody who reads little.

A group of the form is a page; a long one is cut, and it is cut before a question that depends on one above it:
without scripts, what the answer opens can only appear after the next press.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from mobile_forms.definition import FormDefinition, Group, Kind, Output, Question, Text

Node = Group | Question

MAX_ROWS = 14
SHOWN: frozenset[Kind] = frozenset(
    {
        "text",
        "integer",
        "decimal",
        "date",
        "time",
        "select_one",
        "select_multiple",
        "acknowledge",
        "image",
        "geopoint",
    }
)
"""What a page without scripts can ask. What it cannot is left out, and its absence is a flag for review."""

_STEP = re.compile(r"/\s*([^\W\d][\w.\-]*)")


@dataclass(frozen=True)
class Screen:
    """What is shown together: headings (groups), notes and questions, under the label of their top group.

    Of a repeat (``repeat``), ``nodes`` are asked once for each of its rows; ``lead`` stands above them, once.
    """

    title: Group | None
    nodes: tuple[Node, ...]
    repeat: Group | None = None
    lead: tuple[Node, ...] = ()

    @property
    def questions(self) -> tuple[str, ...]:
        """The names of the questions that are answered here."""
        return tuple(node.name for node in self.nodes if isinstance(node, Question) and node.kind in SHOWN)

    def shows(self, relevant: Collection[str]) -> bool:
        """Whether anything of it is to be seen now."""
        return any(isinstance(node, Question) and node.name in relevant for node in (*self.nodes, *self.lead))


@dataclass(frozen=True)
class Plan:
    """The screens in order, the closing words, and what depends on what."""

    screens: tuple[Screen, ...]
    closing: tuple[Question, ...]
    mentions: Mentions

    def opened_by(self, index: int) -> frozenset[str]:
        """The questions of screen ``index`` whose answers decide whether a later one is asked."""
        later = [node for screen in self.screens[index + 1 :] for node in (*screen.lead, *screen.nodes)]
        tops = [top for screen in self.screens[index + 1 :] for top in (screen.title, screen.repeat) if top]
        names = self.screens[index].questions
        return frozenset(name for name in names if any(self.mentions.depends(node, [name]) for node in (*later, *tops)))


class Mentions:
    """Which question's name stands in which expression; calculations pass on what they mention."""

    def __init__(self, form: FormDefinition) -> None:
        self._calculated = {
            question.name: set(_names([question.bind.calculate]))
            for question in form.questions
            if question.bind.calculate
        }

    def depends(self, node: Node, names: Iterable[str]) -> bool:
        """Whether what ``node`` shows follows from an answer of ``names``."""
        return not self._reached(names).isdisjoint(_names(_expressions(node)))

    def _reached(self, names: Iterable[str]) -> set[str]:
        reached, size = set(names), -1
        while len(reached) != size:
            size = len(reached)
            reached |= {name for name, mentioned in self._calculated.items() if not reached.isdisjoint(mentioned)}
        return reached


def plan_of(form: FormDefinition, hidden: Collection[str]) -> Plan:
    """Cut ``form`` into screens; ``hidden`` are the questions that the code has answered already."""
    mentions = Mentions(form)
    screens = [screen for page in form.pages for screen in _cut(page, hidden, mentions)]
    closing: list[Question] = []
    while screens and not screens[-1].questions:
        closing = [node for node in screens.pop().nodes if isinstance(node, Question)] + closing
    return Plan(tuple(screens), tuple(closing), mentions)


def _cut(page: tuple[Node, ...], hidden: Collection[str], mentions: Mentions) -> Iterator[Screen]:
    title = page[0] if isinstance(page[0], Group) and not page[0].repeat else None
    held: list[Node] = []
    for chunk in _chunks(_visible(title.children if title else page, hidden)):
        last = chunk[-1]
        if isinstance(last, Group) and last.repeat:
            if held:
                yield Screen(title, tuple(held))
                held = []
            asked = tuple(node for node in _visible(last.children, hidden) if not _repeats(node))
            yield Screen(title, asked, last, tuple(chunk[:-1]))
            continue
        names = [node.name for node in held if isinstance(node, Question)]
        full = sum(map(_rows, (*held, *chunk))) > MAX_ROWS
        if held and (full or any(mentions.depends(node, names) for node in chunk)):
            yield Screen(title, tuple(held))
            held = []
        held += chunk
    if held:
        yield Screen(title, tuple(held))


def _visible(nodes: Iterable[Node], hidden: Collection[str]) -> Iterator[Node]:
    """Headings, notes and questions in order; a repeat stands for itself, one inside another is not asked here."""
    for node in nodes:
        if isinstance(node, Group):
            yield node
            if not node.repeat:
                yield from _visible(node.children, hidden)
        elif (node.kind in SHOWN or node.kind == "note") and node.name not in hidden:
            yield node


def _chunks(nodes: Iterable[Node]) -> Iterator[list[Node]]:
    """Headings and notes stay with the question, or the repeat, below them."""
    held: list[Node] = []
    for node in nodes:
        held.append(node)
        if _repeats(node) or (isinstance(node, Question) and node.kind != "note"):
            yield held
            held = []
    if held:
        yield held


def _repeats(node: Node) -> bool:
    return isinstance(node, Group) and node.repeat


def _rows(node: Node) -> int:
    if isinstance(node, Group) or node.kind == "note":
        return 1
    return max(len(node.choices), 2)


def _expressions(node: Node) -> Iterator[str | None]:
    yield node.bind.relevant
    yield from _shown_values(node.label.values())
    if isinstance(node, Group):
        yield node.count
    else:
        yield from _shown_values(node.hint.values())
        yield node.source.nodeset if node.source else None


def _shown_values(texts: Iterable[Text]) -> Iterator[str]:
    return (part.expression for text in texts for part in text.parts if isinstance(part, Output))


def _names(expressions: Iterable[str | None]) -> Iterator[str]:
    return (name for expression in expressions if expression for name in _STEP.findall(expression))
