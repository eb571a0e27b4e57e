"""Cases: who was drawn, who asks them, what came of it."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.scopes import limit, places, rows_of


class Status(StrEnum):
    """Where a case stands."""

    TODO = "todo"
    APPOINTMENT = "appointment"
    RETURNED = "returned"
    DONE = "done"


class Case(SQLModel, table=True):
    """One drawn unit in one study. ``sample_id`` (样本编号) is printable and says nothing personal."""

    __tablename__ = "case"
    __table_args__ = (sa.UniqueConstraint("study_id", "sample_id"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    household_id: uuid.UUID = Field(foreign_key="household.id", index=True)
    sample_id: str
    stratum: str
    county: str
    town: str = ""
    category: str
    role: str
    draw_order: int
    population: int
    probability: float | None = None
    released_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    status: str = Field(default=Status.TODO.value, index=True)
    interviewer_id: uuid.UUID | None = Field(default=None, foreign_key="person.id", index=True)
    outcome: str | None = None
    outcome_class: str | None = None
    outcome_channel: str | None = None
    attempts: int = 0
    last_attempt_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    due_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)  # type: ignore[call-overload]
    operator_id: uuid.UUID | None = Field(default=None, foreign_key="person.id", index=True)
    locked_until: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    withdrawn_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    """The household withdrew (撤回): it is never visited, called or asked again."""


class Attempt(SQLModel, table=True):
    """One try to reach a household: a visit or a call, with what came of it."""

    __tablename__ = "attempt"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    case_id: uuid.UUID = Field(foreign_key="case.id", index=True)
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    channel: str
    outcome: str
    outcome_class: str
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    due_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    instance_id: str | None = Field(default=None, index=True)
    note: bytes | None = None


limit(Case, by=places(Case.study_id, Case.county, Case.town))
limit(Attempt, by=rows_of(Attempt.case_id, Case, Case.id))
