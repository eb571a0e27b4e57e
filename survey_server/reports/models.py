"""What a person wrote into a report, which stays when the figures are computed again; and the reports as issued."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, col, select

from survey_server.db import UtcDateTime, new_id
from survey_server.errors import N_
from survey_server.fieldwork.models import Case
from survey_server.rights.registered import Kept, keeps
from survey_server.scopes import either, limit, rows_of, studies
from survey_server.submissions.models import Submission


class ReportText(SQLModel, table=True):
    """One place of a report's outline in a person's own words."""

    __tablename__ = "report_text"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    place: str = Field(primary_key=True)
    text: str
    changed_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class IssuedReport(SQLModel, table=True):
    """A report as it left the house (出具): its number in the study, what it was, and the digests of what it pins.

    Snapshot, Word and PDF lie sealed among the blobs. ``digest`` is the SHA-256 of the snapshot as it was issued,
    ``digest_now`` another one where answers of a small group had to be erased since; ``files`` has the digests of the
    Word and PDF, ``software`` the versions that computed it.
    """

    __tablename__ = "issued_report"
    __table_args__ = (sa.UniqueConstraint("study_id", "number"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    number: int
    kind: str
    stage: str
    note: str = ""
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    digest: str
    digest_now: str
    certificate_digest: str = ""
    files: dict[str, str] = Field(sa_type=sa.JSON)
    software: dict[str, Any] = Field(sa_type=sa.JSON)
    withdrawn: int = 0
    """How many households or visitors withdrew since; their rows lead to nobody any more."""
    erased: int = 0
    """Of them those whose answers had to be erased from the snapshot: too few others stood beside them."""


class IssuedRow(SQLModel, table=True):
    """Which case, and which record of it, stands behind a row of an issued snapshot: all that leads from one to the
    other. It goes when somebody of the row's group withdraws, and with the closing of the study."""

    __tablename__ = "issued_row"

    report_id: uuid.UUID = Field(foreign_key="issued_report.id", primary_key=True)
    label: str = Field(primary_key=True)
    part: str
    case_id: uuid.UUID | None = Field(default=None, foreign_key="case.id", index=True)
    submission_id: uuid.UUID | None = Field(default=None, foreign_key="submission.id", index=True)


limit(ReportText, by=studies(ReportText.study_id))
limit(IssuedReport, by=studies(IssuedReport.study_id))
limit(
    IssuedRow,
    by=either(rows_of(IssuedRow.case_id, Case, Case.id), rows_of(IssuedRow.submission_id, Submission, Submission.id)),
)
keeps(
    Kept(
        table=IssuedRow,
        of=lambda study_id: col(IssuedRow.report_id).in_(
            select(IssuedReport.id).where(IssuedReport.study_id == study_id)
        ),
        name=N_("What leads from issued snapshots to records"),
        pipl="spi",
        why=N_("to follow an issued figure down to the answers"),
        basis=N_("the client's statutory duty; roster handed over under the contract"),
        seen_by=N_("evaluation team, each time recorded"),
        until=N_("until a withdrawal in the group, or the study is closed; the de-identified snapshot stays"),
    )
)
