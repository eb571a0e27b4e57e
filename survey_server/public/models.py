"""Printed codes as things that end (截止、名额、作废), photographs on their way, classes with their sign-in lists."""

from __future__ import annotations

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, col, select

from survey_server.db import UtcDateTime, new_id
from survey_server.errors import N_
from survey_server.fieldwork.models import Case
from survey_server.rights.registered import Kept, keeps
from survey_server.scopes import either, limit, rows_of, studies
from survey_server.studies.models import Place


class PrintedCode(SQLModel, table=True):
    """One household's or one place's code: what is typed where nothing can scan, and whether it still opens.

    ``closes_on`` is the last day at the office on which it opens, ``quota`` how many answers it takes; a household's
    code takes one, whatever stands here.
    """

    __tablename__ = "printed_code"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    case_id: uuid.UUID | None = Field(default=None, foreign_key="case.id", unique=True)
    place_id: uuid.UUID | None = Field(default=None, foreign_key="place.id", unique=True)
    typed: str = Field(index=True)
    closes_on: dt.date | None = None
    quota: int | None = None
    revoked_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class CodeTerms(SQLModel, table=True):
    """What holds for every code of a study: the last day, and how many answers all codes together take."""

    __tablename__ = "code_terms"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    closes_on: dt.date | None = None
    quota: int | None = None
    letter: str = ""
    """致居民的一封信 in the study's own words; empty: the words that are shipped."""


class HeldPicture(SQLModel, table=True):
    """A photograph of an interview that is not handed in yet; sealed, and gone after a day."""

    __tablename__ = "held_picture"
    __table_args__ = (sa.UniqueConstraint("instance_id", "name"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    instance_id: str
    name: str
    content: bytes
    held_at: dt.datetime = Field(index=True, sa_type=UtcDateTime)  # type: ignore[call-overload]


class TrainingClass(SQLModel, table=True):
    """A class (培训班): a place of purpose training with a list of who is enrolled."""

    __tablename__ = "training_class"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    place_id: uuid.UUID = Field(foreign_key="place.id", unique=True)
    held_on: dt.date


class Trainee(SQLModel, table=True):
    """One person who is enrolled (参训人员); name, unit and telephone are sealed in ``personal``."""

    __tablename__ = "trainee"
    __table_args__ = (sa.UniqueConstraint("class_id", "number"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    class_id: uuid.UUID = Field(foreign_key="training_class.id", index=True)
    number: int
    personal: bytes
    signed_in_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    marked_by: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    """Who marked the sign-in by hand; None where the trainee signed in by the class's code."""


limit(
    PrintedCode,
    by=either(rows_of(PrintedCode.case_id, Case, Case.id), rows_of(PrintedCode.place_id, Place, Place.id)),
)
limit(CodeTerms, by=studies(CodeTerms.study_id))
limit(HeldPicture, by=studies(HeldPicture.study_id))
limit(TrainingClass, by=rows_of(TrainingClass.place_id, Place, Place.id))
limit(Trainee, by=rows_of(Trainee.class_id, TrainingClass, TrainingClass.id))
keeps(
    Kept(
        table=HeldPicture,
        of=lambda study_id: col(HeldPicture.study_id) == study_id,
        name=N_("Photographs of interviews by code that are not handed in yet"),
        pipl="spi",
        why=N_("to keep them until the answers are handed in"),
        basis=N_("consent"),
        seen_by=N_("nobody"),
        until=N_("one day"),
    )
)
keeps(
    Kept(
        table=Trainee,
        of=lambda study_id: col(Trainee.class_id).in_(
            select(TrainingClass.id).where(TrainingClass.study_id == study_id)
        ),
        name=N_("Participants of training classes: name, unit, telephone"),
        pipl="pi",
        why=N_("to count who attended"),
        basis=N_("contract with the client"),
        seen_by=N_("evaluation team, with a recorded reason"),
        until=N_("until the study is closed"),
    )
)
