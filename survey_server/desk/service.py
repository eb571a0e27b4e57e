"""The call queue (坐席): one case at a time, never two operators on one household."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from analysis.outcomes import load_outcomes
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Attempt, Case, Status
from survey_server.fieldwork.service import case_of, facts_of, note_attempt
from survey_server.rosters.models import Household
from survey_server.studies.models import Channel, FormVersion, Purpose, Study
from survey_server.work import Work

LOCK = dt.timedelta(minutes=45)
TOO_SOON = dt.timedelta(hours=3)
MOST_CALLS = 6
CANDIDATES = 20


@dataclass(frozen=True)
class Today:
    """An operator's own figures of the day."""

    calls: int
    complete: int


def case_in_hand(work: Work) -> Case | None:
    """The case that this operator holds."""
    query = select(Case).where(Case.operator_id == work.person_id, col(Case.locked_until) > work.now)
    return work.session.exec(query).first()


def take_next(work: Work) -> Case | None:
    """Give this operator a case: the one in hand, an appointment now due, else the one called longest ago.

    The lock is one conditional update; who comes second takes the next candidate.
    """
    held = case_in_hand(work)
    if held is not None:
        return held
    for case_id in work.session.execute(_candidates(work)).scalars():
        if _lock(work, case_id):
            case = case_of(work, case_id)
            record(work, "call.take", "case", case_id, study_id=case.study_id)
            return case
    return None


def put_back(work: Work, case: Case) -> None:
    """Give a case back without a call."""
    _require_hold(work, case)
    case.operator_id, case.locked_until = None, None
    record(work, "call.put_back", "case", case.id, study_id=case.study_id)


def number_to_dial(work: Work, case: Case) -> list[str]:
    """The household's numbers, in full: recorded as shown."""
    _require_hold(work, case)
    record(work, "call.dial", "case", case.id, study_id=case.study_id)
    return facts_of(work, case.study_id, [case.id])[0].phones


def close_call(work: Work, case: Case, outcome: str, due_at: dt.datetime | None, note: str) -> Attempt:
    """Write the outcome of a call down; raises INVALID_FIELD, or STATE_CONFLICT where another holds the case."""
    _require_hold(work, case)
    if outcome not in {code for code, _ in call_outcomes()}:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Outcome"), why=N_("choose one of the list"))
    if outcome == APPOINTMENT and (due_at is None or due_at <= work.now):
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Call again at"), why=N_("an appointment needs a time to come")
        )
    return note_attempt(work, case, channel=Channel.PHONE, outcome=outcome, due_at=due_at, note=note)


def call_outcomes() -> list[tuple[str, str]]:
    """The outcomes that an operator chooses: code and Chinese name; the others follow from the interview."""
    chosen = [outcome for outcome in load_outcomes().values() if outcome.code.startswith("T")]
    return [(outcome.code, outcome.name) for outcome in chosen if "话务台" in outcome.source]


APPOINTMENT = "T3"


def today(work: Work, since: dt.datetime) -> Today:
    """Calls and complete interviews since ``since``."""
    mine = (col(Attempt.person_id) == work.person_id) & (col(Attempt.at) >= since)
    complete = sa.func.coalesce(sa.func.sum(sa.case((col(Attempt.outcome_class) == "complete", 1), else_=0)), 0)
    query = sa.select(sa.func.count(), complete).where(mine, col(Attempt.channel) == Channel.PHONE.value)
    return Today(*work.session.execute(query).one())


def _candidates(work: Work) -> sa.Select[Any]:
    """Released cases with a telephone that no interviewer visits, the most urgent first."""
    has_form = (
        sa.select(col(FormVersion.id))
        .where(col(FormVersion.study_id) == Case.study_id, col(FormVersion.purpose) == Purpose.PHONE.value)
        .exists()
    )
    due = sa.and_(col(Case.due_at).is_not(None), col(Case.due_at) <= work.now)
    rested = sa.or_(col(Case.last_attempt_at).is_(None), col(Case.last_attempt_at) <= work.now - TOO_SOON)
    return (
        sa.select(col(Case.id))
        .join(Household, col(Household.id) == Case.household_id)
        .join(Study, col(Study.id) == Case.study_id)
        .where(
            col(Case.released_at).is_not(None),
            col(Case.interviewer_id).is_(None),
            col(Case.status) != Status.DONE.value,
            col(Case.withdrawn_at).is_(None),
            col(Case.attempts) < MOST_CALLS,
            col(Household.phone_index).is_not(None),
            sa.or_(col(Case.locked_until).is_(None), col(Case.locked_until) <= work.now),
            sa.or_(due, sa.and_(col(Case.due_at).is_(None), rested)),
            has_form,
        )
        .order_by(
            sa.case((due, 0), else_=1),
            col(Study.practice),
            col(Case.due_at),
            col(Case.last_attempt_at).nulls_first(),
            col(Case.sample_id),
        )
        .limit(CANDIDATES)
    )


def _lock(work: Work, case_id: uuid.UUID) -> bool:
    """Take the case if it is still free."""
    result = work.session.execute(
        sa.update(Case)
        .where(
            col(Case.id) == case_id,
            sa.or_(col(Case.locked_until).is_(None), col(Case.locked_until) <= work.now),
        )
        .values(operator_id=work.person_id, locked_until=work.now + LOCK)
        .execution_options(synchronize_session=False)
    )
    return isinstance(result, sa.CursorResult) and result.rowcount == 1


def _require_hold(work: Work, case: Case) -> None:
    if case.operator_id != work.person_id or case.locked_until is None or case.locked_until <= work.now:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this case is not in your hands any more"))
