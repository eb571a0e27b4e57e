"""What comes of a call: its disposition, when the household is called again, and when it goes to a visit.

Interim and final are kept apart: an attempt has its code at once; the case closes only by a final one
(:mod:`survey_server.fieldwork.service`), and what is still open when fieldwork ends keeps its last interim code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa
from sqlmodel import col, select

from analysis.outcomes import load_outcomes
from survey_server.audit.service import record
from survey_server.desk import numbers
from survey_server.desk.drafts import drop_draft
from survey_server.desk.queue import OUT_OF_CALLS, callable_studies, local_now, require_hold, slots_now, standing_of
from survey_server.desk.rules import (
    APPOINTMENT,
    LANGUAGE,
    NEVER_REACHED,
    NO_ANSWER,
    OTHER_PERSON,
    REFUSAL,
    SOFT_REFUSAL,
    UNABLE,
    WRONG_NUMBER,
    Rules,
    Slot,
    rules_of,
)
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import Call, CallCase, CallNumber, OperatorSkill
from survey_server.fieldwork.models import Attempt, Case, Status
from survey_server.fieldwork.service import note_attempt
from survey_server.studies.models import Channel
from survey_server.work import Work

TO_VISIT: Mapping[str, str] = MappingProxyType(
    {NEVER_REACHED: "never_reached", UNABLE: "unable", LANGUAGE: "language", WRONG_NUMBER: "wrong_number"}
)
"""Outcomes after which the telephone has failed, with why the household waits for a visit."""
_BY_PHONE = col(Attempt.channel) == Channel.PHONE.value
REACHED = frozenset({"complete", "partial", "refusal", "deceased", "ineligible", "other", "noncontact"})
"""Classes in which somebody of the household was on the line."""


@dataclass(frozen=True)
class Ending:
    """What an operator says of a call that was no interview."""

    outcome: str
    due_at: dt.datetime | None = None
    note: str = ""
    language: str = ""


@dataclass(frozen=True)
class Today:
    """An operator's own figures of the day; ``minutes`` on the telephone."""

    calls: int
    complete: int
    refused: int
    minutes: int


def close_call(work: Work, case: Case, ending: Ending) -> Attempt:
    """Write the outcome of a call down; raises INVALID_FIELD, or STATE_CONFLICT where another holds the case."""
    require_hold(work, case)
    _check(work, ending)
    rules, standing = rules_of(work, case.study_id), standing_of(work, case)
    slot = slot_of(work, case, rules)
    _count(work, standing, slot)
    outcome = _outcome(work, case, standing, rules, ending.outcome)
    attempt = note_attempt(
        work, case, channel=Channel.PHONE, outcome=outcome, due_at=ending.due_at, note=ending.note.strip()
    )
    _end_call(work, case, attempt)
    _move_on(work, case, standing, rules, attempt, ending.language)
    return attempt


def after_interview(work: Work, case: Case) -> None:
    """An interview came in: what it concludes is the outcome of the call, once; its draft is not needed any more."""
    drop_draft(work, case)
    standing = standing_of(work, case)
    query = select(Attempt).where(Attempt.case_id == case.id, _BY_PHONE)
    attempts = work.session.exec(query.order_by(col(Attempt.at), col(Attempt.id))).all()
    if not attempts or attempts[-1].id == standing.counted_id:
        return
    rules = rules_of(work, case.study_id)
    _count(work, standing, slot_of(work, case, rules))
    _end_call(work, case, attempts[-1])
    _move_on(work, case, standing, rules, attempts[-1], "")


def call_outcomes() -> list[str]:
    """The codes that an operator chooses from; the others follow from the interview, or from the tries."""
    at_desk = [each.code for each in load_outcomes().values() if each.code.startswith("T") and "话务台" in each.source]
    return [code for code in at_desk if code != NEVER_REACHED]


def today(work: Work, since: dt.datetime) -> Today:
    """Calls, complete interviews, refusals and minutes since ``since``, of this operator."""
    mine = select(Call).where(Call.person_id == work.person_id, Call.began_at >= since)
    calls = work.session.exec(mine.where(col(Call.outcome).is_not(None))).all()
    classes = [call.outcome_class for call in calls]
    spans = [call.ended_at - call.began_at for call in calls if call.ended_at is not None]
    minutes = sum(spans, dt.timedelta()) // dt.timedelta(minutes=1)
    return Today(len(calls), classes.count("complete"), classes.count("refusal"), minutes)


def slot_of(work: Work, case: Case, rules: Rules) -> Slot:
    """The time of day of a call that is made now; one outside of every window counts as the nearest by the clock."""
    practice = callable_studies(work)
    found = slots_now(work, {case.study_id: rules}, {case.study_id: practice.get(case.study_id, False)})
    hour = local_now(work).hour
    by_clock = Slot.MORNING if hour < 12 else Slot.AFTERNOON if hour < 18 else Slot.EVENING
    return found.get(case.study_id, by_clock)


def slots_tried(standing: CallCase) -> int:
    """In how many different times of day the household was called."""
    return sum(getattr(standing, slot.value) > 0 for slot in Slot)


def _check(work: Work, ending: Ending) -> None:
    if ending.outcome not in call_outcomes():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Outcome"), why=N_("choose one of the list"))
    if ending.outcome == APPOINTMENT and (ending.due_at is None or ending.due_at <= work.now):
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Call again at"), why=N_("an appointment needs a time to come")
        )


def _count(work: Work, standing: CallCase, slot: Slot) -> None:
    day = local_now(work).date()
    standing.day_calls = standing.day_calls + 1 if standing.day == day else 1
    standing.day = day
    standing.calls += 1
    setattr(standing, slot.value, getattr(standing, slot.value) + 1)
    standing.picked_at = standing.picked_for = None


def _outcome(work: Work, case: Case, standing: CallCase, rules: Rules, outcome: str) -> str:
    """What the tries together say: never reached after enough different times of day, refused after two soft ones."""
    if outcome not in {NO_ANSWER, SOFT_REFUSAL}:
        return outcome
    query = sa.select(col(Attempt.outcome), col(Attempt.outcome_class))
    before = work.session.execute(query.where(col(Attempt.case_id) == case.id, _BY_PHONE)).all()
    if outcome == SOFT_REFUSAL:
        return REFUSAL if any(code == SOFT_REFUSAL for code, _ in before) else outcome
    unanswered = not any(outcome_class in REACHED for _, outcome_class in before)
    return NEVER_REACHED if unanswered and slots_tried(standing) >= rules.slots_needed else outcome


def _end_call(work: Work, case: Case, attempt: Attempt) -> None:
    call = numbers.current_call(work, case)
    if call is None:
        call = Call(study_id=case.study_id, case_id=case.id, person_id=work.person_id, began_at=work.now)
        # Somebody who dialled without the page called the number that it shows first.
        called = numbers.next_number(numbers.numbers_of(work, case))
        call.number_id = called.id if called else None
    call.ended_at = call.ended_at or work.now
    call.outcome, call.outcome_class = attempt.outcome, attempt.outcome_class
    work.session.add(call)
    if call.number_id is not None:
        number = work.session.get_one(CallNumber, call.number_id)
        numbers.mark(work, number, _state_of(attempt))


def _state_of(attempt: Attempt) -> str:
    if attempt.outcome in {WRONG_NUMBER, OTHER_PERSON}:
        return numbers.WRONG
    return numbers.GOOD if attempt.outcome_class in REACHED else numbers.SILENT


def _move_on(work: Work, case: Case, standing: CallCase, rules: Rules, attempt: Attempt, language: str) -> None:
    standing.dialled_id = standing.dialled_at = None
    standing.counted_id = attempt.id
    standing.next_at = work.now + rules.rest_after(attempt.outcome)
    standing.avoid_id = work.person_id if attempt.outcome == SOFT_REFUSAL else None
    standing.language = language or standing.language
    why = _leaves(work, case, standing, rules, attempt, language)
    if why and case.status != Status.DONE.value and attempt.due_at is None:
        standing.left_at, standing.left_why = work.now, why
        record(work, "call.to_visit", "case", case.id, study_id=case.study_id, why=why)
    work.session.add(standing)


def _leaves(work: Work, case: Case, standing: CallCase, rules: Rules, attempt: Attempt, language: str) -> str:
    """Why the household waits for a visit from now on; empty: it does not."""
    has_numbers = numbers.next_number(numbers.numbers_of(work, case)) is not None
    if attempt.outcome in {WRONG_NUMBER, OTHER_PERSON} and not has_numbers:
        return TO_VISIT[WRONG_NUMBER]
    spoken = attempt.outcome == LANGUAGE and bool(language) and _is_spoken(work, language)
    if attempt.outcome in TO_VISIT and attempt.outcome != WRONG_NUMBER and not spoken:
        return TO_VISIT[attempt.outcome]
    return OUT_OF_CALLS if standing.calls >= rules.most_calls else ""


def _is_spoken(work: Work, language: str) -> bool:
    return work.session.exec(select(OperatorSkill).where(OperatorSkill.language == language)).first() is not None
