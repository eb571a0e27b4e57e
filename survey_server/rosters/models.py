"""The frame (抽样框): every household or person who could be drawn; personal facts sealed.

The frame of a study is what its roster files, taken together, say: an import reads them all, stages the units, and
taking it replaces the frame whole.
"""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.scopes import limit, places, rows_of, studies


class ImportState(StrEnum):
    """How far an import is."""

    WAITING = "waiting"
    READING = "reading"
    READ = "read"
    TAKEN = "taken"
    FAILED = "failed"
    REPLACED = "replaced"
    """A later import reads the files again."""


class UnitFacts(SQLModel):
    """What is stored of a unit. ``personal`` seals name, telephones, address, amount and the end of numbers as JSON.

    ``sources`` tells how the unit came to be: [file, sheet, row, categories, joined by] of each roster row.
    """

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
    sources: list[Any] = Field(default_factory=list, sa_type=sa.JSON)


class Household(UnitFacts, table=True):
    """One unit of the frame: a household, or a person where the category counts people."""

    __tablename__ = "household"
    __table_args__ = (
        sa.UniqueConstraint("study_id", "unit_id"),
        # Strata and villages are counted while somebody types; the index alone answers that.
        sa.Index("ix_household_stratum", "study_id", "county", "category", "town", "village"),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    id_index: bytes | None = Field(default=None, index=True)
    phone_index: bytes | None = Field(default=None, index=True)


class StagedUnit(UnitFacts, table=True):
    """A unit that an import found and that is not in the frame yet; it keeps its id when it is taken."""

    __tablename__ = "roster_staged"

    import_id: uuid.UUID = Field(foreign_key="roster_import.id", primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    id_index: bytes | None = None
    phone_index: bytes | None = None


class RosterFile(SQLModel, table=True):
    """One file as it was uploaded; its content is sealed among the blobs. ``constants`` are by sheet."""

    __tablename__ = "roster_file"
    __table_args__ = (sa.UniqueConstraint("study_id", "name"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    name: str
    digest: str
    size: int
    constants: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    uploaded_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]

    @property
    def blob(self) -> str:
        """Where the sealed content lies."""
        return f"rosters/{self.id.hex}"


class RosterColumns(SQLModel, table=True):
    """What the columns under certain headers are, as somebody said; remembered for the next file."""

    __tablename__ = "roster_columns"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    fingerprint: str = Field(primary_key=True)
    columns: dict[str, str] = Field(sa_type=sa.JSON)


class Import(SQLModel, table=True):
    """One reading of all roster files of a study. ``problems`` seals the bad rows."""

    __tablename__ = "roster_import"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    state: str
    done: int = 0
    total: int = 0
    report: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    problems: bytes | None = None
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    taken_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


limit(Household, by=places(Household.study_id, Household.county, Household.town))
limit(RosterFile, by=studies(RosterFile.study_id))
limit(RosterColumns, by=studies(RosterColumns.study_id))
limit(Import, by=studies(Import.study_id))
limit(StagedUnit, by=rows_of(StagedUnit.import_id, Import, Import.id))
