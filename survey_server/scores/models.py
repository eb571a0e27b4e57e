"""What an evaluator and the experts enter: the study's own table, values with their reasons, points, evidence."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.scopes import limit, rows_of, studies


class StudyTable(SQLModel, table=True):
    """A study's own indicator table (评分表), in place of the shipped one that it names."""

    __tablename__ = "study_table"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    source: dict[str, Any] = Field(sa_type=sa.JSON)
    changed_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class ScoreEntry(SQLModel, table=True):
    """The value of a line that was entered by hand, with its reason and evidence.

    It is for the whole (""), one county, or one programme (:mod:`survey_server.scores.parts`).
    """

    __tablename__ = "score_entry"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    county: str = Field(primary_key=True)
    indicator: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_type=sa.JSON, nullable=True)
    answers: int | None = None
    sampling: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """How those who answered were chosen, of a rate of answers."""
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


class ExpertRound(SQLModel, table=True):
    """One round (专家调查法) in which experts rate the parts of a line from 1 to 10, without knowing who says what.

    ``most_spread`` is the coefficient of variation that no part may exceed for the rounds to end.
    """

    __tablename__ = "expert_round"
    __table_args__ = (sa.UniqueConstraint("study_id", "parent", "number"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    parent: str
    number: int
    items: list[str] = Field(sa_type=sa.JSON)
    most_spread: str
    opened_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    closed_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class ExpertOpinion(SQLModel, table=True):
    """What one expert said in one round: a rating a part, and the reasons."""

    __tablename__ = "expert_opinion"

    round_id: uuid.UUID = Field(foreign_key="expert_round.id", primary_key=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", primary_key=True)
    ratings: dict[str, str] = Field(sa_type=sa.JSON)
    reasons: dict[str, str] = Field(sa_type=sa.JSON)
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class FundAmount(SQLModel, table=True):
    """The money of a part of a study: received, carried over, spent, left, and how much of it was examined.

    Amounts in one unit as they were typed; empty where it is not known.
    """

    __tablename__ = "fund_amount"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    part: str = Field(primary_key=True)
    received: str = ""
    carried_over: str = ""
    spent: str = ""
    balance: str = ""
    examined: str = ""
    evidence: str = ""
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class GradeScale(SQLModel, table=True):
    """A study's own grades: the per cent from which each is given, and the line below which counties are counted."""

    __tablename__ = "grade_scale"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    lines: dict[str, str] = Field(sa_type=sa.JSON)
    threshold: str = "80"
    changed_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


for table in (StudyTable, ScoreEntry, ExpertScore, PairJudgement, Evidence, ExpertRound, FundAmount, GradeScale):
    limit(table, by=studies(table.study_id))
limit(ExpertOpinion, by=rows_of(ExpertOpinion.round_id, ExpertRound, ExpertRound.id))
