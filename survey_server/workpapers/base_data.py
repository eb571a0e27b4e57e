"""The self-evaluation data table (自评基础数据表) of a county: out as Excel, back with errors by sheet and row."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext
from sqlmodel import select

from survey_server.audit.service import record
from survey_server.db import new_id
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.reasons import Reason
from survey_server.privacy.service import cipher_of, mask_name, mask_number
from survey_server.rosters.problems import describe
from survey_server.rosters.reading import Limits, RosterFileError, Sheet, read_sheets
from survey_server.work import Work
from survey_server.workpapers.models import BaseData
from survey_server.workpapers.service import MOST_NAME, guide, open_study

LIMITS = Limits(bytes=2 << 20, unpacked=32 << 20, rows=2_000, columns=40, sheets=20, seconds=10.0)
TOLERANCE = Decimal("0.01")
MOST_NUMBER = Decimal(10) ** 15
LABEL, VALUE = 0, 2
COUNTY_LABEL = "县（市、区）"
MAIL, PHONE, NAME = "contact_mail", "contact_phone", "contact_name"


@dataclass(frozen=True)
class FieldOf:
    """A line of the table: what is to be filled in, in which unit; kind: integer, amount or text."""

    code: str
    label: str
    kind: str
    unit: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Fault:
    """What is wrong with a returned table, and where; ``row`` counts as Excel does, 0 for a sheet as a whole."""

    sheet: str
    row: int
    label: str
    code: str
    value: str = ""


FAULTS: Mapping[str, str] = {
    "sheet": N_("the sheet is missing"),
    "gone": N_("the line is missing"),
    "empty": N_("nothing is filled in; write 0 where there is none"),
    "number": N_("“%(value)s” is not a number"),
    "integer": N_("“%(value)s” is not a whole number"),
    "negative": N_("“%(value)s” is below 0"),
    "long": N_("the text is too long"),
    "sum": N_("both sides must agree: %(value)s"),
    "most": N_("the first must not exceed the second: %(value)s"),
    "twice": N_("the line stands there twice"),
}


@dataclass
class Reading:
    """A returned table: figures by code, contact details by code, and everything that is wrong."""

    figures: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def sections() -> Sequence[tuple[str, Sequence[FieldOf]]]:
    """The sheets of figures, each with its lines."""
    return [(one["name"], [FieldOf(**line) for line in one["fields"]]) for one in guide("base_data")["sections"]]


def contact_section() -> tuple[str, Sequence[FieldOf]]:
    """The sheet of the contact, whose lines are sealed."""
    found = guide("base_data")["contacts"]
    return found["name"], [FieldOf(**line) for line in found["fields"]]


def tables_of(work: Work, study_id: uuid.UUID) -> Sequence[BaseData]:
    """The tables that came back, by county; the contact details stay sealed."""
    return work.session.exec(select(BaseData).where(BaseData.study_id == study_id).order_by(BaseData.county)).all()


def read_table(name: str, data: bytes) -> Reading:
    """What a returned workbook says, with all that is wrong in it; raises RosterFileError where it is no workbook."""
    sheets = {sheet.name.strip(): sheet for sheet in read_sheets(name, data, LIMITS)}
    reading = Reading()
    places: dict[str, tuple[str, int]] = {}
    for title, fields in sections():
        _read_sheet(sheets.get(title), title, fields, reading, reading.figures, places)
    title, fields = contact_section()
    _read_sheet(sheets.get(title), title, fields, reading, reading.contacts, places)
    reading.faults += _contradictions(reading.figures, places)
    return reading


def take_table(work: Work, study_id: uuid.UUID, county: str, name: str, data: bytes) -> Reading:
    """Keep a county's table where nothing is wrong in it; else nothing is kept and the reading says what to mend.

    Raises STUDY_CLOSED, INVALID_FIELD, ROSTER_UNREADABLE.
    """
    open_study(work, study_id)
    if not county.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("County"), why=N_("it is empty"))
    try:
        reading = read_table(name, data)
    except RosterFileError as error:
        raise ZoufangError(
            Problem.ROSTER_UNREADABLE, file=name, why=describe(error.code, error.fields, gettext)[0]
        ) from error
    if reading.faults:
        return reading
    county = county.strip()[:MOST_NAME]
    row = work.session.exec(select(BaseData).where(BaseData.study_id == study_id, BaseData.county == county)).first()
    row = row or BaseData(
        id=new_id(), study_id=study_id, county=county, figures={}, contacts=b"", file_name="", at=work.now
    )
    plain = json.dumps(reading.contacts, ensure_ascii=False).encode()
    row.figures, row.contacts = dict(reading.figures), cipher_of(work, study_id).seal(row.id, plain)
    row.file_name, row.person_id, row.at = name[:MOST_NAME], work.person_id, work.now
    work.session.add(row)
    record(work, "base_data.take", "base_data", row.id, study_id=study_id, county=county)
    return reading


def table_of(work: Work, study_id: uuid.UUID, table_id: uuid.UUID) -> BaseData:
    """A county's table; raises NOT_FOUND."""
    row = work.session.get(BaseData, table_id)
    if row is None or row.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    return row


def masked_contact(work: Work, row: BaseData) -> dict[str, str]:
    """The contact as a page shows it: 王**, 138****5678; raises STUDY_CLOSED."""
    plain = _contact(work, row)
    masks = {NAME: mask_name, PHONE: mask_number, MAIL: _mask_mail}
    return {code: masks[code](text) if code in masks else text for code, text in plain.items()}


def open_contact(work: Work, row: BaseData, reason: Reason) -> dict[str, str]:
    """The contact in full, for a reason, for one page view; recorded. Raises STUDY_CLOSED."""
    plain = _contact(work, row)
    details = {"county": row.county, "reason": reason.code, "words": reason.words}
    record(work, "base_data.contact", "base_data", row.id, study_id=row.study_id, **details)
    return plain


def _contact(work: Work, row: BaseData) -> dict[str, str]:
    return dict(json.loads(cipher_of(work, row.study_id).open(row.id, row.contacts)))


def _mask_mail(text: str) -> str:
    name, at, host = text.partition("@")
    return f"{name[:1]}***{at}{host}" if at else mask_name(text)


def _read_sheet(
    sheet: Sheet | None,
    title: str,
    fields: Sequence[FieldOf],
    reading: Reading,
    into: dict[str, str],
    places: dict[str, tuple[str, int]],
) -> None:
    if sheet is None:
        reading.faults.append(Fault(title, 0, "", "sheet"))
        return
    rows: dict[str, tuple[int, Any]] = {}
    for number, row in enumerate(sheet.rows, start=sheet.top):
        cells = [None] * (sheet.left - 1) + row
        label = str(cells[LABEL] or "").strip() if cells else ""
        if label in rows and any(label == one.label for one in fields):
            reading.faults.append(Fault(title, number, label, "twice"))
        rows.setdefault(label, (number, cells[VALUE] if len(cells) > VALUE else None))
    for line in fields:
        number, cell = rows.get(line.label, (0, None))
        text, wrong = _value(line, cell) if line.label in rows else ("", "gone")
        if wrong:
            shown = "" if title == contact_section()[0] else str(cell)[:40]
            reading.faults.append(Fault(title, number, line.label, wrong, shown))
        elif text:
            into[line.code], places[line.code] = text, (title, number)


def _value(line: FieldOf, cell: Any) -> tuple[str, str]:  # noqa: ANN401 - a cell
    """The text to keep, or what is wrong with the cell."""
    text = "" if cell is None else str(cell).strip()
    if not text:
        return "", "" if line.optional else "empty"
    if line.kind == "text":
        return (text, "") if len(text) <= MOST_NAME else ("", "long")
    number, wrong = _number(text, whole=line.kind == "integer")
    return ("", wrong) if wrong else (f"{number:f}", "")


def _number(text: str, *, whole: bool) -> tuple[Decimal, str]:
    """The number that was typed, or what is wrong with it."""
    try:
        number = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        return Decimal(0), "number"
    if not number.is_finite() or abs(number) >= MOST_NUMBER:
        return Decimal(0), "number"
    if number < 0:
        return number, "negative"
    integral = number.to_integral_value()
    if whole or number == integral:
        return integral, "integer" if whole and number != integral else ""
    return number.normalize(), ""


def _contradictions(figures: Mapping[str, str], places: Mapping[str, tuple[str, int]]) -> Iterator[Fault]:
    """What cannot be true together; where a line is missing nothing is said."""
    labels = {line.code: line.label for _, fields in sections() for line in fields}
    for check in guide("base_data")["checks"]:
        codes = [*check["left"], *check["right"]]
        if not all(code in figures for code in codes):
            continue
        left, right = (sum((Decimal(figures[code]) for code in check[side]), Decimal(0)) for side in ("left", "right"))
        if (check["kind"] == "sum" and abs(left - right) > TOLERANCE) or (check["kind"] == "most" and left > right):
            sign = "≠" if check["kind"] == "sum" else ">"
            sheet, row = places[codes[-1]]
            said = "＋".join(labels[code] for code in check["left"])
            other = "＋".join(labels[code] for code in check["right"])
            yield Fault(sheet, row, labels[codes[-1]], check["kind"], f"{said} {left} {sign} {other} {right}")
