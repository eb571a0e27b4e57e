"""The same draw, certificate and proof from Parquet files that do not fit in memory, by DuckDB (the extra `parquet`).

Passes over the files, and no sort of the whole. One counts the strata and their sizes. With these a threshold is known
for each stratum, below which the take and its reserve lie: the next keeps the units under it, and the draw goes on from
them as in memory. The digest needs the rows in order of unit_id: it reads one range of ids after the other, so that
only a range is ever sorted. Memory goes with the sample, and with how many different sizes there are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sampling import parquet
from sampling.canonical import MerkleTree
from sampling.certificate import verified
from sampling.columns import problems_of
from sampling.design import SampleDesign
from sampling.drawing import Draw
from sampling.errors import DesignError, FrameError, FrameProblem, SamplingError, Stratum
from sampling.frame import Columns, Names, Sizes, Whole, as_names, column_problems
from sampling.seeds import Seed
from sampling.streams import StreamedFrame, drawn_from

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Source = str | Path | Sequence[str | Path]

MAX_NAMED = 10_000
_RANGE = 400_000
_PER_RANGE = 50
_VECTORS = 16
_THREADS = 4


@dataclass(frozen=True, eq=False)
class ParquetFrame:
    """A checked roster in Parquet files; `populations` and `digest` are read when they are asked for, and once.

    Made by `ParquetFrame.open`; `announcement(frame, design)` publishes it before the seed is known.
    """

    columns: Columns
    files: tuple[str, ...]
    types: Mapping[str, str]
    memory: str

    @classmethod
    def open(
        cls,
        source: Source,
        *,
        unit_id: str,
        strata: Names = (),
        size: str | None = None,
        cluster: Names | None = None,
        memory: str = "200MB",
    ) -> ParquetFrame:
        """A frame from one file, or from several that go on from each other; columns are as in `Frame.from_table`.

        `memory` is what DuckDB may use. Raises FrameError naming every problem and its rows, counted through the files
        (the first ten thousand); units that stand twice are found with the digest. SamplingError `duckdb_missing`
        where the extra is not installed.
        """
        wanted = Columns(unit_id, as_names(strata), size, as_names(cluster or ()))
        files = tuple(map(str, [source] if isinstance(source, str | Path) else source))
        missing = [file for file in files if not Path(file).is_file()]
        if missing or not files:
            raise FrameError([FrameProblem("file_missing", unit_id, (), f"is in no file: {', '.join(missing)}")])
        with _database(memory) as database:
            types, rows = _header(database, files)
            problems = column_problems(list(types), rows, wanted) or parquet.type_problems(types, wanted)
            problems = problems or _cell_problems(database, files, types, wanted)
        if problems:
            raise FrameError(problems)
        return cls(wanted, files, types, memory)

    def __len__(self) -> int:
        return sum(self.populations.values())

    @cached_property
    def populations(self) -> dict[Stratum, int]:
        """How many units each stratum has, strata in code point order."""
        return {key: whole.population for key, whole in self._counted[0].items()}

    @cached_property
    def digest(self) -> str:
        """Merkle root of the whole. Raises FrameError `unit_id_duplicate` with the rows of units that stand twice."""
        tree, last = MerkleTree(), ""
        twice: set[str] = set()
        with self._roster() as database:
            for units, leaves in _in_order(database, len(self)):
                ids = np.concatenate([np.array([last], dtype=object), units])
                twice |= set(units[ids[1:] == ids[:-1]].tolist())
                last = ids[-1]
                tree.add_leaves(leaves)
            if twice:
                rows = _rows(database, self.files, parquet.numbers_of(self.files, self.columns.unit_id), [list(twice)])
                raise FrameError(problems_of("unit_id", self.columns.unit_id, {"duplicate": rows["number"].tolist()}))
        return tree.root()

    def draw(self, design: SampleDesign, *, seed: str | int | Seed) -> Draw:
        """The sample that `sampling.draw` gives for the same rows, and the same certificate.

        Raises DesignError as `draw` does, and for any but the methods srs and pareto in one stage: others need a whole
        stratum at once. Raises FrameError where a unit stands twice.
        """
        publication = Seed.of(seed)
        if design.method not in ("srs", "pareto") or design.stages:
            raise DesignError("stream_method", "from Parquet files samples are drawn by srs or pareto, in one stage")
        if design.method == "pareto" and self.columns.size is None:
            raise DesignError("size_wanted", "this method draws by size: make the frame with size=")
        return drawn_from(self._kept(design, publication.value), design, publication)

    @cached_property
    def _counted(self) -> tuple[dict[Stratum, Whole], int]:
        """Each stratum with its sizes, in multiples of 10**-places, and these places."""
        with self._roster() as database:
            table = database.execute(parquet.counts(self.columns)).df()
        return parquet.wholes_of(table, self.columns, self._scale)

    @property
    def _scale(self) -> int:
        return parquet.scale_of(self.types[self.columns.size]) if self.columns.size else 0

    def _kept(self, design: SampleDesign, seed: str) -> StreamedFrame:
        """The units that may be drawn; the pass is repeated, wider, in the rare case that one has too few."""
        wholes, places = self._counted
        spare = dict.fromkeys(wholes, 1.0)
        with self._roster() as database:
            while True:
                limits = parquet.limits_of(wholes, design, spare, 10 ** (self._scale - places))
                database.register("limits", limits)
                query = parquet.kept(self.columns, design.method)
                table = database.execute(query, [f"{seed}\n{design.stage}\n"]).df()
                met = np.bincount(table["code"], minlength=len(wholes))
                short = [key for key, few in zip(wholes, met < limits["needed"], strict=True) if few]
                if not short:
                    return self._frame(table)
                spare |= {key: 4 * spare[key] for key in short}

    def _frame(self, table: pd.DataFrame) -> StreamedFrame:
        """What was kept, as a frame that knows what the whole was."""
        wholes, places = self._counted
        names, units = self.columns, table["unit"].to_numpy(dtype=object)
        texts = {name: table[f"cluster{i}"].to_numpy(dtype=object) for i, name in enumerate(names.cluster)}
        labels = pd.DataFrame({name: table[f"label{i}"] for i, name in enumerate(names.strata)}, index=table.index)
        sizes = None
        if names.size:
            sizes = Sizes(table["size"].to_numpy(dtype=np.int64) // 10 ** (self._scale - places), places)
        codes = table["code"].to_numpy(dtype=np.intp)
        texts[names.unit_id] = units
        return StreamedFrame(names, units, tuple(wholes), codes, labels, texts, sizes, wholes=wholes, root=self.digest)

    @contextmanager
    def _roster(self) -> Iterator[DuckDBPyConnection]:
        """A connection that has the view `roster`."""
        with _database(self.memory) as database:
            database.execute(parquet.view(self.files, self.types, self.columns))
            yield database


def draw_parquet(
    source: Source,
    design: SampleDesign,
    *,
    seed: str | int | Seed,
    unit_id: str,
    strata: Names = (),
    size: str | None = None,
    cluster: Names | None = None,
    memory: str = "200MB",
) -> Draw:
    """The sample that `draw` gives for the rows of Parquet files, with the same certificate; see `ParquetFrame`."""
    frame = ParquetFrame.open(source, unit_id=unit_id, strata=strata, size=size, cluster=cluster, memory=memory)
    return frame.draw(design, seed=seed)


def verify_parquet(source: Source, certificate: Mapping[str, Any], *, memory: str = "200MB") -> Draw:
    """`verify` for a roster in Parquet files. Raises CertificateError naming the first difference."""

    def opened(columns: Mapping[str, Any]) -> ParquetFrame:
        if set(columns) - {"unit_id", "strata", "size", "cluster"}:
            raise DesignError("stream_method", "a list order or a map needs the whole roster: verify it in memory")
        return ParquetFrame.open(source, **columns, memory=memory)

    return verified(certificate, opened, lambda frame, design, seed: frame.draw(design, seed=seed))


@contextmanager
def _database(memory: str) -> Iterator[DuckDBPyConnection]:
    """DuckDB in memory: it fetches no extension, and writes nothing to disk."""
    try:
        import duckdb  # noqa: PLC0415 - an extra: the package works without
    except ImportError as error:
        raise SamplingError(
            "duckdb_missing", "Parquet is read by DuckDB: install the extra, zoufang[parquet]"
        ) from error
    settings: dict[str, Any] = {
        "memory_limit": memory,
        "threads": min(_THREADS, os.cpu_count() or 1),
        "temp_directory": "",
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        with duckdb.connect(config=settings) as database:
            yield database
    except duckdb.OutOfMemoryException as error:
        raise SamplingError("memory", f"the roster needs more than {memory} of memory: give more") from error
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        raise SamplingError("parquet_unreadable", "a file is not Parquet that can be read") from error


def _header(database: DuckDBPyConnection, files: Sequence[str]) -> tuple[dict[str, str], int]:
    """The type of each column, and how many rows there are."""
    source = parquet.files_read(files)
    described = database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 - paths are quoted
    counted = database.execute(f"SELECT count(*) FROM {source}").fetchone()  # noqa: S608 - paths are quoted
    return {str(name): str(kind) for name, kind, *_ in described}, counted[0] if counted else 0


def _cell_problems(
    database: DuckDBPyConnection, files: Sequence[str], types: Mapping[str, str], columns: Columns
) -> list[FrameProblem]:
    """What cannot be read, by column, as `Frame.from_table` tells it."""
    table = _rows(database, files, parquet.faults(files, types, columns), [])
    roles = {columns.unit_id: "unit_id", columns.size: "size"} | dict.fromkeys(columns.strata, "stratum")
    problems = []
    for i, name in enumerate(columns.names):
        found = table.loc[table[f"fault{i}"].notna(), ["number", f"fault{i}"]]
        faults = {str(fault): rows.tolist() for fault, rows in found.groupby(f"fault{i}", sort=False)["number"]}
        problems += problems_of(roles.get(name, "cluster"), name, faults)
    return problems


def _rows(database: DuckDBPyConnection, files: Sequence[str], query: str, parameters: list[Any]) -> pd.DataFrame:
    """A query for rows, their numbers counted through the files."""
    table = database.execute(query, [*parameters, MAX_NAMED]).df()
    before, starts = 0, {}
    for file in files:
        starts[file] = before
        counted = database.execute(f"SELECT count(*) FROM {parquet.files_read([file])}").fetchone()  # noqa: S608 - likewise
        before += counted[0] if counted else 0
    table["number"] += table["file"].map(starts)
    return table.sort_values("number", ignore_index=True)


def _in_order(database: DuckDBPyConnection, rows: int) -> Iterator[tuple[npt.NDArray[np.object_], list[bytes]]]:
    """All units in code point order with their leaf hashes, one range of ids after the other."""
    ranges = -(-rows // _RANGE)
    met = database.execute(f"SELECT unit FROM roster USING SAMPLE reservoir({ranges * _PER_RANGE} ROWS)").fetchall()  # noqa: S608 - a number
    bounds = sorted(unit for (unit,) in met)[_PER_RANGE::_PER_RANGE] if ranges > 1 else []
    for low, high in pairwise(["", *dict.fromkeys(bounds), None]):
        database.execute(parquet.leaves(), [low, high, high])
        while len(chunk := database.fetch_df_chunk(_VECTORS)):
            yield chunk["unit"].to_numpy(dtype=object), list(map(bytes, chunk["leaf"].tolist()))
