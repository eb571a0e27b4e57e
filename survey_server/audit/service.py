"""Writing and reading the record of what was done (操作记录)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlmodel import col, select

from survey_server.audit.models import Event
from survey_server.work import Work


def record(
    work: Work,
    action: str,
    subject_kind: str,
    subject_id: object,
    *,
    study_id: uuid.UUID | None = None,
    **details: object,
) -> None:
    """Add an event to this transaction. ``details`` never hold personal data: counts, codes, ids."""
    work.session.add(
        Event(
            at=work.now,
            actor_kind=work.actor.kind,
            actor_id=work.actor.id,
            device_id=work.actor.device_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            study_id=study_id,
            details=details,
        )
    )


def events_of(work: Work, subject_kind: str, subject_id: object) -> Sequence[Event]:
    """What was done to one thing, oldest first."""
    query = select(Event).where(Event.subject_kind == subject_kind, Event.subject_id == str(subject_id))
    return work.session.exec(query.order_by(col(Event.id))).all()
