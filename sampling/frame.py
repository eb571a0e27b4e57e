"""Rosters checked and made a sampling frame.

A frame is made whole or not at all: every problem of the roster is found in one pass and named with
its rows, so that a township's clerk can mend them in one sitting. Values of personal fields never
stand in a message.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sampling import columns as reading
from sampling.canonical import decimal_text, merkle_path, merkle_root
from sampling.errors import FrameError, FrameProblem, Stratum

Objects = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Names = str | Sequence[str]

RESERVED = ("unit_id", "role", "order", "ticket", "probability", "weight", "cluster", "clusters", "units", "released")


@dataclass(frozen=True)
class Columns:
    """Which column of the roster is what."""

    unit_id: str
    strata: tuple[str, ...]
    size: str | None = None
    cluster: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    place: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of a canonical row, in its order; one that is asked for in two roles stands once."""
        size = (self.size,) if self.size else ()
        return tuple(dict.fromkeys((self.unit_id, *self.strata, *size, *self.cluster, *self.order_by, *self.place)))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as a certificate holds it; one cluster column is a name, several are a list."""
        cluster = self.cluster[0] if len(self.cluster) == 1 else list(self.cluster) or None
        return {
            "unit_id": self.unit_id,
            "strata": list(self.strata),
            "size": self.size,
            "cluster": cluster,
            "order_by": list(self.order_by),
            "place": list(self.place),
        }


@dataclass(frozen=True, eq=False)
class Sizes:
    """Sizes of units as whole multiples of 10**-places, so that they are summed exactly."""

    scaled: npt.NDArray[np.int64]
    places: int

    def texts(self) -> list[str]:
        """The sizes in canonical form."""
        return [decimal_text(scaled, self.places) for scaled in self.scaled.tolist()]


@dataclass(frozen=True, eq=False)
class Whole:
    """A stratum of which only some units are at hand: how many it has, and how many of each size."""

    population: int
    values: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Frame:
    """A checked roster: one row per unit, in the order in which it was given. Made by
    `Frame.from_table`.

    `unit_id` is text; `keys` are the strata in code point order; `codes` is each row's position in
    `keys`; `labels` holds the strata columns as they came.
    """

    columns: Columns
    unit_id: Objects
    keys: tuple[Stratum, ...]
    codes: Positions
    labels: pd.DataFrame
    texts: Mapping[str, Objects]
    size: Sizes | None = None
    place: Floats | None = None

    @classmethod
    def from_table(
        cls,
        df: pd.DataFrame,
        *,
        unit_id: str,
        strata: Names = (),
        size: str | None = None,
        cluster: Names | None = None,
        order_by: Names = (),
        place: Names = (),
    ) -> Frame:
        """A frame from a roster with one row per unit; the roster is copied, never changed.

        `unit_id` and the `strata` columns hold text or whole numbers, `size` whole numbers or decimals (Decimal or
        text) above zero, `cluster` codes (a village; or town and village, the outer first). Without strata the whole
        frame is one stratum. `order_by` columns put the list in order for systematic and pivotal sampling; `place`
        names two columns of plane coordinates for local pivotal sampling.
        Raises FrameError naming every problem and its rows (the first data row is row 1).
        """
        wanted = Columns(unit_id, as_names(strata), size, as_names(cluster or ()), as_names(order_by), as_names(place))
        _refuse(column_problems([str(name) for name in df.columns], len(df), wanted))
        ids, problems = reading.read_codes(df[unit_id], "unit_id")
        problems += reading.duplicates(ids, "unit_id", unit_id)
        texts: dict[str, Objects] = {}
        for role, names in (("stratum", wanted.strata), ("cluster", wanted.cluster), ("order", wanted.order_by)):
            for name in names:
                if name not in texts and name != unit_id:
                    texts[name], found = reading.read_few_codes(df[name], role)
                    problems += found
        sizes, found = _sizes(df, size)
        places, misplaced = _places(df, wanted.place)
        _refuse(problems + found + misplaced)
        keys, codes = _strata([texts[name] for name in wanted.strata], len(df))
        labels = df.loc[:, list(wanted.strata)].reset_index(drop=True)
        return cls(wanted, ids, keys, codes, labels, {unit_id: ids, **texts}, sizes, places)

    def __len__(self) -> int:
        return len(self.unit_id)

    @cached_property
    def populations(self) -> dict[Stratum, int]:
        """How many units each stratum has, strata in code point order."""
        counts = np.bincount(self.codes, minlength=len(self.keys)).tolist()
        return dict(zip(self.keys, counts, strict=True))

    def whole(self, key: Stratum) -> Whole | None:  # noqa: ARG002 - a streamed frame looks it up
        """What a stratum was where only some of its units are at hand; here all of them are."""
        return None

    @cached_property
    def ranks(self) -> npt.NDArray[np.int64] | None:
        """Per `order_by` column the rank of each row's value: as numbers where all are digits, else as text."""
        if not self.columns.order_by:
            return None
        return np.array([_ranks(self.texts[name]) for name in self.columns.order_by])

    @cached_property
    def digest(self) -> str:
        """Merkle root over the canonical rows sorted by unit_id, in hex."""
        return merkle_root(self.canonical_rows())

    def canonical_rows(self) -> list[str]:
        """The rows in canonical form, sorted by unit_id in code point order."""
        fields = [self._field(name) for name in self.columns.names]
        # A tab sorts before everything that an id may hold, so joined rows sort as their ids do.
        return sorted(map("\t".join, zip(*fields, strict=True)))

    def proof(self, unit_id: str) -> tuple[str, list[tuple[str, str]]]:
        """A unit's canonical row and the path from it to the digest: see `canonical.root_from_path`.

        Shows that this household was in the frame without showing any other. Raises FrameError when it was not.
        """
        rows = self.canonical_rows()
        place = bisect_left(rows, unit_id, key=lambda row: row.split("\t", 1)[0])
        if place == len(rows) or rows[place].split("\t", 1)[0] != unit_id:
            raise FrameError([FrameProblem("unit_id_unknown", self.columns.unit_id, (), "has no such unit")])
        return rows[place], merkle_path(rows, place)

    def _field(self, name: str) -> list[str]:
        """A column in canonical form."""
        if self.size is not None and name == self.columns.size:
            return self.size.texts()
        if self.place is not None and name in self.columns.place:
            return [repr(value) for value in self.place[:, self.columns.place.index(name)].tolist()]
        return self.texts[name].tolist()


def as_names(names: Names) -> tuple[str, ...]:
    """One name or several, as several."""
    return (names,) if isinstance(names, str) else tuple(names)


def _refuse(problems: Sequence[FrameProblem]) -> None:
    if problems:
        raise FrameError(problems)


def column_problems(present: Sequence[str], rows: int, wanted: Columns) -> list[FrameProblem]:
    """What a roster's header lacks, has twice, or cannot have in the roles that are wanted."""
    problems = [
        FrameProblem("column_missing", name, (), f"is not in the roster, which has {', '.join(present[:20])}")
        for name in wanted.names
        if name not in present
    ]
    problems += [
        FrameProblem("column_twice", name, (), "stands more than once in the roster's header")
        for name in wanted.names
        if present.count(name) > 1
    ]
    problems += [
        FrameProblem("column_reserved", name, (), "is a name that the sample itself uses; rename the column")
        for name in wanted.strata
        if name in RESERVED
    ]
    roles = (wanted.unit_id, *wanted.strata, *filter(None, [wanted.size]), *wanted.cluster)
    problems += [
        FrameProblem("column_used_twice", name, (), "is asked for in two roles")
        for name in dict.fromkeys(roles)
        if roles.count(name) > 1
    ]
    if len(wanted.place) not in (0, 2):
        problems.append(FrameProblem("place_not_two", ", ".join(wanted.place), (), "is not two coordinates"))
    if not rows:
        problems.append(FrameProblem("frame_empty", wanted.unit_id, (), "has no rows"))
    return problems


def _sizes(df: pd.DataFrame, size: str | None) -> tuple[Sizes | None, list[FrameProblem]]:
    if size is None:
        return None, []
    scaled, places, problems = reading.read_sizes(df[size])
    return Sizes(scaled, places), problems


def _places(df: pd.DataFrame, place: Sequence[str]) -> tuple[Floats | None, list[FrameProblem]]:
    if not place:
        return None, []
    columns, problems = zip(*(reading.read_numbers(df[name]) for name in place), strict=True)
    return np.column_stack(columns), [problem for found in problems for problem in found]


def _strata(parts: Sequence[Objects], rows: int) -> tuple[tuple[Stratum, ...], Positions]:
    """The strata that occur, sorted, and each row's position among them."""
    codes = np.zeros(rows, dtype=np.intp)
    keys: list[Stratum] = [()]
    for part in parts:
        values_codes, values = pd.factorize(part)
        codes, met = pd.factorize(codes * len(values) + values_codes)
        keys = [(*keys[met_code // len(values)], values[met_code % len(values)]) for met_code in met.tolist()]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    rank = np.empty(len(keys), dtype=np.intp)
    rank[order] = np.arange(len(keys))
    return tuple(keys[position] for position in order), rank[codes]


def _ranks(texts: Objects) -> npt.NDArray[np.int64]:
    codes, values = pd.factorize(texts)
    digits = all(value.isascii() and value.isdigit() for value in values)
    order = sorted(range(len(values)), key=lambda k: int(values[k]) if digits else values[k])
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    return rank[codes]
