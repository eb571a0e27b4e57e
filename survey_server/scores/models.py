"""What an evaluator and the experts enter: the study's own table, values with their reasons, points, evidence."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.scopes import limit, studies


class StudyTable(SQLModel, table=True):
    """A study's own indicator table (评分表), in place of the shipped one that it names."""

    __tablename__ = "study_table"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    source: dict[str, Any] = Field(sa_type=sa.JSON)
    changed_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class ScoreEntry(SQLModel, table=True):
    """The value of a line that was entered by hand, for one county or ("") the whole, with its reason and evidence."""

    __tablename__ = "score_entry"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    county: str = Field(primary_key=True)
    indicator: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_type=sa.JSON, nullable=True)
    answers: int | None = None
    assessed: bool = True
    zero: str = ""
    reason: str = ""
    evidence: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class ExpertScore(SQLModel, table=True):
    """One expert's points for a line that is scored by judgement, with the reason."""

    __tablename__ = "expert_score"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    county: str = Field(primary_key=True)
    indicator: str = Field(primary_key=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", primary_key=True)
    points: str
    reason: str
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class PairJudgement(SQLModel, table=True):
    """One expert's comparison of the parts of a line by pairs (层次分析法); ``upper`` by "first|second"."""

    __tablename__ = "pair_judgement"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    parent: str = Field(primary_key=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", primary_key=True)
    upper: dict[str, str] = Field(sa_type=sa.JSON)
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class Evidence(SQLModel, table=True):
    """A paper behind a figure (佐证材料), by its number; the file is sealed in the blob store."""

    __tablename__ = "evidence"
    __table_args__ = (sa.UniqueConstraint("study_id", "number"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    number: str
    title: str
    file_name: str
    size: int
    blob: str
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


for table in (StudyTable, ScoreEntry, ExpertScore, PairJudgement, Evidence):
    limit(table, by=studies(table.study_id))
