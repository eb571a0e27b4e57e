"""Recordings of calls: only those whose recording was agreed to; listened to with marks, deleted on their date."""

from __future__ import annotations

import datetime as dt
import json
import mimetypes
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.accounts.models import Person
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import CallRules, RecordingMark
from survey_server.fieldwork.models import Case
from survey_server.privacy.service import cipher_of
from survey_server.rights.erasing import erase_blobs
from survey_server.studies.forms import definition_of
from survey_server.studies.models import Channel, FormVersion, Study
from survey_server.submissions.consents import AUDIO, purpose_of, standing, usable_files
from survey_server.submissions.models import Submission, SubmissionFile
from survey_server.work import Services, Work

KINDS: Mapping[str, str] = {
    "good": N_("well asked"),
    "not_read": N_("not read out as written"),
    "leading": N_("leads the answer"),
    "wrong_code": N_("another answer was given"),
    "pressure": N_("presses or promises"),
    "other": N_("something else"),
}
KEPT_DAYS = 90
"""How long a recording is kept where a study says nothing else."""


@dataclass(frozen=True)
class Recording:
    """A recording that may be listened to: its file, the call's case and operator, and how many marks it has."""

    file: SubmissionFile
    sample_id: str
    operator: str
    received_at: dt.datetime
    marks: int


@dataclass(frozen=True)
class Mark:
    """A mark with its words."""

    second: int
    kind: str
    words: str
    by: str


def recordings_of(work: Work, study_id: uuid.UUID) -> list[Recording]:
    """The recordings of a study's calls that may be listened to, the newest first."""
    rows = _calls_with_files(work, study_id)
    marks = dict(
        work.session.execute(
            sa.select(col(RecordingMark.file_id), sa.func.count())
            .where(col(RecordingMark.study_id) == study_id)
            .group_by(col(RecordingMark.file_id))
        ).all()
    )
    return [
        Recording(file, case.sample_id, person.name if person else "", row.received_at, marks.get(file.id, 0))
        for row, case, person, file in rows
    ]


def listen(work: Work, study_id: uuid.UUID, file_id: uuid.UUID) -> tuple[bytes, str]:
    """The sound and its type: recorded as heard. Raises NOT_FOUND for what may not be listened to."""
    file, case = _recording(work, study_id, file_id)
    record(work, "recording.listen", "case", case.id, study_id=study_id)
    kind, _ = mimetypes.guess_type(file.name)
    return cipher_of(work, study_id).open(file.id, work.blobs.get(file.blob)), _sound(kind)


def marks_of(work: Work, study_id: uuid.UUID, file_id: uuid.UUID) -> list[Mark]:
    """The marks of a recording in their order."""
    cipher = cipher_of(work, study_id)
    query = (
        select(RecordingMark, Person)
        .outerjoin(Person, col(Person.id) == RecordingMark.person_id)
        .where(RecordingMark.file_id == file_id, RecordingMark.study_id == study_id)
        .order_by(col(RecordingMark.second))
    )
    return [
        Mark(row.second, row.kind, cipher.open(row.id, row.words).decode() if row.words else "", by.name if by else "")
        for row, by in work.session.exec(query)
    ]


def mark(work: Work, study_id: uuid.UUID, file_id: uuid.UUID, *, second: int, kind: str, words: str) -> None:
    """Set a mark; raises INVALID_FIELD and NOT_FOUND."""
    _, case = _recording(work, study_id, file_id)
    if kind not in KINDS or not 0 <= second < 6 * 3600:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Mark"), why=N_("choose a kind and a second of the recording")
        )
    row = RecordingMark(
        study_id=study_id,
        file_id=file_id,
        case_id=case.id,
        person_id=work.person_id,
        at=work.now,
        second=second,
        kind=kind,
    )
    if words.strip():
        row.words = cipher_of(work, study_id).seal(row.id, words.strip()[:300].encode())
    work.session.add(row)
    record(work, "recording.mark", "case", case.id, study_id=study_id, kind=kind)


def delete_due(services: Services) -> Mapping[str, object]:
    """Delete the recordings of calls whose date has come; done each day."""
    deleted = 0
    with services.read() as work:
        open_studies = list(work.session.exec(select(Study.id).where(col(Study.closed_at).is_(None))))
    for study_id in open_studies:
        with services.write() as work:
            deleted += _delete_due(work, study_id)
    return {"deleted": deleted}


def _delete_due(work: Work, study_id: uuid.UUID) -> int:
    rules = work.session.get(CallRules, study_id)
    before = work.now - dt.timedelta(days=rules.recording_days if rules else KEPT_DAYS)
    due = _sounds_until(work, study_id, before)
    if not due:
        return 0
    ids = [file.id for file in due]
    erase_blobs(work, [file.blob for file in due])
    work.session.execute(sa.delete(RecordingMark).where(col(RecordingMark.file_id).in_(ids)))
    work.session.execute(sa.delete(SubmissionFile).where(col(SubmissionFile.id).in_(ids)))
    record(work, "recording.delete", "study", study_id, study_id=study_id, files=len(due))
    return len(due)


def _sounds_until(work: Work, study_id: uuid.UUID, moment: dt.datetime) -> list[SubmissionFile]:
    """Every sound of a call until then, also one that nobody agreed to or may listen to any more."""
    query = (
        select(SubmissionFile, Submission, FormVersion)
        .join(Submission, col(Submission.id) == SubmissionFile.submission_id)
        .join(FormVersion, col(FormVersion.id) == Submission.form_version_id)
        .where(
            Submission.study_id == study_id,
            Submission.channel == Channel.PHONE.value,
            col(Submission.received_at) <= moment,
            col(Submission.withdrawn_at).is_(None),
        )
    )
    cipher, found = cipher_of(work, study_id), []
    for file, row, version in work.session.exec(query):
        asked = [question.name for question in definition_of(version).questions if question.kind == "audio"]
        values = json.loads(cipher.open(row.id, row.answers))["values"]
        if file.name in {values.get(name) for name in asked}:
            found.append(file)
    return found


def _calls_with_files(
    work: Work, study_id: uuid.UUID
) -> Sequence[tuple[Submission, Case, Person | None, SubmissionFile]]:
    query = (
        select(Submission, FormVersion, Case, Person)
        .join(FormVersion, col(FormVersion.id) == Submission.form_version_id)
        .join(Case, col(Case.id) == Submission.case_id)
        .outerjoin(Person, col(Person.id) == Submission.person_id)
        .where(
            Submission.study_id == study_id,
            Submission.channel == Channel.PHONE.value,
            col(Submission.withdrawn_at).is_(None),
            col(Submission.id).in_(select(SubmissionFile.submission_id)),
        )
        .order_by(col(Submission.received_at).desc())
    )
    rows = work.session.exec(query).all()
    ids = [row.id for row, *_ in rows]
    agreed = standing(work, ids)
    held: dict[tuple[uuid.UUID, str], SubmissionFile] = {
        (file.submission_id, file.name): file
        for file in work.session.exec(select(SubmissionFile).where(col(SubmissionFile.submission_id).in_(ids)))
    }
    cipher = cipher_of(work, study_id)
    found = []
    for row, version, case, person in rows:
        form = definition_of(version)
        values = json.loads(cipher.open(row.id, row.answers))["values"]
        for question, name in usable_files(form, values, agreed.get(row.id, [])):
            if question.kind == "audio" and purpose_of(form, question) in {"", AUDIO} and (row.id, name) in held:
                found.append((row, case, person, held[row.id, name]))
    return found


def _recording(work: Work, study_id: uuid.UUID, file_id: uuid.UUID) -> tuple[SubmissionFile, Case]:
    for _, case, _, file in _calls_with_files(work, study_id):
        if file.id == file_id:
            return file, case
    raise ZoufangError(Problem.NOT_FOUND)


def _sound(kind: str | None) -> str:
    """Never anything that a browser would run: a sound, else bytes."""
    if kind == "video/webm":
        return "audio/webm"
    return kind if kind is not None and kind.startswith("audio/") else "application/octet-stream"
