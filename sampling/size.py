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
        key: min(population, max(minimum, int((population * share).to_integral_value(ROUND_CEILING))))
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
