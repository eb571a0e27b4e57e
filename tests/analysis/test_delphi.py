"""Rounds of experts: medians, quartiles, Kendall's W worked by hand and against scipy's Friedman test."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import friedmanchisquare

from analysis.delphi import concordance, summarise
from analysis.errors import ScoringError


def test_concordance_is_as_worked_by_hand() -> None:
    """Ranks 1 2 3 4, 1 3 2 4, 2 1 3 4: sums 4 6 8 12, S = 35, W = 12 · 35 / (9 · 60), χ² = 3 · 3 · W = 7."""
    found = concordance(np.array([[1, 2, 3, 4], [1, 3, 2, 4], [2, 1, 3, 4]], float))
    assert found is not None
    assert found.w == pytest.approx(420 / 540)
    assert found.chi2 == pytest.approx(7.0)
    assert (found.df, round(found.p, 4)) == (3, 0.0719)


def test_ties_of_one_expert_are_taken_into_account() -> None:
    """Ranks 3 1.5 1.5 and 3 2 1: sums 6 3.5 2.5, S = 6.5, T = 6, W = 78 / (4 · 24 - 2 · 6)."""
    found = concordance(np.array([[10, 8, 8], [9, 7, 5]], float))
    assert found is not None
    assert found.w == pytest.approx(78 / 84)


def test_experts_of_one_mind_have_a_concordance_of_one_and_those_who_are_opposed_none() -> None:
    same = concordance(np.array([[3, 5, 9]] * 4, float))
    opposed = concordance(np.array([[1, 2, 3], [3, 2, 1]], float))
    assert same is not None
    assert opposed is not None
    assert (same.w, opposed.w) == (pytest.approx(1), 0)


def test_where_there_is_nothing_to_compare_there_is_no_concordance() -> None:
    assert concordance(np.array([[1, 2, 3]], float)) is None
    assert concordance(np.array([[5], [7]], float)) is None
    assert concordance(np.array([[5, 5], [7, 7]], float)) is None


@given(st.lists(st.lists(st.integers(1, 10), min_size=4, max_size=4), min_size=3, max_size=12))
def test_the_statistic_is_friedmans(rows: list[list[int]]) -> None:
    table = np.array(rows, float)
    found = concordance(table)
    if found is not None:
        right = friedmanchisquare(*table.T)
        assert found.chi2 == pytest.approx(right.statistic, abs=1e-9)
        assert 0 <= found.w <= 1 + 1e-12


def test_median_quartiles_and_spread_of_a_round_are_as_worked_by_hand() -> None:
    """Ratings 6 8 9 9 of four experts: median 8.5, quartiles 7.5 and 9, mean 8, sd √2, spread 0.1768."""
    found = summarise(["管理", "效益"], [{"管理": rating, "效益": 5} for rating in (6, 8, 9, 9)])
    item = found.items[0]
    assert (item.low, item.median, item.high, item.mean) == (7.5, 8.5, 9, 8)
    assert item.spread == pytest.approx(2**0.5 / 8)
    assert (item.holds(7.5), item.holds(7)) == (True, False)
    assert found.points(100) == {"管理": Decimal("61.54"), "效益": Decimal("38.46")}


def test_rounds_end_when_nobody_is_far_off_and_agreement_is_no_accident() -> None:
    names = ["甲", "乙", "丙"]
    agreed = summarise(names, [{"甲": 9, "乙": 6, "丙": 3}] * 5)
    assert agreed.is_settled()
    scattered = summarise(
        names, [{"甲": 9, "乙": 1, "丙": 5}, {"甲": 1, "乙": 9, "丙": 5}, {"甲": 5, "乙": 5, "丙": 5}]
    )
    assert not scattered.is_settled()
    assert not agreed.is_settled() or all(item.spread == 0 for item in agreed.items)


def test_points_of_three_equal_parts_add_up_to_the_whole() -> None:
    found = summarise(["a", "b", "c"], [{"a": 5, "b": 5, "c": 5}])
    assert sum(found.points(100).values()) == 100


@pytest.mark.parametrize("given_", [{"甲": 11, "乙": 5}, {"甲": 5}, {"甲": 0.5, "乙": 5}])
def test_a_rating_that_is_none_is_named(given_: dict[str, float]) -> None:
    with pytest.raises(ScoringError, match=r"甲|乙"):
        summarise(["甲", "乙"], [given_])


def test_nobody_is_no_round() -> None:
    with pytest.raises(ScoringError, match="no expert"):
        summarise(["甲"], [])
