"""What must follow from a change: a row written in the same transaction, handled soon after it.

A crash between the two loses nothing: huey only wakes the drain, the table is the truth. A handler may
run twice and must bear it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
import structlog
from sqlmodel import Field, SQLModel, col, select

from survey_server.db import UtcDateTime, new_id
from survey_server.work import WAKE, Services, Work

log = structlog.get_logger()

LAST_ATTEMPT = 5
Handler = Callable[[Services, Mapping[str, Any]], None]


class OutboxRow(SQLModel, table=True):
    """One thing that has still to be done, or was."""

    __tablename__ = "outbox"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    payload: dict[str, Any] = Field(sa_type=sa.JSON)
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    not_before: dt.datetime = Field(sa_type=UtcDateTime, index=True)  # type: ignore[call-overload]
    attempts: int = 0
    done_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    last_error: str | None = None


def put(work: Work, kind: str, **payload: object) -> None:
    """Write down what must follow; ``payload`` holds ids, never personal data."""
    work.session.add(OutboxRow(kind=kind, payload=payload, created_at=work.now, not_before=work.now))
    work.session.info[WAKE] = True


def drain(services: Services, handlers: Mapping[str, Handler]) -> int:
    """Do everything that is due; returns how many rows were handled well."""
    done = 0
    while (row := _claim(services)) is not None:
        done += _handle(services, handlers, row)
    return done


def _claim(services: Services) -> OutboxRow | None:
    """Take the oldest due row; while it is worked on it is not due, so a crash gives it back later."""
    with services.write() as work:
        query = (
            select(OutboxRow)
            .where(
                col(OutboxRow.done_at).is_(None),
                OutboxRow.not_before <= work.now,
                OutboxRow.attempts < LAST_ATTEMPT,
            )
            .order_by(col(OutboxRow.created_at))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = work.session.exec(query).first()
        if row is not None:
            row.attempts += 1
            row.not_before = work.now + dt.timedelta(minutes=5 * 2**row.attempts)
        return row


def _handle(services: Services, handlers: Mapping[str, Handler], row: OutboxRow) -> int:
    try:
        handlers[row.kind](services, row.payload)
    except Exception as error:
        log.exception("outbox.failed", kind=row.kind, row=str(row.id), attempt=row.attempts)
        _finish(services, row.id, error=type(error).__name__)
        return 0
    _finish(services, row.id, error=None)
    return 1


def _finish(services: Services, row_id: uuid.UUID, error: str | None) -> None:
    with services.write() as work:
        row = work.session.get_one(OutboxRow, row_id)
        row.last_error = error
        if error is None:
            row.done_at = work.now
