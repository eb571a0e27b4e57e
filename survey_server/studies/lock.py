"""The lock (锁定): definitions, questionnaires and design stand before the first answer.

What is changed later is changed with a reason, kept with before and after, and listed in every report.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.reasons import words_given
from survey_server.studies.models import ChangeAfterLock, Study
from survey_server.work import Work

DEFINITIONS, FORM, INDICATORS, DESIGN = "definitions", "form", "indicators", "design"
CHANGES: Mapping[str, str] = {
    DEFINITIONS: N_("Definitions"),
    FORM: N_("Questionnaire"),
    INDICATORS: N_("Indicator table"),
    DESIGN: N_("Sampling design"),
}
"""What a change after the lock may be of."""


def note_first_answer(work: Work, study_id: uuid.UUID) -> None:
    """The first answer locks a study that its draw did not lock; raises STUDY_CLOSED after its end."""
    study = work.session.get_one(Study, study_id)
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    if study.first_answer_at is None:
        study.first_answer_at = work.now
        work.session.add(study)


def allow_change(
    work: Work, study: Study, what: str, *, before: Mapping[str, Any], after: Mapping[str, Any], reason: str
) -> None:
    """Let a change pass: freely before the lock, with a reason that every report lists after it.

    Raises STUDY_CLOSED, and INVALID_FIELD where the reason is missing.
    """
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    if study.fixed_at is None or before == after:
        return
    if not reason.strip():
        raise ZoufangError(
            Problem.INVALID_FIELD,
            field=N_("Reason for a change after the lock"),
            why=N_("it is locked: say why it must change; the reason will stand in the report"),
        )
    change = ChangeAfterLock(
        study_id=study.id,
        at=work.now,
        person_id=work.person_id,
        what=what,
        before=dict(before),
        after=dict(after),
        reason=words_given(reason),
    )
    work.session.add(change)
    record(work, "study.change_after_lock", "study", study.id, study_id=study.id, what=what)


def changes_of(work: Work, study_id: uuid.UUID) -> Sequence[ChangeAfterLock]:
    """What was changed after the lock, oldest first: what the results page, the workbook and the report list."""
    query = select(ChangeAfterLock).where(ChangeAfterLock.study_id == study_id)
    return work.session.exec(query.order_by(col(ChangeAfterLock.at))).all()
