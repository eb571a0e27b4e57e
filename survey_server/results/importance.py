"""What drives satisfaction: the share of each question in what explains the overall one, and how well it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.drivers import driver_shares, importance_performance, key_drivers
from analysis.errors import AnalysisError
from analysis.metrics import codes
from survey_server.results.dataset import Dataset
from survey_server.results.estimates import LEVEL, design_of
from survey_server.results.satisfaction import QUESTIONS, SCALE

LEAST = 30
"""Fewer complete answers than that say nothing of what drives what."""
OVERALL, PARTS = QUESTIONS[0], QUESTIONS[1:]


@dataclass(frozen=True)
class Driver:
    """One question: its share in what is explained with the interval, its correlation with the whole, its mean.

    ``quadrant``: improve, keep, low_priority or overkill (Martilla and James 1977).
    """

    tag: str
    share: float
    low: float
    high: float
    importance: float
    performance: float
    quadrant: str


@dataclass(frozen=True)
class Importance:
    """The drivers, the first to improve first; ``lines`` cross at mean importance and mean performance; n people."""

    drivers: Sequence[Driver]
    lines: tuple[float, float]
    n: int


def importance_of(dataset: Dataset, domain: str) -> Importance | None:
    """The grid of the counted answers; None where too few answered every part, or all say the same of one."""
    rows = dataset.cases[dataset.cases["counted"]]
    if rows.empty:
        return None
    inside = rows["headline"] if domain == "headline" else rows["counted"]
    given = dataset.answers.reindex(rows.index)[list(QUESTIONS)].apply(codes)
    given = given.where(given.isin(SCALE)).where(inside, axis=0)
    parts = [tag for tag in PARTS if given[tag].notna().any()]
    complete = given[[OVERALL, *parts]].notna().all(axis=1)
    if int(complete.sum()) < LEAST or len(parts) < 2:
        return None
    try:
        return _importance(rows, given, parts, int(complete.sum()))
    except AnalysisError:
        return None


def _importance(rows: pd.DataFrame, given: pd.DataFrame, parts: list[str], n: int) -> Importance:
    # an unscored row has no weight of its own in the domain: drivers leave it out by its missing answers
    found = key_drivers(given[OVERALL], given[parts], rows["weight"].to_numpy(np.float64))
    design = design_of(rows.join(given.add_prefix("score.")))
    shares = driver_shares(design, f"score.{OVERALL}", [f"score.{tag}" for tag in parts], level=LEVEL)
    table = importance_performance(found.assign(low=shares["lmg_low"].to_numpy(), high=shares["lmg_high"].to_numpy()))
    drivers = [
        Driver(
            tag=str(row["driver"]),
            share=float(row["lmg_share"]),
            low=float(row["low"]),
            high=float(row["high"]),
            importance=float(row["importance"]),
            performance=float(row["performance"]),
            quadrant=str(row["quadrant"]),
        )
        for row in table.to_dict("records")
    ]
    return Importance(drivers, (float(found["importance"].mean()), float(found["performance"].mean())), n)
