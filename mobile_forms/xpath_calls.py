"""Function calls that are compiled with the form: they look at its lists, its repeats or the node they stand in."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mobile_forms.instance import Node
from mobile_forms.xpath_parser import Call, Expr, Literal, parse
from mobile_forms.xpath_values import Evaluate, Scope, Value, node_list, to_number, to_text

MAX_MATCHED = 4_000
"""Characters of an answer that regex() looks at."""


class XPathError(ValueError):
    """An expression that cannot be evaluated; ``code``: syntax, function, arguments, path, list or unsupported."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Known:
    """What an expression may name: the paths of the form, those that repeat, and its lists by instance id."""

    paths: Collection[str]
    repeats: Collection[str]
    lists: Collection[str]


@dataclass(slots=True)
class Uses:
    """What an expression was found to use: paths, lists, and whether it differs from call to call."""

    paths: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    volatile: bool = False
    itself: bool = False


Where = str | None
"""The template path that a node list is known to lie at; None in lists, where columns are free."""


class Compiling(Protocol):
    """What a call needs of the expression around it."""

    known: Known
    uses: Uses
    context: str

    def value(self, expr: Expr, where: Where) -> tuple[Evaluate, Where]:
        """The function that evaluates ``expr`` for nodes at ``where``, and where its own nodes lie."""
        ...


def _call_instance(compiling: Compiling, call: Call, _where: Where) -> tuple[Evaluate, Where]:
    expect_arguments(call, 1, 1)
    name = call.arguments[0]
    if not isinstance(name, Literal) or name.value not in compiling.known.lists:
        raise XPathError("list", f"the form has no list {_shown(name)}")
    key = str(name.value)
    compiling.uses.lists.add(key)
    return (lambda scope: [scope.run.lists[key].document]), None


def _call_current(compiling: Compiling, call: Call, _where: Where) -> tuple[Evaluate, Where]:
    expect_arguments(call, 0, 0)
    return (lambda scope: [scope.current]), compiling.context


def _call_position(compiling: Compiling, call: Call, where: Where) -> tuple[Evaluate, Where]:
    expect_arguments(call, 0, 1)
    if not call.arguments:
        return (lambda scope: float(scope.position)), None
    nodes, _ = compiling.value(call.arguments[0], where)

    def place(scope: Scope) -> float:
        found = node_list(nodes(scope))
        return float(scope.run.place(found[0])) if found else math.nan

    return place, None


def _call_last(_compiling: Compiling, call: Call, _where: Where) -> tuple[Evaluate, Where]:
    expect_arguments(call, 0, 0)
    return (lambda scope: float(scope.size)), None


def _call_once(compiling: Compiling, call: Call, where: Where) -> tuple[Evaluate, Where]:
    expect_arguments(call, 1, 1)
    first, _ = compiling.value(call.arguments[0], where)
    compiling.uses.volatile = True
    return (lambda scope: scope.current.value or to_text(first(scope))), None


def _call_choice_name(compiling: Compiling, call: Call, where: Where) -> tuple[Evaluate, Where]:
    expect_arguments(call, 2, 2)
    code, _ = compiling.value(call.arguments[0], where)
    named = call.arguments[1]
    if not (isinstance(named, Literal) and isinstance(named.value, str)):
        raise XPathError("arguments", "the second argument of jr:choice-name() must be a quoted path")
    _, path = compiling.value(parse(named.value.strip()), where)
    if path is None:
        raise XPathError("path", f"{named.value.strip()} is not in the form")
    return (lambda scope: scope.run.choice_label(path, to_text(code(scope)))), None


def _call_indexed_repeat(compiling: Compiling, call: Call, where: Where) -> tuple[Evaluate, Where]:
    if len(call.arguments) < 3 or len(call.arguments) % 2 == 0:
        raise XPathError("arguments", "indexed-repeat() takes a question, then pairs of repeat and index")
    target, at = compiling.value(call.arguments[0], where)
    pairs = []
    for repeat, index in zip(call.arguments[1::2], call.arguments[2::2], strict=True):
        found, path = compiling.value(repeat, where)
        if path not in compiling.known.repeats:
            raise XPathError("path", f"{path} is not a repeat")
        pairs.append((str(path).count("/"), found, compiling.value(index, where)[0]))
    pairs.sort(key=operator.itemgetter(0))
    return _indexed_repeat(target, [(repeat, index) for _, repeat, index in pairs]), at


def _call_pulldata(compiling: Compiling, call: Call, where: Where) -> tuple[Evaluate, Where]:
    expect_arguments(call, 4, 4)
    words = [part.value for part in call.arguments[:3] if isinstance(part, Literal) and isinstance(part.value, str)]
    if len(words) != 3:
        raise XPathError("arguments", "the list and columns of pulldata() must be quoted texts")
    name, column, key = words
    if name not in compiling.known.lists:
        raise XPathError("list", f"the form has no list {name}")
    compiling.uses.lists.add(name)
    wanted, _ = compiling.value(call.arguments[3], where)

    def found(scope: Scope) -> Value:
        items = scope.run.lists[name].items(key, to_text(wanted(scope)))
        cell = items[0].child(column) if items else None
        return cell.text if cell else ""

    return found, None


def _call_regex(compiling: Compiling, call: Call, where: Where) -> tuple[Evaluate, Where]:
    expect_arguments(call, 2, 2)
    text, _ = compiling.value(call.arguments[0], where)
    pattern = call.arguments[1]
    if not (isinstance(pattern, Literal) and isinstance(pattern.value, str)):
        raise XPathError("arguments", "the pattern of regex() must be a quoted text")
    try:
        compiled = re.compile(pattern.value, re.ASCII)
    except re.error as error:
        raise XPathError("arguments", f"the pattern of regex() cannot be read: {error}") from error
    return (lambda scope: compiled.search(to_text(text(scope))[:MAX_MATCHED]) is not None), None


def expect_arguments(call: Call, least: int, most: int) -> None:
    """Refuse a call with too few or too many arguments."""
    if not least <= len(call.arguments) <= most:
        raise XPathError("arguments", f"{call.name}() does not take {len(call.arguments)} arguments")


def _shown(expr: Expr) -> str:
    return str(expr.value) if isinstance(expr, Literal) else "named by an expression"


def _indexed_repeat(target: Evaluate, pairs: list[tuple[Evaluate, Evaluate]]) -> Evaluate:
    def found(scope: Scope) -> Value:
        chosen: Node | None = None
        for repeat, index in pairs:
            rows = [row for row in node_list(repeat(scope)) if chosen is None or _within(row, chosen)]
            place = to_number(index(scope), scope.run.zone)
            if math.isnan(place) or not 1 <= place <= len(rows) or place != int(place):
                return []
            chosen = rows[int(place) - 1]
        return [node for node in node_list(target(scope)) if chosen is not None and _within(node, chosen)]

    return found


def _within(node: Node, ancestor: Node) -> bool:
    current: Node | None = node
    while current is not None and current is not ancestor:
        current = current.parent
    return current is not None


def siblings(node: Node) -> tuple[list[Node], int]:
    """The children of a node's parent, and its own place among them."""
    family = node.parent.children if node.parent else [node]
    return family, next(index for index, other in enumerate(family) if other is node)


SPECIAL: Mapping[str, Callable[[Compiling, Call, Where], tuple[Evaluate, Where]]] = {
    "instance": _call_instance,
    "current": _call_current,
    "position": _call_position,
    "last": _call_last,
    "once": _call_once,
    "jr:choice-name": _call_choice_name,
    "indexed-repeat": _call_indexed_repeat,
    "pulldata": _call_pulldata,
    "regex": _call_regex,
}
"""The calls of this module by name."""
