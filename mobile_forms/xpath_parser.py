"""XPath 1.0 expressions, as XForms use them, parsed into a small tree."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_EXPRESSION = 20_000
MAX_NESTING = 120


class XPathSyntaxError(ValueError):
    """Text that is not an expression; the message says what was found where."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A quoted text or a number."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: an axis, a name (``*`` for any element, ``node()`` for any node) and predicates."""

    axis: str
    test: str
    predicates: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A location path from the root (``start`` None, ``absolute``), the context node, or an expression."""

    steps: tuple[Step, ...]
    absolute: bool = False
    start: Expr | None = None
    start_predicates: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function call."""

    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and an operator: or and = != < <= > >= + - * div mod |."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Negative:
    """Unary minus."""

    operand: Expr


Expr = Literal | Path | Call | Binary | Negative

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d*)?|\.\d+)
    | (?P<literal>"[^"]*"|'[^']*')
    | (?P<name>[^\W\d][\w.\-]*(?::(?!:)[^\W\d][\w.\-]*)?)
    | (?P<symbol>::|\.\.|//|!=|<=|>=|[()\[\].,@/|+\-=<>*])
    )""",
    re.VERBOSE,
)
_BINDING = {
    "or": 1,
    "and": 2,
    "=": 3,
    "!=": 3,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "div": 6,
    "mod": 6,
    "|": 8,
}
_UNARY = 7
_WORDS = {"or", "and", "div", "mod"}
_NODE_TESTS = {"node", "text"}
_AXES = {
    "child",
    "parent",
    "self",
    "descendant",
    "descendant-or-self",
    "ancestor",
    "ancestor-or-self",
    "following-sibling",
    "preceding-sibling",
}

Token = tuple[str, str]


def parse(expression: str) -> Expr:
    """Parse an expression of at most 20,000 characters.

    Raises:
        XPathSyntaxError: it is none, or nests deeper than 120 levels.
    """
    if len(expression) > MAX_EXPRESSION:
        raise XPathSyntaxError(f"longer than {MAX_EXPRESSION} characters")
    parser = _Parser(_tokens(expression))
    tree = parser.expression(0)
    parser.expect_end()
    return tree


def _tokens(expression: str) -> list[Token]:
    tokens: list[Token] = []
    position, end = 0, len(expression.rstrip())
    while position < end:
        match = _TOKEN.match(expression, position)
        if match is None:
            raise XPathSyntaxError(f"unexpected {expression[position : position + 12].strip()!r}")
        kind = match.lastgroup or ""
        text = match.group(kind)
        tokens.append((_operator_kind(kind, text, tokens), text))
        position = match.end()
    return tokens


def _operator_kind(kind: str, text: str, before: list[Token]) -> str:
    """XPath 1.0, 3.7: after an operand, ``*`` and the names and, or, div, mod are operators."""
    after_operand = (
        bool(before) and before[-1][0] != "operator" and before[-1][1] not in {"@", "::", "(", "[", ",", "/", "//"}
    )
    if after_operand and (text == "*" or (kind == "name" and text in _WORDS)):
        return "operator"
    if kind == "symbol" and text in _BINDING and text != "*":
        return "operator"
    return kind


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def peek(self, offset: int = 0) -> Token:
        index = self.at + offset
        return self.tokens[index] if index < len(self.tokens) else ("end", "")

    def take(self) -> Token:
        token = self.peek()
        self.at += 1
        return token

    def expect(self, symbol: str) -> None:
        kind, text = self.take()
        if text != symbol or kind == "literal":
            raise XPathSyntaxError(f"{symbol!r} expected, {text or 'the end'!r} found")

    def expect_end(self) -> None:
        if self.peek()[0] != "end":
            raise XPathSyntaxError(f"unexpected {self.peek()[1]!r}")

    def expression(self, binding: int) -> Expr:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise XPathSyntaxError(f"nested deeper than {MAX_NESTING} levels")
        left = self.operand()
        while True:
            kind, text = self.peek()
            power = _BINDING.get(text, 0) if kind == "operator" else 0
            if power <= binding:
                break
            self.take()
            left = Binary(text, left, self.expression(power))
        self.depth -= 1
        return left

    def operand(self) -> Expr:
        kind, text = self.peek()
        if (kind, text) == ("operator", "-"):
            self.take()
            return Negative(self.expression(_UNARY))
        if kind in {"number", "literal"} or text == "(" or self._is_call():
            return self.filtered()
        return self.location()

    def _is_call(self) -> bool:
        kind, text = self.peek()
        return kind == "name" and self.peek(1)[1] == "(" and text not in _NODE_TESTS

    def filtered(self) -> Expr:
        start = self.primary()
        predicates = self.predicates()
        steps = self.more_steps()
        return Path(steps, start=start, start_predicates=predicates) if steps or predicates else start

    def primary(self) -> Expr:
        kind, text = self.take()
        if kind == "number":
            return Literal(float(text))
        if kind == "literal":
            return Literal(text[1:-1])
        if text == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        return Call(text, self.arguments())

    def arguments(self) -> tuple[Expr, ...]:
        self.expect("(")
        found: list[Expr] = []
        while self.peek()[1] != ")" or self.peek()[0] == "literal":
            found.append(self.expression(0))
            if self.peek() != ("symbol", ","):
                break
            self.take()
        self.expect(")")
        return tuple(found)

    def location(self) -> Path:
        kind, text = self.peek()
        if kind == "symbol" and text == "/":
            self.take()
            rest = (self.step(), *self.more_steps()) if self._starts_step() else ()
            return Path(rest, absolute=True)
        if kind == "symbol" and text == "//":
            return Path(self.more_steps(), absolute=True)
        return Path((self.step(), *self.more_steps()))

    def _starts_step(self) -> bool:
        kind, text = self.peek()
        return kind == "name" or text in {".", "..", "@", "*"}

    def more_steps(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        while self.peek()[0] == "symbol" and self.peek()[1] in {"/", "//"}:
            if self.take()[1] == "//":
                steps.append(Step("descendant-or-self", "node()"))
            steps.append(self.step())
        return tuple(steps)

    def step(self) -> Step:
        kind, text = self.take()
        if kind == "symbol" and text in {".", ".."}:
            return Step("self" if text == "." else "parent", "node()", self.predicates())
        axis = "child"
        if kind == "symbol" and text == "@":
            raise XPathSyntaxError("attributes (@) are not supported")
        if self.peek() == ("symbol", "::"):
            if text not in _AXES:
                raise XPathSyntaxError(f"the axis {text} is not supported")
            self.take()
            axis = text
            kind, text = self.take()
        return Step(axis, self._test(kind, text), self.predicates())

    def _test(self, kind: str, text: str) -> str:
        if kind == "name" and text in _NODE_TESTS and self.peek()[1] == "(":
            self.expect("(")
            self.expect(")")
            if text == "text":
                raise XPathSyntaxError("text() is not supported")
            return "node()"
        if kind == "name" or (kind == "symbol" and text == "*"):
            return text
        raise XPathSyntaxError(f"a name expected, {text or 'the end'!r} found")

    def predicates(self) -> tuple[Expr, ...]:
        found: list[Expr] = []
        while self.peek() == ("symbol", "["):
            self.take()
            found.append(self.expression(0))
            self.expect("]")
        return tuple(found)
