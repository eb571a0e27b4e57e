"""What the call desk remembers: how each case stands there, its numbers, its calls, quotas and a study's rules."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, col

from survey_server.db import UtcDateTime, new_id
from survey_server.fieldwork.models import Case
from survey_server.scopes import limit, rows_of, studies
from survey_server.work import Work


class CallRules(SQLModel, table=True):
    """A study's own rules of calling; a study without a row keeps the usual ones (:mod:`survey_server.desk.rules`)."""

    __tablename__ = "call_rules"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    windows: list[dict[str, Any]] = Field(sa_type=sa.JSON)
    delays: dict[str, int] = Field(sa_type=sa.JSON)
    """Minutes of rest by outcome."""
    most_calls: int
    most_a_day: int
    slots_needed: int
    recall_share: float
    """How many of an operator's complete interviews are called again, a fraction."""
    contracted: int | None = None
    """有效问卷: as many complete interviews as the contract asks for."""
    recording_days: int = 90
    """After so many days a recording of a call is deleted."""
    script: str = ""
    """The words beside the interview (话术); empty: the usual ones."""


class CallCase(SQLModel, table=True):
    """How one case stands at the desk. Interim: its disposition stands in the case itself."""

    __tablename__ = "call_case"

    case_id: uuid.UUID = Field(foreign_key="case.id", primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    calls: int = 0
    day: dt.date | None = None
    """The day of the last call; ``day_calls`` counts on it."""
    day_calls: int = 0
    morning: int = 0
    afternoon: int = 0
    evening: int = 0
    weekend: int = 0
    next_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    """Not to be called before."""
    picked_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)  # type: ignore[call-overload]
    """A supervisor put it first."""
    picked_for: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    avoid_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    """Who met a soft refusal: another operator calls next."""
    language: str = ""
    """The language that the household speaks, where Chinese will not do (a code of :mod:`survey_server.desk.words`)."""
    shared: int = 0
    """On how many households its first number stands, from three on: probably a cadre's."""
    dialled_id: uuid.UUID | None = Field(default=None, foreign_key="call_number.id")
    dialled_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    left_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    """Since when the telephone has failed and the household waits for a visit."""
    left_why: str = ""
    counted_id: uuid.UUID | None = None
    """The last try that is counted here, so that an interview that is sent again is counted once."""


class CallNumber(SQLModel, table=True):
    """One number of a household, from the roster or learnt on the way; sealed, with what came of it."""

    __tablename__ = "call_number"
    __table_args__ = (sa.UniqueConstraint("case_id", "number_index"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    case_id: uuid.UUID = Field(foreign_key="case.id", index=True)
    position: int
    number_index: bytes
    number: bytes
    learnt: bool = False
    state: str = ""
    """Empty, ``good`` (somebody of the household answered), ``silent`` or ``wrong``."""
    calls: int = 0
    last_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class Call(SQLModel, table=True):
    """One call: from the moment the number was shown or dialled to its outcome."""

    __tablename__ = "call"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    case_id: uuid.UUID = Field(foreign_key="case.id", index=True)
    number_id: uuid.UUID | None = Field(default=None, foreign_key="call_number.id")
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id", index=True)
    began_at: dt.datetime = Field(sa_type=UtcDateTime, index=True)  # type: ignore[call-overload]
    answered_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    ended_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    outcome: str | None = None
    outcome_class: str | None = None
    outside: str | None = Field(default=None, index=True)
    """The telephone system's own name of the call, where one dials for us."""


class CallDraft(SQLModel, table=True):
    """An interview that is under way: sealed, so that another operator can go on where the line broke."""

    __tablename__ = "call_draft"

    case_id: uuid.UUID = Field(foreign_key="case.id", primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    form_version_id: uuid.UUID = Field(foreign_key="form_version.id")
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    count: int
    """How many answers it holds: an older state never overwrites a newer one."""
    content: bytes


class Quota(SQLModel, table=True):
    """As many complete interviews as are wanted of one group (配额)."""

    __tablename__ = "quota"
    __table_args__ = (sa.UniqueConstraint("study_id", "field", "value"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    field: str
    """A roster column (county, town, category, area) or ``answer:<question>``."""
    value: str
    target: int
    stops: bool = True
    """When full: no further call (True), or only a word to the operator (False)."""
    done: int = 0
    counted_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class OperatorSkill(SQLModel, table=True):
    """A language besides Chinese that an operator speaks."""

    __tablename__ = "operator_skill"

    person_id: uuid.UUID = Field(foreign_key="person.id", primary_key=True)
    language: str = Field(primary_key=True)


class Handover(SQLModel, table=True):
    """转办: what a caller complains of or asks for, handed to the bureau, with its answer. Words are sealed."""

    __tablename__ = "handover"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    case_id: uuid.UUID = Field(foreign_key="case.id", index=True)
    kind: str
    state: str
    urgent: bool = False
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    due_on: dt.date | None = None
    words: bytes | None = None
    sent_to: str = ""
    sent_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    answer: bytes | None = None
    answered_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    told_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]


class Recall(SQLModel, table=True):
    """复核回拨: a complete interview drawn to be called again by somebody else, and what was answered then."""

    __tablename__ = "recall"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    submission_id: uuid.UUID = Field(foreign_key="submission.id", unique=True)
    case_id: uuid.UUID = Field(foreign_key="case.id", index=True)
    asked_by: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    """Who held the first interview."""
    drawn_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    done_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    outcome: str = ""
    answers: bytes | None = None
    differences: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    """The questions whose answer was another."""
    compared: int = 0


class RecordingMark(SQLModel, table=True):
    """A mark that a listener set in a recording: at which second, of what kind; words are sealed."""

    __tablename__ = "recording_mark"

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    study_id: uuid.UUID = Field(foreign_key="study.id", index=True)
    file_id: uuid.UUID = Field(foreign_key="submission_file.id", index=True)
    case_id: uuid.UUID = Field(foreign_key="case.id", index=True)
    person_id: uuid.UUID | None = Field(default=None, foreign_key="person.id")
    at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    second: int
    kind: str
    words: bytes | None = None


class Telephony(SQLModel, table=True):
    """Where a study's telephone system listens; its secret signs what goes there and what comes back."""

    __tablename__ = "telephony"

    study_id: uuid.UUID = Field(foreign_key="study.id", primary_key=True)
    address: str
    secret: bytes


limit(CallRules, by=studies(CallRules.study_id))
limit(CallCase, by=rows_of(CallCase.case_id, Case, Case.id))
limit(CallNumber, by=rows_of(CallNumber.case_id, Case, Case.id))
limit(Call, by=rows_of(Call.case_id, Case, Case.id))
limit(CallDraft, by=rows_of(CallDraft.case_id, Case, Case.id))
limit(Quota, by=studies(Quota.study_id))
limit(Handover, by=rows_of(Handover.case_id, Case, Case.id))
limit(Recall, by=rows_of(Recall.case_id, Case, Case.id))
limit(RecordingMark, by=rows_of(RecordingMark.case_id, Case, Case.id))
limit(Telephony, by=studies(Telephony.study_id))


def forget_calls(work: Work, *, of: sa.ColumnElement[bool]) -> None:
    """Erase what the desk keeps of the cases that ``of`` (a condition on Case) names: numbers, drafts, words, marks.

    That they were called, when, and with what outcome stays, for the rates.
    """
    cases = sa.select(col(Case.id)).where(of)
    for table, column in ((Call, "number_id"), (CallCase, "dialled_id")):
        work.session.execute(
            sa.update(table)
            .where(col(table.case_id).in_(cases))
            .values({column: None})
            .execution_options(synchronize_session=False)
        )
    for table in (CallNumber, CallDraft, Handover, RecordingMark, Recall):
        work.session.execute(
            sa.delete(table).where(col(table.case_id).in_(cases)).execution_options(synchronize_session=False)
        )
