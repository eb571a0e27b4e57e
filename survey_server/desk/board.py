"""The supervisor's board: how the queue stands, who does what, which appointments were missed, which quotas fill."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.accounts.models import Person
from survey_server.desk.queue import LOCK, local_now
from survey_server.desk.rules import Rules, rules_of
from survey_server.fieldwork.calls import Call, CallCase
from survey_server.fieldwork.models import Attempt, Case, Status
from survey_server.studies.models import Channel
from survey_server.work import Work

TOLERANCE = dt.timedelta(minutes=15)
"""An appointment that nobody called so long after its time is missed."""
MOST_LISTED = 200


@dataclass(frozen=True)
class Standing:
    """How many households are where; ``left`` by why they wait for a visit."""

    waiting: int
    resting: int
    appointments: int
    in_hand: int
    done: int
    complete: int
    left: Mapping[str, int]


@dataclass(frozen=True)
class OperatorLine:
    """One operator's day: calls, how they ended, minutes in calls, and calls per hour of the time at the desk."""

    name: str
    calls: int
    complete: int
    refused: int
    unreached: int
    minutes: int
    per_hour: float | None


@dataclass(frozen=True)
class Appointment:
    """An appointment and its household's number; ``missed`` where its time is well past."""

    sample_id: str
    due_at: dt.datetime
    missed: bool


@dataclass(frozen=True)
class Board:
    """Everything on the board; ``hours`` are calls and complete interviews of today by hour of the day."""

    standing: Standing
    operators: Sequence[OperatorLine]
    hours: Sequence[tuple[int, int, int]]
    appointments: Sequence[Appointment]
    rules: Rules


def board_of(work: Work, study_id: uuid.UUID) -> Board:
    """The board of a study, of what its reader may reach."""
    midnight = local_now(work).replace(hour=0, minute=0, second=0, microsecond=0)
    calls = _calls(work, study_id, midnight)
    return Board(
        _standing(work, study_id),
        _operators(work, calls),
        _hours(work, calls),
        appointments_of(work, study_id),
        rules_of(work, study_id),
    )


def appointments_of(work: Work, study_id: uuid.UUID) -> list[Appointment]:
    """Appointments by their time, the missed ones first."""
    query = (
        sa.select(col(Case.sample_id), col(Case.due_at))
        .join(CallCase, col(CallCase.case_id) == Case.id)
        .where(
            _open(study_id),
            col(Case.due_at).is_not(None),
            col(Case.interviewer_id).is_(None),
            col(CallCase.left_at).is_(None),
        )
        .order_by(col(Case.due_at))
        .limit(MOST_LISTED)
    )
    late = work.now - TOLERANCE
    return [Appointment(sample_id, due_at, due_at < late) for sample_id, due_at in work.session.execute(query)]


def waiting_for_visit(work: Work, study_id: uuid.UUID) -> Sequence[tuple[Case, CallCase]]:
    """Households whose telephone failed and whom nobody visits yet."""
    query = (
        select(Case, CallCase)
        .join(CallCase, col(CallCase.case_id) == Case.id)
        .where(_open(study_id), col(CallCase.left_at).is_not(None), col(Case.interviewer_id).is_(None))
        .order_by(col(Case.county), col(Case.town), col(Case.sample_id))
    )
    return [(case, standing) for case, standing in work.session.exec(query.limit(MOST_LISTED))]


def could_be_called(work: Work, study_id: uuid.UUID) -> Sequence[Case]:
    """Households that a visit found away (外出, 无人在家) and whose telephone was not tried in vain."""
    away = sa.select(col(Attempt.case_id)).where(
        col(Attempt.study_id) == study_id,
        col(Attempt.channel) == Channel.VISIT.value,
        col(Attempt.outcome).in_(("F3", "F5")),
    )
    query = (
        select(Case)
        .join(CallCase, col(CallCase.case_id) == Case.id)
        .where(
            _open(study_id),
            col(Case.interviewer_id).is_not(None),
            col(CallCase.left_at).is_(None),
            col(Case.id).in_(away),
        )
        .order_by(col(Case.sample_id))
    )
    return work.session.exec(query.limit(MOST_LISTED)).all()


def complete_of(work: Work, study_id: uuid.UUID) -> int:
    """How many complete interviews there are, by whatever channel: to be held against the contracted number."""
    query = sa.select(sa.func.count()).select_from(Case)
    return work.session.execute(
        query.where(col(Case.study_id) == study_id, col(Case.outcome_class) == "complete")
    ).scalar_one()


def _open(study_id: uuid.UUID) -> sa.ColumnElement[bool]:
    return sa.and_(
        col(Case.study_id) == study_id, col(Case.status) != Status.DONE.value, col(Case.withdrawn_at).is_(None)
    )


def _standing(work: Work, study_id: uuid.UUID) -> Standing:
    done = col(Case.status) == Status.DONE.value
    # In this order: who is in a call neither rests nor waits for an appointment.
    place = sa.case(
        (done, "done"),
        (col(CallCase.left_at).is_not(None), "left:" + col(CallCase.left_why)),
        (col(Case.interviewer_id).is_not(None), "visit"),
        (col(Case.locked_until) > work.now, "in_hand"),
        (col(Case.due_at).is_not(None), "appointment"),
        (col(CallCase.next_at) > work.now, "resting"),
        else_="waiting",
    )
    complete = sa.func.sum(sa.case((col(Case.outcome_class) == "complete", 1), else_=0))
    query = (
        sa.select(place.label("place"), sa.func.count(), complete)
        .select_from(Case)
        .join(CallCase, col(CallCase.case_id) == Case.id)
        .where(col(Case.study_id) == study_id, col(Case.withdrawn_at).is_(None))
        .group_by("place")
    )
    rows = {where: (count, whole) for where, count, whole in work.session.execute(query)}
    count = {where: total for where, (total, _) in rows.items()}
    return Standing(
        waiting=count.get("waiting", 0),
        resting=count.get("resting", 0),
        appointments=count.get("appointment", 0),
        in_hand=count.get("in_hand", 0),
        done=count.get("done", 0),
        complete=sum(whole or 0 for _, whole in rows.values()),
        left={
            where.removeprefix("left:"): total for where, total in sorted(count.items()) if where.startswith("left:")
        },
    )


def _calls(work: Work, study_id: uuid.UUID, since: dt.datetime) -> Sequence[Call]:
    query = select(Call).where(Call.study_id == study_id, Call.began_at >= since, col(Call.outcome).is_not(None))
    return work.session.exec(query.order_by(col(Call.began_at))).all()


def _operators(work: Work, calls: Sequence[Call]) -> list[OperatorLine]:
    by_person: dict[uuid.UUID | None, list[Call]] = {}
    for call in calls:
        by_person.setdefault(call.person_id, []).append(call)
    known = select(Person).where(col(Person.id).in_([each for each in by_person if each]))
    names = {person.id: person.name for person in work.session.exec(known)}
    lines = [_line(names.get(person_id, ""), theirs) for person_id, theirs in by_person.items() if person_id]
    return sorted(lines, key=lambda line: -line.calls)


def _line(name: str, calls: Sequence[Call]) -> OperatorLine:
    classes = [call.outcome_class for call in calls]
    ends = [call.ended_at or call.began_at for call in calls]
    span = max(ends) - min(call.began_at for call in calls)
    talk = sum((end - call.began_at for end, call in zip(ends, calls, strict=True)), dt.timedelta())
    return OperatorLine(
        name=name,
        calls=len(calls),
        complete=classes.count("complete"),
        refused=classes.count("refusal"),
        unreached=classes.count("unknown"),
        minutes=talk // dt.timedelta(minutes=1),
        per_hour=len(calls) / (span / dt.timedelta(hours=1)) if span >= LOCK else None,
    )


def _hours(work: Work, calls: Sequence[Call]) -> list[tuple[int, int, int]]:
    zone = local_now(work).tzinfo
    found: dict[int, list[int]] = {}
    for call in calls:
        tally = found.setdefault(call.began_at.astimezone(zone).hour, [0, 0])
        tally[0] += 1
        tally[1] += call.outcome_class == "complete"
    return [(hour, total, complete) for hour, (total, complete) in sorted(found.items())]
