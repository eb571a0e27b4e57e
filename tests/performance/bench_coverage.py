"""How often the intervals hold the truth, at a nominal 0.95: "auto" beside the defaults of R survey and svy.

In a simple random sample of a finite population every truth and every number of yes is enumerated. In complex designs
samples are simulated, each an item of one design, so that thousands are one pass. The default of R survey
(svyciprop) and of svy is the logit interval with Student's t, computed here by its formula, which the reference
answers pin down; at a rate of exactly 0 or 1 both give no interval that has a width, which counts as a miss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import hypergeom

from analysis import SurveyDesign, proportion_interval
from tests.performance.measurement import Measurement

POPULATIONS = ((19, 12), (46, 20), (60, 27), (150, 30), (500, 60), (1200, 80))
RATES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.997)
LEAST, MEAN_LEAST, MEAN_MOST = 0.92, 0.95, 0.975
DRAWS = 2000
LOWEST, MORE_DRAWS = 12, 20_000
CLUSTER = 20
INTERVALS = {"auto": "auto", "R survey and svy": "logit", "Wald": "mean"}

Outcomes = NDArray[np.bool_]
Draw = Callable[[np.random.Generator, int], Outcomes]


@dataclass(frozen=True)
class Situation:
    """A design with a true rate, and how samples of it come about: outcomes are (people, draws)."""

    family: str
    design: SurveyDesign
    truth: float
    draw: Draw


def measure(folder: Path) -> Iterator[Measurement]:
    """The least coverage of each finite population, then least and mean of each family of complex designs."""
    for population, n in POPULATIONS:
        least, mean = enumerated(population, n)
        what = f"every truth of {population}, {n} asked: auto"
        yield Measurement(f"{what}, least", least, "", at_least=0.95)
        yield Measurement(f"{what}, mean", mean, "")
    table = simulated()
    for family, part in table.groupby("family", sort=False):
        for name in INTERVALS:
            yield Measurement(f"{family}: {name}, least", part[name].min(), "")
            yield Measurement(f"{family}: {name}, mean", part[name].mean(), "")
    for name in INTERVALS:
        goals = {"at_least": LEAST} if name == "auto" else {}
        both = {"at_least": MEAN_LEAST, "at_most": MEAN_MOST} if name == "auto" else {}
        yield Measurement(f"all {len(table)} designs: {name}, least", table[name].min(), "", **goals)
        yield Measurement(f"all {len(table)} designs: {name}, mean", table[name].mean(), "", **both)
        yield Measurement(f"all {len(table)} designs: {name}, mean width", table[f"{name} width"].mean(), "")


def enumerated(population: int, n: int) -> tuple[float, float]:
    """Least and mean coverage of "auto" over every number of yes in the population."""
    ends = np.array([proportion_interval(yes, n, population=population) for yes in range(n + 1)])
    truths = np.arange(population + 1)
    chance = hypergeom.pmf(np.arange(n + 1)[None, :], population, truths[:, None], n)
    share = truths[:, None] / population
    inside = (ends[None, :, 0] <= share + 1e-12) & (ends[None, :, 1] >= share - 1e-12)
    coverage = (chance * inside).sum(axis=1)
    return float(coverage.min()), float(coverage.mean())


def simulated() -> pd.DataFrame:
    """A row per situation; those where "auto" comes out lowest are simulated once more, with many more draws."""
    designs = list(situations())
    rows = [coverage(situation, DRAWS, seed) for seed, situation in enumerate(designs)]
    for seed in sorted(range(len(rows)), key=lambda at: rows[at]["auto"])[:LOWEST]:
        rows[seed] = coverage(designs[seed], MORE_DRAWS, len(rows) + seed)
    table = pd.DataFrame(rows)
    table.insert(0, "family", [situation.family for situation in designs])
    return table


def coverage(situation: Situation, draws: int, seed: int) -> dict[str, float]:
    """The share of samples whose interval holds the truth, and its mean width, by each interval."""
    outcomes = situation.draw(np.random.default_rng(seed), draws)
    estimates = situation.design.rates({str(at): outcomes[:, at] for at in range(draws)})
    row: dict[str, float] = {}
    for name, interval in INTERVALS.items():
        frame = estimates.frame if interval == "auto" else estimates.at(interval=interval).frame
        low, high = frame["low"].to_numpy(), frame["high"].to_numpy()
        inside = (low <= situation.truth + 1e-12) & (high >= situation.truth - 1e-12)
        if interval != "auto":
            inside &= frame["se"].to_numpy() > 0
        row |= {name: float(inside.mean()), f"{name} width": float(np.mean(high - low))}
    return row


def situations() -> Iterator[Situation]:
    """The designs, each with every rate."""
    for rate in RATES:
        for strata in (1, 2, 6, 12, 24):
            yield stratified(rate, strata)
        for spread in (0.5, 1.0):
            yield weighted(rate, spread)
        for rho in (0.02, 0.08):
            for strata in (1, 6, 12, 24):
                yield clustered(rate, rho, strata, "even")
                yield clustered(rate, rho, strata, "by village")
                if strata > 1:
                    yield clustered(rate, rho, strata, "by stratum")


def stratified(rate: float, strata: int) -> Situation:
    """20 people of each stratum (120 of one), drawn from small and large populations; weights differ by forty times."""
    taken = 120 if strata == 1 else 20
    sizes = np.rint(np.geomspace(40, 1600, strata)).astype(int) if strata > 1 else np.array([600])
    yes = np.rint(sizes * rate).astype(int)
    frame = pd.DataFrame({"h": np.repeat(np.arange(strata), taken), "N": np.repeat(sizes, taken)})

    def draw(rng: np.random.Generator, draws: int) -> Outcomes:
        parts = [
            np.arange(taken)[:, None] < rng.hypergeometric(m, size - m, taken, draws)[None, :]
            for m, size in zip(yes, sizes, strict=True)
        ]
        return np.vstack(parts)

    design = SurveyDesign(frame, stratum="h", population="N")
    return Situation(f"{strata} strata of finite populations", design, yes.sum() / sizes.sum(), draw)


def weighted(rate: float, spread: float) -> Situation:
    """200 people with lognormal weights."""
    weights = np.random.default_rng(7).lognormal(0, spread, 200)
    design = SurveyDesign(pd.DataFrame({"w": weights}), weight="w")
    return Situation("unequal weights", design, rate, lambda rng, draws: rng.random((200, draws)) < rate)


def clustered(rate: float, rho: float, strata: int, weights: str) -> Situation:
    """24 villages, or two of each stratum, of 20 people whose answers are alike by rho (a beta-binomial).

    Weights are even, differ between villages by up to four times, or between strata by up to 32 times.
    """
    villages = max(24, 2 * strata)
    number = np.arange(villages)
    village = np.repeat(number, CLUSTER)
    shares = {
        "even": np.ones(villages),
        "by village": 1 + 3 * np.random.default_rng(8).random(villages),
        "by stratum": 2.0 ** (number % strata % 6),
    }
    frame = pd.DataFrame({"village": village, "h": village % strata, "w": shares[weights][village]})
    a, b = rate * (1 - rho) / rho, (1 - rate) * (1 - rho) / rho

    def draw(rng: np.random.Generator, draws: int) -> Outcomes:
        return rng.random((len(village), draws)) < rng.beta(a, b, (villages, draws))[village]

    design = SurveyDesign(frame, weight="w", stratum="h", cluster="village")
    return Situation(f"villages of {CLUSTER}, rho {rho}, weights {weights}", design, rate, draw)
