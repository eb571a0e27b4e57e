"""Exact intervals for the number of yes in a finite population of which a part was asked.

X ~ Hypergeometric(N, M, n): `yes` of `n` asked, out of N of whom M would say yes. All limits are whole numbers M.

- tail: Clopper and Pearson's idea: M is kept while both tails exceed α/2 (Wright 1991, ch. 3).
- midp: the same with half of the probability of what was observed.
- sterne: M is kept while the outcomes no likelier than the observed one exceed α (Sterne 1954).
- blaker: M is kept while γ(j) ≤ γ(x) exceeds α, γ the smaller tail (Blaker 2000, thm 1); it lies inside tail.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Acceptability = Callable[[int, int, int, int], float]

_TIE = 1e-7  # probabilities that differ by less are equal, as R's fisher.test has it


def tail(yes: int, n: int, population: int, level: float) -> tuple[int, int]:
    """Both tails above α/2: never covers less than `level`."""
    return _by_tails(yes, n, population, level, weight=1.0)


def midp(yes: int, n: int, population: int, level: float) -> tuple[int, int]:
    """Tails with half of the observed probability: covers `level` on average, not always."""
    return _by_tails(yes, n, population, level, weight=0.5)


def blaker(yes: int, n: int, population: int, level: float) -> tuple[int, int]:
    """Blaker's acceptability: never covers less than `level`, and lies inside the tail interval."""
    low, high = tail(yes, n, population, level)
    return _outermost(range(low, high + 1), _blaker_acceptability, yes, n, population, level)


def sterne(yes: int, n: int, population: int, level: float) -> tuple[int, int]:
    """The outcomes no likelier than the observed one: never covers less than `level`."""
    possible = np.arange(yes, population - n + yes + 1)
    seen = _chance(np.full_like(possible, yes), n, population, possible)
    likely = possible[(n + 1) * seen > 1 - level]  # n + 1 outcomes, none likelier than the one seen
    candidates = range(int(likely[0]), int(likely[-1]) + 1)
    return _outermost(candidates, _sterne_acceptability, yes, n, population, level)


def no_failures(sizes: NDArray[np.int64], asked: NDArray[np.int64], level: float) -> int:
    """The most units that may have failed where none of those asked did, in a stratified random sample.

    `sizes` N_h and `asked` n_h by stratum; one-sided at `level`. The largest D with
    max over ΣD_h = D of Π C(N_h-D_h, n_h)/C(N_h, n_h) ≥ 1 - level. Each log term is concave in D_h, so that
    giving every next failure to the stratum where it costs least is exact.
    """
    size, taken = np.asarray(sizes, dtype=np.float64), np.asarray(asked, dtype=np.float64)
    budget = float(np.log1p(-level))
    failures = _most_at_one_price(size, taken, budget)
    budget -= _log_chance(size, taken, failures)
    left, total = size - failures, int(failures.sum())
    while True:
        chance = np.divide(left - taken, left, out=np.zeros_like(left), where=left > 0)
        best = int(np.argmax(chance))
        if chance[best] <= 0:
            return total
        budget -= np.log(chance[best])
        if budget > 1e-12:
            return total
        left[best] -= 1
        total += 1


def _most_at_one_price(size: NDArray[np.float64], taken: NDArray[np.float64], budget: float) -> NDArray[np.float64]:
    """By stratum, the failures of all steps that cost less than one price, which is the highest that the budget bears.

    A step that leaves N - D has the chance (N - D - n)/(N - D), which is above 1 - 1/r while N - D > n r. These are
    the first steps of the greedy search; of forty million households only few are left to be taken one by one.
    """
    high = float(np.max(size / np.maximum(taken, 1), initial=1.0)) + 1
    low, found = 1.0, np.zeros_like(size)
    for _ in range(60):
        middle = (low + high) / 2
        trial = np.clip(size - np.ceil(taken * middle), 0, size - taken)
        if _log_chance(size, taken, trial) > budget + 1e-9:
            high, found = middle, trial
        else:
            low = middle
    return found


def _log_chance(size: NDArray[np.float64], taken: NDArray[np.float64], failures: NDArray[np.float64]) -> float:
    """log Π C(N-D, n)/C(N, n), by its factors 1 - D/(N - i) for i below n."""
    counts = taken.astype(np.int64)
    drawn = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return float(np.log1p(-np.repeat(failures, counts) / (np.repeat(size, counts) - drawn)).sum())


def _by_tails(yes: int, n: int, population: int, level: float, *, weight: float) -> tuple[int, int]:
    alpha = (1 - level) / 2

    def upper_tail(m: int) -> float:
        count, chance = _outcomes(n, population, m)
        at = yes - count[0]
        return float(chance[at + 1 :].sum() + weight * chance[at])

    def lower_tail(m: int) -> float:
        count, chance = _outcomes(n, population, m)
        at = yes - count[0]
        return float(chance[:at].sum() + weight * chance[at])

    least, most = yes, population - n + yes
    low = least if yes == 0 else _first(least, most, lambda m: upper_tail(m) > alpha)
    mirror = most + least
    high = most if yes == n else mirror - _first(least, most, lambda m: lower_tail(mirror - m) > alpha)
    return low, high


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The smallest number from low to high for which a condition holds that stays true once it is; or high."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _outermost(
    candidates: range, acceptability: Acceptability, yes: int, n: int, population: int, level: float
) -> tuple[int, int]:
    """The first and last candidate that is accepted; what lies between is counted in, so that it is an interval."""

    def accepted(m: int) -> bool:
        return acceptability(yes, n, population, m) > 1 - level

    low = next(m for m in candidates if accepted(m))
    high = next(m for m in reversed(candidates) if accepted(m))
    return low, high


def _outcomes(n: int, population: int, m: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every possible count of yes when m of the population would say it, and its chance."""
    count = np.arange(max(0, n - (population - m)), min(n, m) + 1)
    return count, _chance(count, n, population, m)


def _chance(count: NDArray[np.int64], n: int, population: int, m: int | NDArray[np.int64]) -> NDArray[np.float64]:
    drawn = _log_choose(m, count) + _log_choose(population - m, n - count)
    return np.exp(drawn - _log_choose(population, n))


def _log_choose(total: int | NDArray[np.int64], part: int | NDArray[np.int64]) -> NDArray[np.float64]:
    whole = np.asarray(total, dtype=np.float64)
    return np.asarray(gammaln(whole + 1) - gammaln(np.asarray(part) + 1.0) - gammaln(whole - part + 1))


def _blaker_acceptability(yes: int, n: int, population: int, m: int) -> float:
    count, chance = _outcomes(n, population, m)
    lower = np.cumsum(chance)
    upper = np.cumsum(chance[::-1])[::-1]
    smaller = np.minimum(lower, upper)
    return float(chance[smaller <= smaller[yes - count[0]] * (1 + _TIE)].sum())


def _sterne_acceptability(yes: int, n: int, population: int, m: int) -> float:
    count, chance = _outcomes(n, population, m)
    return float(chance[chance <= chance[yes - count[0]] * (1 + _TIE)].sum())
