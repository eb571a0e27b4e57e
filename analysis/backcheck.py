"""Back-checks (复核): the same people asked again, by somebody else; how often the answers differ, and what follows.

``pairs`` has one row per question and interview asked twice: ``question``, ``first``, ``again`` and whatever groups are
asked for (the interviewer). Rates are fractions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.counts import wilson
from analysis.errors import BackCheckError

COLUMNS = ("question", "first", "again")


@dataclass(frozen=True)
class Corrected:
    """A rate from everybody's first answers, corrected by those who were asked twice; ``se`` is its standard error."""

    rate: float
    se: float
    first: float
    """The rate of the first answers alone."""
    checked: int


def difference_rates(pairs: pd.DataFrame, by: str | Sequence[str] = "question", level: float = 0.95) -> pd.DataFrame:
    """Gross difference rate: the share of answers that were another the second time, with Wilson's interval.

    Returns one row per group of ``by``: compared, differing, rate, low, high. Raises BackCheckError.
    """
    _require(pairs)
    keys = [by] if isinstance(by, str) else list(by)
    differs = (pairs["first"] != pairs["again"]).rename("differs")
    tally = pd.concat([pairs[keys], differs], axis=1).groupby(keys, sort=True)["differs"].agg(["size", "sum"])
    rows = [_row(int(size), int(differing), level) for size, differing in tally.itertuples(index=False)]
    return pd.DataFrame(rows, index=tally.index)


def reliability(pairs: pd.DataFrame, category: str | float) -> pd.DataFrame:
    """How far an answer of ``category`` can be relied on, by question.

    ``inconsistency`` is the index of inconsistency I = g / (p(1-q) + q(1-p)), where g is the share that changed into or
    out of the category, p and q its share the first and the second time (Hansen, Hurwitz and Pritzker 1964; U.S. Census
    Bureau, Technical Paper 59); ``reliability`` is 1 - I. Both are missing where nobody or everybody chose it.
    """
    _require(pairs)
    first, again = pairs["first"].eq(category), pairs["again"].eq(category)
    frame = pd.DataFrame({"question": pairs["question"], "p": first, "q": again, "g": first != again})
    share = frame.groupby("question")[["p", "q", "g"]].mean()
    chance = share["p"] * (1 - share["q"]) + share["q"] * (1 - share["p"])
    share["inconsistency"] = (share["g"] / chance.where(chance > 0)).astype(float)
    share["reliability"] = 1 - share["inconsistency"]
    return share


def two_phase_rate(first: Sequence[bool], checked_first: Sequence[bool], checked_again: Sequence[bool]) -> Corrected:
    """A rate corrected for wrong first answers by double sampling (Tenenbein 1970, JASA 65, 1350).

    ``first`` are the first answers of everybody who was not checked; ``checked_first`` and ``checked_again`` both
    answers of the random subsample that was asked twice, whose second answer is taken for the truth.
    Raises BackCheckError where nobody was checked or the lengths differ.
    """
    n = len(checked_first)
    if n == 0 or n != len(checked_again):
        raise BackCheckError("lengths_differ", "checked_first and checked_again must be of one length, and not empty")
    total = n + len(first)
    said_yes = sum(map(bool, checked_first))
    everybody = (sum(map(bool, first)) + said_yes) / total
    right_yes = sum(bool(a) and bool(b) for a, b in zip(checked_first, checked_again, strict=True))
    wrong_no = sum(not a and bool(b) for a, b in zip(checked_first, checked_again, strict=True))
    given_yes = right_yes / said_yes if said_yes else 0.0
    given_no = wrong_no / (n - said_yes) if said_yes < n else 0.0
    rate = given_yes * everybody + given_no * (1 - everybody)
    explained = everybody * (1 - everybody) * (given_yes - given_no) ** 2
    variance = (rate * (1 - rate) - explained) / n + explained / total
    return Corrected(rate, math.sqrt(max(variance, 0.0)), everybody, n)


def _row(size: int, differing: int, level: float) -> dict[str, float]:
    low, high = wilson(differing, size, level)
    return {
        "compared": size,
        "differing": differing,
        "rate": differing / size,
        "low": float(low),
        "high": float(high),
    }


def _require(pairs: pd.DataFrame) -> None:
    missing = [name for name in COLUMNS if name not in pairs.columns]
    if missing:
        message = f"pairs has no column {', '.join(missing)}; it needs question, first and again"
        raise BackCheckError("columns_missing", message, columns=missing)
    if pairs.empty:
        raise BackCheckError("nothing_compared", "pairs is empty: nobody was asked twice")
