"""How much of the spread of answers is the interviewer's: the intraclass correlation ρ within interviewers.

One-way analysis of variance: ρ = (MSB - MSW)/(MSB + (m - 1) MSW), m the mean workload corrected for its
unevenness (Snedecor and Cochran 1967, ch. 10); it may be a little below 0. It multiplies the variance of a mean by
1 + (m - 1)ρ (Kish 1962).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import f as fisher

from analysis.errors import AnalysisError


@dataclass(frozen=True)
class InterviewerEffect:
    """ρ with its interval (Searle 1971; exact where workloads are equal and answers normal) and the p-value of F.

    load: mean workload m. deff: 1 + (m - 1) max(ρ, 0).
    """

    rho: float
    low: float
    high: float
    p_value: float
    interviewers: int
    n: int
    load: float
    deff: float


def interviewer_effect(
    values: pd.Series, interviewer: pd.Series, places: pd.Series | None = None, level: float = 0.95
) -> InterviewerEffect:
    """The effect of interviewers on an item: numbers, or yes and no as 1 and 0.

    places: where each answer was given. With it interviewers are compared only with others who worked in the same
    place; without it the effect holds both the interviewer and where he or she was sent, unless work was assigned
    at random. Raises AnalysisError where no two interviewers (of one place) have answers to compare.
    """
    known = values.notna() & interviewer.notna() & (places.notna() if places is not None else True)
    y, who = values[known].to_numpy(np.float64), interviewer[known]
    where = pd.Series(0, index=who.index) if places is None else places[known]
    table = pd.DataFrame({"y": y, "who": who.to_numpy(), "where": where.to_numpy()})
    crowd = table.groupby("where")["who"].transform("nunique")
    table = table[crowd > 1]
    cell = table.groupby(["where", "who"], sort=False).ngroup().to_numpy()
    place = table.groupby("where", sort=False).ngroup().to_numpy()
    groups = int(cell.max()) + 1 if len(cell) else 0
    n, free = len(table), groups - (int(place.max()) + 1 if len(cell) else 0)
    if free < 1 or n <= groups:
        message = f"{n} answers of {groups} interviewers cannot show an effect: two with several each are needed"
        raise AnalysisError("interviewers", message, interviewers=groups, n=n)
    between, within, load = _mean_squares(table["y"].to_numpy(), cell, place, free)
    return _effect(between, within, load, (free, n - groups), level, int(table["who"].nunique()), n)


def _mean_squares(y: np.ndarray, cell: np.ndarray, place: np.ndarray, free: int) -> tuple[float, float, float]:
    """Mean squares between interviewers of a place and within them, and the workload that E(MSB) has."""
    size = np.bincount(cell).astype(np.float64)
    means = np.bincount(cell, y) / size
    at = np.empty(len(size), dtype=np.intp)
    at[cell] = place
    there = np.bincount(place).astype(np.float64)
    centre = np.bincount(place, y) / there
    between = float((size * (means - centre[at]) ** 2).sum()) / free
    within = float(((y - means[cell]) ** 2).sum()) / (len(y) - len(size))
    load = (len(y) - float((np.bincount(at, size**2) / there).sum())) / free
    return between, within, load


def _effect(
    between: float, within: float, load: float, df: tuple[int, int], level: float, interviewers: int, n: int
) -> InterviewerEffect:
    if between == within == 0:
        return InterviewerEffect(0.0, 0.0, 0.0, 1.0, interviewers, n, load, 1.0)
    rho = (between - within) / (between + (load - 1) * within)
    if within == 0:
        return InterviewerEffect(rho, rho, rho, 0.0, interviewers, n, load, 1 + (load - 1) * rho)
    ratio = between / within
    shares = ((1 + level) / 2, (1 - level) / 2)
    low, high = ((ratio / q - 1) / (ratio / q + load - 1) for q in (float(fisher.ppf(share, *df)) for share in shares))
    p_value = float(fisher.sf(ratio, *df))
    return InterviewerEffect(rho, low, high, p_value, interviewers, n, load, 1 + (load - 1) * max(rho, 0.0))
