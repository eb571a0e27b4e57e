"""How many: sample sizes for a proportion.

Cochran (1977), Sampling Techniques, 3rd ed., eqs. 4.1 to 4.4: n0 = z² p (1 - p) / e². The design
effect multiplies n0 first and the finite population corrects the product, n = n0·deff / (1 + (n0·deff
- 1) / N): the other order asks for more households than there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from statistics import NormalDist
from typing import Any

from sampling.errors import SizeError

# A real size this little above a whole number is that number: the rest is rounding.
_SLACK = 1e-9


@dataclass(frozen=True)
class SampleSize:
    """A sample size and how it came about.

    `completes`: answers wanted. `wanted`: units to issue so that, at the expected response, they are
    got. `issue`: units to issue in truth, at most the population. `infinite`, `with_deff`,
    `corrected` and `to_issue` are the real numbers behind: before the design effect, after it, after
    the finite population, over the response.
    """

    completes: int
    wanted: int
    population: int | None
    infinite: float
    with_deff: float
    corrected: float
    to_issue: float

    @property
    def issue(self) -> int:
        """Units to issue: `wanted`, but never more than there are."""
        return self.wanted if self.population is None else min(self.wanted, self.population)

    @property
    def census(self) -> bool:
        """Whether everybody is asked."""
        return self.issue == self.population

    @property
    def census_advised(self) -> bool:
        """Whether nine tenths of all would be asked: asking everybody then costs little more and leaves no interval."""
        return self.population is not None and self.issue >= 0.9 * self.population

    @property
    def attainable(self) -> bool:
        """Whether the expected response gives the completes: not where even a census gives too few."""
        return self.issue == self.wanted


def sample_size(
    precision: float,
    *,
    level: float = 0.95,
    expected: float = 0.5,
    population: int | None = None,
    deff: float = 1.0,
    response: float = 1.0,
) -> SampleSize:
    """The size for a proportion's interval of half-width `precision` (a fraction: 0.05 is five points).

    `expected` is the proportion that is expected (0.5 is the safe one), `deff` the design effect,
    `response` the expected response rate. Raises SizeError naming the argument that cannot be.
    """
    _check_open("precision", precision)
    _check_open("expected", expected)
    spread = expected * (1 - expected)
    return _finished(z_value(level) ** 2 * spread / precision**2, population, deff, response)


def relative_sample_size(
    precision: float,
    *,
    expected: float,
    level: float = 0.95,
    population: int | None = None,
    deff: float = 1.0,
    response: float = 1.0,
) -> SampleSize:
    """`sample_size` for a half-width that is a share of the expected proportion: 0.2 of 0.1 is two points."""
    _check_open("precision", precision)
    _check_open("expected", expected)
    return sample_size(
        precision * expected, level=level, expected=expected, population=population, deff=deff, response=response
    )


def wilson_size(precision: float, *, expected: float, level: float = 0.95) -> int:
    """The least n whose Wilson interval (1927) has at most this half-width; `expected` may be 0 or 1.

    From width² (n + z²)² = z² p q n + z⁴ / 4, a quadratic in n + z².
    """
    _check_open("precision", precision)
    if not 0 <= expected <= 1:
        raise SizeError("expected", "expected must lie between 0 and 1", argument="expected")
    square = z_value(level) ** 2
    spread = expected * (1 - expected)
    half = square * spread / precision**2 / 2
    rest = square**2 * (0.25 - spread) / precision**2
    return max(1, _ceil(half + math.sqrt(half**2 + rest) - square))


def discovery_size(rate: float | Decimal, *, population: int | None = None, level: float = 0.95) -> int:
    """How many to look at so that, if more than `rate` of the units are wrong, at least one is met (错保发现).

    The chance of meeting none is hypergeometric in a finite population (D = ⌊N·rate⌋ + 1 wrong units), (1 - rate)ⁿ
    in an infinite one. The same n, all found right, shows that at most `rate` are wrong.
    Source: Arkin (1984), Handbook of Sampling for Auditing and Accounting, discovery sampling.
    """
    share = Decimal(str(rate))
    if not 0 < share < 1:
        raise SizeError("rate", "the rate must lie between 0 and 1 (1 % is 0.01)", argument="rate")
    _check_open("level", level)
    if population is None:
        return math.ceil(math.log(1 - level) / math.log1p(-float(share)) - _SLACK)
    if population < 1:
        raise SizeError("population", "the population must be at least 1", argument="population")
    wrong = int(population * share) + 1
    none_met = 1.0
    for looked in range(population - wrong + 1):
        if none_met <= 1 - level + 1e-15:
            return looked
        none_met *= (population - wrong - looked) / (population - looked)
    return population - wrong + 1


def comparison_size(
    first: float,
    second: float,
    *,
    level: float = 0.95,
    power: float = 0.8,
    ratio: float = 1.0,
    deff: float = 1.0,
    response: float = 1.0,
) -> tuple[SampleSize, SampleSize]:
    """The sizes of two groups whose proportions are to be told apart with this power, two-sided.

    `ratio` is the second group's size over the first's. Fleiss, Levin and Paik (2003), Statistical Methods for Rates
    and Proportions, 3rd ed., eq. 4.19, without continuity correction. There is no finite population correction: a
    comparison asks whether the groups differ, not how this year's lists happen to.
    """
    _check_open("first", first)
    _check_open("second", second)
    _check_open("power", power)
    if first == second:
        raise SizeError("second", "two equal proportions cannot be told apart", argument="second")
    if not ratio > 0:
        raise SizeError("ratio", "the ratio must be above 0", argument="ratio")
    mean = (first + ratio * second) / (1 + ratio)
    under_null = z_value(level) * math.sqrt((1 + ratio) * mean * (1 - mean))
    under_difference = NormalDist().inv_cdf(power) * math.sqrt(ratio * first * (1 - first) + second * (1 - second))
    infinite = (under_null + under_difference) ** 2 / (ratio * (first - second) ** 2)
    return _finished(infinite, None, deff, response), _finished(infinite * ratio, None, deff, response)


def z_value(level: float) -> float:
    """The two-sided Normal quantile of a level: 1.96 for 0.95."""
    _check_open("level", level)
    return NormalDist().inv_cdf(0.5 + level / 2)


def design_effect(cluster_take: float, intraclass: float, *, weight_cv: float = 0.0) -> float:
    """The design effect of clusters and of unequal weights: (1 + cv²)(1 + (m - 1)ρ).

    `cluster_take` is the mean take m per cluster, `intraclass` ρ, `weight_cv` the coefficient of
    variation of the weights. Source: Kish (1987), Weighting in Deft², for the product.
    """
    if cluster_take < 1:
        raise SizeError("cluster_take", "the take per cluster must be at least 1", argument="cluster_take")
    if not 0 <= intraclass <= 1:
        raise SizeError("intraclass", "the intra-class correlation must lie between 0 and 1", argument="intraclass")
    return (1 + weight_cv**2) * (1 + (cluster_take - 1) * intraclass)


def size_by_ratio(populations: Mapping[Any, int], ratio: float | Decimal, *, minimum: int = 0) -> dict[Any, int]:
    """按一定比例: a share of every stratum, rounded up, at least `minimum`, never more than the stratum has.

    `ratio` is a fraction (0.05); it is read in decimal, so that 7 % of 100 is 7 and not 8.
    """
    share = Decimal(str(ratio))
    if not 0 < share <= 1:
        raise SizeError("ratio", "the ratio must be above 0 and at most 1", argument="ratio")
    if minimum < 0:
        raise SizeError("minimum", "the minimum must not be negative", argument="minimum")
    return {
        key: min(int(population), max(minimum, int((int(population) * share).to_integral_value(ROUND_CEILING))))
        for key, population in populations.items()
    }


def half_width(
    completes: float, *, level: float = 0.95, expected: float = 0.5, population: int | None = None, deff: float = 1.0
) -> float:
    """The half-width of the interval that so many completes give: the inverse of `sample_size`."""
    fpc = 1.0 if population is None else max(0.0, (population - completes) / max(population - 1, 1))
    return z_value(level) * math.sqrt(deff * expected * (1 - expected) / completes * fpc)


def _finished(infinite: float, population: int | None, deff: float, response: float) -> SampleSize:
    """From an infinite population's size: design effect, then finite population, then response."""
    if not deff > 0 or not math.isfinite(deff):
        raise SizeError("deff", "the design effect must be above 0", argument="deff")
    if not 0 < response <= 1:
        raise SizeError("response", "the response rate must be above 0 and at most 1", argument="response")
    if population is not None and population < 1:
        raise SizeError("population", "the population must be at least 1", argument="population")
    with_deff = infinite * deff
    corrected = with_deff if population is None else with_deff / (1 + (with_deff - 1) / population)
    completes = _ceil(corrected)
    wanted = _ceil(completes / response)
    return SampleSize(completes, wanted, population, infinite, with_deff, corrected, corrected / response)


def _ceil(value: float) -> int:
    return math.ceil(value - _SLACK)


def _check_open(argument: str, value: float) -> None:
    if not 0 < value < 1:
        raise SizeError(argument, f"{argument} must lie between 0 and 1 (5 % is 0.05)", argument=argument)
