"""The form's own expressions, evaluated here.

``compile_expression`` turns an expression into a function once per form; what cannot be evaluated fails there, with
the reason, and never later. Nothing is registered anywhere: two threads, or two forms, share no state.

lxml's XPath is not used for this: it compares and subtracts dates wrongly, has no ``position(..)``, and lets
built-ins be replaced only for the whole process. A tree of our own (`instance.Node`) is also several times faster.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mobile_forms.instance import ListRoot, Node
from mobile_forms.xpath_calls import SPECIAL, Known, Uses, Where, XPathError, expect_arguments, siblings
from mobile_forms.xpath_functions import FUNCTIONS, VOLATILE
from mobile_forms.xpath_parser import Binary, Call, Expr, Literal, Negative, Path, Step, XPathSyntaxError, parse
from mobile_forms.xpath_values import (
    Evaluate,
    Run,
    Scope,
    Value,
    equal,
    node_list,
    ordered,
    text_to_number,
    to_boolean,
    to_number,
    to_text,
    unequal,
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    ``paths`` are the nodes that it reads (template paths), ``lists`` the instances beside the form, ``volatile``
    whether it depends on the clock, on chance or on its own former value (once).
    """

    source: str
    evaluate: Evaluate
    paths: frozenset[str]
    lists: frozenset[str]
    volatile: bool

    def boolean(self, run: Run, node: Node) -> bool:
        """Its truth for one node."""
        return to_boolean(self.evaluate(Scope(run, node)))

    def text(self, run: Run, node: Node) -> str:
        """Its text for one node."""
        return to_text(self.evaluate(Scope(run, node)))

    def number(self, run: Run, node: Node) -> float:
        """Its number for one node."""
        return to_number(self.evaluate(Scope(run, node)), run.zone)

    def nodes(self, run: Run, node: Node) -> list[Node]:
        """The nodes that it selects for one node."""
        return node_list(self.evaluate(Scope(run, node)))


def compile_expression(source: str, *, context: str, known: Known) -> Expression:
    """Compile an expression that stands at the node ``context`` (a template path).

    Raises:
        XPathError: the reason why it cannot be evaluated.
    """
    uses = Uses()
    try:
        evaluate, _ = Compiler(known, uses, context).value(parse(source), context)
    except XPathSyntaxError as error:
        raise XPathError("syntax", str(error)) from error
    except RecursionError as error:
        raise XPathError("syntax", "too long to be evaluated") from error
    return Expression(source, evaluate, frozenset(uses.paths), frozenset(uses.lists), uses.volatile)


class Compiler:
    """One expression being compiled. ``value`` gives a function and, for node lists, the template path they lie at."""

    def __init__(self, known: Known, uses: Uses, context: str) -> None:
        self.known = known
        self.uses = uses
        self.context = context

    def value(self, expr: Expr, where: Where) -> tuple[Evaluate, Where]:
        """The function that evaluates ``expr`` in the context of nodes at ``where``."""
        if isinstance(expr, Literal):
            constant = expr.value
            return (lambda _: constant), None
        if isinstance(expr, Path):
            return self._path(expr, where)
        if isinstance(expr, Call):
            return self._call(expr, where)
        if isinstance(expr, Negative):
            inner, _ = self.value(expr.operand, where)
            return (lambda scope: -to_number(inner(scope), scope.run.zone)), None
        return self._binary(expr, where)

    def _call(self, call: Call, where: Where) -> tuple[Evaluate, Where]:
        special = SPECIAL.get(call.name)
        if special is not None:
            return special(self, call, where)
        function = FUNCTIONS.get(call.name)
        if function is None:
            raise XPathError("function", f"the function {call.name}() is not supported")
        arguments = [self.value(argument, where)[0] for argument in call.arguments]
        expect_arguments(call, function.least, function.most)
        self.uses.volatile |= call.name in VOLATILE
        return function.make(*arguments), None

    def _binary(self, expr: Binary, where: Where) -> tuple[Evaluate, Where]:
        sign = expr.operator
        if sign == "|":
            raise XPathError("unsupported", "paths joined by | cannot be evaluated on the phone")
        left, _ = self.value(expr.left, where)
        right, _ = self.value(expr.right, where)
        if sign == "=" and isinstance(expr.right, Literal):
            return _equals_literal(left, expr.right.value), None
        if sign in _ARITHMETIC:
            return _arithmetic(_ARITHMETIC[sign], left, right), None
        return _LOGIC[sign](left, right), None

    def _path(self, path: Path, where: Where) -> tuple[Evaluate, Where]:
        plain = self._plain_path(path)
        if plain is not None:
            return (lambda scope: scope.run.nodes.get(plain, _NONE)), plain
        begin, at = self._start(path, where)
        for predicate in path.start_predicates:
            begin = self._filter(begin, predicate, at)
        steps = path.steps
        if path.absolute:
            at = self._enter_root(steps[0] if steps else None)
            begin, steps = self._filtered_step((lambda scope: [scope.run.root]), steps[0], at), steps[1:]
        for step in steps:
            begin, at = self._step(begin, step, at)
        if at is not None:
            self.uses.paths.add(at)
        return begin, at

    def _plain_path(self, path: Path) -> str | None:
        """The template path of an absolute path without predicates, which is then one look-up."""
        simple = all(step.axis == "child" and not step.predicates and step.test != "*" for step in path.steps)
        if not (path.absolute and path.steps and simple):
            return None
        name = "".join(f"/{step.test}" for step in path.steps)
        self._require(name)
        self.uses.paths.add(name)
        return name

    def _start(self, path: Path, where: Where) -> tuple[Evaluate, Where]:
        if path.start is not None:
            return self.value(path.start, where)
        return (lambda scope: [scope.node]), where

    def _enter_root(self, step: Step | None) -> str:
        root = "/" + self.context.split("/")[1]
        if step is None or step.axis != "child" or step.test != root[1:]:
            raise XPathError("unsupported", "a path from the root must name it: /data/...")
        return root

    def _filtered_step(self, begin: Evaluate, step: Step, at: str) -> Evaluate:
        for predicate in step.predicates:
            begin = self._filter(begin, predicate, at)
        return begin

    def _step(self, begin: Evaluate, step: Step, at: Where) -> tuple[Evaluate, Where]:
        move = _AXES.get(step.axis)
        if move is None:
            raise XPathError("unsupported", f"the axis {step.axis} is not supported")
        below = self._below(at, step)
        lookup = self._indexed(begin, step, at)
        if lookup is not None:
            return lookup, below
        walk = _walk(begin, move, step.test)
        for predicate in step.predicates:
            walk = self._filter(walk, predicate, below)
        return walk, below

    def _below(self, at: Where, step: Step) -> Where:
        if at is None:
            return None
        if step.axis == "self":
            return at
        if step.axis == "parent":
            return self._require(at.rpartition("/")[0])
        if step.axis in {"following-sibling", "preceding-sibling"} and step.test == at.rpartition("/")[2]:
            return at
        if step.axis != "child" or step.test in {"*", "node()"}:
            raise XPathError("unsupported", f"{step.axis}::{step.test} is not supported in the answers of a form")
        return self._require(f"{at}/{step.test}")

    def _require(self, path: str) -> str:
        if path not in self.known.paths:
            raise XPathError("path", f"{path or '/'} is not in the form")
        return path

    def _indexed(self, begin: Evaluate, step: Step, at: Where) -> Evaluate | None:
        """``item[column = value]`` in a list, found by an index where the value is text."""
        if at is not None or step.axis != "child" or step.test != "item" or not step.predicates:
            return None
        first = step.predicates[0]
        if not (isinstance(first, Binary) and first.operator == "=" and isinstance(first.left, Path)):
            return None
        column = first.left
        if column.absolute or column.start or len(column.steps) != 1 or column.steps[0].predicates:
            return None
        scan = self._filter(_walk(begin, _AXES["child"], "item"), first, None)
        value, value_at = self.value(first.right, None)
        if not (value_at is not None or (isinstance(first.right, Literal) and isinstance(first.right.value, str))):
            return None
        found = _lookup(begin, column.steps[0].test, value, scan)
        for predicate in step.predicates[1:]:
            found = self._filter(found, predicate, None)
        return found

    def _filter(self, begin: Evaluate, predicate: Expr, at: Where) -> Evaluate:
        test, _ = self.value(predicate, at)

        def kept(scope: Scope) -> Value:
            nodes = node_list(begin(scope))
            size, result = len(nodes), []
            for position, node in enumerate(nodes, 1):
                found = test(Scope(scope.run, node, position, size, scope.current))
                keep = found == position if isinstance(found, float) else to_boolean(found)
                if keep:
                    result.append(node)
            return result

        return kept


_NONE: list[Node] = []


def _and(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda scope: to_boolean(left(scope)) and to_boolean(right(scope))


def _or(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda scope: to_boolean(left(scope)) or to_boolean(right(scope))


def _equals(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda scope: equal(left(scope), right(scope), scope.run.zone)


def _differs(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda scope: unequal(left(scope), right(scope), scope.run.zone)


def _compares(compare: Callable[[float, float], bool]) -> Callable[[Evaluate, Evaluate], Evaluate]:
    return lambda left, right: lambda scope: ordered(left(scope), right(scope), compare, scope.run.zone)


_LOGIC: Mapping[str, Callable[[Evaluate, Evaluate], Evaluate]] = {
    "and": _and,
    "or": _or,
    "=": _equals,
    "!=": _differs,
    "<": _compares(operator.lt),
    "<=": _compares(operator.le),
    ">": _compares(operator.gt),
    ">=": _compares(operator.ge),
}


def _divide(left: float, right: float) -> float:
    if right:
        return left / right
    if math.isnan(left) or math.isnan(right) or not left:
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "div": _divide,
    "mod": lambda left, right: math.fmod(left, right) if right and not math.isinf(left) else math.nan,
}


def _arithmetic(apply: Callable[[float, float], float], left: Evaluate, right: Evaluate) -> Evaluate:
    def result(scope: Scope) -> float:
        zone = scope.run.zone
        return float(apply(to_number(left(scope), zone), to_number(right(scope), zone)))

    return result


def _equals_literal(left: Evaluate, literal: str | float) -> Evaluate:
    if isinstance(literal, str):

        def same_text(scope: Scope) -> bool:
            value = left(scope)
            if isinstance(value, list):
                return any(node.value == literal for node in value)
            return equal(value, literal, scope.run.zone)

        return same_text

    def same_number(scope: Scope) -> bool:
        value, zone = left(scope), scope.run.zone
        if isinstance(value, list):
            return any(text_to_number(node.value, zone) == literal for node in value)
        return equal(value, literal, zone)

    return same_number


def _lookup(begin: Evaluate, column: str, value: Evaluate, scan: Evaluate) -> Evaluate:
    def found(scope: Scope) -> Value:
        wanted = value(Scope(scope.run, scope.current))
        roots = node_list(begin(scope))
        if len(roots) != 1 or not isinstance(roots[0], ListRoot) or (isinstance(wanted, list) and len(wanted) > 1):
            return scan(scope)
        if isinstance(wanted, list) and not wanted:
            return _NONE
        return roots[0].table.items(column, to_text(wanted))

    return found


Axis = Callable[[Node], list[Node]]


def _walk(begin: Evaluate, move: Axis, test: str) -> Evaluate:
    def nodes(scope: Scope) -> Value:
        start = node_list(begin(scope))
        found = [node for origin in start for node in move(origin) if test in {"node()", "*", node.name}]
        return list(dict.fromkeys(found)) if len(start) > 1 else found

    return nodes


def _following(node: Node) -> list[Node]:
    family, index = siblings(node)
    return family[index + 1 :]


def _preceding(node: Node) -> list[Node]:
    family, index = siblings(node)
    return family[:index]


_AXES: Mapping[str, Axis] = {
    "child": lambda node: node.children,
    "parent": lambda node: [node.parent] if node.parent else [],
    "self": lambda node: [node],
    "following-sibling": _following,
    "preceding-sibling": _preceding,
}
