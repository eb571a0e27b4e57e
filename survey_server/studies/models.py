"""A study (一次评价): its settings, its published questionnaires, the places where codes hang."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.scopes import limit, places, studies


class Channel(StrEnum):
    """How answers come in."""

    VISIT = "visit"
    PHONE = "phone"
    QR_HOUSEHOLD = "qr_household"
    QR_PLACE = "qr_place"
    COLLECT = "collect"
    IMPORT = "import"
    PAPER = "paper"


class Purpose(StrEnum):
    """What a questionnaire is for; each study has at most one current version of each."""

    VISIT = "visit"
    PHONE = "phone"
    RECIPIENT = "recipient"
    PUBLIC = "public"
    TRAINING = "training"


CHANNEL_OF = {
    Purpose.VISIT: Channel.VISIT,
    Purpose.PHONE: Channel.PHONE,
    Purpose.RECIPIENT: Channel.QR_HOUSEHOLD,
    Purpose.PUBLIC: Channel.QR_PLACE,
    Purpose.TRAINING: Channel.QR_PLACE,
}


class Study(SQLModel, table=True):
    """One evaluation. A practice study (试访) is for trying: its answers never count."""

    __tablename__ = "study"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    name: str
    practice: bool = False
    client: str = ""
    company: str = ""
    hotline: str = ""
    indicator_table: str = ""
    definitions: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    locked_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    first_answer_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    retain_until: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    """保存期限: by then the study is to be closed, which destroys its personal facts."""
    closed_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]

    @property
    def fixed_at(self) -> dt.datetime | None:
        """Since when definitions, questionnaires and design change only with a reason: the draw or the first answer."""
        return min((at for at in (self.locked_at, self.first_answer_at) if at is not None), default=None)


class ChangeAfterLock(SQLModel, table=True):
    """A change of definitions, questionnaires or design after they were locked; every report lists it.

    ``what`` is one of :data:`survey_server.studies.lock.CHANGES`; ``before`` and ``after`` hold what was changed.
    """

    __tablename__ = "change_after_lock"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    what: str
    before: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)
    reason: str


class FormVersion(SQLModel, table=True):
    """A questionnaire as it was published; never changed afterwards."""

    __tablename__ = "form_version"
    __table_args__ = (sa.UniqueConstraint("study_id", "form_id", "version"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    purpose: str
    form_id: str
    version: str
    title: str
    media: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    xform: bytes
    workbook: bytes
    digest: str
    published_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class Place(SQLModel, table=True):
    """Where a code for the public hangs, or a training session whose members are asked (``purpose``)."""

    __tablename__ = "place"
    __table_args__ = (sa.UniqueConstraint("study_id", "code"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    purpose: str = Purpose.PUBLIC.value
    code: str
    label: str
    county: str


limit(Study, by=studies(Study.id))
limit(ChangeAfterLock, by=studies(ChangeAfterLock.study_id))
limit(FormVersion, by=studies(FormVersion.study_id))
limit(Place, by=places(Place.study_id, Place.county))
