"""What an evaluation keeps beside its figures: signatures, papers asked for, interviews, tables, dates, comments."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, col

from survey_server.db import UtcDateTime, new_id
from survey_server.errors import N_
from survey_server.rights.registered import Kept, keeps
from survey_server.scopes import limit, places, rows_of, studies


class Workpaper(SQLModel, table=True):
    """The signatures below an indicator's working paper (工作底稿): who made it, who checked it (复核).

    ``digest`` is of what the maker saw: where value, rule or evidence have changed since, both signatures are stale.
    """

    __tablename__ = "workpaper"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    county: str = Field(primary_key=True)
    indicator: str = Field(primary_key=True)
    note: str = ""
    digest: str = ""
    made_by: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    made_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    remark: str = ""
    checked_by: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    checked_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class RequestedDocument(SQLModel, table=True):
    """A paper asked of a county (资料清单), by its number there; ``status`` is one of documents.STATUS."""

    __tablename__ = "requested_document"
    __table_args__ = (sa.UniqueConstraint("study_id", "county", "number"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    county: str
    number: str
    title: str
    detail: str = ""
    asked_on: dt.date
    due_on: dt.date
    status: str
    arrived_on: dt.date | None = None
    reason: str = ""
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class DocumentFile(SQLModel, table=True):
    """A file that arrived for a paper asked for; sealed in the blob store."""

    __tablename__ = "document_file"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    document_id: uuid.UUID = Field(foreign_key="requested_document.id", index=True)
    file_name: str
    size: int
    blob: str
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class Interview(SQLModel, table=True):
    """A talk with somebody who runs or knows the programme (访谈), by its number in the county.

    ``role`` is one of the guide's; the words that were said are sealed in ``content``, a name never asked for.
    """

    __tablename__ = "interview"
    __table_args__ = (sa.UniqueConstraint("study_id", "county", "number"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    county: str
    number: str
    role: str
    unit: str
    held_on: dt.date
    place: str
    interviewers: str
    content: bytes
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class BaseData(SQLModel, table=True):
    """A county's 自评基础数据表 as it came back: figures by code, and the sealed contact details."""

    __tablename__ = "base_data"
    __table_args__ = (sa.UniqueConstraint("study_id", "county"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    county: str
    figures: dict[str, Any] = Field(sa_type=sa.JSON)
    contacts: bytes
    file_name: str
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class Milestone(SQLModel, table=True):
    """A step of the evaluation with its day: planned, and done."""

    __tablename__ = "milestone"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    title: str
    planned_on: dt.date
    done_on: dt.date | None = None


class DraftSending(SQLModel, table=True):
    """A draft sent to a unit for comment (征求意见); its answer is due after three working days."""

    __tablename__ = "draft_sending"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    draft: str
    unit: str
    sent_on: dt.date
    due_on: dt.date
    no_comment_on: dt.date | None = None
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class DraftComment(SQLModel, table=True):
    """One comment on a draft, and what became of it; ``decision`` is one of comments.DECISIONS, or "" until then."""

    __tablename__ = "draft_comment"
    __table_args__ = (sa.UniqueConstraint("study_id", "number"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    sending_id: uuid.UUID = Field(foreign_key="draft_sending.id", index=True)
    number: int
    part: str
    text: str
    received_on: dt.date
    decision: str = ""
    answer: str = ""
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    decided_by: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


for table in (Workpaper, Milestone, DraftSending, DraftComment):
    limit(table, by=studies(table.study_id))
for county_table in (RequestedDocument, Interview, BaseData):
    limit(county_table, by=places(county_table.study_id, county_table.county))
limit(DocumentFile, by=rows_of(DocumentFile.document_id, RequestedDocument, RequestedDocument.id))
keeps(
    Kept(
        table=Interview,
        of=lambda study_id: col(Interview.study_id) == study_id,
        name=N_("Interviews with officials: what was said"),
        pipl="pi",
        why=N_("to write the interview report"),
        basis=N_("consent"),
        seen_by=N_("evaluation team, with a recorded reason"),
        until=N_("until the study is closed"),
    )
)
keeps(
    Kept(
        table=BaseData,
        of=lambda study_id: col(BaseData.study_id) == study_id,
        name=N_("Contacts in the basic data of the counties"),
        pipl="pi",
        why=N_("to ask back about the figures that a county reported"),
        basis=N_("contract with the client"),
        seen_by=N_("evaluation team, with a recorded reason"),
        until=N_("until the study is closed"),
    )
)
keeps(
    Kept(
        table=DocumentFile,
        of=lambda study_id: col(DocumentFile.study_id) == study_id,
        name=N_("Files that counties handed in"),
        pipl="spi",
        why=N_("to examine papers; they may name households"),
        basis=N_("the client's statutory duty; roster handed over under the contract"),
        seen_by=N_("evaluation team, with a recorded reason"),
        until=N_("until the study is closed"),
    )
)
