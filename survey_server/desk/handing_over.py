"""转办: what a caller complains of or asks for goes to the bureau, and its answer is followed up."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.desk.queue import local_now
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import Handover
from survey_server.fieldwork.models import Case
from survey_server.privacy.service import cipher_of
from survey_server.work import Work
from survey_server.workdays import Workdays

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "complaint": N_("complaint"),
        "request": N_("asks for help"),
        "question": N_("question"),
        "data": N_("data to mend"),
    }
)
MOST_CHARACTERS = 2_000
DAYS_TO_ANSWER = 5
"""Working days until the bureau's answer is late; an urgent one is due on the same day."""


class State(StrEnum):
    """How far a hand-over is."""

    OPEN = "open"
    SENT = "sent"
    ANSWERED = "answered"
    TOLD = "told"


STATES: Mapping[str, str] = MappingProxyType(
    {
        State.OPEN.value: N_("not sent yet"),
        State.SENT.value: N_("sent, waiting for an answer"),
        State.ANSWERED.value: N_("answered, household not told yet"),
        State.TOLD.value: N_("household told"),
    }
)


@dataclass(frozen=True)
class Opened:
    """A hand-over with its words, and the household's sample number."""

    row: Handover
    sample_id: str
    words: str
    answer: str


def hand_over(work: Work, case: Case, kind: str, words: str, *, urgent: bool = False) -> Handover:
    """Write down what is to be handed over; raises INVALID_FIELD."""
    if kind not in KINDS:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Kind"), why=N_("choose one of the list"))
    said = _said(words, N_("What the caller said"))
    today = local_now(work).date()
    due = today if urgent else Workdays.read(work.settings.folder).after(today, DAYS_TO_ANSWER)
    row = Handover(
        study_id=case.study_id,
        case_id=case.id,
        kind=kind,
        state=State.OPEN.value,
        urgent=urgent,
        person_id=work.person_id,
        at=work.now,
        due_on=due,
    )
    row.words = cipher_of(work, case.study_id).seal(row.id, said.encode())
    work.session.add(row)
    record(work, "handover.make", "case", case.id, study_id=case.study_id, kind=kind, urgent=urgent)
    return row


def send(work: Work, row: Handover, to: str) -> None:
    """It went to a bureau or an office; raises INVALID_FIELD and STATE_CONFLICT."""
    _require(row, State.OPEN)
    row.sent_to, row.sent_at, row.state = _said(to, N_("Sent to"))[:100], work.now, State.SENT.value
    _keep(work, row, "handover.send")


def answer(work: Work, row: Handover, words: str) -> None:
    """The bureau's answer came; raises INVALID_FIELD and STATE_CONFLICT."""
    _require(row, State.SENT)
    said = _said(words, N_("Answer"))
    row.answer = cipher_of(work, row.study_id).seal(row.id, said.encode())
    row.answered_at, row.state = work.now, State.ANSWERED.value
    _keep(work, row, "handover.answer")


def tell(work: Work, row: Handover) -> None:
    """The household was told; raises STATE_CONFLICT."""
    _require(row, State.ANSWERED)
    row.told_at, row.state = work.now, State.TOLD.value
    _keep(work, row, "handover.tell")


def handovers_of(work: Work, study_id: uuid.UUID) -> Sequence[tuple[Handover, Case]]:
    """A study's hand-overs, what waits first; without their words."""
    query = (
        select(Handover, Case)
        .join(Case, col(Case.id) == Handover.case_id)
        .where(Handover.study_id == study_id)
        .order_by(col(Handover.told_at).nulls_first(), col(Handover.due_on), col(Handover.at))
    )
    return [(row, case) for row, case in work.session.exec(query)]


def open_words(work: Work, row: Handover) -> Opened:
    """The words of a hand-over and of its answer: recorded as shown."""
    cipher = cipher_of(work, row.study_id)
    record(work, "handover.open", "case", row.case_id, study_id=row.study_id)
    case = work.session.get_one(Case, row.case_id)
    words, said = (cipher.open(row.id, sealed).decode() if sealed else "" for sealed in (row.words, row.answer))
    return Opened(row, case.sample_id, words, said)


def handover_of(work: Work, study_id: uuid.UUID, handover_id: uuid.UUID) -> Handover:
    """One hand-over of a study; raises NOT_FOUND."""
    row = work.session.exec(select(Handover).where(Handover.id == handover_id, Handover.study_id == study_id)).first()
    if row is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return row


def is_late(row: Handover, today: dt.date) -> bool:
    """Whether the bureau's answer is due and has not come."""
    return row.answered_at is None and row.due_on is not None and row.due_on < today


def _said(words: str, field: str) -> str:
    said = words.strip()[:MOST_CHARACTERS]
    if not said:
        raise ZoufangError(Problem.INVALID_FIELD, field=field, why=N_("it is empty"))
    return said


def _require(row: Handover, state: State) -> None:
    if row.state != state.value:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this step was done already, or another must come first"))


def _keep(work: Work, row: Handover, action: str) -> None:
    work.session.add(row)
    record(work, action, "case", row.case_id, study_id=row.study_id)
