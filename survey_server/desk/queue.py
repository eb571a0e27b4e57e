"""The queue (坐席队列): which household is called next, and by whom; never two operators on one household.

The order: the operator's own open case; appointments now due; what a supervisor put first; then by the need of
quotas, the time of day least tried, and the oldest last call. The rules are queXS's (``get_case_id``), with the rest
after an outcome and the windows of :mod:`survey_server.desk.rules`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.desk import quotas
from survey_server.desk.rules import Rules, Slot, all_rules
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import CallCase, OperatorSkill, Quota
from survey_server.fieldwork.models import Case, Status
from survey_server.fieldwork.service import case_of
from survey_server.rosters.models import Household
from survey_server.studies.models import FormVersion, Purpose, Study
from survey_server.work import Services, Work
from survey_server.workdays import Workdays

LOCK = dt.timedelta(minutes=15)
"""How long a household stays with an operator of whom no sign of life comes; the page gives one every minute."""
SHARED = 3
"""From so many households on, a number is probably a cadre's, and its households are visited."""
SHARED_NUMBER, OUT_OF_CALLS = "shared_number", "out_of_calls"
CANDIDATES = 64
"""So many households are looked at: more than operators who ask in one moment."""
TRIES = 3
NOBODY_ELSE = dt.timedelta(days=3)
"""After so long without another operator, the one who met a soft refusal may call again."""


def case_in_hand(work: Work) -> Case | None:
    """The case that this operator took last, unless somebody else has taken it since."""
    query = (
        select(Case)
        .join(Study, col(Study.id) == Case.study_id)
        .where(
            Case.operator_id == work.person_id,
            col(Case.locked_until).is_not(None),
            col(Case.withdrawn_at).is_(None),
            col(Study.closed_at).is_(None),
        )
    )
    return work.session.exec(query.order_by(col(Case.locked_until).desc())).first()


def take_next(work: Work) -> Case | None:
    """Give this operator a case. The lock is one conditional update; who comes second takes the next candidate."""
    held = case_in_hand(work)
    if held is not None and _lock(work, [(held.id, held.attempts)]):
        return _fresh(work, held.id)
    case_id = _take(work) or (_take(work) if enrol(work) else None)
    if case_id is None:
        return None
    case = _fresh(work, case_id)
    record(work, "call.take", "case", case_id, study_id=case.study_id)
    return case


def put_back(work: Work, case: Case) -> None:
    """Give a case back without a call."""
    require_hold(work, case)
    case.operator_id, case.locked_until = None, None
    standing = standing_of(work, case)
    standing.dialled_id = standing.dialled_at = None
    work.session.add_all([case, standing])
    record(work, "call.put_back", "case", case.id, study_id=case.study_id)


def keep_hold(work: Work, case: Case) -> None:
    """A sign of life: the case stays with this operator; raises STATE_CONFLICT where another has taken it."""
    require_hold(work, case)
    case.locked_until = work.now + LOCK
    work.session.add(case)


def require_hold(work: Work, case: Case) -> None:
    """The case is this operator's until the end of the transaction.

    Raises STATE_CONFLICT unless this operator was the last to take it, WITHDRAWN and STUDY_CLOSED.
    """
    work.session.refresh(case, with_for_update={"key_share": True})  # somebody may be taking it in this moment
    if case.operator_id != work.person_id or case.locked_until is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this case is not in your hands any more"))
    if case.withdrawn_at is not None:
        raise ZoufangError(Problem.WITHDRAWN)
    if work.session.get_one(Study, case.study_id).closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)


def pick(work: Work, case: Case, person_id: uuid.UUID | None) -> None:
    """Put a case first, for one operator or for whoever asks next."""
    standing = standing_of(work, case)
    standing.picked_at, standing.picked_for = work.now, person_id
    standing.left_at, standing.left_why = None, ""
    if standing.avoid_id == person_id:
        standing.avoid_id = None
    case.interviewer_id = None
    work.session.add_all([case, standing])
    record(work, "call.pick", "case", case.id, study_id=case.study_id)


def cases_numbered(work: Work, study_id: uuid.UUID, numbers: Sequence[str]) -> list[Case]:
    """The released cases of a study with these sample numbers that are not done."""
    query = select(Case).where(
        Case.study_id == study_id,
        col(Case.sample_id).in_(numbers),
        col(Case.released_at).is_not(None),
        col(Case.withdrawn_at).is_(None),
        Case.status != Status.DONE.value,
    )
    return list(work.session.exec(query))


def standing_of(work: Work, case: Case) -> CallCase:
    """How a case stands at the desk."""
    found = work.session.get(CallCase, case.id)
    if found is None:
        found = CallCase(case_id=case.id, study_id=case.study_id)
        work.session.add(found)
        work.session.flush()
    return found


def enrol(work: Work) -> int:
    """Bring released cases with a telephone to the desk; returns how many. Numbers of many households stay away."""
    news = (
        sa.select(col(Case.id), col(Case.study_id), col(Household.phone_index))
        .join(Household, col(Household.id) == Case.household_id)
        .outerjoin(CallCase, col(CallCase.case_id) == Case.id)
        .where(
            col(Case.released_at).is_not(None),
            col(Case.withdrawn_at).is_(None),
            col(Household.phone_index).is_not(None),
            col(CallCase.case_id).is_(None),
        )
    )
    new = work.session.execute(news).all()
    if not new:
        return 0
    with work.services.read() as whole:  # the number may stand on households that this operator does not reach
        shared = _shared(whole, {study_id for _, study_id, _ in new})
    dialect = postgresql if work.session.get_bind().dialect.name == "postgresql" else sqlite
    work.session.execute(
        dialect.insert(CallCase).on_conflict_do_nothing(),
        [_enrolled(work, case_id, study_id, shared.get((study_id, index), 0)) for case_id, study_id, index in new],
    )
    return len(new)


def enrol_all(services: Services) -> None:
    """Bring what was released since to the desk; done each minute."""
    with services.write() as work:
        enrol(work)


def slots_now(
    work: Work, rules: Mapping[uuid.UUID, Rules], practice: Mapping[uuid.UUID, bool]
) -> dict[uuid.UUID, Slot]:
    """The studies that may be called now, with the time of day; a practice study is called at any time."""
    calendar = Workdays.read(work.settings.folder)
    local = local_now(work)
    slots = {study_id: each.slot_at(local, calendar) for study_id, each in rules.items()}
    return {
        study_id: slot or Slot.MORNING for study_id, slot in slots.items() if slot is not None or practice[study_id]
    }


def local_now(work: Work) -> dt.datetime:
    """The time of the place."""
    return work.now.astimezone(ZoneInfo(work.settings.timezone))


def callable_studies(work: Work) -> dict[uuid.UUID, bool]:
    """Studies that have a questionnaire for the telephone and are not closed, and whether each is for practice."""
    has_form = (
        sa.select(col(FormVersion.id))
        .where(col(FormVersion.study_id) == Study.id, col(FormVersion.purpose) == Purpose.PHONE.value)
        .exists()
    )
    query = sa.select(col(Study.id), col(Study.practice)).where(col(Study.closed_at).is_(None), has_form)
    return {row.id: row.practice for row in work.session.execute(query)}


@dataclass(frozen=True)
class _Studies:
    """The studies that are called now: their rules, the time of day and their quotas; and which are for practice."""

    practice: Mapping[uuid.UUID, bool]
    rules: Mapping[uuid.UUID, Rules]
    slots: Mapping[uuid.UUID, Slot]
    quotas: Mapping[uuid.UUID, Sequence[Quota]]

    @classmethod
    def now(cls, work: Work) -> _Studies:
        practice = callable_studies(work)
        rules = all_rules(work, list(practice))
        slots = slots_now(work, rules, practice)
        return cls(practice, rules, slots, quotas.quotas_by_study(work, list(slots)))


def next_opening(work: Work, practice: Mapping[uuid.UUID, bool]) -> dt.datetime | None:
    """When the next study may be called, where none may be now."""
    rules = all_rules(work, list(practice))
    if not rules or slots_now(work, rules, practice):
        return None
    calendar, local = Workdays.read(work.settings.folder), local_now(work)
    openings = [opening for each in rules.values() if (opening := each.next_opening(local, calendar))]
    return min(openings, default=None)


def _take(work: Work) -> uuid.UUID | None:
    """Appointments now due, what was put first, everything else: each is looked for where there is none before."""
    studies = _Studies.now(work)
    for candidates in (_due, _picked, _ordinary):
        for _ in range(TRIES):
            found = work.session.execute(candidates(work, studies).limit(CANDIDATES)).all()
            if not found:
                break
            taken = _lock(work, [(case_id, attempts) for case_id, attempts in found])
            if taken is not None:
                return taken
    return None


Candidates = sa.Select[uuid.UUID, int]


def _due(work: Work, studies: _Studies) -> Candidates:
    return _at_desk(work, studies).where(col(Case.due_at) <= work.now).order_by(_last(studies), col(Case.due_at))


def _picked(work: Work, studies: _Studies) -> Candidates:
    mine = sa.or_(col(CallCase.picked_for).is_(None), col(CallCase.picked_for) == work.person_id)
    picked = sa.and_(col(Case.due_at).is_(None), col(CallCase.picked_at).is_not(None), mine)
    return _at_desk(work, studies).where(picked).order_by(_last(studies), col(CallCase.picked_at), col(Case.sample_id))


def _ordinary(work: Work, studies: _Studies) -> Candidates:
    rested = sa.or_(sa.false(), *(_is_rested(work, studies, study_id) for study_id in studies.slots))
    needs = [quotas.need(study_id, met) for study_id, met in studies.quotas.items()]
    query = _at_desk(work, studies).where(col(Case.due_at).is_(None), col(CallCase.picked_at).is_(None), rested)
    if any(quota.field not in quotas.OF_CASE for met in studies.quotas.values() for quota in met):
        query = query.join(Household, col(Household.id) == Case.household_id)
    return query.order_by(
        _last(studies),
        *([sum(needs, sa.literal(0.0)).desc()] if needs else []),
        _tries_in(studies.slots),
        col(Case.last_attempt_at).nulls_first(),
        col(Case.sample_id),
    )


def _at_desk(work: Work, studies: _Studies) -> Candidates:
    query = sa.select(col(Case.id), col(Case.attempts)).join(CallCase, col(CallCase.case_id) == Case.id)
    return query.where(_open(work, list(studies.practice)))


def _last(studies: _Studies) -> sa.ColumnElement[bool]:
    """Practice comes after everything real."""
    return col(Case.study_id).in_([study_id for study_id, practice in studies.practice.items() if practice])


def _open(work: Work, study_ids: Sequence[uuid.UUID]) -> sa.ColumnElement[bool]:
    """In nobody's hand, at the desk, not done, not withdrawn, and in a language that this operator speaks."""
    spoken = sa.select(col(OperatorSkill.language)).where(col(OperatorSkill.person_id) == work.person_id)
    return sa.and_(
        col(Case.study_id).in_(study_ids),
        col(Case.released_at).is_not(None),
        _free(work),
        col(CallCase.left_at).is_(None),
        sa.or_(col(CallCase.language) == "", col(CallCase.language).in_(spoken)),
        sa.or_(
            col(CallCase.avoid_id).is_(None),
            col(CallCase.avoid_id) != work.person_id,
            col(CallCase.next_at) <= work.now - NOBODY_ELSE,
        ),
    )


def _is_rested(work: Work, studies: _Studies, study_id: uuid.UUID) -> sa.ColumnElement[bool]:
    """Rested, tries left in all, today and in this time of day, and its quotas open."""
    rules, today = studies.rules[study_id], local_now(work).date()
    return sa.and_(
        col(Case.study_id) == study_id,
        sa.or_(col(CallCase.next_at).is_(None), col(CallCase.next_at) <= work.now),
        col(CallCase.calls) < rules.most_calls,
        sa.or_(col(CallCase.day).is_(None), col(CallCase.day) != today, col(CallCase.day_calls) < rules.most_a_day),
        getattr(CallCase, studies.slots[study_id].value) < rules.most_in_slot,
        quotas.is_open(studies.quotas.get(study_id, ())),
    )


def _tries_in(slots: Mapping[uuid.UUID, Slot]) -> sa.ColumnElement[int]:
    whens = [(col(Case.study_id) == study_id, getattr(CallCase, slot.value)) for study_id, slot in slots.items()]
    return sa.case(*whens, else_=0) if whens else sa.literal(0)


def _free(work: Work) -> sa.ColumnElement[bool]:
    mine = col(Case.operator_id) == work.person_id
    return sa.and_(
        col(Case.interviewer_id).is_(None),
        col(Case.status) != Status.DONE.value,
        col(Case.withdrawn_at).is_(None),
        sa.or_(col(Case.locked_until).is_(None), col(Case.locked_until) <= work.now, mine),
    )


def _lock(work: Work, candidates: Sequence[tuple[uuid.UUID, int]]) -> uuid.UUID | None:
    """Take the first that is still free, not tried since, and not being taken by somebody in this moment."""
    places = {case_id: place for place, (case_id, _) in enumerate(candidates)}
    free = (
        sa.select(col(Case.id))
        .where(sa.tuple_(col(Case.id), col(Case.attempts)).in_(candidates), _free(work))
        .order_by(sa.case(places, value=col(Case.id)))
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
        .correlate(None)
    )
    taken = (
        sa.update(Case)
        .where(col(Case.id) == free.scalar_subquery())
        .values(operator_id=work.person_id, locked_until=work.now + LOCK)
        .returning(col(Case.id))
        .execution_options(synchronize_session=False)
    )
    return work.session.execute(taken).scalar_one_or_none()


def _fresh(work: Work, case_id: uuid.UUID) -> Case:
    case = case_of(work, case_id)
    work.session.refresh(case)
    return case


def _shared(work: Work, study_ids: set[uuid.UUID]) -> dict[tuple[uuid.UUID, bytes], int]:
    """The numbers that stand on many households of a frame: study and index to how many."""
    many = sa.func.count()
    query = (
        sa.select(col(Household.study_id), col(Household.phone_index), many)
        .where(col(Household.study_id).in_(study_ids), col(Household.phone_index).is_not(None))
        .group_by(col(Household.study_id), col(Household.phone_index))
        .having(many >= SHARED)
    )
    return {(study_id, index): counted for study_id, index, counted in work.session.execute(query)}


def _enrolled(work: Work, case_id: uuid.UUID, study_id: uuid.UUID, shared: int) -> dict[str, Any]:
    left = {"left_at": work.now, "left_why": SHARED_NUMBER} if shared else {}
    return {**CallCase(case_id=case_id, study_id=study_id, shared=shared).model_dump(), **left}
