"""The SQL with which DuckDB reads a roster in Parquet as the frame that it is: canonical text, faults, thresholds.

Names of columns are quoted, everything else that comes from outside is a bound parameter or a registered table.
"""

# ruff: noqa: S608 - identifiers are quoted by `named`, numbers and patterns are our own

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sampling.columns import MAX_PLACES, MAX_SIZE, MAX_TEXT, problems_of
from sampling.design import SampleDesign
from sampling.errors import FrameProblem, Stratum
from sampling.frame import Columns, Whole
from sampling.selection import pareto_level, part_whole
from sampling.tickets import SPAN

WHOLE_NUMBERS = frozenset(f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")) | {
    "INTEGER",
    "UINTEGER",
}
FLOATS = frozenset({"FLOAT", "DOUBLE"})

# Tickets are even: six standard deviations and a few units more make a second pass rarer than one in 10**8 strata.
_DEVIATIONS, _SPARE = 6, 20
_BEYOND = 2**62
_CONTROL = r"[\x00-\x1f\x7f-\x9f\x{2028}\x{2029}]"
# What Python strips: more than the pattern \s.
_BLANK = r"[\s\x0b\x1c-\x1f\x85\p{Z}]*"
_PLAIN = "[!-~][ -~]{0,255}"


def named(column: str) -> str:
    """A column's name as SQL takes it."""
    return '"' + column.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as SQL takes it, for views, which have no parameters."""
    return "'" + value.replace("'", "''") + "'"


def files_read(files: Sequence[str], *, numbered: bool = False) -> str:
    """The files as a table; `numbered` adds the number of each row in its file, and the file."""
    options = ", file_row_number = true, filename = 'zf file'" if numbered else ""
    return f"read_parquet([{', '.join(map(text, files))}]{options})"


def is_text(kind: str) -> bool:
    """Whether a type of DuckDB's holds codes: text, an enumeration, or whole numbers."""
    return kind == "VARCHAR" or kind.startswith("ENUM") or kind in WHOLE_NUMBERS


def scale_of(kind: str) -> int:
    """Sizes in the view are whole multiples of 10**-scale."""
    return 0 if kind in WHOLE_NUMBERS else MAX_PLACES


def type_problems(types: Mapping[str, str], columns: Columns) -> list[FrameProblem]:
    """Columns whose type cannot hold what is asked of them."""
    roles = [("unit_id", columns.unit_id), *(("stratum", name) for name in columns.strata)]
    roles += [("cluster", name) for name in columns.cluster]
    problems = [_wrong(role, name, types[name]) for role, name in roles if not is_text(types[name])]
    size = columns.size
    if size and not (is_text(types[size]) or types[size].startswith("DECIMAL")):
        problems.append(_wrong("size", size, types[size]))
    return problems


def _wrong(role: str, name: str, kind: str) -> FrameProblem:
    fault = "float" if kind in FLOATS else "not_number" if role == "size" else "type"
    return problems_of(role, name, {fault: []})[0]


def view(files: Sequence[str], types: Mapping[str, str], columns: Columns) -> str:
    """`unit`, `stratum0…`, `label0…` (as they came), `cluster0…`, `size` and the canonical `row` of each unit."""
    parts = [f"CAST({named(columns.unit_id)} AS VARCHAR) AS unit"]
    for i, name in enumerate(columns.strata):
        parts += [f"CAST({named(name)} AS VARCHAR) AS stratum{i}", f"{named(name)} AS label{i}"]
    parts += [f"CAST({named(name)} AS VARCHAR) AS cluster{i}" for i, name in enumerate(columns.cluster)]
    if columns.size:
        parts.append(f"{_scaled(columns.size, types[columns.size])} AS size")
    fields = [_canonical(name, types[name], sized=name == columns.size) for name in columns.names]
    parts.append(f"concat_ws(chr(9), {', '.join(fields)}) AS row")
    return f"CREATE VIEW roster AS SELECT {', '.join(parts)} FROM {files_read(files)}"


def faults(files: Sequence[str], types: Mapping[str, str], columns: Columns) -> str:
    """Rows that cannot be read: their number, their file, and a fault of each column in the order of `names`."""
    each = [
        _size_fault(name, types[name]) if name == columns.size else _text_fault(f"CAST({named(name)} AS VARCHAR)")
        for name in columns.names
    ]
    listed = ", ".join(f"{fault} AS fault{i}" for i, fault in enumerate(each))
    inner = f'SELECT file_row_number + 1 AS number, "zf file" AS file, {listed} FROM {files_read(files, numbered=True)}'
    anyone = " OR ".join(f"fault{i} IS NOT NULL" for i in range(len(each)))
    return f"SELECT * FROM ({inner}) WHERE {anyone} LIMIT ?"


def numbers_of(files: Sequence[str], column: str) -> str:
    """Row numbers and files of the units of a list."""
    return (
        f'SELECT file_row_number + 1 AS number, "zf file" AS file FROM {files_read(files, numbered=True)} '
        f"WHERE CAST({named(column)} AS VARCHAR) IN (SELECT unnest(?)) LIMIT ?"
    )


def counts(columns: Columns) -> str:
    """How many units each stratum has, of each size."""
    keys = [f"stratum{i}" for i in range(len(columns.strata))] + (["size"] if columns.size else [])
    return f"SELECT {', '.join([*keys, 'count(*) AS units'])} FROM roster {'GROUP BY ALL' if keys else ''}"


def kept(columns: Columns, method: str) -> str:
    """The units under the thresholds of the table `limits`; the parameter is what stands before the id in a ticket."""
    wanted = ["unit", "code", *(f"label{i}" for i in range(len(columns.strata)))]
    wanted += [f"cluster{i}" for i in range(len(columns.cluster))] + (["size"] if columns.size else [])
    keys = ", ".join(f"stratum{i}" for i in range(len(columns.strata)))
    joined = f"JOIN limits USING ({keys})" if keys else "CROSS JOIN limits"
    x = f"(CAST('0x' || left(sha256(? || unit), 13) AS BIGINT) - shift + {SPAN}) % {SPAN}"
    under = "x <= below"
    if method == "pareto":
        odds, share = f"((x + 0.5) / ({SPAN} - 0.5 - x))", "take * (size / unit_size)"
        under = f"size // unit_size >= least OR {odds} * (total - {share}) <= rank * {share}"
    return f"SELECT {', '.join(wanted)} FROM (SELECT *, {x} AS x FROM roster {joined}) WHERE {under}"


def leaves() -> str:
    """Units of a range of ids in code point order, with the leaf hash of each."""
    return (
        "SELECT unit, unhex(sha256('\\x00'::BLOB || encode(row))) AS leaf FROM roster "
        "WHERE unit >= ? AND (? IS NULL OR unit < ?) ORDER BY unit"
    )


def limits_of(
    wholes: Mapping[Stratum, Whole], design: SampleDesign, spare: Mapping[Stratum, float], unit: int
) -> pd.DataFrame:
    """A row per stratum: `code`, the threshold under which its take and reserve lie, and how many are `needed`.

    `spare` is how much more than usual is kept of a stratum, `unit` how many of the view's one of the sizes' is.
    """
    populations = {key: whole.population for key, whole in wholes.items()}
    takes, reserves, shifts = (each(populations) for each in (design.takes, design.reserves, design.shifts))
    rows = []
    for code, (key, whole) in enumerate(wholes.items()):
        issued = min(takes[key] + reserves[key], whole.population)
        limit = _pareto_limit if design.method == "pareto" else _simple_limit
        row: dict[str, Any] = {"code": code, "needed": issued, "shift": shifts[key], "unit_size": unit}
        row |= limit(whole, takes[key], issued, spare[key])
        rows.append(row | {f"stratum{i}": part for i, part in enumerate(key)})
    return pd.DataFrame(rows)


def _wanted(issued: int, spare: float) -> float:
    return issued + spare * (_DEVIATIONS * math.sqrt(issued) + _SPARE)


def _simple_limit(whole: Whole, take: int, issued: int, spare: float) -> dict[str, float]:  # noqa: ARG001 - as the other
    return {"below": min(SPAN, int(_wanted(issued, spare) / whole.population * SPAN))}


def _pareto_limit(whole: Whole, take: int, issued: int, spare: float) -> dict[str, float]:
    """`rank` is the ranking number that is not passed; a hair is added for what floats round."""
    parted = part_whole(whole, take)
    left, wanted = take - parted.certain, _wanted(issued - parted.certain, spare)
    everybody = wanted >= whole.population - parted.certain
    rank = math.inf if everybody else math.exp(pareto_level(whole, parted, left, wanted)) * (1 + 1e-9)
    least = _BEYOND if parted.least is None else parted.least
    return {"least": 0 if everybody else least, "take": float(left), "total": float(parted.total), "rank": rank}


def wholes_of(table: pd.DataFrame, columns: Columns, scale: int) -> tuple[dict[Stratum, Whole], int]:
    """From the counts: each stratum, sorted, and the decimal places that its sizes need."""
    keys = [f"stratum{i}" for i in range(len(columns.strata))]
    units = table["units"].to_numpy(dtype=np.int64)
    size = table["size"].to_numpy(dtype=np.int64) if columns.size else np.zeros(len(table), dtype=np.int64)
    places = scale
    while places and not (size % 10).any():
        size, places = size // 10, places - 1
    rows: dict[Stratum, list[int]] = {}
    for row, key in enumerate(
        zip(*(table[name].tolist() for name in keys), strict=True) if keys else [()] * len(table)
    ):
        rows.setdefault(tuple(key), []).append(row)
    if not columns.size:
        return {key: Whole(int(units[inside].sum())) for key, inside in sorted(rows.items())}, 0
    found = {key: Whole(int(units[inside].sum()), size[inside], units[inside]) for key, inside in sorted(rows.items())}
    return found, places


def _scaled(name: str, kind: str) -> str:
    if kind in WHOLE_NUMBERS:
        return f"CAST({named(name)} AS BIGINT)"
    return f"CAST({_decimal(name, kind)} * {10**MAX_PLACES} AS BIGINT)"


def _decimal(name: str, kind: str) -> str:
    """A size exactly, NULL where it is none or far too large."""
    read = f"TRY_CAST({named(name)} AS DECIMAL(36, 18))"
    if kind != "VARCHAR":
        return read
    return f"CASE WHEN regexp_full_match({named(name)}, '[0-9]{{1,18}}(\\.[0-9]{{1,18}})?') THEN {read} END"


def _canonical(name: str, kind: str, *, sized: bool) -> str:
    """A field as `canonical` writes it."""
    if not sized or kind in WHOLE_NUMBERS:
        return f"CAST({named(name)} AS VARCHAR)"
    fixed = f"CAST(CAST({_decimal(name, kind)} AS DECIMAL(18, {MAX_PLACES})) AS VARCHAR)"
    return f"rtrim(rtrim({fixed}, '0'), '.')"


def _text_fault(value: str) -> str:
    """Why a text is not a code, as `columns.text_fault` says it."""
    return (
        f"CASE WHEN {value} IS NULL OR regexp_full_match({value}, '{_BLANK}') THEN 'missing' "
        f"WHEN length({value}) > {MAX_TEXT} THEN 'too_long' "
        f"WHEN regexp_full_match({value}, '{_PLAIN}') THEN NULL "
        f"WHEN regexp_matches({value}, '{_CONTROL}') THEN 'control' "
        f"WHEN nfc_normalize({value}) <> {value} THEN 'not_nfc' END"
    )


def _size_fault(name: str, kind: str) -> str:
    exact = _decimal(name, kind)
    unread = "out_of_bounds" if kind != "VARCHAR" else "not_number"
    return (
        f"CASE WHEN {named(name)} IS NULL THEN 'missing' WHEN {exact} IS NULL THEN '{unread}' "
        f"WHEN {exact} <= 0 THEN 'not_positive' WHEN {exact} >= {MAX_SIZE} THEN 'out_of_bounds' "
        f"WHEN {exact} <> CAST({exact} AS DECIMAL(36, {MAX_PLACES})) THEN 'out_of_bounds' END"
    )
