from __future__ import annotations

import pytest
from sqlmodel import select

from survey_server.actors import Actor
from survey_server.audit.models import Event
from survey_server.desk import numbers
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.calls import CallNumber
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import case_of
from survey_server.rosters.models import Household
from survey_server.work import Services
from tests.support.studies import DrawnStudy, make_study
from tests.survey_server.desk.calling import close, give_numbers, nothing_to_take, standing, take

TWO = ["19000000001", "0571-8700000"]


@pytest.fixture
def drawn(desk: Services) -> DrawnStudy:
    made = make_study(desk, {("柳湾县", "1"): 1})
    give_numbers(desk, made, TWO)
    return made


def dial(services: Services, actor: Actor, case: Case) -> CallNumber:
    with services.write(actor) as work:
        return numbers.dial(work, case_of(work, case.id))


def lines(services: Services, actor: Actor, case: Case, dialled: CallNumber | None = None) -> list[numbers.Line]:
    with services.write(actor) as work:
        return numbers.lines(work, case_of(work, case.id), dialled.id if dialled else None)


def test_numbers_are_masked_until_one_is_dialled_which_is_recorded(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    case = take(desk, caller)
    assert not any(line.is_open or line.shown in TWO for line in lines(desk, caller, case))
    dialled = dial(desk, caller, case)
    assert [line.shown in TWO for line in lines(desk, caller, case, dialled)] == [True, False]
    with desk.read() as work:
        events = work.session.exec(select(Event).where(Event.action == "call.dial")).all()
        assert not any(number in str(event.model_dump()) for event in events for number in TWO)
        assert len(events) == 1


def test_after_a_wrong_number_the_next_one_is_dialled_and_after_the_last_comes_a_visit(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    case = take(desk, caller)
    first = dial(desk, caller, case)
    close(desk, caller, case, "T10")
    assert standing(desk, case)[1].left_at is None
    again = take(desk, caller)
    assert again.id == case.id, "the household has another number, which may be dialled at once"
    second = dial(desk, caller, again)
    assert second.id != first.id
    assert [line.state for line in lines(desk, caller, case)] == [numbers.WRONG, ""]
    close(desk, caller, again, "T10")
    assert standing(desk, case)[1].left_why == "wrong_number"
    assert nothing_to_take(desk, caller)


def test_a_number_that_somebody_gives_is_kept_once_and_dialled(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    case = take(desk, caller)
    with desk.write(caller) as work:
        learnt = numbers.learn(work, case_of(work, case.id), " 139 0000 0009 ")
        assert learnt.learnt
    with desk.write(caller) as work:
        same = numbers.learn(work, case_of(work, case.id), "13900000009")
        assert same.id == learnt.id
        numbers.dial(work, case_of(work, case.id), learnt.id)
        assert len(numbers.lines(work, case)) == 3
    for wrong in ("12345", "9" * 11, "139000000091", ""):
        with desk.write(caller) as work, pytest.raises(ZoufangError) as caught:
            numbers.learn(work, case_of(work, case.id), wrong)
        assert caught.value.problem is Problem.INVALID_FIELD


def test_a_number_that_answered_stays_good_when_nobody_answers_later() -> None:
    rows = [
        CallNumber(position=0, state="", calls=0, number=b"", number_index=b"0"),  # ty: ignore[missing-argument]
        CallNumber(position=1, state=numbers.GOOD, calls=3, number=b"", number_index=b"1"),  # ty: ignore[missing-argument]
        CallNumber(position=2, state=numbers.WRONG, calls=0, number=b"", number_index=b"2"),  # ty: ignore[missing-argument]
    ]
    assert numbers.next_number(rows) is rows[1]
    assert numbers.next_number(rows[:1]) is rows[0]
    assert numbers.next_number(rows[2:]) is None


def test_a_number_of_three_households_sends_them_to_a_visit(desk: Services, caller: Actor) -> None:
    made = make_study(desk, {("柳湾县", "1"): 4})
    with desk.write() as work:
        index = work.vault.index("phone", "19000000777")
        for case in made.main[:3]:
            home = work.session.get_one(Household, case.household_id)
            home.phone_index = index
            work.session.add(home)
    assert take(desk, caller).id == made.main[3].id
    found = standing(desk, made.main[0])[1]
    assert (found.left_why, found.shared) == ("shared_number", 3)
