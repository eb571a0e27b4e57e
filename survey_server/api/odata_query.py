"""The part of OData's query options that Excel and Power BI send: $filter, $orderby, $select, $top, $skip, $count.

Comparisons of a property with a literal, joined by ``and``, ``or``, ``not`` and brackets (OData 4.01 part 2, 5.1.1).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from survey_server.errors import N_, Problem, ZoufangError

PAGE = 1_000
MOST_LETTERS = 2_000
DEEPEST = 20
OPTIONS = frozenset({"$filter", "$orderby", "$select", "$top", "$skip", "$count", "$format", "$skiptoken"})
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[^\W\d]\w*)|(?P<sign>[()]))")
Row = Mapping[str, Any]
Test = Callable[[Row], bool]


@dataclass(frozen=True)
class Asked:
    """What a program asks of an entity set. ``at``: where the page begins, of what is left after $skip."""

    test: Test
    order: Sequence[tuple[str, bool]]
    select: Sequence[str]
    top: int | None
    skip: int
    count: bool
    at: int


def read_query(options: Mapping[str, str], names: Collection[str]) -> Asked:
    """The options as they were sent; ``names`` are the properties. Raises INVALID_FIELD naming the option."""
    unknown = [name for name in options if name.startswith("$") and name not in OPTIONS]
    if unknown:
        raise _wrong(unknown[0], N_("this option is not offered"))
    select = [name.strip() for name in options.get("$select", "").split(",") if name.strip() not in {"", "*"}]
    for name in select:
        _known(name, names, "$select")
    return Asked(
        test=read_filter(options["$filter"], names) if options.get("$filter") else lambda _row: True,
        order=_order(options.get("$orderby", ""), names),
        select=select,
        top=_whole(options, "$top") if "$top" in options else None,
        skip=_whole(options, "$skip"),
        count=options.get("$count", "false").lower() == "true",
        at=_whole(options, "$skiptoken"),
    )


def page_of(rows: Sequence[Row], asked: Asked) -> tuple[list[Row], int, int | None]:
    """A page of the rows that fit, how many fit at all, and where the next page begins (None: this is the last)."""
    found = [row for row in rows if asked.test(row)]
    for name, down in reversed(asked.order):
        found.sort(key=lambda row, name=name: (row[name] is not None, row[name] or 0), reverse=down)
    wanted = found[asked.skip :][: asked.top]
    end = asked.at + PAGE
    page = [{name: row[name] for name in asked.select} if asked.select else row for row in wanted[asked.at : end]]
    return page, len(found), end if end < len(wanted) else None


def read_filter(text: str, names: Collection[str]) -> Test:
    """A filter as a test of a row; raises INVALID_FIELD."""
    if len(text) > MOST_LETTERS:
        raise _wrong("$filter", N_("it is too long"))
    parser = _Filter(_tokens(text), names)
    test = parser.either(0)
    if parser.tokens:
        raise _wrong("$filter", N_("only comparisons joined by and, or, not and brackets are offered"))
    return test


class _Filter:
    """Recursive descent: or binds least, then and, then not."""

    def __init__(self, tokens: list[str], names: Collection[str]) -> None:
        self.tokens = tokens
        self.names = names

    def either(self, depth: int) -> Test:
        tests = [self.both(depth)]
        while self.tokens[:1] == ["or"]:
            self.tokens.pop(0)
            tests.append(self.both(depth))
        return lambda row: any(test(row) for test in tests)

    def both(self, depth: int) -> Test:
        tests = [self.one(depth)]
        while self.tokens[:1] == ["and"]:
            self.tokens.pop(0)
            tests.append(self.one(depth))
        return lambda row: all(test(row) for test in tests)

    def one(self, depth: int) -> Test:
        if depth > DEEPEST:
            raise _wrong("$filter", N_("it is too deep"))
        if self.tokens[:1] == ["not"]:
            self.tokens.pop(0)
            turned = self.one(depth + 1)
            return lambda row: not turned(row)
        if self.tokens[:1] == ["("]:
            self.tokens.pop(0)
            inner = self.either(depth + 1)
            self._take(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        if len(self.tokens) < 3 or self.tokens[1] not in COMPARE:
            raise _wrong("$filter", N_("only comparisons joined by and, or, not and brackets are offered"))
        name, sign, literal = (self.tokens.pop(0) for _ in range(3))
        _known(name, self.names, "$filter")
        wanted, compare = _literal(literal), COMPARE[sign]

        def test(row: Row) -> bool:
            given = row[name]
            if given is None or wanted is None:
                return sign in {"eq", "ne"} and compare(given, wanted)
            if isinstance(given, str) != isinstance(wanted, str):
                return sign == "ne"
            return compare(given, wanted)

        return test

    def _take(self, sign: str) -> None:
        if self.tokens[:1] != [sign]:
            raise _wrong("$filter", N_("a bracket is missing"))
        self.tokens.pop(0)


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise _wrong("$filter", N_("only comparisons joined by and, or, not and brackets are offered"))
        tokens.append(match[0].strip())
        at = match.end()
    return tokens


def _literal(token: str) -> str | float | bool | None:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    if token in {"true", "false", "null"}:
        return {"true": True, "false": False, "null": None}[token]
    try:
        return float(token)
    except ValueError as error:
        raise _wrong(
            "$filter", N_("a property is compared with a text in quotes, a number, true, false or null")
        ) from error


def _order(text: str, names: Collection[str]) -> list[tuple[str, bool]]:
    order = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, way = part.partition(" ")
        _known(name, names, "$orderby")
        order.append((name, way.strip().lower() == "desc"))
    return order


def _whole(options: Mapping[str, str], name: str) -> int:
    text = options.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise _wrong(name, N_("it is a whole number from 0 on"))
    return int(text)


def _known(name: str, names: Collection[str], option: str) -> None:
    if name not in names:
        raise _wrong(option, N_("there is no such property"))


def _wrong(option: str, why: str) -> ZoufangError:
    return ZoufangError(Problem.INVALID_FIELD, field=option[:50], why=why)
