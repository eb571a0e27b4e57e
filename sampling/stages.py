"""Several stages: clusters within strata, clusters within clusters, and the units of those that were chosen.

A cluster's size is the sum of its units' sizes, or their number. Drawn with probability proportional to it, and with a
fixed take of units in each, every household has the same chance and every interviewer the same day's work; a cluster
with λ ≥ 1 is taken with certainty (Cochran 1977, sections 9A.3 and 11.6). The ticket of a cluster is that of its path,
`stratum/…/cluster`, at its stage.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sampling.design import SampleDesign, Stage
from sampling.errors import DesignError, Stratum, stratum_name
from sampling.frame import Frame, Positions
from sampling.methods import METHODS
from sampling.selection import Stream, Units
from sampling.tickets import ticket_integers

_LARGEST = 2.0**62


@dataclass(frozen=True, eq=False)
class Cell:
    """Where the last stage draws: a stratum, or a cluster that was chosen in one.

    `key` is the stratum, then the clusters down to this one; `probability` that of the clusters; `clusters` how many
    the stratum has at the first stage (0 where there are none).
    """

    key: Stratum
    rows: Positions
    probability: float = 1.0
    clusters: int = 0


@dataclass(frozen=True)
class ClusterChoice:
    """The clusters that one stage chose within one stratum or cluster, in order."""

    stage: int
    within: Stratum
    population: int
    selected: tuple[str, ...]


def cells_of(frame: Frame, design: SampleDesign, seed: str) -> tuple[list[Cell], list[ClusterChoice]]:
    """The cells in which the last stage draws, and what the stages before it chose.

    Raises DesignError when the frame has not the clusters that the stages need, or a stratum too few of them.
    """
    if design.stages and len(design.stages) != len(frame.columns.cluster):
        says = f"{len(design.stages)} cluster stages need as many cluster columns; the frame has "
        raise DesignError("cluster_columns", says + str(len(frame.columns.cluster)))
    cells = [Cell(key, rows) for key, rows in by_stratum(frame)]
    choices: list[ClusterChoice] = []
    for level, stage in enumerate(design.stages):
        chosen = [_choose(frame, cell, stage, level, Stream(seed, design.stage + level, "")) for cell in cells]
        cells = [below for below_cell, _ in chosen for below in below_cell]
        choices += [choice for _, choice in chosen]
    return cells, choices


def by_stratum(frame: Frame) -> Iterator[tuple[Stratum, Positions]]:
    """Each stratum with its rows, in code point order of the strata."""
    order = np.argsort(frame.codes, kind="stable")
    ends = np.cumsum(list(frame.populations.values()))
    yield from zip(frame.keys, np.split(order, ends[:-1]), strict=True)


def _choose(frame: Frame, cell: Cell, stage: Stage, level: int, stream: Stream) -> tuple[list[Cell], ClusterChoice]:
    """The clusters that a stage chooses within a cell, as cells, in code point order of their names."""
    names, members = _members(frame.texts[frame.columns.cluster[level]][cell.rows])
    parts = [cell.rows[positions] for positions in members]
    units = _as_units(frame, cell, names, parts, Stream(stream.seed, stream.stage, stratum_name(cell.key)))
    take = stage.take_in(cell.key[: len(frame.columns.strata)], len(names))
    if take > len(names) and level == 0:
        says = f"the stage takes {take} clusters and the stratum has {len(names)}"
        raise DesignError("take_exceeds_clusters", says, strata=[cell.key])
    chosen = METHODS[stage.method].select(units, min(take, len(names)), 0)
    clusters = cell.clusters or len(names)
    probability = dict(zip(chosen.main.tolist(), chosen.probability.tolist(), strict=True))
    below = [
        Cell((*cell.key, names[k]), parts[k], cell.probability * probability[k], clusters) for k in sorted(probability)
    ]
    choice = ClusterChoice(stream.stage, cell.key, len(names), tuple(names[k] for k in chosen.main.tolist()))
    return below, choice


def _members(texts: np.ndarray) -> tuple[list[str], list[Positions]]:
    """The clusters' names in code point order, and the positions of each one's units."""
    codes, met = pd.factorize(texts)
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    by_name = sorted(zip(met.tolist(), parts, strict=True), key=lambda pair: pair[0])
    return [name for name, _ in by_name], [part for _, part in by_name]


def _as_units(frame: Frame, cell: Cell, names: Sequence[str], parts: Sequence[Positions], stream: Stream) -> Units:
    """Clusters as units of selection: size, first rank and middle of their units."""
    ids = np.array(["/".join((*cell.key, name)) for name in names], dtype=object)
    size = np.array([len(part) for part in parts], dtype=np.int64)
    if frame.size is not None:
        if float(frame.size.scaled[cell.rows].astype(np.float64).sum()) > _LARGEST:
            raise DesignError(
                "size_out_of_bounds", "the sizes of a stratum's clusters are too large", strata=[cell.key]
            )
        size = np.array([frame.size.scaled[part].sum() for part in parts], dtype=np.int64)
    ranks = None if frame.ranks is None else np.array([frame.ranks[:, part].min(axis=1) for part in parts]).T
    place = None if frame.place is None else np.array([_middle(frame.place[part]) for part in parts])
    x = ticket_integers(ids, stream.seed, stage=stream.stage)
    return Units(ids, x, size, ranks, place, stream)


def _middle(places: np.ndarray) -> list[float]:
    """The mean place; summed exactly, so that the order of rows does not matter."""
    return [math.fsum(column) / len(places) for column in places.T.tolist()]
