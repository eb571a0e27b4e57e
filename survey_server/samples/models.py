"""Draws: what was drawn, from what, by which seed."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.scopes import limit, studies


class Draw(SQLModel, table=True):
    """One draw of a study's sample; its certificate lets anybody draw it again."""

    __tablename__ = "draw"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", unique=True)
    design: dict[str, Any] = Field(sa_type=sa.JSON)
    seed: str
    certificate: dict[str, Any] = Field(sa_type=sa.JSON)
    drawn_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


limit(Draw, by=studies(Draw.study_id))
