"""Confidence intervals of a proportion from counts of a simple random sample, by name.

wald wilson wilson_cc agresti_coull clopper_pearson jeffreys midp blaker; for a known finite population
tail midp sterne blaker (hypergeometric.py). All ends are fractions between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.optimize import brentq
from scipy.special import betaincinv

from analysis import hypergeometric
from analysis.errors import IntervalError

Floats = NDArray[np.float64]
Ends = tuple[Floats, Floats]

BLAKER_LIMIT = 5000
"""The largest population for which `auto` takes Blaker's interval; above it the tail interval is as narrow."""


def proportion_interval(
    yes: int, n: int, method: str = "auto", level: float = 0.95, population: int | None = None
) -> tuple[float, float]:
    """The interval (low, high) of a proportion: `yes` of `n`, drawn at random from `population` (None: endless).

    Where everybody was asked (n equals population) low and high are yes / n, whatever the method; elsewhere the
    interval always has a width.
    Raises IntervalError for impossible counts, an unknown method or level.
    """
    check_level(level)
    yes, n, population = _checked_counts(yes, n, population)
    name = method.lower().replace("-", "_")
    if population == n:
        return yes / n, yes / n
    if name == "auto":
        name = count_method(population)
    if population is not None and name in FINITE:
        low, high = FINITE[name](yes, n, population, level)
        if low == high:  # a handful was not asked: what they may say is all the doubt there is
            low, high = yes, yes + population - n
        return low / population, high / population
    if name not in COUNTS:
        raise unknown_method(method, sorted({*COUNTS, *FINITE, "auto"}))
    size = n if population is None else finite_size(n, population)
    low, high = COUNTS[name](np.float64(yes * size / n), np.float64(size), level)
    return float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1))


def count_method(population: int | None) -> str:
    """The method that `auto` takes for counts of a simple random sample."""
    if population is None:
        return "clopper_pearson"
    return "blaker" if population <= BLAKER_LIMIT else "tail"


def finite_size(n: ArrayLike, population: ArrayLike) -> Floats:
    """n* = n(N-1)/(N-n): the size without finite population that is as precise as n of N; infinite at n = N."""
    n, population = np.asarray(n, np.float64), np.asarray(population, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(population > n, np.maximum(n, n * (population - 1) / (population - n)), np.inf)


def check_level(level: float) -> None:
    """Raise IntervalError where `level` is not a fraction strictly between 0 and 1."""
    if not 0 < level < 1:
        raise IntervalError("level", f"level {level} is not a fraction between 0 and 1, such as 0.95", level=level)


def unknown_method(method: str, known: list[str]) -> IntervalError:
    """The error for a method that has no such name here."""
    return IntervalError(
        "method", f"no interval is called {method!r}; there are {', '.join(known)}", method=method, known=known
    )


def _checked_counts(yes: int, n: int, population: int | None) -> tuple[int, int, int | None]:
    for name, count in (("yes", yes), ("n", n), ("population", population)):
        if count is not None and (count != int(count) or count < 0):
            raise IntervalError("count", f"{name} = {count} is not a whole number from 0", name=name, count=count)
    if n == 0:
        raise IntervalError("empty", "nobody was asked (n = 0), so that there is no proportion", n=n)
    if yes > n:
        raise IntervalError("yes_over_n", f"{yes} yes of {n} asked is impossible", yes=yes, n=n)
    if population is not None and population < n:
        message = f"{n} were asked of a population of {population}: give the whole population"
        raise IntervalError("population", message, n=n, population=population)
    return int(yes), int(n), None if population is None else int(population)


# --- counts of a simple random sample; n may be an effective size and so need not be whole


def wald(yes: ArrayLike, n: ArrayLike, level: float) -> Ends:
    """p ± z √(pq/n); may leave 0..1, and has no width at 0 and n. To compare with, not to use."""
    n = np.asarray(n, np.float64)
    p = np.asarray(yes, np.float64) / n
    half = _z(level) * np.sqrt(p * (1 - p) / n)
    return p - half, p + half


def wilson(yes: ArrayLike, n: ArrayLike, level: float) -> Ends:
    """Wilson (1927): the proportions that a score test does not reject."""
    n = np.asarray(n, np.float64)
    return score_ends(np.asarray(yes, np.float64) / n, n, _z(level))


def wilson_cc(yes: ArrayLike, n: ArrayLike, level: float) -> Ends:
    """Wilson's interval with correction for continuity (Newcombe 1998, method 4), none at yes = n/2 as in R."""
    n = np.asarray(n, np.float64)
    yes, z = np.asarray(yes, np.float64), _z(level)
    shift = np.minimum(0.5, np.abs(yes - n / 2))
    low, _ = score_ends(np.maximum(yes - shift, 0) / n, n, z)
    _, high = score_ends(np.minimum(yes + shift, n) / n, n, z)
    return np.where(yes <= 0, 0.0, low), np.where(yes >= n, 1.0, high)


def agresti_coull(yes: ArrayLike, n: ArrayLike, level: float) -> Ends:
    """Agresti and Coull (1998): Wald's interval about Wilson's centre; may leave 0..1."""
    z2 = _z(level) ** 2
    n = np.asarray(n, np.float64)
    return wald(np.asarray(yes, np.float64) + z2 / 2, n + z2, level)


def clopper_pearson(yes: ArrayLike, n: ArrayLike, level: float) -> Ends:
    """Clopper and Pearson (1934): never covers less than `level`."""
    yes, n = np.asarray(yes, np.float64), np.asarray(n, np.float64)
    alpha = (1 - level) / 2
    return _beta_quantile(alpha, yes, n - yes + 1), _beta_quantile(1 - alpha, yes + 1, n - yes)


def jeffreys(yes: ArrayLike, n: ArrayLike, level: float) -> Ends:
    """Quantiles of Beta(x+½, n-x+½), the end set to 0 or 1 at x = 0 or n (Brown, Cai and DasGupta 2001)."""
    yes, n = np.asarray(yes, np.float64), np.asarray(n, np.float64)
    alpha = (1 - level) / 2
    low, high = (_beta_quantile(a, yes + 0.5, n - yes + 0.5) for a in (alpha, 1 - alpha))
    return np.where(yes <= 0, 0.0, low), np.where(yes >= n, 1.0, high)


def midp(yes: ArrayLike, n: ArrayLike, level: float) -> Ends:
    """The binomial tails with half of the observed probability (Lancaster 1961); whole counts."""
    return _each(_midp_ends, yes, n, level)


def blaker(yes: ArrayLike, n: ArrayLike, level: float) -> Ends:
    """Blaker (2000) for the binomial: exact, inside Clopper and Pearson's; whole counts."""
    return _each(_blaker_ends, yes, n, level)


def _z(level: float) -> float:
    return float(stats.norm.ppf((1 + level) / 2))


def _beta_quantile(share: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Quantile of Beta(a, b); 0 where a is 0 and 1 where b is 0."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    inside = betaincinv(np.maximum(a, 1e-300), np.maximum(b, 1e-300), np.asarray(share, np.float64))
    return np.where(a <= 0, 0.0, np.where(b <= 0, 1.0, inside))


def score_ends(p: Floats, n: Floats, t: ArrayLike) -> Ends:
    """The proportions that a score test with quantile `t` does not reject, for p of (effective) size n."""
    t2 = np.asarray(t, np.float64) ** 2
    centre = p + t2 / (2 * n)
    half = np.sqrt(t2 * (p * (1 - p) / n + t2 / (4 * n * n)))
    scale = 1 + t2 / n
    low, high = (centre - half) / scale, (centre + half) / scale
    return np.where(p <= 0, 0.0, np.clip(low, 0, 1)), np.where(p >= 1, 1.0, np.clip(high, 0, 1))


def _each(ends: Callable[[int, int, float], tuple[float, float]], yes: ArrayLike, n: ArrayLike, level: float) -> Ends:
    yes, n = np.broadcast_arrays(np.asarray(yes, np.float64), np.asarray(n, np.float64))
    pairs = [ends(round(x), round(size), level) for x, size in zip(yes.flat, n.flat, strict=True)]
    both = np.array(pairs).reshape((*yes.shape, 2))
    return both[..., 0], both[..., 1]


@lru_cache(maxsize=4096)
def _midp_ends(yes: int, n: int, level: float) -> tuple[float, float]:
    if 2 * yes > n:
        low, high = _midp_ends(n - yes, n, level)
        return 1 - high, 1 - low
    alpha = (1 - level) / 2

    def above(p: float) -> float:
        return float(stats.binom.sf(yes, n, p) + stats.binom.pmf(yes, n, p) / 2) - alpha

    def below(p: float) -> float:
        return float(stats.binom.cdf(yes, n, p) - stats.binom.pmf(yes, n, p) / 2) - alpha

    low = 0.0 if yes == 0 else float(brentq(above, 0, 1, xtol=1e-14))
    return low, float(brentq(below, 0, 1, xtol=1e-14))


@lru_cache(maxsize=4096)
def _blaker_ends(yes: int, n: int, level: float) -> tuple[float, float]:
    low = 0.0 if yes == 0 else _blaker_low(yes, n, level)
    return low, 1.0 if yes == n else 1 - _blaker_low(n - yes, n, level)


def _blaker_low(yes: int, n: int, level: float) -> float:
    """The lower end: acceptability P(X≥x) + P(X≤j) reaches α, before or where the next j is counted in.

    j is the largest count whose lower tail is no larger than the upper tail of x. At Clopper and Pearson's end
    the upper tail is α/2, so that the first jump beyond it is accepted.
    """
    alpha = 1 - level
    start = float(clopper_pearson(yes, n, level)[0])
    tails = stats.binom.cdf(np.arange(yes), n, start)
    j = int(np.searchsorted(tails, stats.binom.sf(yes - 1, n, start) * (1 + 1e-12), side="right")) - 1

    def upper(p: float) -> float:
        return float(stats.binom.sf(yes - 1, n, p))

    jump = yes / n
    if j + 1 < yes:
        jump = float(brentq(lambda p: upper(p) - stats.binom.cdf(j + 1, n, p), start, yes / n, xtol=1e-14))

    def excess(p: float) -> float:
        return upper(p) + float(stats.binom.cdf(j, n, p)) - alpha

    return float(brentq(excess, start, jump, xtol=1e-14)) if excess(jump) > 0 else jump


COUNTS: dict[str, Callable[[ArrayLike, ArrayLike, float], Ends]] = {
    "wald": wald,
    "wilson": wilson,
    "wilson_cc": wilson_cc,
    "agresti_coull": agresti_coull,
    "clopper_pearson": clopper_pearson,
    "tail": clopper_pearson,
    "kg": clopper_pearson,
    "beta": clopper_pearson,
    "jeffreys": jeffreys,
    "midp": midp,
    "blaker": blaker,
}

FINITE: dict[str, Callable[[int, int, int, float], tuple[int, int]]] = {
    "tail": hypergeometric.tail,
    "clopper_pearson": hypergeometric.tail,
    "midp": hypergeometric.midp,
    "sterne": hypergeometric.sterne,
    "blaker": hypergeometric.blaker,
}
