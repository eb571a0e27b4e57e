"""Keys of studies."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime


class StudyKey(SQLModel, table=True):
    """A study's key, wrapped by the master key; destroying it destroys every personal fact of the study."""

    __tablename__ = "study_key"

    study_id: uuid.UUID = Field(primary_key=True)
    wrapped: bytes
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
