from __future__ import annotations

import datetime as dt

import pytest

from survey_server.actors import Role
from survey_server.desk import board, queue
from survey_server.fieldwork.service import assign, case_of
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import DrawnStudy, make_study, person
from tests.survey_server.desk.calling import close, interview, take


@pytest.fixture
def opened(services: Services, clock: SteppingClock) -> DrawnStudy:
    clock.advance(hours=1)
    return make_study(services, {("柳湾县", "1"): 6})


def test_the_board_tells_where_every_household_is_and_what_the_operators_did(
    services: Services, opened: DrawnStudy, clock: SteppingClock
) -> None:
    operator = person(services, Role.OPERATOR)
    interview(services, operator, opened, take(services, operator))
    clock.advance(minutes=20)
    for outcome in ("T4", "T3", "T17", "T7"):
        due = clock.now + dt.timedelta(minutes=5) if outcome == "T3" else None
        close(services, operator, take(services, operator), outcome, due=due)
    take(services, operator)
    clock.advance(minutes=5)
    with services.read() as work:
        found = board.board_of(work, opened.study.id)
    assert found.standing == board.Standing(
        waiting=0, resting=1, appointments=1, in_hand=1, done=2, complete=1, left={"unable": 1}
    )
    (line,) = found.operators
    assert (line.calls, line.complete, line.refused, line.unreached) == (5, 1, 1, 1)
    assert line.per_hour == pytest.approx(5 / (20 / 60))
    assert found.hours == [(10, 5, 1)]


def test_an_appointment_is_missed_after_its_tolerance_and_none_of_the_visit_stands_there(
    services: Services, opened: DrawnStudy, clock: SteppingClock
) -> None:
    operator, interviewer = person(services, Role.OPERATOR), person(services, Role.INTERVIEWER)
    for _ in range(2):
        case = take(services, operator)
        close(services, operator, case, "T3", due=clock.now + dt.timedelta(minutes=10))
    with services.write() as work:
        assign(work, opened.study.id, [case.id], interviewer.id)
    clock.advance(minutes=25)
    with services.read() as work:
        assert [one.missed for one in board.appointments_of(work, opened.study.id)] == [False]
    clock.advance(minutes=1)
    with services.read() as work:
        assert [one.missed for one in board.appointments_of(work, opened.study.id)] == [True]


def test_a_household_whose_telephone_failed_waits_for_a_visit_and_can_come_back(
    services: Services, opened: DrawnStudy
) -> None:
    operator = person(services, Role.OPERATOR)
    case = take(services, operator)
    close(services, operator, case, "T7")
    with services.read() as work:
        ((waiting, standing),) = board.waiting_for_visit(work, opened.study.id)
        assert (waiting.id, standing.left_why) == (case.id, "unable")
    with services.write() as work:
        queue.pick(work, case_of(work, case.id), None)
    assert take(services, operator).id == case.id
    with services.read() as work:
        assert not board.waiting_for_visit(work, opened.study.id)
