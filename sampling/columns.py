"""Columns of a roster read as codes or as sizes, with the rows that cannot be read.

A code is text, or a whole number that becomes its decimal text. A number with a decimal point is
never a code: it is what a spreadsheet makes of a code that it took for a number, and its digits can
no longer be trusted.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeGuard, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from sampling.errors import FrameProblem
from sampling.tickets import has_control

MAX_TEXT = 256
MAX_PLACES = 6
MAX_SIZE = 10**12

_CHUNK = 1 << 16
_SPACE = re.compile(r"\s")
_DECIMAL = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")

SAYS = {
    "missing": "is empty",
    "control": "has a control character; remove line breaks and tabs",
    "not_nfc": "is not in Unicode form NFC; normalise the column first",
    "float": "is a number with a decimal point; read the column as text, or as whole numbers",
    "type": "is neither text nor a whole number",
    "too_long": f"is longer than {MAX_TEXT} characters",
    "duplicate": "stands more than once; keep one row per unit",
    "not_positive": "is not above zero",
    "not_number": "is not a whole number or a Decimal",
    "not_coordinate": "is not a number that can be a coordinate",
    "out_of_bounds": f"is {MAX_SIZE:,} or more, or has more than {MAX_PLACES} decimal places",
}

Objects = npt.NDArray[np.object_]


def text_fault(value: object) -> str | None:
    """Why a value is not a code, as a key of SAYS; None when it is one."""
    if not isinstance(value, str):
        return _number_fault(value)
    if not value.strip():
        return "missing"
    if len(value) > MAX_TEXT:
        return "too_long"
    if value.isascii() and value.isprintable():
        return None
    if has_control(value):
        return "control"
    return None if unicodedata.is_normalized("NFC", value) else "not_nfc"


def read_codes(column: pd.Series, role: str) -> tuple[Objects, list[FrameProblem]]:
    """Each value as text, and the problems found; rows with a problem hold an empty text."""
    if pd.api.types.is_integer_dtype(column.dtype) and not column.hasnans:
        return np.array(list(map(str, column.tolist())), dtype=object), []
    values = column.tolist()
    faults = _faulty_rows(values)
    texts = np.empty(len(values), dtype=object)
    texts[:] = [value if isinstance(value, str) else str(value) for value in values]
    for row in (row for rows in faults.values() for row in rows):
        texts[row - 1] = ""
    return texts, problems_of(role, str(column.name), faults)


def read_few_codes(column: pd.Series, role: str) -> tuple[Objects, list[FrameProblem]]:
    """`read_codes` of a column in which few values repeat often: each is looked at once."""
    codes, values = pd.factorize(column.astype(object), use_na_sentinel=False)
    texts, problems = read_codes(pd.Series(list(values), dtype=object, name=column.name), role)
    rows_of = {problem.code: np.flatnonzero(np.isin(codes, np.array(problem.rows) - 1)) + 1 for problem in problems}
    spread = [
        FrameProblem(problem.code, problem.column, tuple(rows_of[problem.code].tolist()), problem.says)
        for problem in problems
    ]
    return texts[codes], spread


def duplicates(texts: Objects, role: str, name: str) -> list[FrameProblem]:
    """The rows whose text stands more than once; rows that are already faulty hold an empty text."""
    twice = pd.Series(texts, dtype=object).duplicated(keep=False).to_numpy() & (texts != "")
    rows = (np.flatnonzero(twice) + 1).tolist()
    return problems_of(role, name, {"duplicate": rows} if rows else {})


def read_sizes(column: pd.Series) -> tuple[npt.NDArray[np.int64], int, list[FrameProblem]]:
    """Sizes as whole multiples of 10**-places: (multiples, places, problems). Text of digits is read as it stands."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        return _read_whole_sizes(column)
    faults: dict[str, list[int]] = defaultdict(list)
    values = [Decimal(value) if _is_decimal_text(value) else value for value in column.tolist()]
    for row, value in enumerate(values, start=1):
        fault = _size_fault(value)
        if fault:
            faults[fault].append(row)
    if faults:
        return np.zeros(len(values), dtype=np.int64), 0, problems_of("size", str(column.name), faults)
    places = max(map(_places, values), default=0)
    return np.array([_scaled(value, places) for value in values], dtype=np.int64), places, []


def _read_whole_sizes(column: pd.Series) -> tuple[npt.NDArray[np.int64], int, list[FrameProblem]]:
    """`read_sizes` of a column that can hold whole numbers only: looked at as a whole."""
    values = column.to_numpy()
    masks = {"not_positive": values <= 0, "out_of_bounds": values >= MAX_SIZE}
    faults = {fault: (np.flatnonzero(mask) + 1).tolist() for fault, mask in masks.items() if mask.any()}
    if faults:
        return np.zeros(len(values), dtype=np.int64), 0, problems_of("size", str(column.name), faults)
    return values.astype(np.int64), 0, []


def read_numbers(column: pd.Series) -> tuple[npt.NDArray[np.float64], list[FrameProblem]]:
    """Coordinates as floats."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    bad = (np.flatnonzero(~np.isfinite(numbers)) + 1).tolist()
    return numbers, problems_of("place", str(column.name), {"not_coordinate": bad} if bad else {})


def problems_of(role: str, column: str, faults: dict[str, list[int]]) -> list[FrameProblem]:
    """Faults as problems, the role in front of the code: `unit_id_duplicate`, `stratum_missing`."""
    return [FrameProblem(f"{role}_{fault}", column, tuple(rows), SAYS[fault]) for fault, rows in faults.items()]


def _faulty_rows(values: Sequence[object]) -> dict[str, list[int]]:
    faults: dict[str, list[int]] = defaultdict(list)
    for start in range(0, len(values), _CHUNK):
        chunk = values[start : start + _CHUNK]
        if _all_codes(chunk):
            continue
        for row, value in enumerate(chunk, start=start + 1):
            fault = text_fault(value)
            if fault:
                faults[fault].append(row)
    return faults


def _all_codes(values: Sequence[object]) -> bool:
    """Whether all are codes, seen at once: parts of an NFC text are NFC, and without any space none is blank."""
    if set(map(type, values)) != {str}:
        return False
    texts = cast("Sequence[str]", values)
    whole, lengths = "".join(texts), list(map(len, texts))
    if min(lengths) == 0 or max(lengths) > MAX_TEXT or _SPACE.search(whole):
        return False
    return (whole.isascii() and whole.isprintable()) or (
        not has_control(whole) and unicodedata.is_normalized("NFC", whole)
    )


def _number_fault(value: object) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124 - NaN is not itself
        return "missing"
    if isinstance(value, (float, np.floating, Decimal)):
        return "float"
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))
    return None if whole else "type"


def _is_decimal_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None


def _size_fault(value: object) -> str | None:
    if isinstance(value, Decimal):
        return _decimal_fault(value)
    fault = _number_fault(value)
    if fault:
        return fault if fault != "type" else "not_number"
    if not isinstance(value, (int, np.integer)):
        return "not_number"
    if value <= 0:
        return "not_positive"
    return None if value < MAX_SIZE else "out_of_bounds"


def _decimal_fault(value: Decimal) -> str | None:
    if not value.is_finite():
        return "missing" if value.is_nan() else "not_number"
    if value <= 0:
        return "not_positive"
    return None if value < MAX_SIZE and _places(value) <= MAX_PLACES else "out_of_bounds"


def _places(value: object) -> int:
    """Decimal places that carry a digit."""
    if not isinstance(value, Decimal):
        return 0
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _scaled(value: object, places: int) -> int:
    """A value that has no fault, in units of 10**-places."""
    if isinstance(value, Decimal):
        return int(value.scaleb(places))
    assert isinstance(value, (int, np.integer))  # noqa: S101 - _size_fault has looked
    return int(value) * 10**places
