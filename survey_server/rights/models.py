"""What people took back."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlmodel import Field, SQLModel

from survey_server.db import UtcDateTime, new_id
from survey_server.fieldwork.models import Case
from survey_server.scopes import either, limit, rows_of
from survey_server.studies.models import Place


class Withdrawal(SQLModel, table=True):
    """撤回: a household, or a visitor of a place, took the answers back. ``reason`` is a code of the short list."""

    __tablename__ = "withdrawal"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    case_id: uuid.UUID | None = Field(default=None, foreign_key="case.id", index=True)
    place_id: uuid.UUID | None = Field(default=None, foreign_key="place.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    reason: str
    words: str = ""
    submissions: int
    files: int
    roster_erased: bool = False


class WithdrawalTry(SQLModel, table=True):
    """Wrong codes typed for one number; each after the first few makes the next wait longer."""

    __tablename__ = "withdrawal_try"

    number: str = Field(primary_key=True)
    failures: int = 0
    wait_until: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


limit(
    Withdrawal,
    by=either(rows_of(Withdrawal.case_id, Case, Case.id), rows_of(Withdrawal.place_id, Place, Place.id)),
)
