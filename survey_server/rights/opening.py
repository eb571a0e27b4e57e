"""Opening a household's personal facts: for a reason, recorded, for one page view.

Everywhere else at a desk they are masked. Interviewers and operators have what they need for the door and the call.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from survey_server.work import Work

PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}
MOST_PICTURE = 8 * 1024 * 1024


@dataclass(frozen=True)
class OpenedAnswers:
    """One record's free answers (question, words) and what may be shown of its files."""

    submission: Submission
    words: Sequence[tuple[str, str]]
    pictures: Sequence[tuple[str, str]]
    """Question and data address."""
    others: Sequence[tuple[str, str, bool]]
    """Further files: question, name, and whether their purpose is agreed to."""


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
    others: list[tuple[str, str, bool]] = []
    for question in form.questions:
        file = held.get(values.get(question.name, "")) if question.takes_file else None
        if file is None:
            continue
        picture = _picture(work, row, file) if file.name in allowed else ""
        label = _label(form, question.label)
        if picture:
            pictures.append((label, picture))
        else:
            others.append((label, file.name, file.name in allowed))
    words = [
        (_label(form, question.label), values[question.name])
        for question in form.questions
        if question.kind == "text" and values.get(question.name)
    ]
    return OpenedAnswers(row, words, pictures, others)


def _files(work: Work, row: Submission) -> Sequence[SubmissionFile]:
    return work.session.exec(select(SubmissionFile).where(SubmissionFile.submission_id == row.id)).all()


def _picture(work: Work, row: Submission, file: SubmissionFile) -> str:
    """The picture as a data address, so that no address of it is left behind; empty for anything else."""
    if file.size > MOST_PICTURE:
        return ""
    try:
        content = cipher_of(work, row.study_id).open(file.id, work.blobs.get(file.blob))
    except FileNotFoundError:
        return ""
    kind = next((kind for start, kind in PICTURES.items() if content.startswith(start)), "")
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}" if kind else ""


def _label(form: FormDefinition, label: Mapping[str, Any]) -> str:
    text = label.get(form.default_language)
    return text.plain if text else ""
