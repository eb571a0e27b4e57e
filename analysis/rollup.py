"""Scores of many counties or programmes put together, and how much of the money was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from analysis.errors import ScoringError
from analysis.rounding import Number, half_up, to_decimal
from analysis.scoring import ScoreTable, grade


@dataclass(frozen=True)
class RollUp:
    """frame: a row per part, best first: name, total, weight, grade, rank (equal totals share one).

    mean: the weighted mean of the totals that there are. below: names of parts under the threshold. missing: names
    of parts without a total; they count for nothing.
    """

    frame: pd.DataFrame
    mean: Decimal | None
    below: tuple[str, ...]
    missing: tuple[str, ...]


def roll_up(
    scores: Mapping[str, ScoreTable],
    weights: Mapping[str, Number] | None = None,
    *,
    threshold: Number = 80,
    scale: str | Mapping[str, float] = "cai_yu_2020_10",
) -> RollUp:
    """The totals of counties or programmes side by side; weights such as funds (None: each counts once).

    threshold: in points of a hundred ("6 个县低于80%"). Raises ScoringError where a part has no weight.
    """
    lacking = [name for name in scores if weights is not None and name not in weights]
    if lacking:
        raise ScoringError("weight", f"{lacking[0]} has no weight", name=lacking[0])
    totals = {name: _of_hundred(table) for name, table in scores.items()}
    whole = sorted(((total, name) for name, total in totals.items() if total is not None), key=lambda pair: -pair[0])
    weight = {name: Decimal(1) if weights is None else to_decimal(weights[name]) for _, name in whole}
    rows = [
        (name, total, weight[name], grade(total, 100, scale), 1 + sum(other > total for other, _ in whole))
        for total, name in whole
    ]
    all_weight = sum(weight.values(), Decimal(0))
    added = sum((total * weight[name] for total, name in whole), Decimal(0))
    return RollUp(
        frame=pd.DataFrame(rows, columns=["name", "total", "weight", "grade", "rank"]),
        mean=half_up(added / all_weight) if all_weight else None,
        below=tuple(name for total, name in whole if total < to_decimal(threshold)),
        missing=tuple(name for name, total in totals.items() if total is None),
    )


def share_examined(examined: Number, all_funds: Number) -> Decimal:
    """The share of funds that was looked at, a fraction. Raises ScoringError where it is no part of the whole."""
    part, whole = to_decimal(examined), to_decimal(all_funds)
    if not 0 <= part <= whole or whole == 0:
        raise ScoringError("funds", f"{part} is no part of {whole}", examined=part, funds=whole)
    return part / whole


def _of_hundred(table: ScoreTable) -> Decimal | None:
    return None if table.total is None else half_up(table.total * 100 / table.table.total)
