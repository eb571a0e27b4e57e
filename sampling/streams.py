"""The same draw from a stream of batches, in one pass, where the frame does not fit in memory.

Each stratum remembers the smallest tickets met so far and nothing else, so memory goes with the sample and not with
the frame. The stream comes in code point order of unit_id, which is what the digest needs and what proves that no id
stands twice; a database sorts (`ORDER BY unit_id` with a binary collation) and hands the rows on as DataFrames, as
`pandas.read_sql(chunksize=)` and `pandas.read_csv(chunksize=)` do. Parquet files need no order: see `sampling.engines`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from sampling.canonical import MerkleTree, leaves_of
from sampling.design import SampleDesign
from sampling.drawing import Draw, units_in
from sampling.errors import DesignError, FrameError, FrameProblem, Stratum
from sampling.frame import Frame, Positions, Whole
from sampling.methods import METHODS
from sampling.seeds import Seed
from sampling.selection import Stream
from sampling.stages import Cell
from sampling.tickets import SPAN, Integers, ticket_integers

_FEW = 5_000


@dataclass(frozen=True, eq=False)
class StreamedFrame(Frame):
    """A frame of which only the units that may be drawn are kept; it knows what the whole was, and its digest."""

    wholes: Mapping[Stratum, Whole] = field(default_factory=dict)
    root: str = ""

    def __len__(self) -> int:
        return sum(whole.population for whole in self.wholes.values())

    @cached_property
    def populations(self) -> dict[Stratum, int]:
        """How many units each stratum of the whole frame has."""
        return {key: whole.population for key, whole in self.wholes.items()}

    def whole(self, key: Stratum) -> Whole | None:
        """The stratum of which only some units are kept."""
        return self.wholes[key]

    @cached_property
    def digest(self) -> str:
        """Merkle root of the whole frame."""
        return self.root


def draw_stream(
    batches: Iterable[pd.DataFrame],
    design: SampleDesign,
    *,
    seed: str | int | Seed,
    unit_id: str,
    strata: Sequence[str] = (),
    size: str | None = None,
    cluster: str | None = None,
) -> Draw:
    """The simple random sample that `draw` gives for the same rows, from batches in order of unit_id.

    The certificate is the same too, and `verify` accepts it. Only method `srs` in one stage: others need the whole
    stratum at once. Raises FrameError naming rows of the whole stream, DesignError as `draw` does.
    """
    if design.method != "srs" or design.stages:
        says = "a stream is drawn from by method srs in one stage only; Parquet files by pareto too"
        raise DesignError("stream_method", says)
    publication = Seed.of(seed)
    kept = _Kept(design, publication.value)
    for batch in batches:
        if len(batch):
            kept.add(_frame_at(batch, kept.rows, unit_id, strata, size, cluster))
    if not kept.rows:
        raise FrameError([FrameProblem("frame_empty", unit_id, (), "has no rows")])
    return drawn_from(kept.frame(), design, publication)


class _Kept:
    """What a pass over the stream remembers."""

    def __init__(self, design: SampleDesign, seed: str) -> None:
        self._design, self._seed = design, seed
        self._tree = MerkleTree()
        self._whole: dict[Stratum, int] = {}
        self._limits: dict[Stratum, int] = {}
        self._parts: list[Frame] = []
        self._waiting = 0
        self._settled = 0
        self._last_id = ""
        self.rows = 0

    def add(self, frame: Frame) -> None:
        """The next batch."""
        self._check_order(frame)
        self._tree.add_leaves(leaves_of(frame.canonical_rows()))
        for key, count in frame.populations.items():
            self._whole[key] = self._whole.get(key, 0) + count
        self.rows += len(frame)
        limits = np.array([self._limits.get(key, SPAN) for key in frame.keys], dtype=np.int64)
        near = np.flatnonzero(self._tickets(frame) <= limits[frame.codes])
        self._parts.append(_part(frame, near))
        self._waiting += len(near)
        if self._waiting > max(_FEW, 2 * self._settled):
            self._compact()

    def frame(self) -> StreamedFrame:
        """All that may be drawn, with the populations and the digest of the whole."""
        self._compact()
        kept = self._parts[0]
        wholes = {key: Whole(self._whole[key]) for key in kept.keys}
        parts = {name: getattr(kept, name) for name in Frame.__dataclass_fields__}
        return StreamedFrame(**parts, wholes=wholes, root=self._tree.root())

    def _compact(self) -> None:
        """Forget all but the smallest tickets of each stratum, and lower the limits to the last of them."""
        frame = _joined(self._parts)
        x = self._tickets(frame)
        order = np.lexsort((x, frame.codes))
        ends = np.cumsum(np.bincount(frame.codes, minlength=len(frame.keys)))
        kept = []
        for key, rows in zip(frame.keys, np.split(order, ends[:-1]), strict=True):
            # Ties with the last one stay: which of them is drawn is decided by unit_id at the end.
            wanted = _wanted(self._design, key)
            if wanted is not None and wanted < len(rows):
                self._limits[key] = int(x[rows[wanted - 1]])
                rows = rows[x[rows] <= self._limits[key]]  # noqa: PLW2901
            kept.append(rows)
        self._parts, self._waiting = [_part(frame, np.sort(np.concatenate(kept)))], 0
        self._settled = len(self._parts[0])

    def _tickets(self, frame: Frame) -> Integers:
        shifts = self._design.shifts(dict.fromkeys(frame.keys, 0))
        by_code = np.array([shifts[key] for key in frame.keys], dtype=np.int64)
        return (ticket_integers(frame.unit_id, self._seed, stage=self._design.stage) - by_code[frame.codes]) % SPAN

    def _check_order(self, frame: Frame) -> None:
        ids = [self._last_id, *frame.unit_id.tolist()]
        wrong = tuple(self.rows + row for row, (one, other) in enumerate(pairwise(ids), start=1) if one >= other)
        if wrong:
            says = "is not in ascending order of code points, or stands twice"
            raise FrameError([FrameProblem("unit_id_order", frame.columns.unit_id, wrong, says)])
        self._last_id = ids[-1]


def _wanted(design: SampleDesign, key: Stratum) -> int | None:
    """How many of a stratum may be drawn or be reserve; None when all."""
    take = design.take.get(key, 0) if isinstance(design.take, Mapping) else design.take
    reserve = design.reserve.get(key, 0) if isinstance(design.reserve, Mapping) else design.reserve
    return None if take == "all" else int(take) + reserve


def drawn_from(frame: StreamedFrame, design: SampleDesign, seed: Seed) -> Draw:
    """The draw from what was kept of a frame: one stage, by tickets."""
    takes, reserves = design.takes(frame.populations), design.reserves(frame.populations)
    shifts = np.array(list(design.shifts(frame.populations).values()), dtype=np.int64)
    x = (ticket_integers(frame.unit_id, seed.value, stage=design.stage) - shifts[frame.codes]) % SPAN
    cells = {key: Cell(key, rows) for key, rows in rows_by_stratum(frame)}
    chosen = {}
    for key, cell in cells.items():
        units = units_in(frame, x, cell, Stream(seed.value, design.stage, ""))
        chosen[key] = METHODS[design.method].select(units, takes[key], reserves[key]).among(cell.rows)
    return Draw(frame, design, seed, cells, chosen, (), x)


def rows_by_stratum(frame: StreamedFrame) -> Iterator[tuple[Stratum, Positions]]:
    """Each stratum with the rows that were kept of it."""
    order = np.argsort(frame.codes, kind="stable")
    ends = np.cumsum(np.bincount(frame.codes, minlength=len(frame.keys)))
    yield from zip(frame.keys, np.split(order, ends[:-1]), strict=True)


def _frame_at(
    batch: pd.DataFrame, before: int, unit_id: str, strata: Sequence[str], size: str | None, cluster: str | None
) -> Frame:
    """A batch as a frame; row numbers of errors count from the start of the stream."""
    try:
        return Frame.from_table(batch, unit_id=unit_id, strata=strata, size=size, cluster=cluster)
    except FrameError as error:
        moved = [replace(problem, rows=tuple(row + before for row in problem.rows)) for problem in error.problems]
        raise FrameError(moved) from error


def _part(frame: Frame, rows: Positions) -> Frame:
    """Some rows of a frame. Sizes were needed for the digest only, and go."""
    texts = {name: column[rows] for name, column in frame.texts.items()}
    labels = frame.labels.take(rows).reset_index(drop=True)
    return Frame(frame.columns, frame.unit_id[rows], frame.keys, frame.codes[rows], labels, texts)


def _joined(parts: Sequence[Frame]) -> Frame:
    """Parts of one frame put together again, in order."""
    keys = tuple(sorted({key for part in parts for key in part.keys}))
    place = {key: code for code, key in enumerate(keys)}
    codes = [np.array([place[key] for key in part.keys], dtype=np.intp)[part.codes] for part in parts]
    texts = {name: np.concatenate([part.texts[name] for part in parts]) for name in parts[0].texts}
    labels = pd.concat([part.labels for part in parts], ignore_index=True)
    ids = np.concatenate([part.unit_id for part in parts])
    return Frame(parts[0].columns, ids, keys, np.concatenate(codes), labels, texts)
