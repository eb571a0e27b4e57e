"""What each choice costs and gives, side by side: households, interviewer days, money, and the width of the intervals.

A page draws it again at every keystroke, so nothing loops over households: thirty strata take a millisecond or two.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sampling.allocation import allocate
from sampling.design import stratum_key
from sampling.errors import SizeError, Stratum, listed_strata
from sampling.size import half_width, z_value

Floats = npt.NDArray[np.float64]
Numbers = Mapping[Any, float]


@dataclass(frozen=True)
class Fieldwork:
    """What fieldwork can do: visits per interviewer and day, the expected response, and money (0 if unknown)."""

    visits_per_day: float = 8.0
    response: float = 1.0
    cost_per_visit: float = 0.0
    cost_per_day: float = 0.0


def size_options(
    issues: Iterable[int],
    fieldwork: Fieldwork,
    *,
    population: int | None = None,
    expected: float = 0.5,
    level: float = 0.95,
    deff: float = 1.0,
) -> pd.DataFrame:
    """One row per number of households issued: `issued, completes, days, cost, half_width, census`.

    `completes` are expected, `days` whole interviewer days, `half_width` the interval's, as a fraction. Draw
    `half_width` against `cost` to see where another day buys little. Raises SizeError for a size that cannot be.
    """
    _check_fieldwork(fieldwork)
    return pd.DataFrame([_option(issued, fieldwork, population, expected, level, deff) for issued in issues])


def _option(
    issued: int, fieldwork: Fieldwork, population: int | None, expected: float, level: float, deff: float
) -> dict[str, float]:
    if issued < 1 or (population is not None and issued > population):
        raise SizeError("issued", f"{issued} households cannot be issued", argument="issued")
    completes = issued * fieldwork.response
    days = _days(issued, fieldwork)
    width = half_width(completes, level=level, expected=expected, population=population, deff=deff)
    return {
        "issued": issued,
        "completes": completes,
        "days": days,
        "cost": _cost(issued, days, fieldwork),
        "half_width": width,
        "census": issued == population,
    }


@dataclass(frozen=True, eq=False)
class Plan:
    """What one allocation costs and gives. Made by `plan`.

    `households` are issued, `completes` expected, `days` whole interviewer days, `half_width` that of the whole study.
    `strata` has a row per stratum: `stratum` (a tuple), `population, issued, completes, weight, expected, deff,
    half_width, census`. `domains` has a row for the whole (`domain` is "") and for each domain that was asked for:
    `domain, strata` (how many), `population, issued, completes, half_width, deff`; its `deff` is what the allocation
    and the assumed design effects make together, against a simple sample of the same completes.
    """

    households: int
    completes: float
    days: int
    cost: float
    half_width: float
    strata: pd.DataFrame
    domains: pd.DataFrame


def plan(
    populations: Mapping[Any, int],
    takes: Mapping[Any, int] | int,
    fieldwork: Fieldwork = Fieldwork(),
    *,
    expected: float | Numbers = 0.5,
    deff: float | Numbers = 1.0,
    level: float = 0.95,
    domains: Mapping[str, Collection[Any]] | None = None,
) -> Plan:
    """What it costs and gives to issue `takes` households of each stratum (one number for all, or a mapping).

    `expected` is the proportion that is expected and `deff` the design effect that is assumed within a stratum, one
    number or a mapping. `domains` names sets of strata (see `sampling.domains`); they may overlap. Half-widths are
    fractions, stratified: √Σ W²v (Cochran 1977, eq. 5.7), each v with its design effect and finite population.
    A stratum with a take of 0 has no half-width (NaN), nor has any domain that holds it, the whole included.
    Raises SizeError naming the strata whose take or numbers cannot be.
    """
    _check_fieldwork(fieldwork)
    keys = list(populations)
    table = _Strata(
        np.array([int(populations[key]) for key in keys], dtype=np.float64),
        np.array(_takes(populations, takes), dtype=np.float64),
        fieldwork.response,
        _numbers(expected, keys, "expected", 0, 1),
        _numbers(deff, keys, "deff", 0, math.inf),
        z_value(level),
    )
    rows = {"": list(range(len(keys)))} | _domain_rows(domains or {}, keys)
    by_domain = pd.DataFrame([{"domain": name, **table.domain(inside)} for name, inside in rows.items()])
    households = int(table.issued.sum())
    days = _days(households, fieldwork)
    return Plan(
        households,
        float(table.completes.sum()),
        days,
        _cost(households, days, fieldwork),
        float(by_domain["half_width"].iloc[0]),
        table.frame([stratum_key(key) for key in keys]),
        by_domain,
    )


def plan_options(
    populations: Mapping[Any, int],
    totals: Iterable[int],
    fieldwork: Fieldwork = Fieldwork(),
    *,
    method: str = "proportional",
    minimum: int | Mapping[Any, int] = 1,
    expected: float | Numbers = 0.5,
    deff: float | Numbers = 1.0,
    level: float = 0.95,
    **wishes: Any,  # noqa: ANN401 - what `allocate` takes
) -> pd.DataFrame:
    """One row per total that might be contracted: what it costs and how wide the intervals become.

    `issued, completes, days, cost, half_width, widest, widest_stratum, deff, takes`: `widest` is the largest half-width
    of a single stratum, and `takes` the allocation behind (see `allocate`, which has `method`, `minimum` and other
    `wishes`), to be handed to `plan` or a design. Raises AllocationError or SizeError naming the strata.
    """
    rows = []
    for total in totals:
        takes = allocate(populations, total, method, minimum=minimum, **wishes)
        made = plan(populations, takes, fieldwork, expected=expected, deff=deff, level=level)
        widths = made.strata["half_width"].to_numpy()
        widest = int(np.argmax(widths))
        rows.append(
            {
                "issued": made.households,
                "completes": made.completes,
                "days": made.days,
                "cost": made.cost,
                "half_width": made.half_width,
                "widest": float(widths[widest]),
                "widest_stratum": made.strata["stratum"].iloc[widest],
                "deff": float(made.domains["deff"].iloc[0]),
                "takes": takes,
            }
        )
    return pd.DataFrame(rows)


@dataclass(frozen=True, eq=False)
class _Strata:
    """Columns of the plan, a place per stratum."""

    population: Floats
    issued: Floats
    response: float
    expected: Floats
    deff: Floats
    z: float

    @property
    def completes(self) -> Floats:
        """Answers that are expected."""
        return self.issued * self.response

    @property
    def variances(self) -> Floats:
        """Of each stratum's proportion; NaN where nobody is asked."""
        with np.errstate(divide="ignore", invalid="ignore"):
            fpc = (self.population - self.completes) / np.maximum(self.population - 1, 1)
            spread = self.deff * self.expected * (1 - self.expected)
            return np.where(self.issued > 0, spread / self.completes * fpc, np.nan)

    def domain(self, inside: Sequence[int]) -> dict[str, float]:
        """The row of a set of strata."""
        population, completes = self.population[inside], self.completes[inside]
        share = population / population.sum()
        variance = float(share**2 @ self.variances[inside])
        mean = float(share @ self.expected[inside])
        fpc = (population.sum() - completes.sum()) / max(population.sum() - 1, 1)
        simple = mean * (1 - mean) / completes.sum() * fpc if completes.sum() else math.nan
        return {
            "strata": len(inside),
            "population": int(population.sum()),
            "issued": int(self.issued[inside].sum()),
            "completes": float(completes.sum()),
            "half_width": self.z * math.sqrt(variance),
            "deff": variance / simple if simple else math.nan,
        }

    def frame(self, keys: list[Stratum]) -> pd.DataFrame:
        """All strata as a table."""
        with np.errstate(divide="ignore"):
            weight = np.where(self.issued > 0, self.population / self.completes, np.nan)
        return pd.DataFrame(
            {
                "stratum": pd.Series(keys, dtype=object),
                "population": self.population.astype(np.int64),
                "issued": self.issued.astype(np.int64),
                "completes": self.completes,
                "weight": weight,
                "expected": self.expected,
                "deff": self.deff,
                "half_width": self.z * np.sqrt(self.variances),
                "census": self.issued == self.population,
            }
        )


def _takes(populations: Mapping[Any, int], takes: Mapping[Any, int] | int) -> list[int]:
    given = takes if isinstance(takes, Mapping) else dict.fromkeys(populations, takes)
    unknown = [stratum_key(key) for key in given if key not in populations]
    wrong = [stratum_key(key) for key, count in populations.items() if not 0 <= given.get(key, 0) <= count]
    empty = [stratum_key(key) for key, count in populations.items() if count < 1]
    if not populations:
        raise SizeError("stratum_empty", "there are no strata to plan for", argument="populations")
    for strata, code, says in (
        (unknown, "stratum_unknown", "takes are named for strata that are not among the populations"),
        (empty, "stratum_empty", "strata without units cannot be planned"),
        (wrong, "issued", "the take is below 0 or above what the stratum has"),
    ):
        if strata:
            raise SizeError(code, f"{says} ({listed_strata(strata)})", argument="takes", strata=tuple(strata))
    return [int(given.get(key, 0)) for key in populations]


def _numbers(numbers: float | Numbers, keys: Sequence[Any], name: str, least: float, most: float) -> Floats:
    """One number for all strata or one for each, between the bounds."""
    wrong = [
        stratum_key(key)
        for key in keys
        if not least <= (numbers.get(key, math.nan) if isinstance(numbers, Mapping) else numbers) <= most
    ]
    if wrong:
        says = f"{name} must be given for every stratum and lie between {least} and {most} ({listed_strata(wrong)})"
        raise SizeError(name, says, argument=name, strata=tuple(wrong))
    return np.array([numbers[key] if isinstance(numbers, Mapping) else numbers for key in keys], dtype=np.float64)


def _domain_rows(domains: Mapping[str, Collection[Any]], keys: Sequence[Any]) -> dict[str, list[int]]:
    place = {key: row for row, key in enumerate(keys)}
    for name, inside in domains.items():
        unknown = [stratum_key(key) for key in inside if key not in place]
        if unknown or not inside:
            says = f"the domain {name} names no known strata ({listed_strata(unknown)})"
            raise SizeError("stratum_unknown", says, argument="domains", strata=tuple(unknown))
    return {name: [place[key] for key in inside] for name, inside in domains.items()}


def _check_fieldwork(fieldwork: Fieldwork) -> None:
    if not fieldwork.visits_per_day > 0 or not 0 < fieldwork.response <= 1:
        raise SizeError("fieldwork", "visits per day and response must be above 0", argument="fieldwork")


def _days(issued: int, fieldwork: Fieldwork) -> int:
    """Whole interviewer days; a hair above a whole number is rounding."""
    return math.ceil(issued / fieldwork.visits_per_day - 1e-9)


def _cost(issued: int, days: int, fieldwork: Fieldwork) -> float:
    return issued * fieldwork.cost_per_visit + days * fieldwork.cost_per_day
