from __future__ import annotations

import datetime as dt
import threading

import pytest
from sqlmodel import select

from survey_server.actors import Actor, Role
from survey_server.audit.models import Event
from survey_server.desk import numbers, queue, service
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case, Status
from survey_server.fieldwork.service import assign, case_of
from survey_server.studies.models import Channel, Purpose
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import DrawnStudy, filled, make_study, person
from tests.survey_server.desk.interviews import INTERVIEW

COUNTS = {("柳湾县", "1"): 3}


@pytest.fixture(autouse=True)
def _ten_in_the_morning(clock: SteppingClock) -> None:
    clock.advance(hours=1)


@pytest.fixture
def drawn(services: Services) -> DrawnStudy:
    return make_study(services, COUNTS)


@pytest.fixture
def operator(services: Services) -> Actor:
    return person(services, Role.OPERATOR)


def take(services: Services, actor: Actor) -> Case | None:
    with services.write(actor) as work:
        return queue.take_next(work)


def close(services: Services, actor: Actor, case: Case, outcome: str, due: dt.datetime | None = None) -> None:
    with services.write(actor) as work:
        service.close_call(work, case_of(work, case.id), service.Ending(outcome, due))


def test_many_operators_at_once_never_get_the_same_household(services: Services) -> None:
    make_study(services, {("柳湾县", "1"): 12})
    operators = [person(services, Role.OPERATOR, username=f"o{n}") for n in range(6)]
    got: list[Case | None] = []
    threads = [threading.Thread(target=lambda who=who: got.append(take(services, who))) for who in operators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({case.id for case in got if case}) == 6


def test_asking_again_gives_the_case_in_hand(services: Services, drawn: DrawnStudy, operator: Actor) -> None:
    first, second = take(services, operator), take(services, operator)
    assert first is not None
    assert second is not None
    assert first.id == second.id


def test_a_household_that_did_not_answer_rests_until_the_afternoon(
    services: Services, drawn: DrawnStudy, operator: Actor, clock: SteppingClock
) -> None:
    seen = set()
    for _ in COUNTS["柳湾县", "1"] * [0]:
        case = take(services, operator)
        assert case is not None
        seen.add(case.id)
        close(services, operator, case, "T17")
    assert len(seen) == 3
    assert take(services, operator) is None
    clock.advance(hours=2)
    assert take(services, operator) is None, "at noon nobody is called"
    clock.advance(hours=3)
    assert take(services, operator) is not None


def test_an_appointment_comes_first_at_its_time_and_not_before(
    services: Services, drawn: DrawnStudy, operator: Actor, clock: SteppingClock
) -> None:
    case = take(services, operator)
    assert case is not None
    close(services, operator, case, "T3", due=clock.now + dt.timedelta(hours=5))
    other = take(services, operator)
    assert other is not None
    assert other.id != case.id
    close(services, operator, other, "T17")
    clock.advance(hours=5)
    due = take(services, operator)
    assert due is not None
    assert due.id == case.id


def test_an_appointment_without_a_time_to_come_is_refused(
    services: Services, drawn: DrawnStudy, operator: Actor, clock: SteppingClock
) -> None:
    case = take(services, operator)
    assert case is not None
    for due in (None, clock.now):
        with pytest.raises(ZoufangError) as caught:
            close(services, operator, case, "T3", due=due)
        assert caught.value.problem is Problem.INVALID_FIELD


def test_a_refusal_is_never_called_again(
    services: Services, drawn: DrawnStudy, operator: Actor, clock: SteppingClock
) -> None:
    case = take(services, operator)
    assert case is not None
    close(services, operator, case, "T4")
    clock.advance(days=1)
    rest = set()
    while (following := take(services, operator)) is not None:
        rest.add(following.id)
        close(services, operator, following, "T4")
    assert case.id not in rest
    assert len(rest) == 2


def test_a_lock_frees_itself_when_an_operator_vanishes(
    services: Services, operator: Actor, clock: SteppingClock
) -> None:
    make_study(services, {("柳湾县", "1"): 1})
    other = person(services, Role.OPERATOR, username="other")
    case = take(services, operator)
    assert case is not None
    assert take(services, other) is None
    clock.advance(minutes=16)
    assert take(services, other) is not None
    with pytest.raises(ZoufangError) as caught:
        close(services, operator, case, "T4")
    assert caught.value.problem is Problem.STATE_CONFLICT


def test_a_household_that_an_interviewer_visits_is_not_called(
    services: Services, drawn: DrawnStudy, operator: Actor
) -> None:
    interviewer = person(services, Role.INTERVIEWER)
    with services.write() as work:
        assign(work, drawn.study.id, [case.id for case in drawn.main], interviewer.id)
    assert take(services, operator) is None


def test_the_number_is_shown_only_to_who_holds_the_case_and_that_is_recorded(
    services: Services, drawn: DrawnStudy, operator: Actor
) -> None:
    case = take(services, operator)
    assert case is not None
    with services.write(operator) as work:
        dialled = numbers.dial(work, case_of(work, case.id))
        (line,) = numbers.lines(work, case_of(work, case.id), dialled.id)
        (masked,) = numbers.lines(work, case_of(work, case.id))
    assert line.shown.startswith("190000")
    assert "*" in masked.shown
    stranger = person(services, Role.OPERATOR, username="stranger")
    with pytest.raises(ZoufangError), services.write(stranger) as work:
        numbers.dial(work, case_of(work, case.id))
    with services.read() as work:
        (event,) = work.session.exec(select(Event).where(Event.action == "call.dial")).all()
    assert (event.actor_id, event.subject_id) == (operator.id, str(case.id))


def test_what_the_interview_concludes_is_the_outcome_of_the_call(
    services: Services, drawn: DrawnStudy, operator: Actor
) -> None:
    case = take(services, operator)
    assert case is not None
    form = filled(services, drawn.study, case, INTERVIEW, Purpose.PHONE)
    assert form.finalises, (form.missing, form.breaks)
    receive(services, operator, drawn.study.id, form.xml, {}, channel=Channel.PHONE, case_id=case.id)
    for _ in range(2):  # a page that sends again changes nothing
        with services.write(operator) as work:
            service.after_interview(work, case_of(work, case.id))
    with services.read(operator) as work:
        done = case_of(work, case.id)
        assert (done.outcome, done.status, done.operator_id) == ("T1", Status.DONE.value, None)
        assert service.today(work, work.now) == service.Today(calls=1, complete=1, refused=0, minutes=0)


def test_a_practice_household_comes_after_every_real_one(services: Services, operator: Actor) -> None:
    practice = make_study(services, {("柳湾县", "1"): 1}, practice=True)
    real = make_study(services, {("柳湾县", "1"): 1})
    first = take(services, operator)
    assert first is not None
    assert first.study_id == real.study.id
    close(services, operator, first, "T4")
    second = take(services, operator)
    assert second is not None
    assert second.study_id == practice.study.id
