"""The functions of XPath 1.0 and XForms that forms may call, each made from its compiled arguments.

Functions that look at the form or at the node they stand in (instance, position, once, regex, ...) are compiled in
`mobile_forms.xpath`. Behaviour follows ``@getodk/xforms-engine`` 0.22 (packages/xpath) except where noted.
"""

from __future__ import annotations

import base64
import hashlib
import math
import random
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mobile_forms.xpath_values import (
    EPOCH,
    NAN,
    Evaluate,
    Moment,
    Scope,
    Value,
    days_since_epoch,
    moment_of,
    node_list,
    number_of,
    parse_datetime,
    text_to_number,
    to_boolean,
    to_number,
    to_text,
)

MANY = 1_000
VOLATILE = frozenset({"today", "now", "random", "uuid"})


@dataclass(frozen=True, slots=True)
class Function:
    """How many arguments a function takes, and how it is made from them."""

    least: int
    most: int
    make: Callable[..., Evaluate]


def _texts(apply: Callable[..., Value]) -> Callable[..., Evaluate]:
    def make(*arguments: Evaluate) -> Evaluate:
        return lambda scope: apply(*(to_text(argument(scope)) for argument in arguments))

    return make


def _numbers(apply: Callable[..., float]) -> Callable[..., Evaluate]:
    def safe(scope: Scope, arguments: tuple[Evaluate, ...]) -> float:
        numbers = [number_of(argument, scope) for argument in arguments]
        if any(math.isnan(number) for number in numbers):
            return NAN
        try:
            return float(apply(*numbers))
        except (ValueError, OverflowError, ZeroDivisionError):
            return NAN

    def make(*arguments: Evaluate) -> Evaluate:
        return lambda scope: safe(scope, arguments)

    return make


def _here(make: Callable[[Evaluate], Evaluate]) -> Callable[..., Evaluate]:
    """A function whose argument, where it has none, is the context node."""
    return lambda argument=None: make(argument or (lambda scope: [scope.node]))


def _each(argument: Evaluate, scope: Scope) -> list[Value]:
    """The values of an argument one by one: a node list gives one text per node."""
    value = argument(scope)
    return [node.value for node in value] if isinstance(value, list) else [value]


def _every_number(arguments: tuple[Evaluate, ...], scope: Scope) -> list[float]:
    zone = scope.run.zone
    values = [value for argument in arguments for value in _each(argument, scope)]
    return [text_to_number(v, zone) if isinstance(v, str) else float(v) for v in values if not isinstance(v, list)]


def _aggregate(apply: Callable[[list[float]], float]) -> Callable[..., Evaluate]:
    """Over all nodes of all arguments: NaN where there is none, or one of them is no number."""

    def result(scope: Scope, arguments: tuple[Evaluate, ...]) -> float:
        numbers = _every_number(arguments, scope)
        return NAN if not numbers or any(math.isnan(n) for n in numbers) else apply(numbers)

    def make(*arguments: Evaluate) -> Evaluate:
        return lambda scope: result(scope, arguments)

    return make


def _join(*arguments: Evaluate) -> Evaluate:
    glue, rest = arguments[0], arguments[1:]
    return lambda scope: to_text(glue(scope)).join(to_text(v) for a in rest for v in _each(a, scope))


def _concat(*arguments: Evaluate) -> Evaluate:
    return lambda scope: "".join(to_text(value) for argument in arguments for value in _each(argument, scope))


def _if(condition: Evaluate, yes: Evaluate, no: Evaluate) -> Evaluate:
    return lambda scope: yes(scope) if to_boolean(condition(scope)) else no(scope)


def _checklist(least: Evaluate, most: Evaluate, *items: Evaluate) -> Evaluate:
    def result(scope: Scope) -> bool:
        met = sum(to_boolean(value) for item in items for value in _each(item, scope))
        top = number_of(most, scope)
        return number_of(least, scope) <= met and (top < 0 or met <= top)

    return result


def _weighted_checklist(least: Evaluate, most: Evaluate, *items: Evaluate) -> Evaluate:
    def result(scope: Scope) -> bool:
        pairs = zip(items[::2], items[1::2], strict=False)
        met = sum(number_of(weight, scope) for item, weight in pairs if to_boolean(item(scope)))
        top = number_of(most, scope)
        return number_of(least, scope) <= met and (top < 0 or met <= top)

    return result


def _count(nodes: Evaluate) -> Evaluate:
    return lambda scope: float(len(node_list(nodes(scope))))


def _count_non_empty(nodes: Evaluate) -> Evaluate:
    return lambda scope: float(sum(node.value != "" for node in node_list(nodes(scope))))


def _selected_at(codes: str, index: str) -> str:
    number = re.match(r"\s*-?\d+", index)
    found, place = codes.split(), int(number.group()) if number else -1
    return found[place] if 0 <= place < len(found) else ""


def _substr(*arguments: Evaluate) -> Evaluate:
    def result(scope: Scope) -> str:
        text = to_text(arguments[0](scope))
        bounds = [number_of(argument, scope) for argument in arguments[1:]]
        if any(math.isnan(bound) or math.isinf(bound) for bound in bounds):
            return ""
        start, end = int(bounds[0]), int(bounds[1]) if len(bounds) > 1 else len(text)
        return text[start if start >= 0 else max(0, len(text) + start) : end]

    return result


def _substring(*arguments: Evaluate) -> Evaluate:
    """XPath 1.0, 4.2: characters whose place p (from 1) has round(start) <= p < round(start) + round(length)."""

    def result(scope: Scope) -> str:
        text = to_text(arguments[0](scope))
        start = _round_half_up(number_of(arguments[1], scope))
        end = math.inf if len(arguments) < 3 else start + _round_half_up(number_of(arguments[2], scope))
        return "".join(letter for place, letter in enumerate(text, 1) if start <= place < end)

    return result


def _round_half_up(number: float) -> float:
    return number if math.isnan(number) or math.isinf(number) else float(math.floor(number + 0.5))


def _round(number: float, places: float = 0) -> float:
    """Half away from zero, as the phone's engine does (XPath 1.0 alone would round -2.5 to -2)."""
    if math.isinf(number):
        return number
    shift = 10.0 ** int(places)
    return math.copysign(math.floor(abs(number) * shift + 0.5) / shift, number) + 0.0


def _whole(apply: Callable[[float], float]) -> Callable[[float], float]:
    return lambda number: number if math.isinf(number) else float(apply(number))


def _grown(apply: Callable[[float], float]) -> Callable[[float], float]:
    """Infinite (IEEE 754, and both engines) where Python would raise."""

    def grown(number: float) -> float:
        try:
            return apply(number)
        except OverflowError:
            return math.inf

    return grown


def _logarithm(apply: Callable[[float], float]) -> Callable[[float], float]:
    return lambda number: -math.inf if number == 0 else apply(number)


def _power(number: float, exponent: float) -> float:
    """As IEEE 754 and both engines have it, where Python would raise: infinite."""
    try:
        return math.pow(number, exponent)
    except OverflowError:
        return -math.inf if number < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        return math.inf if number == 0 else NAN


def _translate(text: str, old: str, new: str) -> str:
    table: dict[int, str | None] = {}
    for place, letter in enumerate(old):
        table.setdefault(ord(letter), new[place] if place < len(new) else None)
    return text.translate(table)


def _number(argument: Evaluate) -> Evaluate:
    """Of a date, the days since 1970, written without their fraction."""

    def result(scope: Scope) -> Value:
        value = argument(scope)
        number = to_number(value, scope.run.zone)
        when = parse_datetime(to_text(value).strip(), scope.run.zone) if isinstance(value, (str, list)) else None
        return number if when is None else Moment(number, str(math.floor(number)))

    return result


def _moment(argument: Evaluate, scope: Scope) -> datetime | None:
    value, zone = argument(scope), scope.run.zone
    if isinstance(value, float) and not isinstance(value, Moment):
        days = float(value)
        return None if math.isnan(days) or abs(days) > 2_900_000 else (EPOCH + timedelta(days=days)).astimezone(zone)
    text = re.sub(r"^(\d{4})-(\d)(?=-)", r"\1-0\2", to_text(value).strip())
    return parse_datetime(re.sub(r"^(\d{4}-\d{2})-(\d)(?=$|T)", r"\1-0\2", text), zone)


def _date(argument: Evaluate) -> Evaluate:
    def result(scope: Scope) -> Value:
        when = _moment(argument, scope)
        return "" if when is None else moment_of(when)

    return result


def _decimal_date_time(argument: Evaluate) -> Evaluate:
    def result(scope: Scope) -> float:
        when = _moment(argument, scope)
        return NAN if when is None else days_since_epoch(when)

    return result


def _decimal_time(text: str) -> float:
    found = re.match(r"(\d{2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?", text)
    if not found:
        return NAN
    hours, minutes, seconds = int(found[1]), int(found[2]), float(found[3] or 0)
    return (hours * 3600 + minutes * 60 + seconds) / 86_400 if hours < 24 and minutes < 60 and seconds < 60 else NAN


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FORMATS: Mapping[str, Callable[[datetime], str]] = {
    "%Y": lambda when: f"{when.year:04}",
    "%y": lambda when: f"{when.year % 100:02}",
    "%m": lambda when: f"{when.month:02}",
    "%n": lambda when: str(when.month),
    "%b": lambda when: _MONTHS[when.month - 1],
    "%d": lambda when: f"{when.day:02}",
    "%e": lambda when: str(when.day),
    "%a": lambda when: _DAYS[when.weekday()],
    "%H": lambda when: f"{when.hour:02}",
    "%h": lambda when: str(when.hour),
    "%M": lambda when: f"{when.minute:02}",
    "%S": lambda when: f"{when.second:02}",
    "%3": lambda when: f"{when.microsecond // 1000:03}",
}


def _format_date(argument: Evaluate, pattern: Evaluate) -> Evaluate:
    def result(scope: Scope) -> str:
        when = _moment(argument, scope)
        if when is None:
            return ""
        return re.sub(r"%[YymnbdeaHhMS3]", lambda code: _FORMATS[code.group()](when), to_text(pattern(scope)))

    return result


def _today() -> Evaluate:
    def result(scope: Scope) -> Value:
        here = scope.run.now.astimezone(scope.run.zone)
        return moment_of(here.replace(hour=0, minute=0, second=0, microsecond=0))

    return result


def _now() -> Evaluate:
    return lambda scope: moment_of(scope.run.now.astimezone(scope.run.zone))


def _digest(text: str, algorithm: str, encoding: str = "base64") -> str:
    name = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
    raw = hashlib.new(name.get(algorithm, "sha256"), text.encode(), usedforsecurity=False).digest()
    return raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()


def _name(nodes: Evaluate) -> Evaluate:
    return lambda scope: next((node.name for node in node_list(nodes(scope))), "")


FUNCTIONS: Mapping[str, Function] = {
    "true": Function(0, 0, lambda: lambda _: True),
    "false": Function(0, 0, lambda: lambda _: False),
    "not": Function(1, 1, lambda argument: lambda scope: not to_boolean(argument(scope))),
    "boolean": Function(1, 1, lambda argument: lambda scope: to_boolean(argument(scope))),
    "boolean-from-string": Function(1, 1, _texts(lambda text: text in {"1", "true"})),
    "if": Function(3, 3, _if),
    "checklist": Function(3, MANY, _checklist),
    "weighted-checklist": Function(4, MANY, _weighted_checklist),
    "string": Function(0, 1, _here(lambda argument: lambda scope: to_text(argument(scope)))),
    "concat": Function(0, MANY, _concat),
    "join": Function(1, MANY, _join),
    "substr": Function(2, 3, _substr),
    "substring": Function(2, 3, _substring),
    "substring-before": Function(
        2, 2, _texts(lambda text, mark: text.partition(mark)[0] if mark in text and mark else "")
    ),
    "substring-after": Function(2, 2, _texts(lambda text, mark: text.partition(mark)[2] if mark else text)),
    "starts-with": Function(2, 2, _texts(lambda text, start: text.startswith(start))),
    "ends-with": Function(2, 2, _texts(lambda text, end: text.endswith(end))),
    "contains": Function(2, 2, _texts(lambda text, part: part in text)),
    "string-length": Function(0, 1, _here(lambda argument: lambda scope: float(len(to_text(argument(scope)))))),
    "normalize-space": Function(0, 1, _here(lambda argument: lambda scope: " ".join(to_text(argument(scope)).split()))),
    "translate": Function(3, 3, _texts(_translate)),
    "coalesce": Function(2, 2, _texts(lambda first, second: first or second)),
    "uuid": Function(0, 0, lambda: lambda _: str(uuid.uuid4())),
    "digest": Function(2, 3, _texts(_digest)),
    "name": Function(0, 1, _here(_name)),
    "local-name": Function(0, 1, _here(_name)),
    "number": Function(0, 1, _here(_number)),
    "int": Function(1, 1, _numbers(_whole(math.trunc))),
    "round": Function(1, 2, _numbers(_round)),
    "abs": Function(1, 1, _numbers(math.fabs)),
    "floor": Function(1, 1, _numbers(_whole(math.floor))),
    "ceiling": Function(1, 1, _numbers(_whole(math.ceil))),
    "min": Function(1, MANY, _aggregate(min)),
    "max": Function(1, MANY, _aggregate(max)),
    "sum": Function(1, 1, _aggregate(sum)),
    "pow": Function(2, 2, _numbers(_power)),
    "sqrt": Function(1, 1, _numbers(math.sqrt)),
    "exp": Function(1, 1, _numbers(_grown(math.exp))),
    "exp10": Function(1, 1, _numbers(_grown(lambda number: 10.0**number))),
    "log": Function(1, 1, _numbers(_logarithm(math.log))),
    "log10": Function(1, 1, _numbers(_logarithm(math.log10))),
    "sin": Function(1, 1, _numbers(math.sin)),
    "cos": Function(1, 1, _numbers(math.cos)),
    "tan": Function(1, 1, _numbers(math.tan)),
    "asin": Function(1, 1, _numbers(math.asin)),
    "acos": Function(1, 1, _numbers(math.acos)),
    "atan": Function(1, 1, _numbers(math.atan)),
    "atan2": Function(2, 2, _numbers(math.atan2)),
    "pi": Function(0, 0, lambda: lambda _: math.pi),
    "random": Function(0, 0, lambda: lambda _: random.random()),  # noqa: S311 a form's own random(), no secret
    "count": Function(1, 1, _count),
    "count-non-empty": Function(1, 1, _count_non_empty),
    "selected": Function(2, 2, _texts(lambda codes, code: code.strip() in codes.split())),
    "selected-at": Function(2, 2, _texts(_selected_at)),
    "count-selected": Function(1, 1, _texts(lambda codes: float(len(codes.split())))),
    "today": Function(0, 0, _today),
    "now": Function(0, 0, _now),
    "date": Function(1, 1, _date),
    "date-time": Function(1, 1, _date),
    "decimal-date-time": Function(1, 1, _decimal_date_time),
    "decimal-time": Function(1, 1, _texts(_decimal_time)),
    "format-date": Function(2, 2, _format_date),
    "format-date-time": Function(2, 2, _format_date),
}
"""Every function that forms may call besides those compiled with the form in `mobile_forms.xpath`."""
