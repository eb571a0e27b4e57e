"""The frame (抽样框): every household or person who could be drawn; personal facts sealed."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id


class Household(SQLModel, table=True):
    """One unit of the frame. ``personal`` seals name, ID number, telephones, address and amount as JSON."""

    __tablename__ = "household"
    __table_args__ = (sa.UniqueConstraint("study_id", "unit_id"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    unit_id: str
    unit: str
    county: str
    town: str = ""
    village: str = ""
    area: str = ""
    category: str
    category_name: str
    categories: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    persons: int | None = None
    family: int | None = None
    monthly: bool | None = None
    standard: int | None = None
    standard_year: int | None = None
    personal: bytes
    id_index: bytes | None = Field(default=None, index=True)
    phone_index: bytes | None = Field(default=None, index=True)


class Import(SQLModel, table=True):
    """One bringing in of roster files."""

    __tablename__ = "roster_import"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    state: str
    report: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
