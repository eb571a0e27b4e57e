from __future__ import annotations

import datetime as dt

import pytest
from sqlmodel import select

from survey_server.actors import Actor
from survey_server.audit.models import Event
from survey_server.desk import handing_over
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.calls import Handover
from survey_server.fieldwork.service import case_of
from survey_server.work import Services
from tests.support.studies import DrawnStudy, make_study
from tests.survey_server.desk.calling import take

WORDS = "三个月没有收到低保金"


@pytest.fixture
def drawn(desk: Services) -> DrawnStudy:
    return make_study(desk, {("柳湾县", "1"): 2})


def hand_over(services: Services, actor: Actor, *, urgent: bool = False) -> Handover:
    case = take(services, actor)
    with services.write(actor) as work:
        return handing_over.hand_over(work, case_of(work, case.id), "complaint", WORDS, urgent=urgent)


def test_a_hand_over_goes_step_by_step_until_the_household_is_told(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    made = hand_over(desk, caller)
    steps = [
        lambda work, row: handing_over.send(work, row, "某区民政局"),
        lambda work, row: handing_over.answer(work, row, "已补发"),
        handing_over.tell,
    ]
    for place, step in enumerate(steps):
        for wrong in steps[place + 1 :]:
            with desk.write() as work, pytest.raises(ZoufangError) as caught:
                wrong(work, handing_over.handover_of(work, drawn.study.id, made.id))
            assert caught.value.problem is Problem.STATE_CONFLICT
        with desk.write() as work:
            step(work, handing_over.handover_of(work, drawn.study.id, made.id))
    with desk.write() as work:
        opened = handing_over.open_words(work, handing_over.handover_of(work, drawn.study.id, made.id))
    assert (opened.words, opened.answer, opened.row.state) == (WORDS, "已补发", "told")


def test_the_words_are_sealed_and_not_in_the_record(desk: Services, drawn: DrawnStudy, caller: Actor) -> None:
    made = hand_over(desk, caller)
    assert made.words is not None
    assert WORDS.encode() not in made.words
    with desk.read() as work:
        assert WORDS not in " ".join(str(event.model_dump()) for event in work.session.exec(select(Event)))


def test_an_answer_is_late_after_five_working_days_and_an_urgent_one_after_its_day(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    usual, urgent = hand_over(desk, caller), hand_over(desk, caller, urgent=True)
    assert usual.due_on == dt.date(2026, 9, 8)  # from a Tuesday, over a weekend
    assert not handing_over.is_late(usual, dt.date(2026, 9, 8))
    assert handing_over.is_late(usual, dt.date(2026, 9, 9))
    assert handing_over.is_late(urgent, dt.date(2026, 9, 2))
    with desk.read() as work:
        rows = handing_over.handovers_of(work, drawn.study.id)
    assert [row.id for row, _ in rows] == [urgent.id, usual.id]


def test_an_empty_one_and_a_strange_kind_are_refused(desk: Services, drawn: DrawnStudy, caller: Actor) -> None:
    case = take(desk, caller)
    for kind, words in (("complaint", "  "), ("strange", WORDS)):
        with desk.write(caller) as work, pytest.raises(ZoufangError) as caught:
            handing_over.hand_over(work, case_of(work, case.id), kind, words)
        assert caught.value.problem is Problem.INVALID_FIELD
