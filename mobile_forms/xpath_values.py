"""The values of XPath expressions in XForms and how they become one another.

Text, number (float), boolean, a list of nodes, and `Moment`: a number of days since 1970 that remembers how it is
written. Where tools differ, this follows ``@getodk/xforms-engine`` 0.22, which is what the phone runs: an empty text
is no number (NaN), a text that looks like a date is its number of days in the zone of the interview.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Self

from mobile_forms.instance import ListTable, Node

DAY = 86_400.0
NAN = math.nan
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[-+][0-9]{2}:[0-9]{2})?)?\Z"
)


class Moment(float):
    """A point in time as days since 1970-01-01 UTC; ``text`` is how it is written in an instance."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, days: float, text: str) -> Self:
        """Days and the text that stands for them."""
        moment = super().__new__(cls, days)
        moment.text = text
        return moment


Value = str | float | bool | list[Node]


def parse_datetime(text: str, zone: tzinfo) -> datetime | None:
    """A date or date-time as XForms writes it, in ``zone`` where it names none; None where it is neither."""
    if not _DATE.match(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=zone) if found.tzinfo is None else found.astimezone(zone)


def days_since_epoch(moment: datetime) -> float:
    """Days since 1970-01-01 UTC, with the fraction of the day."""
    return (moment - EPOCH) / timedelta(days=1)


def moment_of(when: datetime) -> Moment:
    """A datetime as a value: written as a date where it is midnight, else with its time and offset."""
    if (when.hour, when.minute, when.second, when.microsecond) == (0, 0, 0, 0):
        return Moment(days_since_epoch(when), when.date().isoformat())
    return Moment(days_since_epoch(when), when.isoformat(timespec="milliseconds"))


@lru_cache(maxsize=4096)
def _plain_number(text: str) -> float | None:
    return float(text) if _NUMBER.match(text) else None


def text_to_number(text: str, zone: tzinfo) -> float:
    """The number that a text is: NaN where it is empty or none, days where it is a date."""
    if text.isdigit() and text.isascii():
        return float(text)
    if not text or len(text) > 40:
        return NAN
    stripped = text.strip()
    number = _plain_number(stripped)
    if number is not None:
        return number
    when = parse_datetime(stripped, zone)
    return NAN if when is None else days_since_epoch(when)


def to_number(value: Value, zone: tzinfo) -> float:
    """XPath's number(): of a node list, that of its first node."""
    if isinstance(value, list):
        return text_to_number(value[0].value, zone) if value else NAN
    if isinstance(value, str):
        return text_to_number(value, zone)
    return float(value)


def to_text(value: Value) -> str:
    """XPath's string(): of a node list, that of its first node; whole numbers without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return value[0].value if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.text if isinstance(value, Moment) else number_text(value)


def number_text(number: float) -> str:
    """A number as XPath writes it, and nothing where it is none: so do the phone's engine and JavaRosa."""
    if math.isnan(number):
        return ""
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == int(number) and abs(number) < 1e21:
        return str(int(number))
    return repr(number)


def to_boolean(value: Value) -> bool:
    """XPath's boolean(): a node list is true where it has a node, a number where it is neither 0 nor NaN."""
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value)


Compare = Callable[[float, float], bool]


def equal(left: Value, right: Value, zone: tzinfo) -> bool:
    """XPath's ``=``: true where any pair of nodes or values is equal."""
    if isinstance(left, bool) or isinstance(right, bool):
        return to_boolean(left) == to_boolean(right)
    if isinstance(left, list):
        return any(equal(node.value, right, zone) for node in left)
    if isinstance(right, list):
        return any(equal(left, node.value, zone) for node in right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return to_number(left, zone) == to_number(right, zone)


def unequal(left: Value, right: Value, zone: tzinfo) -> bool:
    """XPath's ``!=``: true where any pair differs, so that it is not the opposite of ``=``."""
    if isinstance(left, bool) or isinstance(right, bool):
        return to_boolean(left) != to_boolean(right)
    if isinstance(left, list):
        return any(unequal(node.value, right, zone) for node in left)
    if isinstance(right, list):
        return any(unequal(left, node.value, zone) for node in right)
    return not equal(left, right, zone)


def ordered(left: Value, right: Value, compare: Compare, zone: tzinfo) -> bool:
    """XPath's ``<`` and its like, over numbers; never true of what is no number."""
    if isinstance(left, list):
        return any(ordered(node.value, right, compare, zone) for node in left)
    if isinstance(right, list):
        return any(ordered(left, node.value, compare, zone) for node in right)
    return compare(to_number(left, zone), to_number(right, zone))


@dataclass(slots=True)
class Run:
    """One instance under evaluation: its nodes by template path, its lists by instance id, and the clock.

    ``choice_label`` gives the label of a choice from the path of a question and a code (jr:choice-name).
    """

    root: Node
    nodes: Mapping[str, list[Node]]
    lists: Mapping[str, ListTable]
    now: datetime
    zone: tzinfo
    choice_label: Callable[[str, str], str]
    places: dict[Node, int] = field(default_factory=dict)

    def place(self, node: Node) -> int:
        """The place of a node among the neighbours of its name, from 1: how repeats are counted."""
        if node not in self.places:
            peers = node.parent.children if node.parent else [node]
            named = (peer for peer in peers if peer.name == node.name)
            self.places.update((peer, place) for place, peer in enumerate(named, 1))
        return self.places[node]


class Scope:
    """Where an expression is evaluated: the context node, its place among its peers, and the node asked for."""

    __slots__ = ("current", "node", "position", "run", "size")

    def __init__(self, run: Run, node: Node, position: int = 1, size: int = 1, current: Node | None = None) -> None:
        self.run = run
        self.node = node
        self.position = position
        self.size = size
        self.current = node if current is None else current


Evaluate = Callable[[Scope], Value]
"""A compiled expression or part of one."""


def node_list(value: Value) -> list[Node]:
    """A value that must be a node list: anything else counts as none."""
    return value if isinstance(value, list) else []


def number_of(argument: Evaluate, scope: Scope) -> float:
    """An argument as a number."""
    return to_number(argument(scope), scope.run.zone)
