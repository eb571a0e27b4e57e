"""Stages of sampling: the units drawn at each, the strata they were drawn in, and how many of how many.

The linearised variance of an estimate is a sum over stages and strata of

    λ (1 - f) m/(m - 1) Σ (t - mean t)²

where t are unit totals of the scores, m of the M units of a stratum were drawn, f = m/M, and λ is the product of
the sampling fractions of the stages above (Särndal, Swensson and Wretman 1992, result 4.3.1; 0 where M is not known).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import DesignError

Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Lonely = Literal["fail", "remove", "certainty", "adjust", "average"]
Unequal = Literal["hajek", "brewer"]

LONELY: tuple[str, ...] = get_args(Lonely)
UNEQUAL: tuple[str, ...] = get_args(Unequal)


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage of sampling.

    unit: unit of each row, None where every row is a unit. stratum: stratum of each unit. drawn, population:
    units drawn and there, by stratum (infinite where not known). share: λ, by stratum. lonely: what is done with
    a stratum of which one unit of several was drawn. open: 1 - π of each unit where they were drawn with unequal
    probabilities π and without replacement, else None. unequal: whose variance such units have.
    """

    unit: Codes | None
    stratum: Codes
    drawn: Floats
    population: Floats
    share: Floats
    lonely: Lonely
    open: Floats | None = None
    unequal: Unequal = "hajek"

    @property
    def fraction(self) -> Floats:
        """f = m/M by stratum: 1 in a take-all stratum, 0 where the population is not known."""
        return self.drawn / self.population

    @property
    def alone(self) -> NDArray[np.bool_]:
        """Strata of which one unit of several was drawn, and so without a variance of their own."""
        return (self.drawn == 1) & (self.population > 1) & (self.share > 0)

    @property
    def scale(self) -> Floats:
        """λ (1 - f) m/(m - 1) by stratum; the last factor is 1 for a lonely unit that is adjusted, else 0."""
        alone = float(self.lonely == "adjust")
        spread = np.where(self.drawn > 1, self.drawn / np.maximum(self.drawn - 1, 1), alone)
        return self.share * (1 - self.fraction) * spread

    @property
    def inflation(self) -> float:
        """The factor that lets lonely strata vary as the average of the others: 1 unless `average` was chosen."""
        if self.lonely != "average" or not self.alone.any():
            return 1.0
        return float(len(self.drawn) / max(1, len(self.drawn) - int(self.alone.sum())))

    def pooled_freedom(self, touched: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Degrees of freedom of lonely units that are adjusted: they vary about one mean, so that one is lost.

        touched: (strata, k), the strata that each of k domains touches.
        """
        if self.lonely != "adjust":
            return np.zeros(touched.shape[1], np.int64)
        return np.maximum(touched[self.alone].sum(axis=0) - 1, 0)

    def row_stratum(self) -> Codes:
        """The stratum of each row."""
        return self.stratum if self.unit is None else self.stratum[self.unit]

    def unit_totals(self, scores: Floats) -> Floats:
        """Scores of rows, (rows, k), summed to units."""
        if self.unit is None:
            return scores
        return group_totals(self.unit, len(self.stratum), scores)

    def covariance(self, scores: Floats) -> Floats:
        """What this stage adds to the covariance of the sums of `scores`, (rows, k): a matrix (k, k)."""
        totals = self.unit_totals(scores)
        if self.open is not None:
            return self._unequal(totals, self.open)
        means = group_totals(self.stratum, len(self.drawn), totals) / self.drawn[:, None]
        if self.lonely == "adjust":
            means = np.where(self.alone[:, None], totals.mean(axis=0), means)
        centred = (totals - means[self.stratum]) * np.sqrt(self.scale)[self.stratum][:, None]
        return self.inflation * (centred.T @ centred)

    def _unequal(self, totals: Floats, open_share: Floats) -> Floats:
        """Σ m/(m-1) Σ (1 - π)(t - t*)²; t* is the mean of t, weighted by 1 - π by Hájek (1964), plain by Brewer (2002).

        Brewer's is the one of R survey's pps="brewer". Units with π = 1 are a take-all stratum: none of the m, and
        adding nothing (Särndal, Swensson and Wretman 1992, section 3.6).
        """
        size = len(self.drawn)
        share = open_share if self.unequal == "hajek" else (open_share > 0).astype(np.float64)
        below = np.bincount(self.stratum, share, minlength=size)
        sums = group_totals(self.stratum, size, totals * share[:, None])
        means = np.divide(sums, below[:, None], out=np.zeros_like(sums), where=below[:, None] > 0)
        if self.lonely == "adjust":
            means = np.where(self.alone[:, None], totals.mean(axis=0), means)
        spread = np.sqrt(self.scale[self.stratum] * open_share)
        centred = (totals - means[self.stratum]) * spread[:, None]
        return self.inflation * (centred.T @ centred)


def group_totals(group: Codes, size: int, columns: Floats) -> Floats:
    """Columns, (rows, k), summed by group: (size, k)."""
    out = np.empty((size, columns.shape[1]))
    for j, column in enumerate(columns.T):
        out[:, j] = np.bincount(group, column, minlength=size)
    return out


def build_stages(
    rows: int,
    stratum: pd.Series | None,
    clusters: Sequence[pd.Series],
    populations: Sequence[pd.Series | float | None],
    lonely: Lonely,
    people: Floats | None = None,
    chances: tuple[Floats, Unequal] | None = None,
) -> tuple[Stage, ...]:
    """The stages of a design. Where there are more populations than clusters, the last stage draws rows.

    people: how many rows of data each row here stands for, where it stands for several. chances: of each row, the
    probability with which its unit of the first stage was drawn, and whose variance such units have.

    Raises DesignError for a cluster in two strata, a population that varies within a stratum or is smaller than
    what was drawn of it, and for lonely units where `lonely` is "fail".
    """
    if lonely not in LONELY:
        raise DesignError("lonely", f"lonely={lonely!r} is none of {', '.join(LONELY)}", lonely=lonely)
    count = max(len(clusters), len(populations), 1)
    if count > len(clusters) + 1:
        message = f"{len(populations)} populations are given for {len(clusters)} stages of clusters"
        raise DesignError("stages", message)
    above = np.zeros(rows, np.int32) if stratum is None else codes_of(stratum, "stratum")
    names = _stratum_names(stratum)
    share = np.ones(int(above.max()) + 1)
    stages: list[Stage] = []
    for level in range(count):
        cluster = clusters[level] if level < len(clusters) else None
        population = populations[level] if level < len(populations) else None
        unit, stratum_of = _units(above, cluster, nested=level > 0)
        counted = people if unit is None else None
        drawn = np.bincount(stratum_of, counted, minlength=len(share)).astype(np.float64)
        sizes = _sizes(population, above, drawn, names if level == 0 else None)
        stage = Stage(unit, stratum_of, drawn, sizes, share, lonely)
        if chances is not None and level == 0:
            stage = _with_chances(stage, *chances)
        _refuse_lonely(stage, level, names if level == 0 else None)
        stages.append(stage)
        if level + 1 < count:
            above = unit if unit is not None else np.arange(rows, dtype=np.int32)
            share = (share * stage.fraction)[stratum_of] if stage.open is None else 1 - stage.open
    return tuple(stages)


def _with_chances(stage: Stage, chance: Floats, unequal: Unequal) -> Stage:
    """A first stage with the probabilities of its units; those that were certain are no units of m any more."""
    if stage.unit is None:
        by_unit = chance
    else:
        by_unit = np.empty(len(stage.stratum))
        by_unit[stage.unit] = chance
        if (by_unit[stage.unit] != chance).any():
            raise DesignError("probability", "the probability of a cluster is not the same in all of its rows")
    drawn = np.bincount(stage.stratum[by_unit < 1], minlength=len(stage.drawn)).astype(np.float64)
    return replace(stage, open=1 - by_unit, unequal=unequal, drawn=drawn)


def codes_of(column: pd.Series, role: str) -> Codes:
    """The distinct values of a column as numbers from 0, in sorted order. Raises DesignError where one is missing."""
    codes, _ = pd.factorize(column, sort=True)
    if (codes < 0).any():
        row = column.index[int(np.argmax(codes < 0))]
        message = f"row {row!r} has no {role} (column {column.name!r}): fill it, or leave the row out"
        raise DesignError(f"{role}_missing", message, row=row, column=column.name)
    return codes.astype(np.int32)


def _stratum_names(stratum: pd.Series | None) -> list[str]:
    return ["all"] if stratum is None else [str(name) for name in pd.factorize(stratum, sort=True)[1]]


def _units(above: Codes, cluster: pd.Series | None, *, nested: bool) -> tuple[Codes | None, Codes]:
    """The unit of each row, and the stratum of each unit."""
    if cluster is None:
        return None, above
    codes = codes_of(cluster, "cluster")
    if nested:
        pairs = above.astype(np.int64) * (int(codes.max()) + 1) + codes
        codes = pd.factorize(pairs)[0].astype(np.int32)
    stratum_of = np.empty(int(codes.max()) + 1, np.int32)
    stratum_of[codes] = above
    astray = stratum_of[codes] != above
    if astray.any():
        name = cluster.iloc[int(np.argmax(astray))]
        message = (
            f"cluster {name!r} stands in two strata (column {cluster.name!r}): "
            "give every cluster an id that is its own, such as stratum and cluster together"
        )
        raise DesignError("cluster_in_strata", message, cluster=name, column=cluster.name)
    return codes, stratum_of


def _sizes(population: pd.Series | float | None, above: Codes, drawn: Floats, names: list[str] | None) -> Floats:
    """The population of each stratum; infinite where it is not known."""
    if population is None:
        return np.full(len(drawn), np.inf)
    numbers = pd.to_numeric(population, errors="coerce") if isinstance(population, pd.Series) else population
    values = np.broadcast_to(np.asarray(numbers, dtype=np.float64), above.shape)
    sizes = np.empty(len(drawn))
    sizes[above] = values
    wrong = ~(values == sizes[above])
    if wrong.any():
        where = _name(names, int(above[int(np.argmax(wrong))]))
        message = f"the population of stratum {where} is missing or not the same in all of its rows"
        raise DesignError("population_varies", message, stratum=where)
    small = sizes < drawn
    if small.any():
        at = int(np.argmax(small))
        where = _name(names, at)
        message = f"stratum {where} has a population of {sizes[at]:g} but {drawn[at]:g} units in the data"
        raise DesignError("population_small", message, stratum=where, population=sizes[at], drawn=drawn[at])
    return sizes


def _name(names: list[str] | None, code: int) -> str:
    return f"number {code + 1}" if names is None else repr(names[code])


def _refuse_lonely(stage: Stage, level: int, names: list[str] | None) -> None:
    if stage.lonely == "fail" and stage.alone.any():
        where = [_name(names, int(code)) for code in np.flatnonzero(stage.alone)[:5]]
        message = (
            f"one unit alone was drawn of several at stage {level + 1} in stratum {', '.join(where)}: its variance "
            'is not known. Join it to a similar stratum, or choose lonely="adjust" (or average, remove, certainty)'
        )
        raise DesignError("lonely", message, strata=where, stage=level + 1)
