"""Opening a household's personal facts: for a reason, recorded, for one page view.

Everywhere else at a desk they are masked. Interviewers and operators have what they need for the door and the call.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from sqlmodel import col, select

from mobile_forms.definition import FormDefinition
from survey_server.audit.service import record
from survey_server.fieldwork.models import Attempt, Case
from survey_server.fieldwork.service import CaseFacts, attempts_of, facts_of
from survey_server.privacy.reasons import Reason
from survey_server.privacy.service import cipher_of
from survey_server.studies.forms import definition_of
from survey_server.studies.models import FormVersion
from survey_server.submissions.consents import standing, usable_files
from survey_server.submissions.models import Submission, SubmissionFile
from survey_server.submissions.pictures import PictureError, made_anew
from survey_server.work import Work

MOST_OPENED = 8 * 1024 * 1024
HARMLESS = frozenset({".m4a", ".mp3", ".aac", ".amr", ".wav", ".ogg", ".3gp", ".mp4", ".heic", ".pdf"})
"""Endings with which a file may be saved; any other gets one that no program opens by itself."""


@dataclass(frozen=True)
class OpenedAnswers:
    """One record's free answers (question, words) and what may be shown of its files."""

    submission: Submission
    words: Sequence[tuple[str, str]]
    pictures: Sequence[tuple[str, str]]
    """Question and data address."""
    others: Sequence[OtherFile]


@dataclass(frozen=True)
class OtherFile:
    """A file that is no picture: its question, the name to save it by, and whether its purpose is agreed to.

    ``address`` holds the whole file, for saving alone; empty where it may not be opened or is too large.
    """

    question: str
    name: str
    agreed: bool
    address: str = ""


@dataclass(frozen=True)
class OpenedCase:
    """Everything personal that is kept of one household, opened."""

    facts: CaseFacts
    notes: Mapping[uuid.UUID, str]
    attempts: Sequence[Attempt]
    answers: Sequence[OpenedAnswers] = field(default_factory=list)


def open_case(work: Work, case: Case, reason: Reason) -> OpenedCase:
    """Open it and write down who did, what and why."""
    attempts = attempts_of(work, case.id)
    opened = OpenedCase(
        facts=facts_of(work, case.study_id, [case.id])[0],
        notes=_notes(work, case, attempts),
        attempts=attempts,
        answers=list(_answers(work, case)),
    )
    record(
        work,
        "case.open",
        "case",
        case.id,
        study_id=case.study_id,
        reason=reason.code,
        words=reason.words,
        shown=["roster", "notes", "answers", "files"],
    )
    return opened


def _notes(work: Work, case: Case, attempts: Sequence[Attempt]) -> dict[uuid.UUID, str]:
    cipher = cipher_of(work, case.study_id)
    return {one.id: cipher.open(one.id, one.note).decode() for one in attempts if one.note is not None}


def _answers(work: Work, case: Case) -> Iterator[OpenedAnswers]:
    query = select(Submission, FormVersion).join(FormVersion, col(FormVersion.id) == Submission.form_version_id)
    query = query.where(Submission.case_id == case.id, col(Submission.withdrawn_at).is_(None))
    rows = work.session.exec(query.order_by(col(Submission.received_at))).all()
    agreed = standing(work, [row.id for row, _ in rows])
    for row, version in rows:
        values = json.loads(cipher_of(work, case.study_id).open(row.id, row.answers))["values"]
        yield _opened(work, row, definition_of(version), values, agreed.get(row.id, []))


def _opened(
    work: Work, row: Submission, form: FormDefinition, values: dict[str, Any], purposes: Sequence[str]
) -> OpenedAnswers:
    held = {file.name: file for file in _files(work, row)}
    allowed = {name for _, name in usable_files(form, values, purposes)} if not row.unusable else set()
    pictures: list[tuple[str, str]] = []
    others: list[OtherFile] = []
    for question in form.questions:
        file = held.get(values.get(question.name, "")) if question.takes_file else None
        if file is None:
            continue
        label, agreed = _label(form, question.label), file.name in allowed
        content = _content(work, row, file) if agreed else b""
        picture = _picture(content)
        if picture:
            pictures.append((label, picture))
        else:
            others.append(
                OtherFile(label, saved_name(file.name), agreed, _address("application/octet-stream", content))
            )
    words = [
        (_label(form, question.label), values[question.name])
        for question in form.questions
        if question.kind == "text" and values.get(question.name)
    ]
    return OpenedAnswers(row, words, pictures, others)


def _files(work: Work, row: Submission) -> Sequence[SubmissionFile]:
    return work.session.exec(select(SubmissionFile).where(SubmissionFile.submission_id == row.id)).all()


def _content(work: Work, row: Submission, file: SubmissionFile) -> bytes:
    """What is in it; empty where it is too large for a page or gone."""
    if file.size > MOST_OPENED:
        return b""
    try:
        return cipher_of(work, row.study_id).open(file.id, work.blobs.get(file.blob))
    except FileNotFoundError:
        return b""


def _picture(content: bytes) -> str:
    """The picture, made anew, as a data address, so that no address of it is left behind; empty for anything else."""
    try:
        return _address("image/jpeg", made_anew(content))
    except PictureError:
        return ""


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}" if content else ""


def saved_name(name: str) -> str:
    """A name to save a file by that no system takes for a program."""
    return name if PurePath(name).suffix.lower() in HARMLESS else f"{name}.bin"


def _label(form: FormDefinition, label: Mapping[str, Any]) -> str:
    text = label.get(form.default_language)
    return text.plain if text else ""
