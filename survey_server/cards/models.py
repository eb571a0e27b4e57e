"""Interviewers' cards (工作证), the client's letters (委托函), and what citizens complained of."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, col

from survey_server.db import UtcDateTime, new_id
from survey_server.errors import N_
from survey_server.rights.registered import Kept, keeps
from survey_server.scopes import limit, studies


class Card(SQLModel, table=True):
    """A person's card for one study. ``photo`` is sealed under the study's key and goes with it."""

    __tablename__ = "card"
    __table_args__ = (sa.UniqueConstraint("study_id", "number"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", index=True)
    number: str
    photo_kind: str
    photo: bytes
    valid_until: dt.date
    issued_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    revoked_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class ClientLetter(SQLModel, table=True):
    """The letter by which the client commissions a study; the newest is the one that is shown."""

    __tablename__ = "client_letter"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    kind: str
    content: bytes
    added_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class ComplaintState(StrEnum):
    """Whether somebody has answered."""

    NEW = "new"
    HANDLED = "handled"


class Complaint(SQLModel, table=True):
    """What a citizen wrote at a card's page; words, contact and answer are sealed under the study's key."""

    __tablename__ = "complaint"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    card_id: uuid.UUID = Field(foreign_key="card.id", index=True)
    state: str = Field(default=ComplaintState.NEW.value, index=True)
    words: bytes
    answer: bytes | None = None
    received_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    handled_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    handled_by: uuid.UUID | None = Field(default=None, foreign_key="person.id")


for table in (Card, ClientLetter, Complaint):
    limit(table, by=studies(table.study_id))
keeps(
    Kept(
        table=Card,
        of=lambda study_id: col(Card.study_id) == study_id,
        name=N_("Photographs of interviewers on their cards"),
        pipl="pi",
        why=N_("so that households can check who visits them"),
        basis=N_("contract with the interviewer"),
        seen_by=N_("whoever scans the card"),
        until=N_("until the study is closed"),
    )
)
keeps(
    Kept(
        table=Complaint,
        of=lambda study_id: col(Complaint.study_id) == study_id,
        name=N_("Complaints and questions of citizens"),
        pipl="pi",
        why=N_("to answer them"),
        basis=N_("consent"),
        seen_by=N_("evaluation team, with a recorded reason"),
        until=N_("until the study is closed"),
    )
)
