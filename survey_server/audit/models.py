"""The record of what was done, and the chain over it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime
from survey_server.scopes import limit, studies


class Event(SQLModel, table=True):
    """One act: who, when, by which device and session, what, on what. Rows are only ever added (a trigger holds it).

    ``mac`` is a keyed code over everything but the id, made as the row is written; rows from before there was a chain
    have none.
    """

    __tablename__ = "event"

    id: int | None = Field(
        default=None,
        sa_column=sa.Column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    )
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    actor_kind: str
    actor_id: uuid.UUID | None = None
    device_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None
    action: str = Field(index=True)
    subject_kind: str
    subject_id: str = Field(index=True)
    study_id: uuid.UUID | None = Field(default=None, index=True)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    mac: bytes | None = None


class EventLink(SQLModel, table=True):
    """A link of the chain: ``seq`` counts without a gap, ``hash`` covers the link before it and the event."""

    __tablename__ = "event_link"

    seq: int = Field(
        sa_column=sa.Column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False)
    )
    event_id: int = Field(
        sa_column=sa.Column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False, unique=True)
    )
    hash: bytes


limit(Event, by=studies(Event.study_id))
