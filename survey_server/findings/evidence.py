"""What findings rest on, one page's worth opened: words, steps, submissions and sealed files; and their forgetting."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.findings.kinds import METHODS, OF_PAPERS, kinds
from survey_server.findings.models import Finding, FindingEvidence, FindingStep
from survey_server.findings.service import finding_of, label_of, open_study
from survey_server.privacy.service import cipher_of
from survey_server.work import Work

MOST_BYTES = 16 * 1024 * 1024
MOST_FILES = 50
MOST_NAME = 120


@dataclass(frozen=True)
class Step:
    """A step, opened."""

    row: FindingStep
    words: str
    to: str


@dataclass(frozen=True)
class Opened:
    """A finding with everything that was said of it."""

    row: Finding
    words: str
    reference: str
    said: Sequence[tuple[str, str]]
    steps: Sequence[Step]
    evidence: Sequence[FindingEvidence]


def open_finding(work: Work, study_id: uuid.UUID, finding_id: uuid.UUID) -> Opened:
    """Read a finding; that it was read is recorded. Raises NOT_FOUND, STUDY_CLOSED."""
    row = finding_of(work, study_id, finding_id)
    record(work, "finding.read", "finding", row.id, study_id=study_id, number=row.number)
    said = _content(work, row)
    query = select(FindingStep).where(FindingStep.finding_id == row.id).order_by(col(FindingStep.at))
    steps = [_step(work, row, step) for step in work.session.exec(query).all()]
    told = [(question, answer) for question, answer in said.get("said", [])]
    return Opened(row, said.get("words", ""), said.get("reference", ""), told, steps, _evidence(work, row.id))


def words_of_all(work: Work, study_id: uuid.UUID, rows: Collection[Finding]) -> dict[uuid.UUID, str]:
    """The words of many findings, for the ledger that stays inside; the caller records it. Raises STUDY_CLOSED."""
    cipher = cipher_of(work, study_id)
    return {row.id: _told(json.loads(cipher.open(row.id, row.content))) for row in rows if row.content}


def take_file(
    work: Work, study_id: uuid.UUID, finding_id: uuid.UUID, method: str, file_name: str, content: bytes
) -> FindingEvidence:
    """A paper, photograph or list that proves it: sealed. Raises STUDY_CLOSED, NOT_FOUND, INVALID_FIELD, TOO_LARGE."""
    open_study(work, study_id)
    row = finding_of(work, study_id, finding_id)
    if row.withdrawn_at is not None:
        raise ZoufangError(Problem.WITHDRAWN)
    if not content or method not in METHODS:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("File"), why=N_("choose a file"))
    if len(content) > MOST_BYTES:
        raise ZoufangError(Problem.TOO_LARGE, limit=MOST_BYTES // 1024 // 1024)
    if len(_evidence(work, row.id)) >= MOST_FILES:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("File"), why=N_("this finding has as many files as it may"))
    kept = FindingEvidence(
        finding_id=row.id,
        method=method,
        file_name=file_name[-MOST_NAME:],
        size=len(content),
        person_id=work.person_id,
        at=work.now,
    )
    work.blobs.put(kept.blob, cipher_of(work, study_id).seal(kept.id, content))
    work.session.add(kept)
    record(work, "finding.file", "finding", row.id, study_id=study_id, number=row.number, bytes=len(content))
    return kept


def read_file(work: Work, study_id: uuid.UUID, evidence_id: uuid.UUID) -> tuple[str, bytes]:
    """A file of the evidence under a safe name; recorded. Raises NOT_FOUND, STUDY_CLOSED."""
    kept = work.session.get(FindingEvidence, evidence_id)
    if kept is None or not kept.blob:
        raise ZoufangError(Problem.NOT_FOUND)
    row = finding_of(work, study_id, kept.finding_id)
    content = cipher_of(work, study_id).open(kept.id, work.blobs.get(kept.blob))
    record(work, "finding.take", "finding", row.id, study_id=study_id, number=row.number)
    return f"{label_of(row)}-{kept.file_name}", content


def empty_findings(work: Work, submission_ids: Collection[uuid.UUID], case_id: uuid.UUID | None = None) -> list[str]:
    """A respondent withdrew: empty what rests on these submissions, or on what this household said or showed.

    What papers alone show (资料, 比对) stays, without its link to the answers. Returns the files to delete.
    """
    links = select(FindingEvidence.finding_id).where(col(FindingEvidence.submission_id).in_(submission_ids))
    rests = col(Finding.id).in_(links)
    chosen = sa.or_(rests, col(Finding.case_id) == case_id) if case_id else rests
    rows = work.session.exec(select(Finding).where(chosen)).all()
    gone = [row for row in rows if row.method not in OF_PAPERS and row.withdrawn_at is None]
    ids = [row.id for row in gone]
    files = work.session.exec(select(FindingEvidence).where(col(FindingEvidence.finding_id).in_(ids))).all()
    blobs = [file.blob for file in files if file.blob]
    ours = col(FindingEvidence.finding_id).in_(ids)
    work.session.execute(
        sa.delete(FindingEvidence).where(sa.or_(ours, col(FindingEvidence.submission_id).in_(submission_ids)))
    )
    work.session.execute(sa.update(FindingStep).where(col(FindingStep.finding_id).in_(ids)).values(content=b""))
    for row in gone:
        row.content, row.withdrawn_at = b"", work.now
        work.session.add(row)
        record(work, "finding.forget", "finding", row.id, study_id=row.study_id, number=row.number)
    return blobs


def files_of(work: Work, study_id: uuid.UUID) -> list[str]:
    """Where the files of a study's findings lie, to delete them at its closing."""
    query = select(FindingEvidence).join(Finding, col(Finding.id) == FindingEvidence.finding_id)
    files = work.session.exec(query.where(Finding.study_id == study_id)).all()
    return [file.blob for file in files if file.blob]


def enough(opened: Opened) -> str:
    """The evidence that this kind of problem needs, as the code list says."""
    return kinds()[opened.row.kind].evidence


def _content(work: Work, row: Finding) -> dict[str, Any]:
    cipher = cipher_of(work, row.study_id)
    return dict(json.loads(cipher.open(row.id, row.content))) if row.content else {}


def _told(said: dict[str, Any]) -> str:
    parts = [said.get("reference", ""), said.get("words", "")]
    return "；".join([part for part in parts if part] + [f"{question}：{answer}" for question, answer in said["said"]])


def _step(work: Work, row: Finding, step: FindingStep) -> Step:
    cipher = cipher_of(work, row.study_id)
    said = json.loads(cipher.open(step.id, step.content)) if step.content else {}
    return Step(step, said.get("words", ""), said.get("to", ""))


def _evidence(work: Work, finding_id: uuid.UUID) -> Sequence[FindingEvidence]:
    query = select(FindingEvidence).where(FindingEvidence.finding_id == finding_id)
    return work.session.exec(query.order_by(col(FindingEvidence.at))).all()
