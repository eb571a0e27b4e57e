"""Inclusion probabilities and joint ones, for estimators that need them (Horvitz-Thompson, Yates-Grundy).

They are exact, and meant for small strata: the matrices are N by N.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from sampling.errors import DesignError
from sampling.selection import certainty, target, total_size

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Positions = npt.NDArray[np.intp]

Sizes = Sequence[int | Decimal | Fraction]

MAX_UNITS = 400
MAX_PARETO = 60

_NODES = 96
_ROUNDS = 500
_CLOSE = 1e-13


def inclusion_probabilities(sizes: Sizes, take: int) -> Floats:
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


def joint_systematic(sizes: Sizes, take: int) -> Floats:
    """Systematic sampling in the order given (Madow 1949): how much of the start's range takes both units.

    A unit is met when the start lies in its arc, from its cumulated λ to the next, both less their whole parts; pairs
    where the arcs meet. Equal sizes give the equal-probability method. Certain units are taken apart, as the method
    does.
    """
    _check(len(sizes), take)
    return systematic_pairs(_whole(sizes), take, np.arange(len(sizes)))


def systematic_pairs(scaled: Integers, take: int, of: Positions) -> Floats:
    """`joint_systematic` for some units `of` a list of any length, whose sizes are whole numbers."""
    certain = certainty(scaled, take)
    left, total = take - int(certain.sum()), total_size(scaled[~certain])
    arcs = np.where(certain, 0, scaled).astype(object) * left
    starts = (np.cumsum(arcs) - arcs)[of]
    alone = np.where(certain[of], 1.0, (arcs[of] / max(total, 1)).astype(np.float64))
    shared = _shared_arcs(starts, arcs[of], max(total, 1))
    apart = certain[of][:, None] | certain[of][None, :]
    result = np.where(apart, np.outer(alone, alone), shared)
    np.fill_diagonal(result, alone)
    return result


def _shared_arcs(starts: npt.NDArray[np.object_], lengths: npt.NDArray[np.object_], around: int) -> Floats:
    """What each pair of arcs shares of a circle, in whole numbers and then as a part of it."""
    apart = np.subtract.outer(starts, starts).T % around
    here = np.minimum(lengths[:, None] - apart, lengths[None, :])
    there = np.minimum(lengths[None, :] - (around - apart), lengths[:, None])
    shared = np.maximum(0, here) + np.maximum(0, there)
    return (shared / around).astype(np.float64)


def joint_sampford(sizes: Sizes, take: int) -> Floats:
    """Sampford's method: P(s) ∝ Σ_{k∈s} (1 - λ_k) · Π_{k∈s} λ_k / (1 - λ_k) (Sampford 1967, eq. 4).

    Summed over all samples with elementary symmetric functions, for all pairs at once.
    """

    def pairs(lam: Floats, take: int) -> Floats:
        odds = lam / (1 - lam)
        plain, marked = _sums_of_others(odds, 1 - lam, take)
        both = np.add.outer(1 - lam, 1 - lam) * plain[take - 2] + marked[take - 2]
        result = np.outer(odds, odds) * both
        np.fill_diagonal(result, 0)
        # Σ_l π_kl = (n - 1) π_k fixes the constant.
        return result * (take * (take - 1) / result.sum())

    return _of_uncertain(sizes, take, pairs)


def _sums_of_others(odds: Floats, marks: Floats, take: int) -> tuple[Floats, Floats]:
    """For each pair, `plain[m]` is Σ Π odds over the samples of m others, `marked[m]` the same times Σ marks."""
    count = len(odds)
    plain = np.zeros((max(take - 1, 1), count, count))
    marked = np.zeros_like(plain)
    plain[0] = 1.0
    pairs = np.ones((count, count), dtype=bool)
    for k in range(count):
        other = pairs.copy()
        other[k, :] = other[:, k] = False
        for m in range(plain.shape[0] - 1, 0, -1):
            grown = plain[m - 1] * odds[k]
            marked[m] += np.where(other, marked[m - 1] * odds[k] + grown * marks[k], 0)
            plain[m] += np.where(other, grown, 0)
    return plain, marked


def joint_max_entropy(sizes: Sizes, take: int) -> Floats:
    """The design of fixed size that is least predictable: conditional Poisson, P(s) ∝ Π w.

    w is found by w ← w·λ / π(w) (Chen, Dempster and Liu 1994, Biometrika 81, 457-469).
    """

    def pairs(lam: Floats, take: int) -> Floats:
        odds, found = lam / (1 - lam), np.zeros((len(lam), len(lam)))
        for _ in range(_ROUNDS):
            found = _symmetric_pairs(odds, take)
            single = found.sum(axis=1) / (take - 1)
            if np.abs(single / lam - 1).max() < _CLOSE:
                break
            odds = odds * lam / single
        return found

    return _of_uncertain(sizes, take, pairs)


def _symmetric_pairs(odds: Floats, take: int) -> Floats:
    plain, _ = _sums_of_others(odds, odds * 0, take)
    result = np.outer(odds, odds) * plain[take - 2]
    np.fill_diagonal(result, 0)
    return result * (take * (take - 1) / result.sum())


def joint_tille(sizes: Sizes, take: int) -> Floats:
    """Tillé's elimination (1996, Biometrika 83, 238-241): one unit after the other is left out.

    For samples that were drawn elsewhere; there is no method here that draws so.
    """
    scaled = _whole(sizes)
    _check(len(scaled), take)
    result, before = np.ones((len(scaled), len(scaled))), np.ones(len(scaled))
    for size in range(len(scaled) - 1, take - 1, -1):
        lam = inclusion_probabilities(sizes, size)
        out = 1 - lam / before
        result *= 1 - np.add.outer(out, out)
        before = lam
    np.fill_diagonal(result, before)
    return result


def joint_midzuno(sizes: Sizes, take: int) -> Floats:
    """Midzuno's method for any size: what Tillé's elimination with 1 - λ leaves out (Tillé 2006, section 6.3.3).

    For samples that were drawn elsewhere; there is no method here that draws so.
    """
    lam = [Fraction(size) for size in sizes]
    _check(len(lam), take)
    total = sum(lam)
    left_out = [1 - take * one / total for one in lam]
    if min(left_out) <= 0:
        raise DesignError("certain_unit", "a unit is certain: take it out before joint probabilities are asked for")
    outside = joint_tille(left_out, len(lam) - take)
    single = np.array([float(take * one / total) for one in lam])
    result = outside - 1 + np.add.outer(single, single)
    np.fill_diagonal(result, single)
    return result


def joint_pivotal(sizes: Sizes, take: int) -> Floats:
    """Pivotal sampling down the list in the order given, exactly: who stands is a Markov chain.

    The mass of the unit that stands is known in advance, only its name is drawn (Chauvet 2012, Bernoulli 18).
    """

    def pairs(lam: Floats, take: int) -> Floats:  # noqa: ARG001 - the masses say it
        chain = _Duels(len(lam))
        mass = float(lam[0])
        for challenger in range(1, len(lam)):
            mass = chain.fight(challenger, mass, float(lam[challenger]))
        return chain.both + chain.both.T

    return _of_uncertain(sizes, take, pairs)


class _Duels:
    """`stands[s]` is the chance that s stands, `taken[i, s]` that i is in as well, `both[i, j]` that both are in."""

    def __init__(self, units: int) -> None:
        self.stands = np.zeros(units)
        self.stands[0] = 1.0
        self.taken = np.zeros((units, units))
        self.both = np.zeros((units, units))

    def fight(self, challenger: int, mass: float, other: float) -> float:
        """The unit that stands, with its mass, against the challenger; the mass of the one that stands afterwards."""
        if mass + other < 1 - _CLOSE:
            self._one_out(challenger, mass / (mass + other))
            return mass + other
        self._one_in(challenger, (1 - other) / (2 - mass - other))
        return max(0.0, mass + other - 1)

    def _one_out(self, challenger: int, stays: float) -> None:
        in_before = self.taken.sum(axis=1)
        self.taken *= stays
        self.taken[:, challenger] += (1 - stays) * in_before
        self.stands *= stays
        self.stands[challenger] = 1 - stays

    def _one_in(self, challenger: int, wins: float) -> None:
        in_before = self.taken.sum(axis=1)
        self.both += wins * self.taken
        self.both[:, challenger] += (1 - wins) * in_before
        after = (1 - wins) * self.taken
        after[challenger, :] += (1 - wins) * self.stands
        after[:, challenger] += wins * (in_before + self.stands)
        self.taken = after
        self.stands = (1 - wins) * self.stands
        self.stands[challenger] = wins


def joint_pareto(sizes: Sizes, take: int) -> Floats:
    """Pareto πps, exactly: its true inclusion probabilities on the diagonal, which λ comes near to.

    A pair is in when the later of the two comes before the (n - 1)th of the others: an integral over ranking numbers,
    smooth and taken by Gauss and Legendre's rule. For at most `MAX_PARETO` units. Source: the distribution function of
    an order sample, Aires (1999), Methodology and Computing in Applied Probability 1, 457-469.
    """

    def pairs(lam: Floats, take: int) -> Floats:
        if len(lam) > MAX_PARETO:
            raise DesignError("stratum_too_large", f"exact Pareto probabilities are for at most {MAX_PARETO} units")
        below, slope, weights = _ranking(lam)
        fewer = _fewer_than(below, take - 1)
        both = slope[:, :, None] * below[:, None, :]
        return np.einsum("t,tkl,tkl->kl", weights, both + both.transpose(0, 2, 1), fewer)

    def singles(lam: Floats, take: int) -> Floats:
        below, slope, weights = _ranking(lam)
        alone = np.array([_at_most(np.delete(below, k, axis=1), take - 1) for k in range(len(lam))]).T
        return weights @ (slope * alone)

    return _of_uncertain(sizes, take, pairs, singles)


def _ranking(lam: Floats) -> tuple[Floats, Floats, Floats]:
    """F_k and its slope at each node, and the nodes' weights; the ranking number is u / (1 - u), u from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    u, odds = (nodes[:, None] + 1) / 2, lam / (1 - lam)
    under = 1 - u + u * odds
    return u * odds / under, odds / under**2, weights / 2


def _at_most(below: Floats, most: int) -> Floats:
    """The chance that at most so many of the units are below, at each node."""
    counts = np.zeros((most + 1, len(below)))
    counts[0] = 1.0
    for chance in below.T:
        counts[1:] = counts[1:] * (1 - chance) + counts[:-1] * chance
        counts[0] *= 1 - chance
    return counts.sum(axis=0)


def _fewer_than(below: Floats, number: int) -> Floats:
    """For each pair and node, the chance that fewer than `number` of the others are below."""
    nodes, units = below.shape
    counts = np.zeros((max(number, 1), nodes, units, units))
    counts[0] = 1.0
    for k in range(units):
        chance = np.broadcast_to(below[:, k, None, None], (nodes, units, units)).copy()
        chance[:, k, :] = chance[:, :, k] = 0.0
        counts[1:] = counts[1:] * (1 - chance) + counts[:-1] * chance
        counts[0] *= 1 - chance
    return counts[:number].sum(axis=0)


def hajek(probability: Floats, spread: float) -> Floats:
    """π_kl ≈ π_k π_l (1 - (1 - π_k)(1 - π_l) / Σ π (1 - π)), for designs that are hard to predict (Hájek 1964).

    `spread` is Σ π (1 - π) over the whole stratum. Source: Annals of Mathematical Statistics 35, 1491-1523.
    """
    less = np.outer(1 - probability, 1 - probability) / spread if spread else 0.0
    result = np.outer(probability, probability) * (1 - less)
    np.fill_diagonal(result, probability)
    return result


def _of_uncertain(
    sizes: Sizes,
    take: int,
    pairs: Callable[[Floats, int], Floats],
    singles: Callable[[Floats, int], Floats] | None = None,
) -> Floats:
    """Certain units apart; `pairs` of the others, and what is on the diagonal where it is not λ."""
    _check(len(sizes), take)
    lam = inclusion_probabilities(sizes, take)
    open_ = np.flatnonzero(lam < 1)
    left = take - (len(lam) - open_.size)
    alone = lam.copy()
    if open_.size and singles:
        alone[open_] = singles(lam[open_], left)
    result = np.outer(alone, alone)
    if open_.size:
        result[np.ix_(open_, open_)] = pairs(lam[open_], left) if left > 1 else 0.0
    np.fill_diagonal(result, alone)
    return result


def _whole(sizes: Sizes) -> npt.NDArray[np.int64]:
    fractions = [Fraction(size) for size in sizes]
    common = np.lcm.reduce([fraction.denominator for fraction in fractions]) if fractions else 1
    return np.array([int(fraction * int(common)) for fraction in fractions], dtype=np.int64)


def _check(units: int, take: int) -> None:
    if not 0 < take <= units:
        raise DesignError("take_exceeds_stratum", f"a take of {take} from {units} units cannot be")
    if units > MAX_UNITS:
        raise DesignError("stratum_too_large", f"joint probabilities are for at most {MAX_UNITS} units")
