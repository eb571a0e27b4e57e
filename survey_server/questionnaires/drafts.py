"""Workbooks that were uploaded and not yet published: kept as they came until they are published or thrown away.

A draft is a row of the table of versions whose purpose is ``draft.visit`` and the like, without a form of its own:
no phone, code or submission can name it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence

from sqlmodel import col, select

from survey_server.accounts.people import names_of
from survey_server.audit.models import Event
from survey_server.audit.service import record
from survey_server.db import new_id
from survey_server.errors import Problem, ZoufangError
from survey_server.studies.models import FormVersion, Purpose, Study
from survey_server.work import Work

KEPT = "form.draft"
_START = "draft."
_PURPOSES = {f"{_START}{purpose.value}": purpose for purpose in Purpose}


def keep_draft(work: Work, study: Study, purpose: Purpose, filename: str, workbook: bytes) -> FormVersion:
    """Keep an uploaded workbook; raises STUDY_CLOSED. The same file for the same purpose is kept once."""
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    digest = hashlib.sha256(workbook).hexdigest()
    for draft in drafts_of(work, study.id):
        if (purpose_of(draft), draft.digest) == (purpose, digest):
            return draft
    made = new_id()
    draft = FormVersion(
        id=made,
        study_id=study.id,
        purpose=f"{_START}{purpose.value}",
        form_id="",
        version=str(made),
        title=filename[:200],
        xform=b"",
        workbook=workbook,
        digest=digest,
        published_at=work.now,
    )
    work.session.add(draft)
    record(work, KEPT, "form", draft.id, study_id=study.id)
    return draft


def drafts_of(work: Work, study_id: uuid.UUID) -> Sequence[FormVersion]:
    """The drafts of a study, newest first."""
    query = select(FormVersion).where(FormVersion.study_id == study_id, col(FormVersion.purpose).in_(list(_PURPOSES)))
    return work.session.exec(query.order_by(col(FormVersion.published_at).desc())).all()


def uploaders_of(work: Work, drafts: Sequence[FormVersion]) -> dict[uuid.UUID, str]:
    """Who uploaded each draft, by the draft's id: the names that the record knows."""
    query = select(Event.subject_id, Event.actor_id).where(
        Event.action == KEPT, col(Event.subject_id).in_([str(draft.id) for draft in drafts])
    )
    acts = work.session.exec(query).all()
    names = names_of(work, {actor for _, actor in acts if actor is not None})
    return {uuid.UUID(subject): names[actor] for subject, actor in acts if actor in names}


def form_of(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> FormVersion:
    """A draft or a published version of this study; raises NOT_FOUND."""
    query = select(FormVersion).where(FormVersion.study_id == study_id, FormVersion.id == version_id)
    found = work.session.exec(query).first()
    if found is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return found


def draft_of(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> FormVersion:
    """A draft of this study; raises NOT_FOUND, for a published version too: it never changes."""
    found = form_of(work, study_id, version_id)
    if not is_draft(found):
        raise ZoufangError(Problem.NOT_FOUND)
    return found


def is_draft(form: FormVersion) -> bool:
    """Whether it is a draft."""
    return form.purpose in _PURPOSES


def purpose_of(form: FormVersion) -> Purpose:
    """What a version or a draft is for."""
    return _PURPOSES.get(form.purpose) or Purpose(form.purpose)


def discard(work: Work, draft: FormVersion) -> None:
    """Throw a draft away."""
    record(work, "form.discard", "form", draft.id, study_id=draft.study_id)
    work.session.delete(draft)
