"""The end of a study."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime
from survey_server.scopes import limit, studies


class Closing(SQLModel, table=True):
    """结项: what was handed over, what was destroyed, and the figures that stay: de-identified, and pinned."""

    __tablename__ = "closing"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    certificate: dict[str, Any] = Field(sa_type=sa.JSON)
    signature: str
    figures: list[Any] = Field(default_factory=list, sa_type=sa.JSON)


limit(Closing, by=studies(Closing.study_id))
