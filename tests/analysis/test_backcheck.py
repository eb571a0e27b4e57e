"""Answers asked twice: difference rates, the index of inconsistency, and a rate corrected by double sampling."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from analysis.backcheck import difference_rates, reliability, two_phase_rate
from analysis.errors import BackCheckError


def pairs(table: list[tuple[str, str, int]], question: str = "q") -> pd.DataFrame:
    rows = [(question, first, again) for first, again, count in table for _ in range(count)]
    return pd.DataFrame(rows, columns=["question", "first", "again"])


SEVENTY = [("1", "1", 30), ("1", "2", 10), ("2", "1", 5), ("2", "2", 55)]


def test_the_difference_rate_is_the_share_that_was_another_answer() -> None:
    found = difference_rates(pairs(SEVENTY))
    row = found.loc["q"]
    assert (row["compared"], row["differing"], row["rate"]) == (100, 15, 0.15)
    assert row["low"] == pytest.approx(0.0931, abs=5e-5)  # Wilson: (p + z²/2n ± …)/(1 + z²/n), by hand
    assert row["high"] == pytest.approx(0.2328, abs=5e-5)


def test_rates_are_given_for_each_interviewer_and_question() -> None:
    frame = pd.concat([pairs(SEVENTY, "a").assign(who="甲"), pairs([("1", "1", 4)], "b").assign(who="乙")])
    found = difference_rates(frame, ["who", "question"])
    assert found.loc[("甲", "a"), "rate"] == 0.15
    assert found.loc[("乙", "b"), "rate"] == 0


def test_the_index_of_inconsistency_compares_differences_with_chance() -> None:
    found = reliability(pairs(SEVENTY), "1").loc["q"]
    # p = 0.40, q = 0.35, g = 0.15: 0.15 / (0.40 × 0.65 + 0.35 × 0.60) = 0.15 / 0.47
    assert found["inconsistency"] == pytest.approx(0.15 / 0.47)
    assert found["reliability"] == pytest.approx(1 - 0.15 / 0.47)


def test_where_everybody_says_the_same_reliability_is_missing() -> None:
    assert math.isnan(reliability(pairs([("1", "1", 9)]), "1").loc["q", "reliability"])


def test_a_rate_is_corrected_by_those_who_were_asked_twice() -> None:
    # 200 in all, 120 say yes; of 40 checked, 24 said yes (18 rightly) and 16 said no (2 wrongly).
    checked_first = [True] * 24 + [False] * 16
    checked_again = [True] * 18 + [False] * 6 + [True] * 2 + [False] * 14
    found = two_phase_rate([True] * 96 + [False] * 64, checked_first, checked_again)
    assert found.first == pytest.approx(0.6)
    assert found.rate == pytest.approx(0.75 * 0.6 + 0.125 * 0.4)  # 0.50
    explained = 0.6 * 0.4 * (0.75 - 0.125) ** 2
    assert found.se == pytest.approx(math.sqrt((0.25 - explained) / 40 + explained / 200))


def test_when_first_answers_are_never_wrong_nothing_changes() -> None:
    found = two_phase_rate([True, False] * 30, [True, False] * 10, [True, False] * 10)
    assert found.rate == found.first == 0.5
    assert found.se == pytest.approx(math.sqrt(0.25 / 80))


@pytest.mark.parametrize("again", [[], [True]])
def test_nobody_checked_or_unequal_lists_are_refused(again: list[bool]) -> None:
    with pytest.raises(BackCheckError):
        two_phase_rate([True], [], again)


def test_missing_columns_and_empty_tables_are_refused() -> None:
    with pytest.raises(BackCheckError, match="again"):
        difference_rates(pd.DataFrame({"question": ["q"], "first": ["1"]}))
    with pytest.raises(BackCheckError, match="nobody"):
        reliability(pairs([]), "1")
