"""Roster files (.xlsx, .xls, .csv) read as sheets of cells, with bounds on all that comes from outside.

A roster is whatever a township office sends. The kind of a file is told by its first bytes, not by its
name, since many systems write a web page or a CSV and call it `.xls`.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import python_calamine

_CHUNK = 1 << 20
_PIECE = 1 << 16
_TAIL = 64
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A reference beyond column AZ or row 99,999: only then is the exact bounding box of a sheet worth computing.
_FAR = re.compile(rb"""r\s*=\s*["'](?:[A-Za-z]{3,}\d|[B-Zb-z][A-Za-z]\d|[A-Za-z]+\d{6})""")
_REFERENCE = re.compile(rb"""r\s*=\s*["']([A-Za-z]{1,4})(\d{1,9})["']""")
_NEAR_BOX = 52 * 99_999


@dataclass(frozen=True)
class Limits:
    """What one file may cost: bytes, bytes when unpacked, rows and columns of a sheet, sheets, seconds."""

    bytes: int = 64 << 20
    unpacked: int = 768 << 20
    rows: int = 500_000
    columns: int = 256
    cells: int = 16_000_000
    sheets: int = 200
    seconds: float = 120.0


class RosterFileError(ValueError):
    """A file that cannot be read as a roster; `problems.describe(code, fields)` says why in words."""

    def __init__(self, code: str, file: str, **fields: object) -> None:
        self.code, self.file, self.fields = code, file, {"file": file, **fields}
        super().__init__(f"{code}: {self.fields}")


@dataclass(frozen=True)
class Sheet:
    """Cells as they were typed; the first cell of `rows` stands in row `top`, column `left` (from 1)."""

    file: str
    name: str
    rows: list[list[Any]]
    top: int = 1
    left: int = 1
    merged: tuple[tuple[int, int, int, int], ...] = ()
    """Merged areas as (first row, first column, last row, last column), counted from 0 within `rows`."""
    hidden: bool = False


class _Deadline:
    def __init__(self, file: str, limits: Limits, clock: Callable[[], float]) -> None:
        self.file, self.limits, self.clock = file, limits, clock
        self.end = clock() + limits.seconds

    def check(self) -> None:
        if self.clock() > self.end:
            raise RosterFileError("file_too_slow", self.file, seconds=self.limits.seconds)


def read_sheets(
    file: str, data: bytes, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Sheet]:
    """Yield the sheets of one file, one at a time so that a large workbook is never held twice.

    Raises:
        RosterFileError: too large, locked by a password, not a table, or not readable.
    """
    limits = limits or Limits()
    if len(data) > limits.bytes:
        raise RosterFileError("file_too_large", file, size=len(data), limit=limits.bytes)
    if not data.strip():
        raise RosterFileError("file_empty", file)
    deadline = _Deadline(file, limits, clock)
    if data[:4] == b"PK\x03\x04":
        _check_package(file, data, limits, deadline)
        yield from _workbook(file, data, limits, deadline)
    elif data[:8] == _OLE:
        yield from _workbook(file, data, limits, deadline)
    else:
        yield _csv(file, _decode(file, data), limits, deadline)


def _check_package(file: str, data: bytes, limits: Limits, deadline: _Deadline) -> None:
    """Refuse what would unpack to too much, before anything unpacks it for good.

    The sizes that a zip declares may lie, so the members are inflated and counted; a cell far away
    (XFD1048576) would make the reader allocate the whole rectangle, so references are looked at too.
    """
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise RosterFileError("file_damaged", file) from error
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        raise RosterFileError("file_kind_unknown", file)
    budget = limits.unpacked
    for member in members:
        is_sheet = member.filename.startswith("xl/worksheets/")
        far = False
        tail = b""
        for chunk in _inflate(file, data, member):
            deadline.check()
            budget -= len(chunk)
            if budget < 0:
                raise RosterFileError("file_unpacks_too_large", file, limit=limits.unpacked)
            far = far or (is_sheet and _FAR.search(tail + chunk) is not None)
            tail = chunk[-_TAIL:]
        if far:
            _check_box(file, _inflate(file, data, member), limits)


def _inflate(file: str, data: bytes, member: zipfile.ZipInfo) -> Iterator[bytes]:
    start = member.header_offset
    try:
        name, extra = struct.unpack_from("<HH", data, start + 26)
    except struct.error as error:
        raise RosterFileError("file_damaged", file) from error
    packed = memoryview(data)[start + 30 + name + extra :][: member.compress_size]
    if member.compress_type == zipfile.ZIP_STORED:
        yield bytes(packed)
        return
    if member.compress_type != zipfile.ZIP_DEFLATED:
        raise RosterFileError("file_damaged", file)
    engine = zlib.decompressobj(-15)
    try:
        for place in range(0, len(packed), _PIECE):
            pending: Any = packed[place : place + _PIECE]
            while pending and not engine.eof:
                yield engine.decompress(pending, _CHUNK)
                pending = engine.unconsumed_tail
    except zlib.error as error:
        raise RosterFileError("file_damaged", file) from error


def _check_box(file: str, chunks: Iterator[bytes], limits: Limits) -> None:
    width, height, tail = 0, 0, b""
    for chunk in chunks:
        for letters, digits in _REFERENCE.findall(tail + chunk):
            width, height = max(width, _column_number(letters)), max(height, int(digits))
        tail = chunk[-_TAIL:]
    _check_size(file, "", height, width, limits)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _check_size(file: str, sheet: str, height: int, width: int, limits: Limits) -> None:
    if height > limits.rows:
        raise RosterFileError("too_many_rows", file, sheet=sheet, rows=height, limit=limits.rows)
    if width > limits.columns:
        raise RosterFileError("too_many_columns", file, sheet=sheet, columns=width, limit=limits.columns)
    if height * width > max(limits.cells, _NEAR_BOX):
        raise RosterFileError("too_many_cells", file, sheet=sheet, cells=height * width, limit=limits.cells)


def _workbook(file: str, data: bytes, limits: Limits, deadline: _Deadline) -> Iterator[Sheet]:
    book = _guarded(file, lambda: python_calamine.load_workbook(io.BytesIO(data)))
    plans = [plan for plan in book.sheets_metadata if plan.typ == python_calamine.SheetTypeEnum.WorkSheet]
    if len(plans) > limits.sheets:
        raise RosterFileError("too_many_sheets", file, sheets=len(plans), limit=limits.sheets)
    for plan in plans:
        deadline.check()
        hidden = plan.visible != python_calamine.SheetVisibleEnum.Visible
        if hidden:
            yield Sheet(file, plan.name, [], hidden=True)
        else:
            yield _sheet(file, _guarded(file, lambda: book.get_sheet_by_name(plan.name)), limits, deadline)  # noqa: B023 - called at once


def _guarded(file: str, read: Callable[[], Any]) -> Any:  # noqa: ANN401 - what `read` returns
    try:
        return read()
    except python_calamine.PasswordError as error:
        raise RosterFileError("file_has_password", file) from error
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise RosterFileError("file_damaged", file) from error
    except BaseException as error:
        # A panic of the Rust reader derives from BaseException and has no importable name.
        if type(error).__name__ == "PanicException":
            raise RosterFileError("file_damaged", file) from error
        raise


def _sheet(file: str, source: python_calamine.CalamineSheet, limits: Limits, deadline: _Deadline) -> Sheet:
    if source.start is None:
        return Sheet(file, source.name, [])
    _check_size(file, source.name, source.height, source.width, limits)
    rows = source.to_python()
    deadline.check()
    top, left = source.start
    merged = tuple((a - top, b - left, c - top, d - left) for (a, b), (c, d) in source.merged_cell_ranges or ())
    return Sheet(file, source.name, rows, top + 1, left + 1, merged)


def _decode(file: str, data: bytes) -> str:
    """Text by its byte order mark, else UTF-8, else UTF-16 by its zeros, else GB18030 (a superset of GBK)."""
    encoding = "utf-8"
    if data[:3] == b"\xef\xbb\xbf":
        encoding = "utf-8-sig"
    elif data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16"
    elif b"\0" in data[:4096]:
        encoding = "utf-16-le" if data[1::2][:2048].count(0) > data[::2][:2048].count(0) else "utf-16-be"
    else:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            encoding = "gb18030"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise RosterFileError("text_unreadable", file, row=line, encoding=encoding) from error


def _csv(file: str, text: str, limits: Limits, deadline: _Deadline) -> Sheet:
    head = text[:65536]
    if re.match(r"\s*<(?:!doctype|html|\?xml|table|meta|style)", head, re.IGNORECASE):
        raise RosterFileError("file_is_web_page", file)
    if "\0" in text or sum(head.count(chr(code)) for code in range(1, 9)) > 2:
        raise RosterFileError("file_kind_unknown", file)
    delimiter = max(",\t;|", key="\n".join(head.splitlines()[:50]).count)
    rows: list[list[Any]] = []
    width = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            width = max(width, len(row))
            if len(rows) % 10_000 == 0:
                deadline.check()
                _check_size(file, "", len(rows), width, limits)
    except csv.Error as error:
        raise RosterFileError("text_unreadable", file, row=len(rows) + 1, encoding="CSV") from error
    _check_size(file, "", len(rows), width, limits)
    return Sheet(file, "", [row + [""] * (width - len(row)) for row in rows])
