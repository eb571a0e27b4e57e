"""Recordings of calls: only those whose recording was agreed to; listened to with marks, deleted on their date."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
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
from survey_server.studies.models import Channel, Study
from survey_server.submissions.consents import AUDIO, CALL_RECORDING, standing
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
SOUNDS: Mapping[str, str] = {
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "webm": "audio/webm",
    "amr": "audio/amr",
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
    rows = _agreed_sounds(work, study_id)
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


def attach(work: Work, study_id: uuid.UUID, sample_id: str, name: str, content: bytes) -> SubmissionFile:
    """Keep what the telephone system recorded of a call, beside its interview.

    Raises INVALID_FIELD where it is no sound, where there is no interview by telephone, and where its recording was
    not agreed to: then nothing is kept.
    """
    kind = name.rpartition(".")[2].lower()
    if kind not in SOUNDS or not content:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Recording"), why=N_("choose a sound: mp3, m4a, wav, ogg, amr")
        )
    row = _interview(work, study_id, sample_id)
    if AUDIO not in standing(work, [row.id]).get(row.id, ()):
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Recording"), why=N_("this household did not agree to be recorded")
        )
    file = SubmissionFile(
        submission_id=row.id,
        name=f"{CALL_RECORDING}{work.now:%Y%m%d-%H%M%S-%f}.{kind}",
        fingerprint=work.vault.fingerprint(content),
        size=len(content),
        received_at=work.now,
    )
    work.blobs.put(file.blob, cipher_of(work, study_id).seal(file.id, content))
    work.session.add(file)
    record(work, "recording.attach", "case", row.case_id, study_id=study_id)
    return file


def listen(work: Work, study_id: uuid.UUID, file_id: uuid.UUID) -> tuple[bytes, str]:
    """The sound and its type: recorded as heard. Raises NOT_FOUND for what may not be listened to."""
    file, case = _recording(work, study_id, file_id)
    record(work, "recording.listen", "case", case.id, study_id=study_id)
    return cipher_of(work, study_id).open(file.id, work.blobs.get(file.blob)), _sound(file.name)


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
        select(SubmissionFile)
        .join(Submission, col(Submission.id) == SubmissionFile.submission_id)
        .where(_calls(study_id), SubmissionFile.received_at <= moment)
    )
    return [file for file in work.session.exec(query) if _sound(file.name)]


def _agreed_sounds(work: Work, study_id: uuid.UUID) -> list[tuple[Submission, Case, Person | None, SubmissionFile]]:
    query = (
        select(Submission, Case, Person, SubmissionFile)
        .join(SubmissionFile, col(SubmissionFile.submission_id) == Submission.id)
        .join(Case, col(Case.id) == Submission.case_id)
        .outerjoin(Person, col(Person.id) == Submission.person_id)
        .where(_calls(study_id))
        .order_by(col(SubmissionFile.received_at).desc(), col(SubmissionFile.name))
    )
    rows = [found for found in work.session.exec(query) if _sound(found[3].name)]
    agreed = standing(work, {row.id for row, *_ in rows})
    return [(row, case, person, file) for row, case, person, file in rows if AUDIO in agreed.get(row.id, ())]


def _calls(study_id: uuid.UUID) -> sa.ColumnElement[bool]:
    return sa.and_(
        col(Submission.study_id) == study_id,
        col(Submission.channel) == Channel.PHONE.value,
        col(Submission.withdrawn_at).is_(None),
    )


def _interview(work: Work, study_id: uuid.UUID, sample_id: str) -> Submission:
    query = (
        select(Submission)
        .join(Case, col(Case.id) == Submission.case_id)
        .where(_calls(study_id), Case.sample_id == sample_id.strip())
        .order_by(col(Submission.received_at).desc())
    )
    row = work.session.exec(query).first()
    if row is None:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Sample number"), why=N_("there is no interview by telephone of it")
        )
    return row


def _recording(work: Work, study_id: uuid.UUID, file_id: uuid.UUID) -> tuple[SubmissionFile, Case]:
    for _, case, _, file in _agreed_sounds(work, study_id):
        if file.id == file_id:
            return file, case
    raise ZoufangError(Problem.NOT_FOUND)


def _sound(name: str) -> str:
    """The type of a sound by the ending of its name; empty for everything else, which no browser is ever sent."""
    return SOUNDS.get(name.rpartition(".")[2].lower(), "")
