"""What a published line states of itself and cannot be: money that does not balance, marks without a paper, a rate
and points that do not multiply.

FUND_BALANCE   received + carried over - spent is not the balance
NO_EVIDENCE    full marks, and neither a value nor a paper behind them
RATE_VS_SCORE  the rule is to multiply, or none is stated, and the printed rate times the weight is not the score
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from analysis.claims import Claim
from analysis.indicators import Indicator
from analysis.rounding import half_up, percent

_MULTIPLIES = re.compile(r"[*×＊]|乘以|按比例|比例计|满意率计|满意度计|执行率计")


def balance_of(line: Indicator) -> Iterator[Claim]:
    """The four amounts of a line against each other; one that is not stated as carried over is taken as none."""
    funds = dict(line.funds_stated)
    if not {"received", "spent", "balance"} <= set(funds):
        return
    balance = funds["received"] + funds.get("carried_over", Decimal(0)) - funds["spent"]
    if balance != funds["balance"]:
        words = f"received, carried over and spent make {balance}, not {funds['balance']}"
        yield "FUND_BALANCE", words, {"balance": balance, "stated": funds["balance"]}


def evidence_of(line: Indicator, *, asked: bool) -> Iterator[Claim]:
    """Full marks that nothing stands behind. asked: whether the table names papers at all, so a blank says none."""
    full = line.weight is not None and line.weight > 0 and line.score_stated == line.weight
    if not full or line.evidence_stated or line.n_stated:
        return
    if asked or not line.actual_stated:
        yield "NO_EVIDENCE", "full marks without data or paper behind them", {}


def product_of(line: Indicator, rate: Decimal) -> Iterator[Claim]:
    """Whether the stated rate (a fraction) times the weight is the stated score.

    Where the rule in words multiplies it must be. Where no rule is stated the points may also be in proportion to the
    target, all for a target that is met, or none.
    """
    if line.rule is not None or line.weight is None or line.score_stated is None or not 0 <= rate <= 1:
        return
    product = half_up(percent(rate) * line.weight / 100)
    if line.score_stated == product or (line.note and not _MULTIPLIES.search(line.note)):
        return
    if not line.note and line.score_stated in _others(line, rate, line.weight):
        return
    words = f"{percent(rate)}% of {line.weight} points is {product}, not {line.score_stated}"
    yield "RATE_VS_SCORE", words, {"score": product, "stated": line.score_stated}


def _others(line: Indicator, rate: Decimal, weight: Decimal) -> set[Decimal]:
    target = line.target
    found = {Decimal(0), weight}
    if target is not None and target.value:
        found.add(half_up(min(Decimal(1), rate / target.value) * weight))
    return found
