"""A table of coded answers for SPSS (.sav), Stata (.dta) and everything else (.csv), with labels and missing codes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

STATA_NAME = 31
"""Stata allows 32 letters; the writer needs one for itself."""
MOST_NOTE_BYTES = 78
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NAME = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True)
class Variable:
    """One column: its name, what it says, what its codes mean, and which of them are no answer (98, 99).

    ``note`` says in the codebook what a reader must know of it, such as how many digits a weight has.
    """

    name: str
    label: str
    labels: Mapping[int, str] = field(default_factory=dict)
    missing: tuple[int, ...] = ()
    note: str = ""


def write_sav(data: pd.DataFrame, variables: Sequence[Variable], title: str, note: str = "") -> bytes:
    """The table for SPSS; codes that are no answer are declared user missing. ``note``: what was taken out."""

    table: Any = data  # pyreadstat takes whatever Narwhals knows, and says so by a protocol
    meanings: dict[str, dict[int | float, str]] = {each.name: {**each.labels} for each in variables if each.labels}

    def write(path: Path) -> None:
        pyreadstat.write_sav(
            table,
            path,
            file_label=title[:60],
            column_labels=[variable.label for variable in variables],
            compress=True,
            note=_lines(note) or None,
            variable_value_labels=meanings,
            missing_ranges={each.name: list(each.missing) for each in variables if each.missing},
        )

    return _through_file(write, ".sav")


def write_dta(data: pd.DataFrame, variables: Sequence[Variable], title: str) -> bytes:
    """The table for Stata; codes that are no answer become .a, .b, … with their labels, and names are cut to 32."""
    names = _stata_names(variables)
    table: Any = data.rename(columns=names)
    meanings: dict[str, dict[Any, str]] = {}
    letters: dict[str, list[str]] = {}
    for variable in variables:
        name = names[variable.name]
        codes = dict(zip(variable.missing, _LETTERS, strict=False))
        if codes:
            table[name] = table[name].astype(object).map(lambda value, codes=codes: codes.get(value, value))
            letters[name] = list(codes.values())
        if variable.labels:
            meanings[name] = {codes.get(code, code): text for code, text in variable.labels.items()}

    def write(path: Path) -> None:
        pyreadstat.write_dta(
            table,
            path,
            file_label=title[:60],
            column_labels=[variable.label[:80] for variable in variables],
            variable_value_labels=meanings,
            missing_user_values=letters,
        )

    return _through_file(write, ".dta")


def write_csv(data: pd.DataFrame) -> bytes:
    """The table as CSV that Excel opens as Chinese, and that holds nothing that Excel would take for a formula."""
    safe = data.map(lambda cell: f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell)
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def write_parquet(data: pd.DataFrame) -> bytes:
    """The table as Parquet, for programs that read columns; needs the optional DuckDB (ImportError without it)."""
    import duckdb  # noqa: PLC0415 - an extra (parquet)

    def write(path: Path) -> None:
        with duckdb.connect() as connection:
            connection.from_df(data).write_parquet(str(path), compression="zstd")

    return _through_file(write, ".parquet")


def _lines(note: str) -> list[str]:
    """A note as SPSS keeps it: lines of 80 bytes at most."""
    lines: list[str] = [""]
    for letter in note:
        if len((lines[-1] + letter).encode()) > MOST_NOTE_BYTES:
            lines.append("")
        lines[-1] += letter
    return [line for line in lines if line]


def _stata_names(variables: Sequence[Variable]) -> dict[str, str]:
    found: dict[str, str] = {}
    for variable in variables:
        name = _NAME.sub("_", variable.name)[:STATA_NAME]
        count = 2
        while name in found.values():
            tail = f"_{count}"
            name, count = f"{name[: STATA_NAME - len(tail)]}{tail}", count + 1
        found[variable.name] = name
    return found


def _through_file(write: Callable[[Path], None], suffix: str) -> bytes:
    """The writer knows files alone; the folder is private and gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table{suffix}"
        write(path)
        return path.read_bytes()
