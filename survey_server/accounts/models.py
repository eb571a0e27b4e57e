"""People, what they may do, and the browsers and phones that speak for them."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlmodel import Field, SQLModel

from survey_server.actors import Grant, Role
from survey_server.db import UtcDateTime, new_id


class Person(SQLModel, table=True):
    """Somebody who works with the system."""

    __tablename__ = "person"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    username: str = Field(unique=True)
    name: str
    staff_no: str = ""
    password_hash: str
    active: bool = True
    failures: int = 0
    locked_until: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class PersonRole(SQLModel, table=True):
    """A role that a person has."""

    __tablename__ = "person_role"

    person_id: uuid.UUID = Field(foreign_key="person.id", primary_key=True)
    role: str = Field(primary_key=True)

    @property
    def as_role(self) -> Role:
        """The role as its enumeration."""
        return Role(self.role)


class PersonGrant(SQLModel, table=True):
    """A part of the data that a person may reach: a study (None: every one), a county, a town ("": all of them)."""

    __tablename__ = "person_grant"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", index=True)
    study_id: uuid.UUID | None = Field(default=None, foreign_key="study.id")
    county: str = ""
    town: str = ""

    @property
    def as_grant(self) -> Grant:
        """The grant as an actor carries it."""
        return Grant(self.study_id, self.county, self.town)


class LoginSession(SQLModel, table=True):
    """A browser that signed in; only a digest of its secret is kept."""

    __tablename__ = "login_session"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", index=True)
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    expires_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    ended_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class Device(SQLModel, table=True):
    """A phone bound to an interviewer; only a digest of its secret is kept."""

    __tablename__ = "device"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", index=True)
    name: str
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    ended_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class OneTimeLink(SQLModel, table=True):
    """A QR code that signs one phone in, once, for a short while."""

    __tablename__ = "one_time_link"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True)
    person_id: uuid.UUID = Field(foreign_key="person.id")
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    expires_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    used_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
