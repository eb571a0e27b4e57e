"""The eleven types of rules that turn a value into points.

Rates come in as fractions and are scored as they are printed: per cent with two decimals, half up, so that a reader
can recompute every score. Parameters of rules are as the tables write them, in per cent and points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from analysis.errors import ScoringError
from analysis.indicators import Indicator, Rule, target_from
from analysis.rounding import half_up, percent, to_decimal

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Actual:
    """What was found for an indicator, and where it comes from.

    value: by type of rule, a fraction (rates), a number in the indicator's unit, a name (tiers), a list or mapping of
    names (checklists), points or a mapping of expert to points (manual). n: answers behind a rate. low, high: its
    interval, fractions. digits: decimals of the per cent that is printed. evidence: numbers of the papers.
    assessed: False where the indicator does not apply. zero: the event that sets the score to 0, if it
    happened. sampling: how those who answered were chosen, of a rate that was typed.
    """

    value: Any = None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    digits: int = 2
    evidence: tuple[str, ...] = ()
    reason: str = ""
    assessed: bool = True
    zero: str = ""
    sampling: str = ""


def points(line: Indicator, weight: Decimal, actual: Actual) -> Decimal:
    """The points of a line by its rule, unrounded, between 0 and `weight`.

    A line without a rule but with a numeric target is scored in proportion to the target.
    """
    if actual.zero:
        return Decimal(0)
    rule = line.rule
    if rule is None and line.target is not None and line.target.value is not None:
        rule = Rule("proportional_to_target", {})
    if rule is None:
        raise ScoringError("no_rule", f"{line.name} has no rule and no numeric target", indicator=line.name)
    return min(weight, max(Decimal(0), RULES[rule.type](line, rule, weight, actual)))


def number(line: Indicator, value: object) -> Decimal:
    """A value as a Decimal. Raises ScoringError for text such as "≥90%", which is no figure."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        found = to_decimal(float(value) if isinstance(value, float) else value)
        if found.is_finite():
            return found
    message = f"{line.name}: {value!r} is not a figure; enter the value that was found"
    raise ScoringError("no_numeric_actual", message, indicator=line.name, value=value)


def printed(line: Indicator, value: object) -> Decimal:
    """A rate as it is printed: per cent with two decimals."""
    return percent(number(line, value))


def _proportional(line: Indicator, _rule: Rule, weight: Decimal, actual: Actual) -> Decimal:
    return printed(line, actual.value) * weight / HUNDRED


def _proportional_to_target(line: Indicator, rule: Rule, weight: Decimal, actual: Actual) -> Decimal:
    target = line.target or target_from(rule.params.get("target"))
    if target.value is None or target.value <= 0:
        raise ScoringError("target", f"{line.name} has no numeric target above 0", indicator=line.name)
    found = printed(line, actual.value) / HUNDRED if target.percent else number(line, actual.value)
    if target.op in {"<=", "<"}:
        return weight if found <= target.value else weight * target.value / found
    return min(Decimal(1), found / target.value) * weight


def _threshold_step(line: Indicator, rule: Rule, weight: Decimal, actual: Actual) -> Decimal:
    target = line.target or target_from(rule.params.get("target"))
    if target.value is None:
        raise ScoringError("target", f"{line.name} has no numeric target", indicator=line.name)
    aim = target.value * HUNDRED if target.percent else target.value
    found = printed(line, actual.value) if target.percent else number(line, actual.value)
    missing = max(Decimal(0), aim - found) / _parameter(rule, "per", 1)
    partial = rule.params.get("partial", "ceil")
    if partial not in {"ceil", "exact", "floor"}:
        raise ScoringError("partial", f"{line.name}: partial is ceil, exact or floor", indicator=line.name)
    if partial != "exact":
        missing = missing.to_integral_value(ROUND_CEILING if partial == "ceil" else ROUND_FLOOR)
    return max(_parameter(rule, "floor", 0), weight - missing * _parameter(rule, "deduct", 1))


def _bands(line: Indicator, rule: Rule, _weight: Decimal, actual: Actual) -> Decimal:
    """`bands: [[85, 8], [80, 6], [0, 0]]`: from this per cent on, so many points; left closed, right open."""
    found = printed(line, actual.value)
    steps = sorted(((to_decimal(low), to_decimal(worth)) for low, worth, *_ in rule.params["bands"]), reverse=True)
    return next((worth for low, worth in steps if found >= low), Decimal(0))


def _checklist_additive(line: Indicator, rule: Rule, _weight: Decimal, actual: Actual) -> Decimal:
    items = _worth(rule)
    return sum((min(items[name], given) for name, given in _given(line, items, actual.value)), Decimal(0))


def _checklist_deductive(line: Indicator, rule: Rule, weight: Decimal, actual: Actual) -> Decimal:
    return weight - sum((cost for _, cost in _given(line, _worth(rule), actual.value)), Decimal(0))


def _tiers(line: Indicator, rule: Rule, _weight: Decimal, actual: Actual) -> Decimal:
    items = _worth(rule)
    if not isinstance(actual.value, str) or actual.value not in items:
        message = f"{line.name}: {actual.value!r} is none of {', '.join(items)}"
        raise ScoringError("tier", message, indicator=line.name, value=actual.value)
    return items[actual.value]


def _range_deduct(line: Indicator, rule: Rule, weight: Decimal, actual: Actual) -> Decimal:
    """A change of 0 costs nothing; `bands: [[0, 10, 0.5], [10, 20, 1], ...]` are left closed but for the first.

    actual: the change, a fraction; or a mapping with `rate`, `exempt` (nothing is deducted) and `plus` (items met).
    """
    given = actual.value if isinstance(actual.value, Mapping) else {"rate": actual.value}
    start = _parameter(rule, "part", weight)
    change = abs(printed(line, given.get("rate")))
    cost = Decimal(0)
    if change > 0 and not given.get("exempt"):
        cost = next(
            to_decimal(deduct)
            for low, high, deduct in rule.params["bands"]
            if change >= to_decimal(low) and (high is None or change < to_decimal(high))
        )
    extra = {name: to_decimal(worth) for name, worth in (rule.params.get("plus") or {}).items()}
    met = sum((worth for _, worth in _given(line, extra, given.get("plus", ()))), Decimal(0))
    return max(Decimal(0), start - cost) + met


def _not_assessed_reassign(line: Indicator, rule: Rule, weight: Decimal, actual: Actual) -> Decimal:
    """Scored by `then` (in proportion where it is not given); where not assessed, scoring moves the weight."""
    inner = rule.params.get("then") or {"type": "proportional"}
    return RULES[inner["type"]](line, Rule(inner["type"], inner), weight, actual)


def _override_zero(line: Indicator, rule: Rule, weight: Decimal, actual: Actual) -> Decimal:
    """0 where the event of `when` happened (Actual.zero); scored by `then` otherwise."""
    return _not_assessed_reassign(line, rule, weight, actual)


def _manual(line: Indicator, _rule: Rule, weight: Decimal, actual: Actual) -> Decimal:
    """Points by an expert, or the mean of several experts' points."""
    given = list(actual.value.values()) if isinstance(actual.value, Mapping) else [actual.value]
    scores = [number(line, value) for value in given]
    if not scores or any(score < 0 or score > weight for score in scores):
        message = f"{line.name}: experts give points from 0 to {weight}"
        raise ScoringError("manual", message, indicator=line.name, value=actual.value)
    return sum(scores, Decimal(0)) / len(scores)


def _parameter(rule: Rule, name: str, default: Decimal | int) -> Decimal:
    return to_decimal(rule.params.get(name, default))


def _worth(rule: Rule) -> dict[str, Decimal]:
    return {name: to_decimal(worth) for name, worth in rule.params["items"].items()}


def _given(line: Indicator, items: Mapping[str, Decimal], value: object) -> list[tuple[str, Decimal]]:
    """Pairs of item and points: names count what the item is worth, a mapping gives points of its own."""
    if isinstance(value, Mapping):
        pairs = [(str(name), number(line, given)) for name, given in value.items()]
    elif isinstance(value, Sequence) and not isinstance(value, str):
        pairs = [(str(name), items.get(str(name), Decimal(0))) for name in value]
    else:
        message = f"{line.name}: give the list of items that apply, of {', '.join(items)}"
        raise ScoringError("checklist", message, indicator=line.name, value=value)
    strange = [name for name, _ in pairs if name not in items]
    if strange:
        message = f"{line.name}: {strange[0]!r} is none of {', '.join(items)}"
        raise ScoringError("checklist", message, indicator=line.name, value=strange[0])
    return pairs


RULES: dict[str, Callable[[Indicator, Rule, Decimal, Actual], Decimal]] = {
    "proportional": _proportional,
    "proportional_to_target": _proportional_to_target,
    "threshold_step": _threshold_step,
    "bands": _bands,
    "checklist_additive": _checklist_additive,
    "checklist_deductive": _checklist_deductive,
    "tiers": _tiers,
    "range_deduct": _range_deduct,
    "not_assessed_reassign": _not_assessed_reassign,
    "override_zero": _override_zero,
    "manual": _manual,
}


def rounded(score: Decimal, digits: int) -> Decimal:
    """A score as it is printed."""
    return half_up(score, digits)
