from __future__ import annotations

import pytest
from sqlmodel import select

from survey_server.actors import Actor, Role
from survey_server.desk import recalls
from survey_server.desk.rules import Rules, keep_rules
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.calls import Recall
from survey_server.work import Services
from tests.support.studies import DrawnStudy, make_study, person
from tests.survey_server.desk.calling import interview, take


@pytest.fixture
def drawn(desk: Services) -> DrawnStudy:
    return make_study(desk, {("柳湾县", "1"): 6})


@pytest.fixture
def supervisor(desk: Services) -> Actor:
    return person(desk, Role.EVALUATOR)


def draw(services: Services, drawn: DrawnStudy, share: float) -> list[Recall]:
    with services.write() as work:
        keep_rules(work, drawn.study.id, Rules(recall_share=share))
        recalls.draw(work, drawn.study.id)
    with services.read() as work:
        return list(work.session.exec(select(Recall)))


def hold(services: Services, drawn: DrawnStudy, *actors: Actor) -> None:
    for actor in actors:
        interview(services, actor, drawn, take(services, actor))


def test_the_share_decides_and_every_operator_has_at_least_one(
    desk: Services, drawn: DrawnStudy, caller: Actor, other: Actor
) -> None:
    hold(desk, drawn, caller, caller, caller, other)
    assert draw(desk, drawn, 0) == []
    few = draw(desk, drawn, 1e-9)
    assert sorted(str(row.asked_by) for row in few) == sorted([str(caller.id), str(other.id)])
    assert len(draw(desk, drawn, 1e-9)) == 2, "who is checked already needs no other"
    assert len(draw(desk, drawn, 1)) == 4


def test_nobody_asks_again_what_they_asked(desk: Services, drawn: DrawnStudy, caller: Actor, other: Actor) -> None:
    hold(desk, drawn, caller)
    (row,) = draw(desk, drawn, 1)
    with desk.write(caller) as work, pytest.raises(ZoufangError) as caught:
        recalls.open_recall(work, drawn.study.id, row.id)
    assert caught.value.problem is Problem.STATE_CONFLICT
    with desk.write(caller) as work, pytest.raises(ZoufangError):
        recalls.close_recall(work, drawn.study.id, row.id, recalls.CONFIRMED, {})
    with desk.write(other) as work:
        assert recalls.open_recall(work, drawn.study.id, row.id).phones


def test_other_answers_are_the_differences_of_their_operator_and_question(
    desk: Services, drawn: DrawnStudy, caller: Actor, supervisor: Actor
) -> None:
    hold(desk, drawn, caller)
    (row,) = draw(desk, drawn, 1)
    with desk.write(supervisor) as work:
        names = [question.name for question in recalls.open_recall(work, drawn.study.id, row.id).questions]
    assert "t_sat_overall" in names
    with desk.write(supervisor) as work:
        done = recalls.close_recall(
            work,
            drawn.study.id,
            row.id,
            recalls.CONFIRMED,
            {"t_sat_overall": "1", "t_sat_level": "5", "t_sat_staff": "nonsense", "strange": "1"},
        )
    assert (done.compared, done.differences) == (2, ["t_sat_overall"])
    with desk.read() as work:
        by_operator, by_question = recalls.differences(work, drawn.study.id)
    assert len(by_operator) == 1
    assert len(by_question) == 2
    with desk.write(supervisor) as work, pytest.raises(ZoufangError) as caught:
        recalls.close_recall(work, drawn.study.id, row.id, recalls.CONFIRMED, {})
    assert caught.value.problem is Problem.STATE_CONFLICT, "what was found is not written over"


def test_who_was_not_reached_may_be_called_once_more(
    desk: Services, drawn: DrawnStudy, caller: Actor, supervisor: Actor
) -> None:
    hold(desk, drawn, caller)
    (row,) = draw(desk, drawn, 1)
    for outcome in (recalls.UNREACHED, recalls.DENIED):
        with desk.write(supervisor) as work:
            done = recalls.close_recall(work, drawn.study.id, row.id, outcome, {"t_sat_overall": "1"})
        assert (done.outcome, done.compared, done.differences) == (outcome, 0, [])
