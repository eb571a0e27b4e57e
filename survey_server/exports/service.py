"""Files of a study: asked for at the page, made in the background, fetched by whoever asked until they expire."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlmodel import col, select

from survey_server import outbox
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.exports.making import KINDS, MAKE
from survey_server.exports.models import Export, State
from survey_server.exports.workbook import CODES, LABELS
from survey_server.privacy.service import cipher_of
from survey_server.studies.service import study_of
from survey_server.work import Work

SHOWN = 20
MOST_UNDER_WAY = 5


def ask(work: Work, study_id: uuid.UUID, kind: str, words: str) -> Export:
    """Put a file on the list to be made.

    Raises NOT_FOUND for no such kind, STUDY_CLOSED, STATE_CONFLICT while five are under way.
    """
    study_of(work, study_id)
    cipher_of(work, study_id)
    if kind not in KINDS or words not in {LABELS, CODES} or work.person_id is None:
        raise ZoufangError(Problem.NOT_FOUND)
    if sum(export.is_under_way for export in mine(work, study_id)) >= MOST_UNDER_WAY:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("five files are being made for you already"))
    export = Export(study_id=study_id, person_id=work.person_id, kind=kind, words=words, asked_at=work.now)
    work.session.add(export)
    work.session.flush()
    outbox.put(work, MAKE, export_id=str(export.id))
    record(work, "export.ask", "export", export.id, study_id=study_id, kind=kind, words=words)
    return export


def mine(work: Work, study_id: uuid.UUID) -> Sequence[Export]:
    """What the reader asked for in this study, newest first."""
    query = select(Export).where(Export.study_id == study_id, Export.person_id == work.person_id)
    return work.session.exec(query.order_by(col(Export.asked_at).desc()).limit(SHOWN)).all()


def content_of(work: Work, study_id: uuid.UUID, export_id: uuid.UUID) -> tuple[Export, bytes]:
    """A file that is ready, for whoever asked for it.

    Raises NOT_FOUND for another's, for one that is not ready, and for one that has expired.
    """
    study_of(work, study_id)
    export = work.session.get(Export, export_id)
    if export is None or export.study_id != study_id or export.person_id != work.person_id:
        raise ZoufangError(Problem.NOT_FOUND)
    if export.state != State.READY or export.expires_at is None or export.expires_at <= work.now:
        raise ZoufangError(Problem.NOT_FOUND)
    return export, cipher_of(work, study_id).open(export_id, work.blobs.get(export.blob))
