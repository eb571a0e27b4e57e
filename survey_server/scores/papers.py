"""Papers behind figures (佐证材料): kept sealed, numbered, handed out as downloads alone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlmodel import func, select

from survey_server.audit.service import record
from survey_server.db import new_id
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.service import cipher_of
from survey_server.scores.models import Evidence
from survey_server.work import Work

MOST_BYTES = 32 * 1024 * 1024


def evidence_of(work: Work, study_id: uuid.UUID) -> Sequence[Evidence]:
    """The papers of a study by number."""
    query = select(Evidence).where(Evidence.study_id == study_id)
    return work.session.exec(query.order_by(func.length(Evidence.number), Evidence.number)).all()


def add_evidence(work: Work, study_id: uuid.UUID, *, title: str, file_name: str, content: bytes) -> Evidence:
    """Keep a paper under the next number; raises INVALID_FIELD for an empty one, TOO_LARGE."""
    if not content or not title.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Evidence"), why=N_("give it a title and choose a file"))
    if len(content) > MOST_BYTES:
        raise ZoufangError(Problem.TOO_LARGE, limit=MOST_BYTES // 1024 // 1024)
    count = work.session.exec(select(func.count()).where(Evidence.study_id == study_id)).one()
    paper = Evidence(
        id=new_id(),
        study_id=study_id,
        number=f"E{count + 1:02d}",
        title=title.strip()[:200],
        file_name=file_name[:200],
        size=len(content),
        blob="",
        person_id=work.person_id,
        at=work.now,
    )
    paper.blob = f"evidence/{paper.id}"
    work.blobs.put(paper.blob, cipher_of(work, study_id).seal(paper.id, content))
    work.session.add(paper)
    record(work, "evidence.add", "evidence", paper.id, study_id=study_id, number=paper.number, bytes=len(content))
    return paper


def read_evidence(work: Work, study_id: uuid.UUID, evidence_id: uuid.UUID) -> tuple[Evidence, bytes]:
    """A paper and what it holds; that it was taken is recorded. Raises NOT_FOUND."""
    paper = work.session.get(Evidence, evidence_id)
    if paper is None or paper.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    content = cipher_of(work, study_id).open(paper.id, work.blobs.get(paper.blob))
    record(work, "evidence.take", "evidence", paper.id, study_id=study_id, number=paper.number)
    return paper, content
