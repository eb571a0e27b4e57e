"""Draws a sample from a frame by a design and a public seed, and states what was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sampling.canonical import FORM
from sampling.design import SampleDesign
from sampling.errors import Stratum, stratum_name
from sampling.frame import Frame, Positions
from sampling.methods import METHODS
from sampling.seeds import Seed
from sampling.selection import Chosen, Stream, Units
from sampling.stages import Cell, ClusterChoice, cells_of
from sampling.tickets import SPAN, Integers, as_tickets, ticket_integers

if TYPE_CHECKING:
    from sampling.engines import ParquetFrame

FORMAT = "zoufang-certificate/1"


@dataclass(frozen=True, eq=False)
class Draw:
    """What was drawn, from what, by which seed. Made by `draw`.

    `cells` are where units were drawn (strata, or chosen clusters), `chosen` the frame rows drawn in each, `clusters`
    what the stages of clusters chose; `x` are the ticket integers of all units of the frame.
    """

    frame: Frame
    design: SampleDesign
    seed: Seed
    cells: Mapping[Stratum, Cell]
    chosen: Mapping[Stratum, Chosen]
    clusters: Sequence[ClusterChoice]
    x: Integers

    @cached_property
    def sample(self) -> pd.DataFrame:
        """One row per drawn unit: unit_id, strata columns, role, order, ticket, probability, weight, cluster.

        Sorted by stratum, role and order. Probability and weight are NaN for a reserve until it is released.
        In several stages there are also `clusters`, how many the stratum has, and `units`, how many the last cluster.
        """
        rows = np.concatenate([_rows(chosen) for chosen in self.chosen.values()])
        probability = np.concatenate([_probability(chosen) for chosen in self.chosen.values()])
        sample = pd.DataFrame({"unit_id": self.frame.unit_id[rows]})
        for name in self.frame.columns.strata:
            sample[name] = self.frame.labels[name].take(rows).array
        sample["role"] = [role for chosen in self.chosen.values() for role in _roles(chosen)]
        sample["order"] = [order for chosen in self.chosen.values() for order in _orders(chosen)]
        sample["ticket"] = as_tickets(self.x[rows])
        sample["probability"] = probability
        sample["weight"] = 1 / probability
        for level, name in enumerate(self.frame.columns.cluster, start=1):
            sample["cluster" if level == 1 else f"cluster{level}"] = self.frame.texts[name][rows]
        if self.design.stages:
            drawn = [(self.cells[key], len(_rows(chosen))) for key, chosen in self.chosen.items()]
            sample["clusters"] = [cell.clusters for cell, rows in drawn for _ in range(rows)]
            sample["units"] = [len(cell.rows) for cell, rows in drawn for _ in range(rows)]
        return sample

    @cached_property
    def certificate(self) -> dict[str, Any]:
        """All that anyone needs to redraw the sample from the roster, as plain JSON (see `verify`)."""
        return {
            "format": FORMAT,
            **announcement(self.frame, self.design),
            "seed": self.seed.to_json(),
            "strata": [self._counts(key, drawn) for key, drawn in self._by_stratum().items()],
            "clusters": [
                {
                    "stage": choice.stage,
                    "within": list(choice.within),
                    "population": choice.population,
                    "selected": list(choice.selected),
                }
                for choice in self.clusters
            ],
            "selected": [
                {"stratum": list(key), "main": self._ids(chosen.main), "reserve": self._ids(chosen.reserve)}
                for key, chosen in self.chosen.items()
            ],
        }

    def units_in(self, key: Stratum) -> Units:
        """All units of a cell, as a method sees them."""
        return units_in(self.frame, self.x, self.cells[key], Stream(self.seed.value, self.design.stage, ""))

    def units_at(self, rows: Positions) -> Units:
        """Units at certain rows of the frame, as a method sees them."""
        return units_of(self.frame, self.x, rows, Stream(self.seed.value, self.design.stage, ""))

    def _by_stratum(self) -> dict[Stratum, list[Chosen]]:
        strata: dict[Stratum, list[Chosen]] = {key: [] for key in self.frame.keys}
        for key, chosen in self.chosen.items():
            strata[key[: len(self.frame.columns.strata)]].append(chosen)
        return strata

    def _counts(self, key: Stratum, inside: Sequence[Chosen]) -> dict[str, Any]:
        counts: dict[str, Any] = {
            "stratum": list(key),
            "population": self.frame.populations[key],
            "main": sum(len(chosen.main) for chosen in inside),
            "reserve": sum(len(chosen.reserve) for chosen in inside),
        }
        # A household is in the sample when the first 13 hex digits of its hash are not above the threshold.
        plain = self.design.method == "srs" and not self.design.stages
        if plain and not self.design.shifts(self.frame.populations)[key]:
            counts["threshold"] = f"{int(self.x[inside[0].main[-1]]):013x}"
        return counts

    def _ids(self, rows: Positions) -> list[str]:
        return self.frame.unit_id[rows].tolist()


def announcement(frame: Frame | ParquetFrame, design: SampleDesign) -> dict[str, Any]:
    """What can be published before the seed is known: the frame's digest and the design, as the certificate has them.

    Raises DesignError when the frame cannot carry the design, so that nothing is announced that cannot be drawn.
    """
    design.takes(frame.populations)
    design.reserves(frame.populations)
    return {
        "columns": frame.columns.to_json(),
        "canonical_form": {"fields": list(frame.columns.names), "rule": FORM},
        "frame": {"rows": len(frame), "algorithm": "sha256", "digest": frame.digest},
        "design": design.to_json(),
    }


def draw(frame: Frame, design: SampleDesign, *, seed: str | int | Seed) -> Draw:
    """The sample that this frame, design and public seed give: always the same one, whatever the
    order of rows.

    Raises DesignError when the frame cannot carry the design; nothing is drawn by half.
    """
    publication = Seed.of(seed)
    takes, reserves = design.takes(frame.populations), design.reserves(frame.populations)
    cells, clusters = cells_of(frame, design, publication.value)
    stage = design.stage + len(design.stages)
    shifts = np.array(list(design.shifts(frame.populations).values()), dtype=np.int64)
    x = (ticket_integers(frame.unit_id, publication.value, stage=stage) - shifts[frame.codes]) % SPAN
    chosen: dict[Stratum, Chosen] = {}
    for cell in cells:
        stratum = cell.key[: len(frame.columns.strata)]
        units = units_of(frame, x, cell.rows, Stream(publication.value, stage, stratum_name(cell.key)))
        take = min(takes[stratum], len(cell.rows))
        within = METHODS[design.method].select(units, take, reserves[stratum]).among(cell.rows)
        chosen[cell.key] = replace(within, probability=within.probability * cell.probability)
    return Draw(frame, design, publication, {cell.key: cell for cell in cells}, chosen, clusters, x)


def units_in(frame: Frame, x: Integers, cell: Cell, stream: Stream) -> Units:
    """The units of a cell, with what the whole of it was where only some are at hand."""
    return replace(units_of(frame, x, cell.rows, stream), whole=frame.whole(cell.key))


def units_of(frame: Frame, x: Integers, rows: Positions, stream: Stream) -> Units:
    """Units at certain rows of a frame, as a method sees them."""
    return Units(
        frame.unit_id[rows],
        x[rows],
        None if frame.size is None else frame.size.scaled[rows],
        None if frame.ranks is None else frame.ranks[:, rows],
        None if frame.place is None else frame.place[rows],
        stream,
    )


def _rows(chosen: Chosen) -> Positions:
    return np.concatenate([chosen.main, chosen.reserve])


def _probability(chosen: Chosen) -> np.ndarray:
    return np.concatenate([chosen.probability, np.full(len(chosen.reserve), np.nan)])


def _roles(chosen: Chosen) -> list[str]:
    return ["main"] * len(chosen.main) + ["reserve"] * len(chosen.reserve)


def _orders(chosen: Chosen) -> list[int]:
    return [*range(1, len(chosen.main) + 1), *range(1, len(chosen.reserve) + 1)]
