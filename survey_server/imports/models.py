"""Files of answers that were collected elsewhere, what became of their rows, and paper forms keyed twice."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, col

from survey_server.db import UtcDateTime, new_id
from survey_server.errors import N_
from survey_server.fieldwork.models import Case
from survey_server.rights.registered import Kept, keeps
from survey_server.scopes import either, limit, rows_of, studies
from survey_server.studies.models import Place


class FileState(StrEnum):
    """How far an import is."""

    UPLOADED = "uploaded"
    """It waits for a person's decisions."""
    TAKING = "taking"
    TAKEN = "taken"
    UNDONE = "undone"


class Linking(StrEnum):
    """Whose answers they are."""

    VOLUNTEERS = "volunteers"
    CASES = "cases"


class RowState(StrEnum):
    """What became of a row."""

    TAKEN = "taken"
    AGAIN = "again"
    """The very same row came before, in this file or an earlier one."""
    DROPPED = "dropped"
    """A value in it was decided to be a reason to leave the row out."""
    NO_CASE = "no_case"
    SEVERAL_CASES = "several_cases"
    REFUSED = "refused"


class AnswerFile(SQLModel, table=True):
    """One uploaded file of answers; its bytes are sealed among the blobs, ``decisions`` seals what was decided.

    ``fingerprint`` is a keyed name of its headings: the next file of the same shape is known by it. ``counts`` are rows
    by state.
    """

    __tablename__ = "answer_file"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    name: str
    digest: str
    size: int
    source: str
    fingerprint: str = Field(index=True)
    state: str = FileState.UPLOADED.value
    linking: str = Linking.VOLUNTEERS.value
    form_version_id: uuid.UUID | None = Field(default=None, foreign_key="form_version.id")
    place_id: uuid.UUID | None = Field(default=None, foreign_key="place.id")
    total: int = 0
    done: int = 0
    decisions: bytes = b""
    counts: dict[str, int] = Field(default_factory=dict, sa_type=sa.JSON)
    uploaded_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    taken_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    undone_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]

    @property
    def blob(self) -> str:
        """Where the sealed content lies."""
        return f"imports/{self.id.hex}"


class AnswerRow(SQLModel, table=True):
    """What became of one row of a file. ``digest`` is keyed; ``why`` holds names of questions, never an answer."""

    __tablename__ = "answer_row"

    file_id: uuid.UUID = Field(foreign_key="answer_file.id", primary_key=True)
    row: int = Field(primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id")
    digest: str = Field(index=True)
    state: str
    why: str = ""
    instance_id: str | None = Field(default=None, index=True)


class AnswerMapping(SQLModel, table=True):
    """What was decided for files of one shape, remembered for the next; values stand under keyed names."""

    __tablename__ = "answer_mapping"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    fingerprint: str = Field(primary_key=True)
    decisions: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    changed_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class PaperForm(SQLModel, table=True):
    """One form on paper. Two people key it, neither sees the other's; where they differ the paper decides.

    ``compared`` counts the fields that were held against each other, ``first_wrong`` and ``second_wrong`` those where
    the paper said otherwise.
    """

    __tablename__ = "paper_form"
    __table_args__ = (sa.UniqueConstraint("study_id", "form_version_id", "number"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    form_version_id: uuid.UUID = Field(foreign_key="form_version.id")
    number: str
    case_id: uuid.UUID | None = Field(default=None, foreign_key="case.id", index=True)
    place_id: uuid.UUID | None = Field(default=None, foreign_key="place.id")
    first_by: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    second_by: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    first: bytes | None = None
    second: bytes | None = None
    final: bytes | None = None
    first_done_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    second_done_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    resolved_by: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    taken_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    compared: int = 0
    first_wrong: int = 0
    second_wrong: int = 0
    begun_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


limit(AnswerFile, by=studies(AnswerFile.study_id))
limit(AnswerRow, by=studies(AnswerRow.study_id))
limit(AnswerMapping, by=studies(AnswerMapping.study_id))
limit(PaperForm, by=either(rows_of(PaperForm.case_id, Case, Case.id), rows_of(PaperForm.place_id, Place, Place.id)))
keeps(
    Kept(
        table=AnswerFile,
        of=lambda study_id: col(AnswerFile.study_id) == study_id,
        name=N_("Files of answers as they were brought in"),
        pipl="spi",
        why=N_("to take over answers that were given elsewhere"),
        basis=N_("consent"),
        seen_by=N_("evaluation team, with a recorded reason"),
        until=N_("until the study is closed"),
    )
)
keeps(
    Kept(
        table=PaperForm,
        of=lambda study_id: col(PaperForm.study_id) == study_id,
        name=N_("Questionnaires on paper, entered twice"),
        pipl="spi",
        why=N_("to enter them without an error"),
        basis=N_("consent"),
        seen_by=N_("whoever enters them"),
        until=N_("until the study is closed"),
    )
)
