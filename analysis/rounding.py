"""Rounding for people: half up (四舍五入), with Decimal, at the last step only.

Everywhere else in code a rate is a fraction between 0 and 1. Here it becomes the per cent that is printed.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import SupportsFloat

Number = int | float | str | Decimal

_SIGNIFICANT = 12  # a float is read to so many digits, so that the tail that sums leave does not tip a half
_SIGNIFICANT_OF_LARGE = 15  # from 10⁸ on, where two decimals need more; a float holds no more than these
_LARGE = 1e8


def to_decimal(value: Number | SupportsFloat) -> Decimal:
    """The number as a Decimal; a float is read as the 12 significant digits that it stands for (15 from 10⁸ on)."""
    if isinstance(value, (int, str, Decimal)):
        return Decimal(value)
    number = float(value)
    digits = _SIGNIFICANT if abs(number) < _LARGE else _SIGNIFICANT_OF_LARGE
    return Decimal(f"{number:.{digits}g}")


def half_up(value: Number | SupportsFloat, digits: int = 2) -> Decimal:
    """`value` with `digits` decimals, a half going away from zero: 0.125 becomes 0.13.

    Numbers of numpy and pandas are numbers. Raises ValueError for what is not a finite number.
    """
    number = to_decimal(value)
    if not number.is_finite():
        message = f"{value} is not a finite number and cannot be rounded"
        raise ValueError(message)
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def percent(fraction: Number | SupportsFloat, digits: int = 2) -> Decimal:
    """The per cent that is printed for a fraction: 0.99629 becomes Decimal("99.63")."""
    return half_up(to_decimal(fraction) * 100, digits)


def percent_text(fraction: Number | SupportsFloat | None, digits: int = 2) -> str:
    """The printed per cent with its sign, "99.63%"; a dash where there is no figure."""
    if fraction is None or not math.isfinite(float(fraction)):
        return "—"
    return f"{percent(fraction, digits)}%"


def decimals_supported(n: int, digits: int = 2) -> bool:
    """Whether one answer more or less moves a rate of `n` answers by no more than its last printed digit.

    A rate of 200 answers moves in steps of 0.50 per cent, so two decimals say more than it knows.
    """
    return n > 0 and Decimal(100) / n <= Decimal(1).scaleb(-digits)
