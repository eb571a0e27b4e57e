"""What each choice of a sample size costs and gives, side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from sampling.errors import SizeError
from sampling.size import half_width


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
    if not fieldwork.visits_per_day > 0 or not 0 < fieldwork.response <= 1:
        raise SizeError("fieldwork", "visits per day and response must be above 0", argument="fieldwork")
    return pd.DataFrame([_option(issued, fieldwork, population, expected, level, deff) for issued in issues])


def _option(
    issued: int, fieldwork: Fieldwork, population: int | None, expected: float, level: float, deff: float
) -> dict[str, float]:
    if issued < 1 or (population is not None and issued > population):
        raise SizeError("issued", f"{issued} households cannot be issued", argument="issued")
    completes = issued * fieldwork.response
    days = math.ceil(issued / fieldwork.visits_per_day)
    width = half_width(completes, level=level, expected=expected, population=population, deff=deff)
    return {
        "issued": issued,
        "completes": completes,
        "days": days,
        "cost": issued * fieldwork.cost_per_visit + days * fieldwork.cost_per_day,
        "half_width": width,
        "census": issued == population,
    }
