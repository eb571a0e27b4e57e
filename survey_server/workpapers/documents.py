"""The list of papers asked of each county (资料清单): what arrived, what is late, what there will never be and why."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import col, func, select

from survey_server.audit.service import record
from survey_server.db import new_id
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.service import cipher_of
from survey_server.scores.models import Evidence
from survey_server.scores.papers import MOST_BYTES, add_evidence
from survey_server.work import Work
from survey_server.workdays import Workdays
from survey_server.workpapers.models import DocumentFile, RequestedDocument
from survey_server.workpapers.service import MOST_NAME, calendar_of, days_late, guide, open_study, today, words

ASKED, ARRIVED, MISSING, WAIVED = "asked", "arrived", "missing", "waived"
STATUS: Mapping[str, str] = {
    ASKED: N_("awaited"),
    ARRIVED: N_("arrived"),
    MISSING: N_("there is none"),
    WAIVED: N_("waived"),
}
NEEDS_REASON = {MISSING, WAIVED}
MOST_DAYS, MOST_AT_ONCE, MOST_OF_A_COUNTY = 60, 3_000, 200


@dataclass(frozen=True)
class Asked:
    """A paper that was asked for, the files that arrived, and by how many working days it is late."""

    row: RequestedDocument
    files: Sequence[DocumentFile]
    late: int


@dataclass(frozen=True)
class Requests:
    """Everything that was asked for, by county and number."""

    asked: Sequence[Asked]

    @property
    def counties(self) -> list[str]:
        """Who was asked."""
        return sorted({one.row.county for one in self.asked})

    @property
    def titles(self) -> list[str]:
        """What was asked for, in the order of the first number it has."""
        return list(dict.fromkeys(one.row.title for one in sorted(self.asked, key=lambda one: one.row.number)))

    @property
    def cells(self) -> dict[tuple[str, str], Asked]:
        """By county and title: the overview; where a county has two of a title, the one that is open."""
        order = sorted(self.asked, key=lambda one: one.row.status == ASKED)
        return {(one.row.county, one.row.title): one for one in order}

    def of(self, county: str) -> list[Asked]:
        """What was asked of one county."""
        return [one for one in self.asked if one.row.county == county]

    def count(self, status: str, county: str = "") -> int:
        """How many have this status, all over or in one county."""
        return sum(one.row.status == status and county in {"", one.row.county} for one in self.asked)

    def late(self, county: str = "") -> int:
        """How many are awaited still and late."""
        open_ones = (one for one in self.asked if one.row.status == ASKED and county in {"", one.row.county})
        return sum(bool(one.late) for one in open_ones)


def requests_of(work: Work, study_id: uuid.UUID, county: str = "") -> Requests:
    """What was asked for, all over or of one county; two queries."""
    query = select(RequestedDocument).where(RequestedDocument.study_id == study_id)
    if county:
        query = query.where(RequestedDocument.county == county)
    rows = work.session.exec(query.order_by(RequestedDocument.county, RequestedDocument.number)).all()
    files: dict[uuid.UUID, list[DocumentFile]] = defaultdict(list)
    of_study = select(DocumentFile).where(DocumentFile.study_id == study_id).order_by(col(DocumentFile.at))
    for file in work.session.exec(of_study).all():
        files[file.document_id].append(file)
    calendar, day = calendar_of(work), today(work)
    return Requests([Asked(row, files[row.id], _late(calendar, row, day)) for row in rows])


def ask(
    work: Work, study_id: uuid.UUID, counties: Sequence[str], titles: Sequence[str], days: int
) -> tuple[int, dt.date]:
    """Ask each county for each paper that it was not asked for yet, due after so many working days.

    Returns how many papers were asked for, and when they are due. Raises STUDY_CLOSED, INVALID_FIELD.
    """
    open_study(work, study_id)
    counties, titles = _distinct(counties), _distinct(titles)
    if not counties or not titles:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Papers asked for"), why=N_("name counties and papers"))
    if not 1 <= days <= MOST_DAYS or len(counties) * len(titles) > MOST_AT_ONCE:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Working days"), why=N_("the number is out of range"))
    due = calendar_of(work).after(today(work), days)
    details = {one["title"]: one.get("detail", "") for one in guide("documents")["documents"]}
    known = requests_of(work, study_id)
    new = []
    for county in counties:
        there = known.of(county)
        wanted = [title for title in titles if title not in {one.row.title for one in there}]
        if len(there) + len(wanted) > MOST_OF_A_COUNTY:
            raise ZoufangError(Problem.INVALID_FIELD, field=county, why=N_("the number is out of range"))
        start = max((int(one.row.number[2:]) for one in there), default=0)
        for place, title in enumerate(wanted, start=start + 1):
            new.append(_asked(work, study_id, county, f"ZL{place:03d}", title, details.get(title, ""), due))
    work.session.add_all(new)
    record(work, "document.ask", "study", study_id, study_id=study_id, papers=len(new), due=due.isoformat())
    return len(new), due


def mark(work: Work, study_id: uuid.UUID, document_id: uuid.UUID, status: str, reason: str) -> RequestedDocument:
    """Say how a paper stands, with a reason where it will not come; raises STUDY_CLOSED, NOT_FOUND, INVALID_FIELD."""
    open_study(work, study_id)
    row = document_of(work, study_id, document_id)
    if status not in STATUS:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Status"), why=N_("choose one of the list"))
    row.reason = words(reason, N_("Reason"), most=MOST_NAME) if status in NEEDS_REASON else reason.strip()[:MOST_NAME]
    row.status, row.person_id, row.at = status, work.person_id, work.now
    row.arrived_on = (row.arrived_on or today(work)) if status == ARRIVED else None
    work.session.add(row)
    record(work, "document.mark", "document", row.id, study_id=study_id, number=row.number, status=status)
    return row


def take_file(work: Work, study_id: uuid.UUID, document_id: uuid.UUID, file_name: str, content: bytes) -> DocumentFile:
    """A file arrived: sealed and kept. Raises STUDY_CLOSED, NOT_FOUND, INVALID_FIELD, TOO_LARGE."""
    row = mark(work, study_id, document_id, ARRIVED, "")
    if not content:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("File"), why=N_("choose a file"))
    if len(content) > MOST_BYTES:
        raise ZoufangError(Problem.TOO_LARGE, limit=MOST_BYTES // 1024 // 1024)
    file = DocumentFile(
        id=new_id(),
        study_id=study_id,
        document_id=row.id,
        file_name=file_name[:MOST_NAME],
        size=len(content),
        blob="",
        person_id=work.person_id,
        at=work.now,
    )
    file.blob = f"documents/{file.id}"
    work.blobs.put(file.blob, cipher_of(work, study_id).seal(file.id, content))
    work.session.add(file)
    record(work, "document.file", "document", row.id, study_id=study_id, number=row.number, bytes=len(content))
    return file


def read_file(work: Work, study_id: uuid.UUID, file_id: uuid.UUID) -> tuple[RequestedDocument, DocumentFile, bytes]:
    """A file that arrived, and what it holds; that it was taken is recorded. Raises NOT_FOUND, STUDY_CLOSED."""
    file = work.session.get(DocumentFile, file_id)
    if file is None or file.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    row = document_of(work, study_id, file.document_id)
    content = cipher_of(work, study_id).open(file.id, work.blobs.get(file.blob))
    record(work, "document.take", "document", row.id, study_id=study_id, number=row.number)
    return row, file, content


def as_evidence(work: Work, study_id: uuid.UUID, file_id: uuid.UUID) -> Evidence:
    """The file becomes a numbered paper of the evidence, for indicators to name; raises as ``read_file``."""
    open_study(work, study_id)
    row, file, content = read_file(work, study_id, file_id)
    title = f"{row.county}：{row.title}"
    return add_evidence(work, study_id, title=title, file_name=file.file_name, content=content)


def document_of(work: Work, study_id: uuid.UUID, document_id: uuid.UUID) -> RequestedDocument:
    """A paper that was asked for; raises NOT_FOUND."""
    row = work.session.get(RequestedDocument, document_id)
    if row is None or row.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    return row


def count_of(work: Work, study_id: uuid.UUID) -> dict[str, int]:
    """How many papers have which status."""
    query = select(RequestedDocument.status, func.count()).where(RequestedDocument.study_id == study_id)
    return dict(work.session.exec(query.group_by(RequestedDocument.status)).all())


def _asked(
    work: Work, study_id: uuid.UUID, county: str, number: str, title: str, detail: str, due: dt.date
) -> RequestedDocument:
    return RequestedDocument(
        study_id=study_id,
        county=county,
        number=number,
        title=title,
        detail=detail,
        asked_on=today(work),
        due_on=due,
        status=ASKED,
        person_id=work.person_id,
        at=work.now,
    )


def _late(calendar: Workdays, row: RequestedDocument, day: dt.date) -> int:
    """By how many working days a paper is late that is awaited still, or came late."""
    if row.status == ASKED:
        return days_late(calendar, row.due_on, day)
    return days_late(calendar, row.due_on, row.arrived_on) if row.arrived_on else 0


def _distinct(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name.strip()[:MOST_NAME] for name in names if name.strip()))
