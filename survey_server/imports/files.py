"""Files of collected answers read as one table of texts: .xlsx, .xls, .csv (UTF-8 or GBK), .sav, ODK Central's .zip.

The kind of a file is told by its first bytes and its headings, never by its name; what it may cost is bounded.
"""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyreadstat

from survey_server.errors import N_, Problem, ZoufangError
from survey_server.rosters.layout import cell_text
from survey_server.rosters.problems import describe
from survey_server.rosters.reading import Limits, RosterFileError, Sheet, read_sheets

LIMITS = Limits(bytes=32 << 20, unpacked=384 << 20, rows=100_000, columns=1_500, cells=10_000_000, seconds=60.0)
HEADING_WITHIN = 20
MOST_TABLES, MOST_HEADINGS = 100, 1 << 18
MAX_TEXT = 5_000
SAV = (b"$FL2", b"$FL3")
SOURCES: Mapping[str, frozenset[str]] = {
    "wenjuanxing": frozenset({"序号", "提交答卷时间", "所用时间", "来源", "来自IP"}),
    "tencent": frozenset({"编号", "开始答题时间", "结束答题时间", "答题时长", "用户类型"}),
    "odk": frozenset({"KEY", "SubmissionDate", "instanceID", "meta-instanceID", "_submission_time", "_uuid", "_id"}),
}
"""Headings by which a platform's export is known; two of them are enough."""
SOURCE_NAMES: Mapping[str, str] = {
    "wenjuanxing": N_("Wenjuanxing (问卷星)"),
    "tencent": N_("Tencent Questionnaire (腾讯问卷)"),
    "odk": N_("ODK Central or KoboToolbox"),
    "sav": N_("SPSS (.sav)"),
    "table": N_("a table"),
}


@dataclass(frozen=True)
class AnswerTable:
    """One row a respondent, every cell as text.

    Attributes:
        source: a key of `SOURCE_NAMES`.
        headings: the words above each column; of a .sav its labels.
        names: names of variables where the file has such (.sav), else the headings.
        rows: by the number of the row in the file (from 1; in a .sav the number of the case).
        labels: what the codes of a column mean, where the file says so (.sav).
    """

    source: str
    headings: tuple[str, ...]
    names: tuple[str, ...]
    rows: Mapping[int, tuple[str, ...]]
    labels: Mapping[int, Mapping[str, str]] = field(default_factory=dict)


def read_answers(file: str, data: bytes) -> AnswerTable:
    """Read a file of answers; raises ANSWERS_UNREADABLE, which says why."""
    try:
        if _is_archive(data):
            data = _submissions(file, data)
        table = _sav(file, data) if data[:4] in SAV else _sheet(file, data)
    except RosterFileError as error:
        raise _unreadable(file, describe(error.code, error.fields)[0]) from error
    if not table.rows:
        raise _unreadable(file, N_("no row of answers was found below a row of headings"))
    return table


def _is_archive(data: bytes) -> bool:
    """Whether it is a .zip and no workbook, which is one too."""
    return data[:4] == b"PK\x03\x04" and b"xl/workbook.xml" not in data


def _submissions(file: str, data: bytes) -> bytes:
    """The table of submissions in an export of ODK Central, without its photographs.

    It is the one .csv with a KEY: those of repeats have a PARENT_KEY too.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            tables = [name for name in names[:MOST_TABLES] if _is_of_submissions(archive, name)]
            if len(tables) != 1:
                raise _unreadable(
                    file, N_("it is no export of ODK Central: unpack it and upload the .csv of the answers")
                )
            with archive.open(tables[0]) as member:
                content = member.read(LIMITS.bytes + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, csv.Error) as error:
        raise _unreadable(file, N_("it is damaged or locked: unpack it and upload the .csv of the answers")) from error
    if len(content) > LIMITS.bytes:
        raise RosterFileError("file_unpacks_too_large", file, limit=LIMITS.bytes)
    return content


def _is_of_submissions(archive: zipfile.ZipFile, name: str) -> bool:
    if name.startswith(("media/", "__MACOSX/")):
        return False
    with archive.open(name) as member:
        top = member.read(MOST_HEADINGS).decode("utf-8-sig", "replace")
    headings = next(csv.reader(io.StringIO(top)), [])
    return "KEY" in headings and "PARENT_KEY" not in headings


def _sheet(file: str, data: bytes) -> AnswerTable:
    """The first visible sheet that has headings and a row below them."""
    for sheet in read_sheets(file, data, LIMITS):
        table = _table(sheet)
        if table is not None:
            return table
    return AnswerTable("table", (), (), {})


def _table(sheet: Sheet) -> AnswerTable | None:
    if sheet.hidden:
        return None
    texts = [tuple(_clean(cell) for cell in row) for row in sheet.rows]
    widest = max((sum(map(bool, row)) for row in texts[:HEADING_WITHIN]), default=0)
    top = next((n for n, row in enumerate(texts[:HEADING_WITHIN]) if 2 * sum(map(bool, row)) > widest), None)
    if top is None or widest < 1:
        return None
    headings = tuple(" ".join(text.split()) for text in texts[top])
    rows = {sheet.top + top + 1 + n: row for n, row in enumerate(texts[top + 1 :]) if any(row)}
    return AnswerTable(_source(headings), headings, headings, rows) if rows else None


def _source(headings: tuple[str, ...]) -> str:
    found = {name: len(known & set(headings)) for name, known in SOURCES.items()}
    best = max(found, key=lambda name: found[name])
    return best if found[best] >= 2 else "table"


def _sav(file: str, data: bytes) -> AnswerTable:
    if len(data) > LIMITS.bytes:
        raise RosterFileError("file_too_large", file, size=len(data), limit=LIMITS.bytes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.sav"
        path.write_bytes(data)
        try:
            _frame, shape = pyreadstat.read_sav(path, metadataonly=True)
            if len(shape.column_names) > LIMITS.columns:
                raise _unreadable(file, N_("it has too many columns"))
            most = min(LIMITS.rows, LIMITS.cells // max(len(shape.column_names), 1))
            columns, meta = pyreadstat.read_sav(
                path, row_limit=most + 1, dates_as_pandas_datetime=False, output_format="dict"
            )
        except (pyreadstat.ReadstatError, UnicodeDecodeError, ValueError, OverflowError) as error:
            raise _unreadable(file, N_("it is damaged, or not an SPSS file")) from error
    cases = list(zip(*columns.values(), strict=True))
    if len(cases) > most:
        raise _unreadable(file, N_("it has too many rows"))
    names = tuple(map(str, meta.column_names))
    headings = tuple(
        " ".join(str(label or name).split()) for label, name in zip(meta.column_labels, names, strict=True)
    )
    rows = {n: tuple(map(_sav_cell, row)) for n, row in enumerate(cases, start=1)}
    labels = {
        names.index(name): {cell_text(code): str(text).strip() for code, text in meaning.items()}
        for name, meaning in meta.variable_value_labels.items()
    }
    return AnswerTable("sav", headings, names, rows, labels)


def _sav_cell(value: Any) -> str:  # noqa: ANN401 - whatever SPSS holds
    if value is None or value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return ""
    return _clean(value)


def _clean(value: Any) -> str:  # noqa: ANN401 - whatever a sheet holds
    return cell_text(value)[:MAX_TEXT]


def _unreadable(file: str, why: str) -> ZoufangError:
    return ZoufangError(Problem.ANSWERS_UNREADABLE, file=file, why=why)
