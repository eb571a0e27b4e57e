"""The methods by name: how they select, how exact their probabilities are, and where they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sampling import selection, systematic, unequal
from sampling.selection import Chosen, Units, certainty, sizes_of
from sampling.tickets import Floats


@dataclass(frozen=True)
class Method:
    """A way to select within a stratum.

    `select(units, take, reserve)` gives the choice; `released(units, of, take, issued)` the probability of each unit
    `of` the stratum to be among `issued` when reserves were released. `exact` says whether stated probabilities are
    exact or approximate. `by_size`, `by_place`: what the frame must have.
    """

    select: Callable[[Units, int, int], Chosen]
    released: Callable[[Units, Units, int, int], Floats]
    source: str
    by_size: bool = False
    by_place: bool = False
    exact: bool = True


def _equal_then_tickets(units: Units, of: Units, take: int, issued: int) -> Floats:  # noqa: ARG001 - all are alike
    """n/N for the main units, and the released reserves a simple sample of the others: together issued / N."""
    return np.full(len(of.ids), issued / len(units.ids))


def _sized_then_tickets(units: Units, of: Units, take: int, issued: int) -> Floats:
    """λ for the main units; the released reserves are a simple sample of the others: λ + (1 - λ)·k / (N - n)."""
    size, own = sizes_of(units), sizes_of(of)
    certain = certainty(size, take)
    sure = own >= size[certain].min() if certain.any() else np.zeros(len(own), dtype=bool)
    share = take - int(certain.sum())
    lam = np.where(sure, 1.0, own * (share / size[~certain].sum(dtype=object)) if share else 0.0).astype(np.float64)
    if issued == take:
        return lam
    return lam + (1 - lam) * (issued - take) / (len(units.ids) - take)


METHODS: dict[str, Method] = {
    "srs": Method(selection.simple_random, selection.released_simple_random, "simple random sampling by tickets"),
    "pareto": Method(selection.pareto, selection.released_pareto, "Rosén 1997", by_size=True, exact=False),
    "systematic": Method(systematic.systematic, _equal_then_tickets, "Madow 1949; Williams and Chromy 1980"),
    "systematic_pps": Method(systematic.systematic_pps, _sized_then_tickets, "Madow 1949", by_size=True),
    "sampford": Method(unequal.sampford, _sized_then_tickets, "Sampford 1967", by_size=True),
    "pivotal": Method(unequal.pivotal, _equal_then_tickets, "Deville and Tillé 1998; Chauvet 2012"),
    "pivotal_pps": Method(
        unequal.pivotal_pps, _sized_then_tickets, "Deville and Tillé 1998; Chauvet 2012", by_size=True
    ),
    "local_pivotal": Method(
        unequal.local_pivotal, _equal_then_tickets, "Grafström, Lundström and Schelin 2012", by_place=True
    ),
    "local_pivotal_pps": Method(
        unequal.local_pivotal_pps,
        _sized_then_tickets,
        "Grafström, Lundström and Schelin 2012",
        by_size=True,
        by_place=True,
    ),
}
