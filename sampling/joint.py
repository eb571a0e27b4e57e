"""Inclusion probabilities and joint ones, for estimators that need them (Horvitz-Thompson, Yates-Grundy).

They are exact, and meant for small strata: the matrices are N by N.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sampling.errors import DesignError
from sampling.selection import certainty, target

Floats = npt.NDArray[np.float64]

MAX_UNITS = 400


def inclusion_probabilities(sizes: Sequence[int | Decimal], take: int) -> Floats:
    """λ = take·size / Σ size, units with λ ≥ 1 certain and taken out, again and again until there are none."""
    scaled = _whole(sizes)
    _check(len(scaled), take)
    certain = certainty(scaled, take)
    result = np.ones(len(scaled))
    result[~certain] = target(scaled[~certain], take - int(certain.sum()))
    return result


def joint_simple(population: int, take: int) -> Floats:
    """Simple random sampling: n(n - 1) / N(N - 1) off the diagonal, n/N on it."""
    _check(population, take)
    both = take * (take - 1) / (population * (population - 1)) if population > 1 else 1.0
    result = np.full((population, population), both)
    np.fill_diagonal(result, take / population)
    return result


def joint_systematic(sizes: Sequence[int | Decimal], take: int) -> Floats:
    """Systematic sampling in the order given: how much of the start's range takes both units.

    The sample changes only where a cumulated λ, less its whole part, is passed; it is looked at between these.
    Equal sizes give the equal-probability method. Certain units are taken apart, as the method does.
    """
    scaled = _whole(sizes)
    _check(len(scaled), take)
    certain = certainty(scaled, take)
    left = take - int(certain.sum())
    open_ = np.flatnonzero(~certain)
    total = sum(scaled[open_].tolist())
    ends = [Fraction(left * end, total) for end in np.cumsum(scaled[open_].astype(object)).tolist()]
    turns = sorted({end % 1 for end in ends} | {Fraction(0), Fraction(1)})
    result = np.zeros((len(scaled), len(scaled)))
    for low, high in pairwise(turns):
        met = np.array([bisect_right(ends, k + (low + high) / 2) for k in range(left)], dtype=np.intp)
        taken = np.concatenate([np.flatnonzero(certain), open_[met]])
        result[np.ix_(taken, taken)] += float(high - low)
    return result


def joint_sampford(sizes: Sequence[int | Decimal], take: int) -> Floats:
    """Sampford's method: P(s) ∝ Σ_{k∈s} (1 - λ_k) · Π_{k∈s} λ_k / (1 - λ_k) (Sampford 1967, eq. 4).

    Summed over all samples with elementary symmetric functions, for all pairs at once.
    """
    scaled = _whole(sizes)
    _check(len(scaled), take)
    lam = inclusion_probabilities(sizes, take)
    open_ = np.flatnonzero(lam < 1)
    result = np.outer(lam, lam)
    if open_.size:
        result[np.ix_(open_, open_)] = _sampford_pairs(lam[open_], take - (len(lam) - open_.size))
    np.fill_diagonal(result, lam)
    return result


def _sampford_pairs(lam: Floats, take: int) -> Floats:
    """π_kl of all pairs, from sums over the samples of the other units.

    For each pair, `plain[m]` is Σ Π w over the samples of m others, `marked[m]` the same times Σ (1 - λ).
    """
    count, odds = len(lam), lam / (1 - lam)
    plain = np.zeros((max(take, 2), count, count))
    marked = np.zeros_like(plain)
    plain[0] = 1.0
    pairs = np.ones((count, count), dtype=bool)
    for k in range(count):
        other = pairs.copy()
        other[k, :] = other[:, k] = False
        for m in range(plain.shape[0] - 1, 0, -1):
            grown = plain[m - 1] * odds[k]
            marked[m] += np.where(other, marked[m - 1] * odds[k] + grown * (1 - lam[k]), 0)
            plain[m] += np.where(other, grown, 0)
    if take < 2:
        return np.zeros((count, count))
    both = np.add.outer(1 - lam, 1 - lam) * plain[take - 2] + marked[take - 2]
    result = np.outer(odds, odds) * both
    np.fill_diagonal(result, 0)
    # Σ_l π_kl = (n - 1) π_k fixes the constant.
    return result * (take * (take - 1) / result.sum())


def _whole(sizes: Sequence[int | Decimal]) -> npt.NDArray[np.int64]:
    fractions = [Fraction(size) for size in sizes]
    common = np.lcm.reduce([fraction.denominator for fraction in fractions]) if fractions else 1
    return np.array([int(fraction * int(common)) for fraction in fractions], dtype=np.int64)


def _check(units: int, take: int) -> None:
    if not 0 < take <= units:
        raise DesignError("take_exceeds_stratum", f"a take of {take} from {units} units cannot be")
    if units > MAX_UNITS:
        raise DesignError("stratum_too_large", f"joint probabilities are for at most {MAX_UNITS} units")
