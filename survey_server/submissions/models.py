"""What came in. A submission is never edited; a correction is a new one that names the old."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.fieldwork.models import Case
from survey_server.scopes import either, limit, rows_of, studies
from survey_server.studies.models import Place


class Submission(SQLModel, table=True):
    """One handed-in set of answers: the bytes as they came and the answers read from them, both sealed."""

    __tablename__ = "submission"
    __table_args__ = (sa.UniqueConstraint("study_id", "instance_id"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    form_version_id: uuid.UUID = Field(foreign_key="form_version.id")
    case_id: uuid.UUID | None = Field(default=None, foreign_key="case.id", index=True)
    place_id: uuid.UUID | None = Field(default=None, foreign_key="place.id", index=True)
    channel: str
    instance_id: str
    corrects: str | None = None
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    device_id: uuid.UUID | None = Field(default=None, foreign_key="device.id")
    received_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    outcome: str | None = None
    outcome_class: str | None = None
    headline: bool = False
    flags: list[dict[str, Any]] = Field(default_factory=list, sa_type=sa.JSON)
    missing: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    fingerprint: str
    xml: bytes
    answers: bytes
    clues: bool = False
    """Whether its questionnaire asks what only a named few may read: ``xml`` is sealed under that key too."""
    unusable: str = ""
    """Why it never counts: no_consent, minor_without_guardian (:mod:`survey_server.submissions.consents`),
    import_undone (:mod:`survey_server.imports.undoing`), or empty."""
    withdrawn_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    """A tombstone: its respondent withdrew it, or its import was undone, and no content is left."""


class SubmissionFile(SQLModel, table=True):
    """A photograph, recording or signature that belongs to a submission; sealed in the blob store."""

    __tablename__ = "submission_file"
    __table_args__ = (sa.UniqueConstraint("submission_id", "name"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    submission_id: uuid.UUID = Field(foreign_key="submission.id", index=True)
    name: str
    fingerprint: str
    size: int
    received_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]

    @property
    def blob(self) -> str:
        """Where its sealed content lies."""
        return f"submissions/{self.id.hex}"


class Consent(SQLModel, table=True):
    """What a respondent said yes or no to, for one purpose, in the words of one version of a questionnaire.

    ``purpose`` is the metric tag of the question: consent, consent_sensitive, consent_photo, consent_audio, ...
    """

    __tablename__ = "consent"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    submission_id: uuid.UUID = Field(foreign_key="submission.id", index=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    form_version_id: uuid.UUID = Field(foreign_key="form_version.id")
    purpose: str
    question: str
    given: bool
    mode: str = ""
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    withdrawn_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class Clue(SQLModel, table=True):
    """线索: a bribe, a favour, a relative. Sealed under the study's clue key; only that it exists is visible."""

    __tablename__ = "clue"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    case_id: uuid.UUID | None = Field(default=None, foreign_key="case.id", index=True)
    submission_id: uuid.UUID | None = Field(default=None, foreign_key="submission.id", index=True)
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    content: bytes


class ClueReader(SQLModel, table=True):
    """One of the named few who may open the clues of a study."""

    __tablename__ = "clue_reader"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    person_id: uuid.UUID = Field(foreign_key="person.id", primary_key=True)
    added_by: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    added_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


limit(
    Submission,
    by=either(
        rows_of(Submission.case_id, Case, Case.id),
        rows_of(Submission.place_id, Place, Place.id),
    ),
)
limit(SubmissionFile, by=rows_of(SubmissionFile.submission_id, Submission, Submission.id))
limit(Consent, by=rows_of(Consent.submission_id, Submission, Submission.id))
limit(Clue, by=rows_of(Clue.case_id, Case, Case.id))
limit(ClueReader, by=studies(ClueReader.study_id))
