"""When a question is asked, in Chinese words that a paper questionnaire can print.

    wording = Wording(form, numbers, facts)
    wording.when(expression)      # 第 7 题选“同意”，并且第 3 题没有选“不在家”

An expression that words cannot say exactly gives None: the paper then prints the expression itself in an annex,
and never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mobile_forms.definition import Choice, FormDefinition, Question
from mobile_forms.xpath_parser import Binary, Call, Expr, Literal, Path, XPathSyntaxError, parse

_MOST_NAMED = 6
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_SIGNS: Mapping[str, str] = {"=": "等于", "!=": "不等于", "<": "小于", "<=": "不超过", ">": "大于", ">=": "不少于"}
_TURNED: Mapping[str, str] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Fact:
    """What the roster says of a household: its name, and words for its codes."""

    name: str
    codes: Mapping[str, str] = field(default_factory=dict)


class _NoWordsError(Exception):
    """Words cannot say it."""


class Wording:
    """The conditions of one form in words.

    ``numbers`` are the printed numbers of the questions, by name; ``facts`` the words for calculations that only read
    the list of households. A truth that the form calculates (``if(…, 1, 0)``) gets a letter: ``letters`` gives, by
    letter, what it stands for.
    """

    def __init__(self, form: FormDefinition, numbers: Mapping[str, str], facts: Mapping[str, Fact]) -> None:
        self._form = form
        self._numbers = numbers
        self._facts = facts
        self._letters: dict[tuple[str, str], str] = {}
        self._meanings: dict[str, str] = {}

    @property
    def letters(self) -> Mapping[str, str]:
        """What each letter that was used so far stands for."""
        return self._meanings

    def when(self, expression: str) -> str | None:
        """An expression as words, None where words cannot say it exactly."""
        try:
            return self._words(parse(expression))
        except (XPathSyntaxError, _NoWordsError):
            return None

    def _words(self, expr: Expr) -> str:
        if isinstance(expr, Binary) and expr.operator in {"and", "or"}:
            return self._joined(expr)
        if isinstance(expr, Binary) and expr.operator in _COMPARE:
            return self._compared(expr)
        if isinstance(expr, Call):
            return self._called(expr)
        raise _NoWordsError

    def _joined(self, expr: Binary) -> str:
        parts = _flat(expr, expr.operator)
        if expr.operator == "or":
            return "，或者".join(self._alternatives(parts))
        return "，并且".join(self._inside(part) for part in parts)

    def _inside(self, part: Expr) -> str:
        words = self._words(part)
        return f"（{words}）" if "，或者" in words and not isinstance(part, Call) else words

    def _alternatives(self, parts: Sequence[Expr]) -> list[str]:
        """Choices of one question side by side are said together: 第 9 题选“3”或“4”."""
        chosen: dict[str, list[str]] = {}
        said: list[str] = []
        for part in parts:
            found = self._choice_of(part)
            if found is None:
                words = self._words(part)
                said.append(f"（{words}）" if "，并且" in words else words)
            else:
                start, label = found
                if start not in chosen:
                    said.append(start)
                chosen.setdefault(start, []).append(label)
        return [f"{start}{'或'.join(chosen[start])}" if start in chosen else start for start in said]

    def _choice_of(self, expr: Expr) -> tuple[str, str] | None:
        """What one option of one question is called, where that is all that is asked: ``第 9 题选`` and ``“3”``."""
        path, value = None, None
        if isinstance(expr, Binary) and expr.operator == "=":
            path, value = expr.left, expr.right
        elif isinstance(expr, Call) and expr.name == "selected":
            path, value = expr.arguments
        if not isinstance(path, Path) or not isinstance(value, Literal):
            return None
        question, code = self._question(path), _code(value)
        if question.name in self._facts:
            fact = self._facts[question.name]
            return f"名册上的{fact.name}是", f"“{fact.codes.get(code, code)}”"
        if not question.choices or not code:
            return None
        choice = question.choice(code)
        if choice is None:
            raise _NoWordsError
        verb = "选了" if question.kind == "select_multiple" else "选"
        return f"{self._named(question)}{verb}", self._label(choice)

    def _compared(self, expr: Binary) -> str:
        left, right, operator = expr.left, expr.right, expr.operator
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, right, operator = right, left, _TURNED[operator]
        if isinstance(left, Path) and isinstance(right, Path):
            return f"{self._value(left)}{_SIGNS[operator]}{self._value(right)}"
        if not isinstance(right, Literal):
            raise _NoWordsError
        if isinstance(left, Call):
            return self._counted(left, operator, _code(right))
        if not isinstance(left, Path):
            raise _NoWordsError
        return self._path_compared(left, operator, right)

    def _value(self, path: Path) -> str:
        question = self._question(path)
        fact = self._facts.get(question.name)
        if fact is not None:
            return f"名册上的{fact.name}"
        if question.choices or question.name not in self._numbers:
            raise _NoWordsError
        return f"{self._named(question)}填的数"

    def _path_compared(self, path: Path, operator: str, literal: Literal) -> str:
        question, code = self._question(path), _code(literal)
        if code == "" and operator in {"=", "!="} and question.name in self._numbers:
            return f"{self._named(question)}{'没有填' if operator == '=' else '填了'}"
        if question.name in self._facts:
            fact = self._facts[question.name]
            if operator in {">", ">="} and not fact.codes:
                return f"名册上的{fact.name}{_SIGNS[operator]}{code}"
            if operator != "=":
                raise _NoWordsError
            return f"名册上的{fact.name}是“{fact.codes.get(code, code)}”"
        if question.kind == "calculate":
            return self._calculated(question, operator, code)
        if question.kind == "select_one" and question.choices:
            return self._one_of(question, operator, code)
        if question.kind in {"integer", "decimal", "range"}:
            return f"{self._named(question)}填的数{_SIGNS[operator]}{code}"
        raise _NoWordsError

    def _one_of(self, question: Question, operator: str, code: str) -> str:
        fits = [choice for choice in question.choices if _holds(choice.value, operator, code)]
        if len(fits) == len(question.choices):
            return f"{self._named(question)}已经回答"
        if not fits:
            raise _NoWordsError
        rest = [choice for choice in question.choices if choice not in fits]
        if len(fits) > _MOST_NAMED and len(rest) < len(fits):
            return f"{self._named(question)}已经回答，而且不是{'、'.join(map(self._label, rest))}"
        return f"{self._named(question)}选{'或'.join(map(self._label, fits))}"

    def _calculated(self, question: Question, operator: str, code: str) -> str:
        if operator != "=" or not question.bind.calculate:
            if operator == ">" and code == "0" and question.bind.calculate:
                return self._any_value(question)
            raise _NoWordsError
        rule = parse(question.bind.calculate)
        if _is_truth(rule) and isinstance(rule, Call):
            holds = code == "1"
            return self._lettered((question.name, "1"), rule.arguments[0], holds=holds)
        return self._lettered((question.name, code), _when_equal(rule, code), holds=True)

    def _any_value(self, question: Question) -> str:
        """A calculated code that is more than nothing: one of its values holds."""
        rule = parse(question.bind.calculate or "")
        values = sorted(set(_results(rule)) - {"", "0"})
        if not values:
            raise _NoWordsError
        return "，或者".join(
            self._lettered((question.name, value), _when_equal(rule, value), holds=True) for value in values
        )

    def _lettered(self, key: tuple[str, str], condition: Expr, *, holds: bool) -> str:
        """A calculated condition by its letter; what it means is said once."""
        if key not in self._letters:
            meaning = self._words(condition)  # first: a condition may stand on another one
            letter = _letter(len(self._letters))
            self._letters[key] = letter
            self._meanings[letter] = meaning
        return f"条件 {self._letters[key]} {'成立' if holds else '不成立'}"

    def _called(self, call: Call) -> str:
        if call.name in {"not", "boolean"} and len(call.arguments) == 1:
            inner = call.arguments[0]
            return self._denied(inner) if call.name == "not" else self._words(inner)
        if call.name == "selected":
            found = self._choice_of(call)
            if found is not None:
                return "".join(found)
        if call.name == "true":
            return "任何情况"
        raise _NoWordsError

    def _denied(self, expr: Expr) -> str:
        found = self._choice_of(expr) if not isinstance(expr, Binary) or expr.operator == "=" else None
        if found is not None:
            start, label = found
            if start.startswith("名册上的"):
                return f"{start.removesuffix('是')}不是{label}"
            return f"{start.removesuffix('选了').removesuffix('选')}没有选{label}"
        return f"不是“{self._words(expr)}”这种情况"

    def _counted(self, call: Call, operator: str, code: str) -> str:
        if call.name not in {"count-selected", "string-length"} or not isinstance(call.arguments[0], Path):
            raise _NoWordsError
        named = self._named(self._question(call.arguments[0]))
        if operator == ">" and code == "0":
            return f"{named}{'选了任何一项' if call.name == 'count-selected' else '填了'}"
        if operator == "=" and code == "0":
            return f"{named}{'一项也没有选' if call.name == 'count-selected' else '没有填'}"
        if call.name == "count-selected":
            return f"{named}选的项数{_SIGNS[operator]} {code}"
        raise _NoWordsError

    def _question(self, path: Path) -> Question:
        names = [step.test for step in path.steps if step.test not in {".", "..", "node()", "*"}]
        if path.start is not None or not names or any(step.predicates for step in path.steps):
            raise _NoWordsError
        try:
            return self._form.question(names[-1])
        except KeyError:
            raise _NoWordsError from None

    def _named(self, question: Question) -> str:
        if question.name not in self._numbers:
            raise _NoWordsError
        return f"第 {self._numbers[question.name]} 题"

    def _label(self, choice: Choice) -> str:
        text = choice.label.get(self._form.default_language)
        return f"“{text.plain if text else choice.value}”"


def _letter(number: int) -> str:
    """A to Z, then AA, AB ..."""
    return (_letter(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)


def _flat(expr: Expr, operator: str) -> list[Expr]:
    if isinstance(expr, Binary) and expr.operator == operator:
        return [*_flat(expr.left, operator), *_flat(expr.right, operator)]
    return [expr]


def _code(literal: Literal) -> str:
    value = literal.value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _holds(code: str, operator: str, other: str) -> bool:
    if operator in {"=", "!="}:
        return (code == other) == (operator == "=")
    try:
        return _COMPARE[operator](float(code), float(other))
    except ValueError:
        return False


def _is_truth(rule: Expr) -> bool:
    """Whether it is ``if(…, 1, 0)``."""
    return isinstance(rule, Call) and rule.name == "if" and [_literal(one) for one in rule.arguments[1:]] == ["1", "0"]


def _literal(expr: Expr) -> str | None:
    return _code(expr) if isinstance(expr, Literal) else None


def _results(rule: Expr) -> list[str]:
    if isinstance(rule, Call) and rule.name == "if" and len(rule.arguments) == 3:
        return [*_results(rule.arguments[1]), *_results(rule.arguments[2])]
    value = _literal(rule)
    if value is None:
        raise _NoWordsError
    return [value]


def _when_equal(rule: Expr, code: str) -> Expr:
    """The condition under which nested ifs give ``code``."""
    if not (isinstance(rule, Call) and rule.name == "if" and len(rule.arguments) == 3):
        raise _NoWordsError
    condition, yes, no = rule.arguments
    if _literal(yes) == code:
        if _literal(no) is not None or code not in _results(no):
            return condition
        return Binary("or", condition, _when_equal(no, code))
    if _literal(no) == code:
        return Call("not", (condition,))
    return Binary("and", Call("not", (condition,)), _when_equal(no, code))
