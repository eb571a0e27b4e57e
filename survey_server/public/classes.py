"""Classes (培训班): who is enrolled, who signed in, and the attendance rate (出勤率), which is no answer of anybody.

Names are sealed. A trainee signs in by the class's code with name and, where two have the same, the end of the
telephone number; or is marked by hand. What a trainee then answers is not tied to the name.
"""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.crypto import StudyCipher
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.service import cipher_of
from survey_server.public.models import Trainee, TrainingClass
from survey_server.public.terms import open_study, today
from survey_server.rosters.reading import Limits, RosterFileError, Sheet, read_sheets
from survey_server.studies.models import Place, Purpose
from survey_server.studies.service import add_place
from survey_server.work import Work

SIGN_IN = "class"
METRIC = "TRAIN_ATT"
"""The id of the attendance rate among the metrics (口径)."""
MOST_TRAINEES = 2_000
MOST_TEXT = 60
LIMITS = Limits(bytes=4 << 20, unpacked=64 << 20, rows=20_000, columns=64, cells=400_000, sheets=20, seconds=20.0)
COLUMNS: Mapping[str, frozenset[str]] = {
    "name": frozenset({"姓名", "名字", "参训人员", "学员姓名", "name"}),
    "unit": frozenset({"单位", "工作单位", "所在单位", "乡镇", "部门", "unit"}),
    "phone": frozenset({"电话", "手机", "手机号", "联系电话", "手机号码", "phone"}),
}
HEADER_WITHIN = 10
TAIL = 4


@dataclass(frozen=True)
class Facts:
    """What the list says of one person."""

    name: str
    unit: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Attendance:
    """How many were enrolled (应到) and how many signed in (实到)."""

    enrolled: int = 0
    signed_in: int = 0

    @property
    def rate(self) -> Decimal | None:
        """Signed in of enrolled, a fraction with four decimals; None where nobody is enrolled."""
        if not self.enrolled:
            return None
        return (Decimal(self.signed_in) / self.enrolled).quantize(Decimal("0.0001"), ROUND_HALF_UP)

    @property
    def text(self) -> str:
        """The rate in print."""
        return "—" if self.rate is None else f"{self.rate * 100:.2f}%"


@dataclass(frozen=True)
class ClassLine:
    """A class with its place and its attendance."""

    training: TrainingClass
    place: Place
    attendance: Attendance


@dataclass(frozen=True)
class TraineeLine:
    """One person of a class, opened."""

    trainee: Trainee
    facts: Facts


def make_class(work: Work, study_id: uuid.UUID, label: str, county: str, held_on: str) -> TrainingClass:
    """A new class, with a place whose code opens the training questionnaire; raises INVALID_FIELD, STUDY_CLOSED."""
    study = open_study(work, study_id)
    try:
        day = dt.date.fromisoformat(held_on) if held_on else today(work)
    except ValueError as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Day"), why=N_("write it like 2026-09-30")) from error
    place = add_place(work, study, label=label, county=county, purpose=Purpose.TRAINING)
    work.session.flush()
    made = TrainingClass(study_id=study_id, place_id=place.id, held_on=day)
    work.session.add(made)
    record(work, "class.make", "class", made.id, study_id=study_id)
    return made


def classes_of(work: Work, study_id: uuid.UUID) -> list[ClassLine]:
    """The classes of a study by number, each with its counts; one query for all."""
    query = (
        select(TrainingClass, Place, sa.func.count(col(Trainee.id)), sa.func.count(col(Trainee.signed_in_at)))
        .join(Place, col(Place.id) == col(TrainingClass.place_id))
        .outerjoin(Trainee, col(Trainee.class_id) == col(TrainingClass.id))
        .where(TrainingClass.study_id == study_id)
        .group_by(col(TrainingClass.id), col(Place.id))
        .order_by(sa.func.length(Place.code), Place.code)
    )
    rows: Sequence[Any] = work.session.execute(query).all()
    return [ClassLine(training, place, Attendance(enrolled, signed)) for training, place, enrolled, signed in rows]


def class_of(work: Work, study_id: uuid.UUID, class_id: uuid.UUID) -> ClassLine:
    """One class; raises NOT_FOUND."""
    found = next((line for line in classes_of(work, study_id) if line.training.id == class_id), None)
    if found is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return found


def attendance_of(work: Work, study_id: uuid.UUID, county: str = "") -> Attendance:
    """All classes of a study together, or those of one county: signed in of enrolled (实到人次/应到人次)."""
    lines = [line for line in classes_of(work, study_id) if not county or line.place.county == county]
    enrolled = sum(line.attendance.enrolled for line in lines)
    return Attendance(enrolled, sum(line.attendance.signed_in for line in lines))


def enrol(work: Work, study_id: uuid.UUID, class_id: uuid.UUID, file: str, content: bytes) -> int:
    """Put the people of a list (.xlsx, .xls, .csv with a column 姓名) into a class; returns how many were new.

    Who is there already, by name and telephone, is left as it is. Raises INVALID_FIELD naming what is wrong,
    NOT_FOUND, STUDY_CLOSED.
    """
    open_study(work, study_id)
    line, cipher = class_of(work, study_id, class_id), cipher_of(work, study_id)
    here = _opened(work, line.training, cipher)
    known = {(_plain(one.facts.name), one.facts.phone) for one in here}
    number = max((one.trainee.number for one in here), default=0)
    new: dict[tuple[str, str], Facts] = {}
    for facts in read_list(file, content):
        new.setdefault((_plain(facts.name), facts.phone), facts)
    fresh = [facts for key, facts in new.items() if key not in known]
    if len(here) + len(fresh) > MOST_TRAINEES:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Sign-in list"), why=N_("a class has at most 2000 people"))
    for place, facts in enumerate(fresh, number + 1):
        trainee = Trainee(class_id=class_id, number=place, personal=b"")
        trainee.personal = cipher.seal(trainee.id, json.dumps(asdict(facts), ensure_ascii=False).encode())
        work.session.add(trainee)
    record(work, "class.enrol", "class", class_id, study_id=study_id, people=len(fresh))
    return len(fresh)


def read_list(file: str, content: bytes) -> list[Facts]:
    """The people of a list; raises INVALID_FIELD with the file and why it is not one."""
    try:
        found = [facts for sheet in read_sheets(file, content, LIMITS) for facts in _people(sheet)]
    except RosterFileError as error:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Sign-in list"), why=N_("it is no table that can be read; save it as .xlsx")
        ) from error
    if not found:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Sign-in list"), why=N_("it has no column “姓名” with names below")
        )
    return found


def trainees_of(work: Work, study_id: uuid.UUID, class_id: uuid.UUID) -> list[TraineeLine]:
    """Everybody of a class, opened; recorded as class.view."""
    line = class_of(work, study_id, class_id)
    record(work, "class.view", "class", class_id, study_id=study_id)
    return _opened(work, line.training, cipher_of(work, study_id))


def mark(work: Work, study_id: uuid.UUID, class_id: uuid.UUID, present: Collection[uuid.UUID]) -> int:
    """Who was there, by hand: the list as it was ticked. Returns how many are signed in now."""
    open_study(work, study_id)
    class_of(work, study_id, class_id)
    rows = work.session.exec(select(Trainee).where(Trainee.class_id == class_id)).all()
    for row in rows:
        if (row.id in present) != (row.signed_in_at is not None):
            row.signed_in_at = work.now if row.id in present else None
            row.marked_by = work.person_id if row.id in present else None
    work.session.add_all(rows)
    there = sum(row.signed_in_at is not None for row in rows)
    record(work, "class.mark", "class", class_id, study_id=study_id, signed_in=there)
    return there


def sign_in_address(work: Work, training: TrainingClass) -> str:
    """Where the sign-in code of a class leads."""
    return f"{work.settings.public_url}/q/sign-in/{work.vault.token(SIGN_IN, training.id)}"


def class_behind(work: Work, token: str) -> ClassLine:
    """The class of a sign-in code; raises QR_UNKNOWN for one that is not ours or whose study is closed."""
    class_id = work.vault.read_token(SIGN_IN, token)
    training = work.session.get(TrainingClass, class_id) if class_id else None
    if training is None:
        raise ZoufangError(Problem.QR_UNKNOWN)
    line = class_of(work, training.study_id, training.id)
    try:
        open_study(work, training.study_id)
    except ZoufangError as error:
        raise ZoufangError(Problem.QR_UNKNOWN) from error
    return line


def sign_in(work: Work, line: ClassLine, name: str, tail: str) -> Trainee:
    """A trainee signs in by name, and by the last four digits of the telephone where several have it.

    Again changes nothing. Raises NOT_ENROLLED where the list has no such person.
    """
    cipher = cipher_of(work, line.training.study_id)
    named = [one for one in _opened(work, line.training, cipher) if _plain(one.facts.name) == _plain(name)]
    if len(named) > 1 or tail.strip():
        named = [one for one in named if one.facts.phone[-TAIL:] == tail.strip()]
    if not _plain(name) or len(named) != 1:
        raise ZoufangError(Problem.NOT_ENROLLED)
    trainee = named[0].trainee
    if trainee.signed_in_at is None:
        trainee.signed_in_at = work.now
        work.session.add(trainee)
        record(work, "class.sign_in", "class", line.training.id, study_id=line.training.study_id)
    return trainee


def _opened(work: Work, training: TrainingClass, cipher: StudyCipher) -> list[TraineeLine]:
    query = select(Trainee).where(Trainee.class_id == training.id).order_by(col(Trainee.number))
    return [
        TraineeLine(row, Facts(**json.loads(cipher.open(row.id, row.personal))))
        for row in work.session.exec(query).all()
    ]


def _people(sheet: Sheet) -> Iterator[Facts]:
    """The people below the row that has a column for names; a sheet without one has none."""
    for place, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        columns = {
            key: at for key, known in COLUMNS.items() for at, cell in enumerate(row) if _plain(str(cell)) in known
        }
        if "name" in columns:
            for below in sheet.rows[place + 1 :]:
                facts = {key: _cell(below, at) for key, at in columns.items()}
                if facts["name"]:
                    yield Facts(**facts)
            return


def _cell(row: Sequence[Any], at: int) -> str:
    value = row[at] if at < len(row) else ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFKC", str(value or "")).strip()[:MOST_TEXT]


def _plain(text: str) -> str:
    """A name for comparing: full-width and half-width alike, without spaces, in small letters."""
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()
