"""Rounding for people: half up (四舍五入), with Decimal, at the last step only.

Everywhere else in code a rate is a fraction between 0 and 1. Here it becomes the per cent that is printed.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

Number = int | float | str | Decimal

_SIGNIFICANT = 12  # a float is read to so many digits, so that its binary tail does not tip a half


def to_decimal(value: Number) -> Decimal:
    """The number as a Decimal; a float is read as the 12 significant digits that it stands for."""
    if isinstance(value, float):
        return Decimal(f"{value:.{_SIGNIFICANT}g}")
    return Decimal(value)


def half_up(value: Number, digits: int = 2) -> Decimal:
    """`value` with `digits` decimals, a half going away from zero: 0.125 becomes 0.13.

    numpy floats are floats. Raises ValueError for what is not a finite number.
    """
    number = to_decimal(float(value) if isinstance(value, float) else value)
    if not number.is_finite():
        message = f"{value} is not a finite number and cannot be rounded"
        raise ValueError(message)
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def percent(fraction: Number, digits: int = 2) -> Decimal:
    """The per cent that is printed for a fraction: 0.99629 becomes Decimal("99.63")."""
    return half_up(to_decimal(float(fraction) if isinstance(fraction, float) else fraction) * 100, digits)


def percent_text(fraction: Number | None, digits: int = 2) -> str:
    """The printed per cent with its sign, "99.63%"; a dash where there is no figure."""
    if fraction is None or not math.isfinite(float(fraction)):
        return "—"
    return f"{percent(fraction, digits)}%"


def decimals_supported(n: int, digits: int = 2) -> bool:
    """Whether one answer more or less moves a rate of `n` answers by no more than its last printed digit.

    A rate of 200 answers moves in steps of 0.50 per cent, so two decimals say more than it knows.
    """
    return n > 0 and Decimal(100) / n <= Decimal(1).scaleb(-digits)
