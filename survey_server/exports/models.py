"""Files that were asked for: made in the background, kept a day, for whoever asked."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.scopes import limit, studies


class State(StrEnum):
    """How far an export is."""

    WAITING = "waiting"
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class Export(SQLModel, table=True):
    """One file of a study: what was asked for, how far it is, and until when it may be fetched.

    ``steps`` and ``done`` are its progress; the content is sealed in the blob store.
    """

    __tablename__ = "export"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", index=True)
    kind: str
    words: str = "labels"
    """Whether cells hold the words of an answer (labels) or its code (codes)."""
    state: str = State.WAITING.value
    done: int = 0
    steps: int = 1
    size: int = 0
    digest: str = ""
    """SHA-256 of the file."""
    removed: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    """How much was taken out of it (:class:`survey_server.results.deidentify.Removed`)."""
    asked_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    finished_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    expires_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]

    @property
    def blob(self) -> str:
        """Where the sealed content lies."""
        return f"exports/{self.id.hex}"

    @property
    def is_under_way(self) -> bool:
        """Whether it is still being made."""
        return self.state in {State.WAITING, State.WORKING}


class ArchiveOrigin(SQLModel, table=True):
    """From which archive a study was brought in, and that its figures came out the same."""

    __tablename__ = "archive_origin"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    original_id: uuid.UUID
    digest: str
    """SHA-256 of the archive."""
    figures: int
    """How many figures were computed again and are the same to the last digit."""
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


limit(Export, by=studies(Export.study_id))
limit(ArchiveOrigin, by=studies(ArchiveOrigin.study_id))
