"""What a person wrote into a report; it stays when the figures are computed again."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime
from survey_server.scopes import limit, studies


class ReportText(SQLModel, table=True):
    """One place of a report's outline in a person's own words."""

    __tablename__ = "report_text"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    place: str = Field(primary_key=True)
    text: str
    changed_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


limit(ReportText, by=studies(ReportText.study_id))
