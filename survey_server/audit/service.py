"""Writing and reading the record of what was done (操作记录).

Nothing deletes an event, neither a withdrawal nor the destruction of a study's key nor any age: the record is kept
for at least three years (《个人信息保护法》第五十六条、《网络数据安全管理条例》第十二条) by being kept for good, and
``zoufang audit export`` writes it to a file apart from the data. Therefore it never holds personal data.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from sqlmodel import col, select

from survey_server.audit.chain import code_of
from survey_server.audit.models import Event
from survey_server.work import RECORDED, Work


def record(
    work: Work,
    action: str,
    subject_kind: str,
    subject_id: object,
    *,
    study_id: uuid.UUID | None = None,
    **details: object,
) -> None:
    """Add an event to this transaction.

    ``details`` never hold personal data: counts, codes, ids; ``reason=`` says why, where somebody was asked.
    """
    event = Event(
        at=work.now,
        actor_kind=work.actor.kind,
        actor_id=work.actor.id,
        device_id=work.actor.device_id,
        session_id=work.actor.session_id,
        action=action,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        study_id=study_id,
        details=json.loads(json.dumps(details)),  # as it will be read back, for the keyed code
    )
    event.mac = code_of(work.vault, event)
    work.session.add(event)
    work.session.info.setdefault(RECORDED, []).append(action)


def has_recorded(work: Work) -> bool:
    """Whether this transaction has an event."""
    return bool(work.session.info.get(RECORDED))


def events_of(work: Work, subject_kind: str, subject_id: object) -> Sequence[Event]:
    """What was done to one thing, oldest first."""
    query = select(Event).where(Event.subject_kind == subject_kind, Event.subject_id == str(subject_id))
    return work.session.exec(query.order_by(col(Event.id))).all()
