"""What engines.py asks of DuckDB, in SQL: a look at the columns, and the one SELECT of sums by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.errors import DesignError

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

    Source = str | Path | Sequence[str | Path] | DuckDBPyRelation

_NUMBERS = ("INT", "HUGEINT", "DECIMAL", "FLOAT", "DOUBLE")


class Table:
    """A source that DuckDB reads: its rows, the types of its columns, and those that are never empty."""

    def __init__(self, source: Source) -> None:
        """A Parquet file, a list of them, a pattern, or a relation. Raises DesignError without DuckDB."""
        try:
            import duckdb  # noqa: PLC0415 - an extra: analysis works without it
        except ImportError as error:
            message = "reading Parquet needs DuckDB: pip install 'zoufang[parquet]'"
            raise DesignError("duckdb_missing", message) from error
        self.filled: frozenset[str] = frozenset()
        self._constant = duckdb.ConstantExpression
        if isinstance(source, duckdb.DuckDBPyRelation):
            self.rows: DuckDBPyRelation = source
        else:
            paths = [str(source)] if isinstance(source, (str, Path)) else [str(path) for path in source]
            connection = duckdb.connect()
            self.rows = connection.read_parquet(paths)
            statistics = connection.execute(
                "SELECT path_in_schema FROM parquet_metadata($1) GROUP BY 1 "
                "HAVING count(stats_null_count) = count(*) AND sum(stats_null_count) = 0",
                [paths],
            )
            self.filled = frozenset(name for (name,) in statistics.fetchall())
        self.types = dict(zip(self.rows.columns, map(str, self.rows.types), strict=True))

    def check(self, name: str, role: str) -> None:
        """Raise DesignError where there is no such column."""
        if name not in self.types:
            raise DesignError("column", f"there is no column {name!r} for the {role}", column=name, role=role)

    def literal(self, value: Any) -> str:  # noqa: ANN401 - whatever a column may hold
        """A value of a column as SQL has it."""
        return str(self._constant(value.item() if isinstance(value, np.generic) else value))


@dataclass(frozen=True)
class Column:
    """A column to estimate: its value in SQL (NULL where not asked), a mean to count from, whether any is missing."""

    name: str
    value: str
    pilot: float
    missing: bool


def look(table: Table, items: dict[str, str], *, binary: bool) -> list[Column]:
    """The columns of items; raises DesignError for text, and for a rate of what is not yes or no.

    The file's statistics know that a column of yes and no is complete; all others are read once.
    """
    values = {name: _value(table, column) for name, column in items.items()}
    open_names = [
        name
        for name, column in items.items()
        if not (binary and table.types[column] == "BOOLEAN" and column in table.filled)
    ]
    if not open_names:
        return [Column(name, value, 0.0, missing=False) for name, value in values.items()]
    projected = table.rows.project(", ".join(f"{values[name]} AS v{at}" for at, name in enumerate(open_names)))
    told = ", ".join(
        f"count(v{at}), avg(v{at}), max(v{at}) FILTER (v{at} NOT IN (0, 1)), count(v{at}) FILTER (NOT isfinite(v{at}))"
        for at in range(len(open_names))
    )
    total, *numbers = projected.aggregate(f"count(*), {told}").fetchall()[0]
    found = {name: tuple(numbers[4 * at : 4 * at + 4]) for at, name in enumerate(open_names)}
    columns = []
    for name, value in values.items():
        count, mean, odd, endless = found.get(name, (total, 0.0, None, 0))
        if binary and odd is not None:
            message = f"item {name!r} holds {odd:g}: a rate is of yes and no (true, false or empty; 1, 0 or empty)"
            raise DesignError("not_binary", message, item=name, value=odd)
        if endless:
            raise DesignError("infinite", f"item {name!r} holds a number that is not finite", item=name)
        pilot = 0.0 if binary or mean is None else float(mean)
        columns.append(Column(name, value, pilot, missing=count < total))
    return columns


def _value(table: Table, column: str) -> str:
    table.check(column, "item")
    kind, name = table.types[column], quoted(column)
    if kind == "BOOLEAN":
        return f"CAST({name} AS DOUBLE)"
    if not any(number in kind for number in _NUMBERS):
        message = f"column {column!r} holds {kind} where numbers or yes and no are wanted"
        raise DesignError("text", message, column=column)
    number = f"CAST({name} AS DOUBLE)"
    return f"CASE WHEN isnan({number}) THEN NULL ELSE {number} END" if kind in {"FLOAT", "DOUBLE"} else number


@dataclass(frozen=True)
class Question:
    """The one SELECT: sums of items by the columns `keys`, apart inside and outside of the part that is looked at.

    squares: whether items are numbers, so that their squares are wanted. people: whether the last stage drew people,
    so that sums with squared weights are.
    """

    table: Table
    weight: str | None
    within: tuple[str, ...]
    keys: Sequence[str]
    items: Sequence[Column]
    squares: bool
    people: bool

    def cells(self) -> pd.DataFrame:
        """A row per cell: `inside`, the keys k0…, the weighted sums, and what else is needed by cell."""
        sums = list(self._weighted())
        if self.at_once:
            sums += self._counted()
        if self.people:
            sums += self._squared()
        return self._grouped(range(len(self.keys)), sums)

    @property
    def at_once(self) -> bool:
        """Whether counts are told by cell: people were drawn, or the design makes weights that differ by unit.

        Elsewhere cells are many, and a second SELECT of counts by domain is cheaper.
        """
        return self.people or self.weight is None

    def counts(self, by: Sequence[str]) -> pd.DataFrame:
        """A row per domain: `inside`, its keys, and what is counted without regard to the design."""
        return self._grouped([self.keys.index(name) for name in by], list(self._counted()))

    def products(self, scores: Sequence[str], pairs: Sequence[tuple[int, int]]) -> pd.DataFrame:
        """A row per crossing of keys: sums of the products p0… of pairs of scores, which are SQL of k0… w v0…."""
        group = ", ".join(f"k{at}" for at in range(len(self.keys)))
        told = [f"sum(z{one} * z{other}) AS p{at}" for at, (one, other) in enumerate(pairs)]
        scored = self._rows().project(", ".join([group, *(f"{score} AS z{at}" for at, score in enumerate(scores))]))
        return scored.aggregate(f"{group}, {', '.join(told)}", group).df()

    def _rows(self) -> DuckDBPyRelation:
        weight = "CAST(1 AS DOUBLE)" if self.weight is None else f"CAST({quoted(self.weight)} AS DOUBLE)"
        inside = " AND ".join(f"coalesce(CAST({quoted(name)} AS BOOLEAN), false)" for name in self.within) or "true"
        keys = [f"{quoted(name)} AS k{at}" for at, name in enumerate(self.keys)]
        values = [f"{_about(item)} AS v{at}" for at, item in enumerate(self.items)]
        return self.table.rows.project(", ".join([f"{weight} AS w", f"{inside} AS inside", *keys, *values]))

    def _grouped(self, keys: Sequence[int], sums: Sequence[str]) -> pd.DataFrame:
        group = ", ".join(["inside", *(f"k{at}" for at in keys)])
        return self._rows().aggregate(f"{group}, {', '.join(sums)}", group).df()

    def _weighted(self) -> Iterator[str]:
        yield "sum(w) AS w"
        for at, item in enumerate(self.items):
            if item.missing:
                yield f"sum(w) FILTER (v{at} IS NOT NULL) AS w{at}"
            yield f"sum(w * v{at}) AS wy{at}"

    def _counted(self) -> Iterator[str]:
        yield from ("count(*) AS n", "sum(w * w) AS w2")
        yield "count(*) FILTER (w IS NULL OR NOT (w > 0 AND isfinite(w))) AS wrong"
        for at, item in enumerate(self.items):
            if item.missing:
                yield f"count(v{at}) AS n{at}"
                yield f"sum(w * w) FILTER (v{at} IS NOT NULL) AS w2{at}"
            yield f"sum(v{at}) AS y{at}"
            if self.squares:
                yield f"sum(w * v{at} * v{at}) AS wyy{at}"

    def _squared(self) -> Iterator[str]:
        for at in range(len(self.items)):
            yield f"sum(w * w * v{at}) AS w2y{at}"
            if self.squares:
                yield f"sum(w * w * v{at} * v{at}) AS w2yy{at}"


def quoted(name: str) -> str:
    """A name of a column as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(number: float) -> str:
    """A number as SQL has it, to the last bit."""
    return f"CAST('{number!r}' AS DOUBLE)"


def _about(item: Column) -> str:
    return item.value if item.pilot == 0 else f"({item.value}) - {literal(item.pilot)}"
