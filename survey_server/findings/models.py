"""Findings (问题台账): a problem of one household or place, the evidence of it, and every step that was taken."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.scopes import limit, places, rows_of, studies


class Finding(SQLModel, table=True):
    """One problem, by its number in the study. ``content`` (words, what was answered, reference) is sealed.

    ``kind`` is a code of problem_types.csv, ``check_no`` one of the eight checks (核查八项; 0: none), ``method`` one
    of :data:`survey_server.findings.kinds.METHODS`, ``state`` a State. ``seen_at`` is when it was met with, ``at`` when
    it stood in the ledger. An urgent one also has the times of its referral (转介), help (帮扶) and filing (归集).
    """

    __tablename__ = "finding"
    __table_args__ = (sa.UniqueConstraint("study_id", "number"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    number: int
    county: str
    town: str = ""
    case_id: uuid.UUID | None = Field(default=None, foreign_key="case.id", index=True)
    kind: str
    check_no: int = 0
    method: str
    state: str
    urgent: bool = False
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    """Who wrote it down; None where it came from answers."""
    seen_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    verified_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    referred_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    helped_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    filed_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    withdrawn_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    """Its respondent withdrew: nothing is left but the number, and it counts for nothing."""
    content: bytes


class FindingEvidence(SQLModel, table=True):
    """What a finding rests on: a submission, or a file that was handed in (sealed in the blob store)."""

    __tablename__ = "finding_evidence"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    finding_id: uuid.UUID = Field(foreign_key="finding.id", index=True)
    submission_id: uuid.UUID | None = Field(default=None, foreign_key="submission.id", index=True)
    method: str
    file_name: str = ""
    size: int = 0
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]

    @property
    def blob(self) -> str:
        """Where a file's sealed content lies; empty for a submission."""
        return f"findings/{self.id.hex}" if self.submission_id is None else ""


class FindingStep(SQLModel, table=True):
    """One step: a state, or a stage of an urgent referral (referred, helped, filed); by whom, in sealed words."""

    __tablename__ = "finding_step"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    finding_id: uuid.UUID = Field(foreign_key="finding.id", index=True)
    step: str
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    content: bytes


class FindingCount(SQLModel, table=True):
    """How many findings a study has had: the last number that was given, whoever reaches how much of them."""

    __tablename__ = "finding_count"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    last: int = 0


limit(Finding, by=places(Finding.study_id, Finding.county, Finding.town))
for table in (FindingEvidence, FindingStep):
    limit(table, by=rows_of(table.finding_id, Finding, Finding.id))
limit(FindingCount, by=studies(FindingCount.study_id))
