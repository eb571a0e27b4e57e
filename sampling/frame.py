"""Rosters checked and made a sampling frame.

A frame is made whole or not at all: every problem of the roster is found in one pass and named with
its rows, so that a township's clerk can mend them in one sitting. Values of personal fields never
stand in a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from sampling import columns as reading
from sampling.canonical import decimal_text, merkle_root
from sampling.errors import FrameError, FrameProblem, Stratum

Objects = npt.NDArray[np.object_]
Positions = npt.NDArray[np.intp]

RESERVED = ("unit_id", "role", "order", "ticket", "probability", "weight", "cluster")


@dataclass(frozen=True)
class Columns:
    """Which column of the roster is what."""

    unit_id: str
    strata: tuple[str, ...]
    size: str | None = None
    cluster: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of a canonical row, in its order."""
        return (self.unit_id, *self.strata, *(name for name in (self.size, self.cluster) if name))


@dataclass(frozen=True, eq=False)
class Sizes:
    """Sizes of units as whole multiples of 10**-places, so that they are summed exactly."""

    scaled: npt.NDArray[np.int64]
    places: int

    def texts(self) -> list[str]:
        """The sizes in canonical form."""
        return [decimal_text(scaled, self.places) for scaled in self.scaled.tolist()]


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
    size: Sizes | None = None
    cluster: Objects | None = None

    @classmethod
    def from_table(
        cls,
        df: pd.DataFrame,
        *,
        unit_id: str,
        strata: Sequence[str] = (),
        size: str | None = None,
        cluster: str | None = None,
    ) -> Frame:
        """A frame from a roster with one row per unit; the roster is copied, never changed.

        `unit_id` and the `strata` columns hold text or whole numbers, `size` whole numbers or
        Decimals above zero, `cluster` codes (a village, an institution). Without strata the whole
        frame is one stratum. Raises FrameError naming every problem and its rows (the first data row
        is row 1).
        """
        wanted = Columns(unit_id, (strata,) if isinstance(strata, str) else tuple(strata), size, cluster)
        _refuse(_column_problems(df, wanted))
        ids, problems = reading.read_codes(df[unit_id], "unit_id")
        problems += reading.duplicates(ids, "unit_id", unit_id)
        parts = []
        for name in wanted.strata:
            texts, found = reading.read_few_codes(df[name], "stratum")
            parts.append(texts)
            problems += found
        sizes, found = _sizes(df, size)
        problems += found
        clusters, found = reading.read_few_codes(df[cluster], "cluster") if cluster else (None, [])
        _refuse(problems + found)
        keys, codes = _strata(parts, len(df))
        labels = df.loc[:, list(wanted.strata)].reset_index(drop=True)
        return cls(wanted, ids, keys, codes, labels, sizes, clusters)

    def __len__(self) -> int:
        return len(self.unit_id)

    @cached_property
    def populations(self) -> dict[Stratum, int]:
        """How many units each stratum has, strata in code point order."""
        counts = np.bincount(self.codes, minlength=len(self.keys)).tolist()
        return dict(zip(self.keys, counts, strict=True))

    @cached_property
    def digest(self) -> str:
        """Merkle root over the canonical rows sorted by unit_id, in hex."""
        return merkle_root(self.canonical_rows())

    def canonical_rows(self) -> list[str]:
        """The rows in canonical form, sorted by unit_id in code point order."""
        fields: list[list[str]] = [self.unit_id.tolist()]
        fields += [[key[part] for key in self._row_keys()] for part in range(len(self.columns.strata))]
        if self.size is not None:
            fields.append(self.size.texts())
        if self.cluster is not None:
            fields.append(self.cluster.tolist())
        # A tab sorts before everything that an id may hold, so joined rows sort as their ids do.
        return sorted(map("\t".join, zip(*fields, strict=True)))

    def _row_keys(self) -> Iterator[Stratum]:
        return (self.keys[code] for code in self.codes.tolist())


def _refuse(problems: Sequence[FrameProblem]) -> None:
    if problems:
        raise FrameError(problems)


def _column_problems(df: pd.DataFrame, wanted: Columns) -> list[FrameProblem]:
    present = [str(name) for name in df.columns]
    problems = [
        FrameProblem("column_missing", name, (), f"is not in the roster, which has {', '.join(present[:20])}")
        for name in wanted.names
        if name not in df.columns
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
    problems += [
        FrameProblem("column_used_twice", name, (), "is asked for in two roles")
        for name in dict.fromkeys(wanted.names)
        if wanted.names.count(name) > 1
    ]
    if not len(df):
        problems.append(FrameProblem("frame_empty", wanted.unit_id, (), "has no rows"))
    return problems


def _sizes(df: pd.DataFrame, size: str | None) -> tuple[Sizes | None, list[FrameProblem]]:
    if size is None:
        return None, []
    scaled, places, problems = reading.read_sizes(df[size])
    return Sizes(scaled, places), problems


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
