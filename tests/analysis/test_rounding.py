"""Rounding half up."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from analysis.rounding import decimals_supported, half_up, percent, percent_text


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0.125, "0.13"),
        (0.135, "0.14"),
        (1.005, "1.01"),
        (-0.125, "-0.13"),
        (2.675, "2.68"),
        ("0.005", "0.01"),
        (7, "7.00"),
    ],
)
def test_a_half_goes_up(value, wanted):
    assert half_up(value) == Decimal(wanted)


def test_a_binary_tail_does_not_tip_a_half():
    assert percent(0.12345) == Decimal("12.35")
    assert percent(0.1 + 0.2 - 0.17655) == Decimal("12.35")
    assert half_up(np.float64(0.1) * 3, 2) == Decimal("0.30")


def test_a_large_sum_keeps_its_two_decimals():
    assert half_up(12_345_678_901.235) == Decimal("12345678901.24")
    assert half_up(909_736_034.125) == Decimal("909736034.13")
    assert half_up(99_999_999.125) == Decimal("99999999.13")


@pytest.mark.parametrize("kind", [np.int64, np.int8, np.float32, np.float64])
def test_numbers_of_every_kind_are_rounded(kind):
    assert half_up(kind(3)) == Decimal("3.00")
    assert percent(kind(1)) == Decimal("100.00")


def test_a_fraction_is_printed_in_per_cent():
    assert percent(0.99629) == Decimal("99.63")
    assert percent_text(269 / 270) == "99.63%"
    assert percent_text(1) == "100.00%"
    assert percent_text(float("nan")) == "—"
    assert percent_text(None) == "—"


def test_what_is_no_number_cannot_be_rounded():
    with pytest.raises(ValueError, match="finite"):
        half_up(float("nan"))


def test_two_decimals_need_ten_thousand_answers():
    assert decimals_supported(10_000)
    assert not decimals_supported(9_999)
    assert decimals_supported(1000, 1)
