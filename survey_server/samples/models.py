"""Designs that were weighed, what was announced, and draws: what was drawn, from what, by which seed."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.scopes import limit, studies


class Draw(SQLModel, table=True):
    """One draw of a study's sample; its certificate lets anybody draw it again.

    ``wish`` is what was typed at the designer, empty for a draw that was not made there.
    """

    __tablename__ = "draw"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", unique=True)
    design: dict[str, Any] = Field(sa_type=sa.JSON)
    seed: str
    certificate: dict[str, Any] = Field(sa_type=sa.JSON)
    drawn_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    wish: dict[str, str] = Field(
        default_factory=dict, sa_column=sa.Column(sa.JSON, nullable=False, server_default="{}")
    )


class SampleOption(SQLModel, table=True):
    """A design that was saved to be compared: the fields of the designer, and takes as [county, category, number]."""

    __tablename__ = "sample_option"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    name: str
    wish: dict[str, str] = Field(sa_type=sa.JSON)
    takes: list[list[Any]] = Field(sa_type=sa.JSON)
    saved_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class Announcement(SQLModel, table=True):
    """Digest and design, published before the seed: ``statement`` is what ``sampling.announcement`` makes."""

    __tablename__ = "sample_announcement"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    statement: dict[str, Any] = Field(sa_type=sa.JSON)
    fingerprint: str
    wish: dict[str, str] = Field(sa_type=sa.JSON)
    published_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class SpecialDraw(SQLModel, table=True):
    """A draw for another purpose than rates, kept apart from the cases; ``sealed`` is whom to look at, as JSON."""

    __tablename__ = "special_draw"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    purpose: str
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    sealed: bytes = b""
    certificate: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    drawn_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


for table in (Draw, SampleOption, Announcement, SpecialDraw):
    limit(table, by=studies(table.study_id))
