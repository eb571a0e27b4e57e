"""Contradictions that a table of scores must not carry, found before a reviewer does.

WEIGHT_SUM         weights of a level do not add up to the level above, or to the total
RULE_VS_SCORE      the score that was written is not what the rule gives
NO_NUMERIC_ACTUAL  "≥90%" or "已完成" stands where the value that was found belongs
TARGET_DIRECTION   a target of at most so much is exceeded and scored in full
NO_EVIDENCE        full marks without data or paper behind them
NO_REASON          points by judgement without a reason
FUND_BALANCE       received + carried over - spent is not the balance
DECIMALS           the sample is too small for the decimals that are printed
IMPOSSIBLE_RATE    no whole number of answers gives this percentage of so many
RATE_VS_SCORE      the printed rate times the weight is not the printed score

and, of a published rate of answers, what :mod:`analysis.claims` lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from analysis.claims import Claim, claims_of, claims_on
from analysis.errors import ScoringError
from analysis.indicators import Indicator, IndicatorTable
from analysis.rounding import Number, decimals_supported, half_up, percent, to_decimal
from analysis.scoring_rules import Actual, number, points
from analysis.stated import balance_of, evidence_of, product_of

NUMERIC_RULES = frozenset(
    {"proportional", "proportional_to_target", "threshold_step", "bands", "not_assessed_reassign", "override_zero"}
)


@dataclass(frozen=True)
class Finding:
    """One contradiction: `code` from the list above, the indicator it is in, and what it was made of."""

    code: str
    indicator: str
    message: str
    fields: dict[str, Any] = field(default_factory=dict)


def table_findings(table: IndicatorTable) -> list[Finding]:
    """Weights that do not add up, level by level; weights that were never published are left alone."""
    found = list(_weight_sum(table.title, table.total, table.roots))
    for _, line in table.walk():
        if line.children and line.weight is not None:
            found += _weight_sum(line.name, line.weight, line.children)
    return found


def check_published(table: IndicatorTable) -> list[Finding]:
    """Everything that a published table says against itself, from the values and scores that it states."""
    found = table_findings(table)
    asked = any(line.evidence_stated for line in table.leaves())
    for line in table.leaves():
        actual = _stated_actual(line)
        found += line_findings(line, line.weight, actual, None)
        found += _claimed(line, [*balance_of(line), *evidence_of(line, asked=asked)])
        if actual is not None and isinstance(actual.value, Decimal):
            rates = product_of(line, actual.value) if _is_percent(line) else ()
            found += _claimed(line, [*claims_of(line, actual.value), *rates])
    return found


def line_findings(
    line: Indicator, weight: Decimal | None, actual: Actual | None, score: Decimal | None
) -> tuple[Finding, ...]:
    """The contradictions of one line. `score` is what was computed; None lets the rule compute it here."""
    if actual is None or not actual.assessed:
        return ()
    if _wants_number(line) and not _is_number(line, actual.value):
        return (
            _finding("NO_NUMERIC_ACTUAL", line, f"{actual.value!r} is not a value that was found", value=actual.value),
        )
    given = line.score_stated
    computed = score if score is not None else _computed(line, weight, actual)
    checks = [
        _direction(line, weight, actual, given if given is not None else score),
        _rule_vs_score(line, given, computed),
        _missed_but_full(line, weight, actual, given, computed),
        _evidence(line, weight, actual, score),
        _reason(line, actual, score),
        _decimals(line, actual),
        _possible(line, actual),
    ]
    claims = () if score is None else _claimed(line, claims_on(line, actual))
    return (*(check for check in checks if check is not None), *claims)


def _claimed(line: Indicator, claims: Iterable[Claim]) -> list[Finding]:
    return [_finding(code, line, words, **fields) for code, words, fields in claims]


def _is_percent(line: Indicator) -> bool:
    text = (line.actual_stated or "").strip()
    return text.endswith(("%", "％")) or (line.target is not None and line.target.percent)


def fund_balance(
    received: Number, carried_over: Number, spent: Number, stated: Number, name: str = ""
) -> Finding | None:
    """FUND_BALANCE where 到位 + 结转 - 支出 is not the stated balance; amounts in one unit."""
    balance = to_decimal(received) + to_decimal(carried_over) - to_decimal(spent)
    if balance == to_decimal(stated):
        return None
    message = f"received {received} + carried over {carried_over} - spent {spent} is {balance}, not {stated}"
    return Finding("FUND_BALANCE", name, message, {"balance": balance, "stated": to_decimal(stated)})


def rate_vs_score(printed_rate: Number, weight: Number, printed_score: Number, name: str = "") -> Finding | None:
    """RATE_VS_SCORE where a printed rate (in per cent) times the weight is not the printed score."""
    right = half_up(to_decimal(printed_rate) * to_decimal(weight) / 100)
    if right == half_up(printed_score):
        return None
    message = f"{printed_rate}% of {weight} points is {right}, not {printed_score}"
    return Finding("RATE_VS_SCORE", name, message, {"score": right, "stated": to_decimal(printed_score)})


def possible_rate(printed_rate: str | Decimal, n: int) -> bool:
    """Whether some whole number of yes among `n` is printed as this per cent, with as many decimals as it has."""
    rate = Decimal(str(printed_rate))
    exponent = rate.as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    near = int(rate * n / 100)
    return any(half_up(Decimal(100 * yes) / n, digits) == rate for yes in range(max(0, near - 1), min(n, near + 1) + 1))


def smallest_n(printed_rate: str | Decimal, most: int = 100_000) -> int | None:
    """The smallest number of answers that can be printed as this per cent: 267 for 99.63; None up to `most`."""
    return next((n for n in range(1, most + 1) if possible_rate(printed_rate, n)), None)


def _finding(code: str, line: Indicator, message: str, **fields: Any) -> Finding:  # noqa: ANN401 - fields of any kind
    return Finding(code, line.name, f"{line.name}: {message}", fields)


def _weight_sum(name: str, total: Decimal, children: tuple[Indicator, ...]) -> Iterator[Finding]:
    weights = [weight for child in children if (weight := _known_weight(child)) is not None]
    if len(weights) == len(children) and sum(weights, Decimal(0)) != total:
        added = sum(weights, Decimal(0))
        message = f"{name}: its parts add up to {added} points, not {total}"
        yield Finding("WEIGHT_SUM", name, message, {"sum": added, "total": total})


def _known_weight(line: Indicator) -> Decimal | None:
    """The weight of a line, or the sum of its parts where only they have one; None where it was not published."""
    if line.weight is not None or not line.children:
        return line.weight
    parts = [_known_weight(child) for child in line.children]
    return None if None in parts else sum((part for part in parts if part is not None), Decimal(0))


def _wants_number(line: Indicator) -> bool:
    if line.target is not None and line.target.value is not None:
        return True
    return line.rule is not None and line.rule.type in NUMERIC_RULES


def _is_number(line: Indicator, value: object) -> bool:
    try:
        number(line, value)
    except ScoringError:
        return False
    return True


def _stated_actual(line: Indicator) -> Actual | None:
    """The stated value of a published table: text such as "99.63%" or 5830 read as a figure, other text kept.

    Where the target is in per cent, 99.63 without a sign is one too, and 0.9963 is what a cell of Excel holds.
    """
    text = line.actual_stated
    if text is None:
        return None
    bare = text.strip().removesuffix("%").removesuffix("％")
    evidence = (line.evidence_stated,) if line.evidence_stated else ()
    try:
        value = Decimal(bare)
    except ArithmeticError:
        return Actual(text, n=line.n_stated, evidence=evidence)
    digits = len(bare.partition(".")[2])
    signed, of_percent = bare != text.strip(), line.target is not None and line.target.percent
    if signed or (of_percent and value > 1):
        value /= 100
    elif of_percent:
        digits = max(0, digits - 2)
    return Actual(value, n=line.n_stated, digits=digits, evidence=evidence)


def _computed(line: Indicator, weight: Decimal | None, actual: Actual) -> Decimal | None:
    if weight is None or (line.rule is None and line.target is None):
        return None
    try:
        return half_up(points(line, weight, actual))
    except ScoringError:
        return None


def _direction(line: Indicator, weight: Decimal | None, actual: Actual, score: Decimal | None) -> Finding | None:
    target = line.target
    if target is None or target.op not in {"<=", "<"} or not _wants_number(line):
        return None
    if target.met(number(line, actual.value)) or weight is None or score != weight:
        return None
    message = f"{actual.value} exceeds the target {target.text} and has full marks"
    return _finding("TARGET_DIRECTION", line, message, target=target.text, actual=actual.value)


def _rule_vs_score(line: Indicator, given: Decimal | None, computed: Decimal | None) -> Finding | None:
    if line.rule is None or given is None or computed is None or given == computed:
        return None
    message = f"the rule gives {computed}, but {given} is written"
    return _finding("RULE_VS_SCORE", line, message, computed=computed, stated=given)


def _missed_but_full(
    line: Indicator, weight: Decimal | None, actual: Actual, given: Decimal | None, computed: Decimal | None
) -> Finding | None:
    """A line without a rule of its own: a target of at least so much is missed and scored in full."""
    target = line.target
    if line.rule is not None or target is None or target.value is None or target.op in {"<=", "<"}:
        return None
    if target.met(number(line, actual.value)) or given is None or given != weight:
        return None
    message = f"{actual.value} misses the target {target.text}, but full marks are written"
    return _finding("RULE_VS_SCORE", line, message, computed=computed, stated=given)


def _evidence(line: Indicator, weight: Decimal | None, actual: Actual, score: Decimal | None) -> Finding | None:
    if score is None or score == 0 or score != weight or actual.evidence or actual.n:
        return None
    return _finding("NO_EVIDENCE", line, "full marks without data or paper behind them")


def _reason(line: Indicator, actual: Actual, score: Decimal | None) -> Finding | None:
    if score is None or line.rule is None or line.rule.type != "manual" or actual.reason:
        return None
    return _finding("NO_REASON", line, "points by judgement need a reason")


def _decimals(line: Indicator, actual: Actual) -> Finding | None:
    if not actual.n or not actual.digits or decimals_supported(actual.n, actual.digits):
        return None
    step = half_up(Decimal(100) / actual.n)
    message = f"one answer of {actual.n} moves the rate by {step} points: its decimals say more than it knows"
    return _finding("DECIMALS", line, message, n=actual.n, step=step)


def _possible(line: Indicator, actual: Actual) -> Finding | None:
    """Only for figures that were typed: an estimate is weighted and need not be a share of n."""
    if not actual.n or actual.low is not None or not _wants_number(line) or isinstance(actual.value, float):
        return None
    rate = percent(number(line, actual.value), actual.digits)
    if rate > 100 or possible_rate(rate, actual.n):
        return None
    message = f"no whole number of {actual.n} answers is {rate}%"
    return _finding("IMPOSSIBLE_RATE", line, message, rate=rate, n=actual.n)
