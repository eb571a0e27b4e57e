"""People, what they may do, and the browsers and phones that speak for them."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
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
    """A browser that signed in; only a digest of its secret is kept.

    While it is ``waiting`` for the second factor it speaks for nobody. ``browser`` is a few words such as
    ``Chrome 126, Windows``; ``factor`` says by what it was proved besides the password.
    """

    __tablename__ = "login_session"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", index=True)
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    expires_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    ended_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    seen_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    browser: str = ""
    waiting: bool = False
    factor: str = ""


class Device(SQLModel, table=True):
    """A phone bound to an interviewer; only a digest of its secret is kept."""

    __tablename__ = "device"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", index=True)
    name: str
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    ended_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    seen_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class LinkPurpose(StrEnum):
    """What a one-time link is good for."""

    PHONE = "phone"
    PASSWORD = "password"  # noqa: S105 - a purpose


class OneTimeLink(SQLModel, table=True):
    """A link that signs one phone in, or sets one new password: once, for a short while."""

    __tablename__ = "one_time_link"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True)
    purpose: str = LinkPurpose.PHONE.value
    person_id: uuid.UUID = Field(foreign_key="person.id")
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    expires_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    used_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class Authenticator(SQLModel, table=True):
    """The secret that a person's authenticator app shares with us (TOTP), sealed; ``last_step`` was the last used."""

    __tablename__ = "authenticator"

    person_id: uuid.UUID = Field(foreign_key="person.id", primary_key=True)
    sealed: str
    last_step: int
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class RecoveryCode(SQLModel, table=True):
    """A code that stands for the second factor once, where the phone was lost; only its digest is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("person_id", "digest"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    person_id: uuid.UUID = Field(foreign_key="person.id")
    digest: str
    used_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class Passkey(SQLModel, table=True):
    """A key pair in a person's phone, computer or security key (WebAuthn); only its public half is here."""

    __tablename__ = "passkey"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", index=True)
    credential_id: bytes = Field(unique=True)
    public_key: bytes
    sign_count: int
    name: str
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    used_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class Throttle(SQLModel, table=True):
    """How often something was tried, and from when on it may be again. Moments are milliseconds since 1970.

    ``key`` is a keyed digest: neither an address nor a user name can be read from it.
    """

    __tablename__ = "throttle"

    key: str = Field(primary_key=True)
    tries: int
    free_at: int = Field(sa_type=sa.BigInteger)
    forget_at: int = Field(sa_type=sa.BigInteger, index=True)


class ApiToken(SQLModel, table=True):
    """A program that reads by the API; only a digest of its secret is kept. ``reach`` is a list of grants, or None."""

    __tablename__ = "api_token"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True)
    name: str
    scopes: list[str] = Field(sa_type=sa.JSON)
    reach: list[dict[str, Any]] | None = Field(default=None, sa_type=sa.JSON)
    made_by: uuid.UUID = Field(foreign_key="person.id")
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    expires_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    ended_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    used_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
