"""What is typed for a line, by the kind of its rule: a rate, a number, items of a list, a tier, points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.datastructures import MultiDict

from analysis.indicators import Indicator, Rule
from analysis.scoring_rules import Actual
from survey_server.errors import N_, Problem, ZoufangError

NUMBER, ITEMS, TIER, CHANGE, POINTS = "number", "items", "tier", "change", "points"
KINDS = {
    "checklist_additive": ITEMS,
    "checklist_deductive": ITEMS,
    "tiers": TIER,
    "range_deduct": CHANGE,
    "manual": POINTS,
}
RATES = frozenset({"proportional", "bands", "range_deduct"})


@dataclass(frozen=True)
class Question:
    """How a line is asked for: the kind of its value, whether it is a rate, and the items or tiers to choose from."""

    kind: str
    is_rate: bool
    items: tuple[tuple[str, str], ...] = ()
    may_be_left_out: bool = False
    zero_event: str = ""


def question_of(line: Indicator) -> Question:
    """How this line is asked for; a rule that wraps another is asked for as the inner one."""
    rule = line.rule
    inner = _inner(rule)
    kind = KINDS.get(inner.type, NUMBER) if inner else NUMBER
    items = inner.params.get("items") or inner.params.get("plus") or {} if inner else {}
    return Question(
        kind=kind,
        is_rate=_is_rate(line, inner),
        items=tuple((str(name), str(worth)) for name, worth in items.items()),
        may_be_left_out=rule is not None and rule.type == "not_assessed_reassign",
        zero_event=str(rule.params.get("when") or "") if rule and rule.type == "override_zero" else "",
    )


def read_value(line: Indicator, form: MultiDict[str, str]) -> Any:  # noqa: ANN401 - what JSON holds
    """The value of a form, as it is kept; raises INVALID_FIELD naming the line. None where nothing was typed."""
    question = question_of(line)
    if question.kind == ITEMS:
        return [name for name, _ in question.items if name in form.getlist("item")]
    if question.kind == TIER:
        chosen = form.get("tier", "")
        if chosen and chosen not in dict(question.items):
            raise _refused(line, N_("choose one of the list"))
        return chosen or None
    number = _number(line, form.get("value", ""), question)
    if question.kind == CHANGE:
        plus = [name for name, _ in question.items if name in form.getlist("item")]
        return None if number is None else {"rate": number, "exempt": "exempt" in form, "plus": plus}
    return number


def as_actual(line: Indicator, value: Any) -> Any:  # noqa: ANN401 - likewise
    """A kept value as the rules take it: numbers as Decimal."""
    kind = question_of(line).kind
    if kind == CHANGE and isinstance(value, Mapping):
        return {**value, "rate": Decimal(value["rate"])}
    return Decimal(value) if kind in {NUMBER, POINTS} and isinstance(value, str) else value


def shown(line: Indicator, value: Any) -> str:  # noqa: ANN401 - likewise
    """A kept value as it is typed: rates in per cent."""
    if isinstance(value, Mapping):
        return shown(line, value.get("rate"))
    if value is None or isinstance(value, list):
        return ""
    if question_of(line).kind == TIER or not question_of(line).is_rate:
        return str(value)
    return f"{(Decimal(str(value)) * 100).normalize():f}"


def blank(reason: str = "") -> Actual:
    """A line that the rule says is not assessed (不考核)."""
    return Actual(assessed=False, reason=reason)


def _inner(rule: Rule | None) -> Rule | None:
    if rule is None or rule.type not in {"not_assessed_reassign", "override_zero"}:
        return rule
    then = rule.params.get("then") or {"type": "proportional"}
    return Rule(str(then["type"]), then)


def _is_rate(line: Indicator, inner: Rule | None) -> bool:
    if line.target is not None and line.target.value is not None:
        return line.target.percent
    return inner is not None and inner.type in RATES


def _number(line: Indicator, text: str, question: Question) -> str | None:
    bare = text.strip().replace("，", "").replace(",", "").removesuffix("%").removesuffix("％")
    if not bare:
        return None
    try:
        number = Decimal(bare)
    except InvalidOperation as error:
        raise _refused(line, N_("enter the figure that was found; a target or a word is none")) from error
    if not number.is_finite() or abs(number) > 10**12:
        raise _refused(line, N_("enter the figure that was found; a target or a word is none"))
    return str(number / 100 if question.is_rate else number)


def _refused(line: Indicator, why: str) -> ZoufangError:
    return ZoufangError(Problem.INVALID_FIELD, field=line.name, why=why)
