"""Who manages whom, and what they may give away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import select

from survey_server.accounts import people
from survey_server.accounts.models import PersonGrant
from survey_server.accounts.service import actor_of_device, actor_of_session
from survey_server.actors import Actor, Grant, Role
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import assign, assign_evenly
from survey_server.studies.models import Study
from survey_server.studies.service import create_study
from survey_server.work import Services
from tests.support.callers import bind_phone
from tests.support.studies import OWNER, PASSWORD, make_study, person

HERE, THERE = "甲县", "乙县"


@pytest.fixture
def study(services: Services) -> Study:
    with services.write() as work:
        return create_study(work, name="某区评价")


def supervisor(services: Services, *parts: Grant) -> Actor:
    return person(services, Role.SUPERVISOR, username="dudao", parts=parts)


def refused(services: Services, actor: Actor, **wish: object) -> Problem:
    typed = {"username": "xin", "name": "新", "password": PASSWORD, "staff_no": "", "roles": [Role.INTERVIEWER]}
    with services.write(actor) as work, pytest.raises(ZoufangError) as caught:
        people.add_member(work, **{**typed, **wish})
    return caught.value.problem


def seen(services: Services, actor: Actor) -> set[str]:
    with services.read(actor) as work:
        return {member.person.username for member in people.members(work)}


def test_a_supervisor_sees_only_who_works_in_the_field_of_their_area(services: Services, study: Study) -> None:
    here, there = Grant(study.id, HERE), Grant(study.id, THERE)
    boss = supervisor(services, here)
    person(services, Role.INTERVIEWER, username="here", parts=[here])
    person(services, Role.OPERATOR, username="town", parts=[Grant(study.id, HERE, "东镇")])
    person(services, Role.INTERVIEWER, username="there", parts=[there])
    person(services, Role.INTERVIEWER, username="both", parts=[here, there])
    person(services, Role.INTERVIEWER, username="everywhere")
    person(services, Role.INTERVIEWER, Role.REVIEWER, username="more", parts=[here])
    person(services, Role.OWNER, username="owner")
    assert seen(services, boss) == {"here", "town", "both", "everywhere"}
    with services.read(boss) as work:
        managed = {member.person.username for member in people.members(work) if people.may_manage(boss, member)}
    assert managed == {"here", "town"}


def test_nobody_gives_away_what_they_do_not_have(services: Services, study: Study) -> None:
    boss = supervisor(services, Grant(study.id, HERE))
    assert refused(services, boss, part=Grant(study.id, THERE)) is Problem.NOT_ALLOWED
    assert refused(services, boss, part=Grant(study.id)) is Problem.NOT_ALLOWED
    assert refused(services, boss, part=Grant(None, HERE)) is Problem.NOT_ALLOWED
    assert refused(services, boss) is Problem.INVALID_FIELD
    for role in set(Role) - {Role.INTERVIEWER, Role.OPERATOR}:
        assert refused(services, boss, roles=[role], part=Grant(study.id, HERE)) is Problem.NOT_ALLOWED
    with services.write(boss) as work:
        added = people.add_member(
            work,
            username="xin",
            name="新",
            password=PASSWORD,
            staff_no="F09",
            roles=[Role.INTERVIEWER],
            part=Grant(study.id, HERE, "东镇"),
        )
    assert seen(services, boss) == {"xin"}
    with services.write(boss) as work, pytest.raises(ZoufangError) as caught:
        people.change_member(work, added.id, name="新", staff_no="", roles=[Role.OWNER])
    assert caught.value.problem is Problem.NOT_ALLOWED


def test_an_evaluator_makes_no_owner_and_manages_none(services: Services) -> None:
    evaluator = person(services, Role.EVALUATOR)
    owner = person(services, Role.OWNER)
    assert refused(services, evaluator, roles=[Role.EVALUATOR]) is Problem.NOT_ALLOWED
    assert owner.id is not None
    with services.write(evaluator) as work, pytest.raises(ZoufangError) as caught:
        people.deactivate(work, owner.id)
    assert caught.value.problem is Problem.NOT_ALLOWED


def test_evaluators_work_on_whole_studies_and_observers_on_whole_counties(services: Services, study: Study) -> None:
    county, town = Grant(study.id, HERE), Grant(study.id, HERE, "东镇")
    assert refused(services, OWNER, roles=[Role.EVALUATOR], part=county) is Problem.INVALID_FIELD
    assert refused(services, OWNER, roles=[Role.OBSERVER], part=town) is Problem.INVALID_FIELD
    assert refused(services, OWNER, part=Grant(study.id, "", "东镇")) is Problem.INVALID_FIELD
    observer = person(services, Role.OBSERVER, parts=[county])
    assert observer.id is not None
    with services.write(OWNER) as work, pytest.raises(ZoufangError) as caught:
        people.change_member(work, observer.id, name="观察", staff_no="", roles=[Role.EVALUATOR])
    assert caught.value.problem is Problem.INVALID_FIELD


def test_the_last_owner_stays_one_and_nobody_ends_themselves(services: Services) -> None:
    first = person(services, Role.OWNER, username="first")
    assert first.id is not None
    for change in (
        lambda work: people.deactivate(work, first.id),
        lambda work: people.change_member(work, first.id, name="x", staff_no="", roles=[Role.EVALUATOR]),
    ):
        with services.write(OWNER) as work, pytest.raises(ZoufangError) as caught:
            change(work)
        assert caught.value.problem is Problem.STATE_CONFLICT
    person(services, Role.OWNER, username="second")
    with services.write(first) as work, pytest.raises(ZoufangError) as caught:
        people.deactivate(work, first.id)
    assert caught.value.problem is Problem.STATE_CONFLICT
    with services.write(replace(OWNER)) as work:
        people.deactivate(work, first.id)


def test_who_comes_back_does_not_bring_their_lost_phone_back(services: Services) -> None:
    leaver = person(services, Role.INTERVIEWER, username="leaver")
    secret = bind_phone(services, leaver)
    assert leaver.id is not None
    with services.write(OWNER) as work:
        people.deactivate(work, leaver.id)
    with services.read() as work:
        assert actor_of_device(work, secret) is None
        assert actor_of_session(work, secret) is None
    with services.write(OWNER) as work:
        people.reactivate(work, leaver.id)
    with services.read() as work:
        assert actor_of_device(work, secret) is None


def test_a_grant_that_is_taken_back_ends_at_once(services: Services, study: Study) -> None:
    worker = person(services, Role.INTERVIEWER, parts=[Grant(study.id, HERE), Grant(study.id, THERE)])
    secret = bind_phone(services, worker)
    assert worker.id is not None
    with services.write(OWNER) as work:
        row = work.session.exec(select(PersonGrant).where(PersonGrant.county == THERE)).one()
        people.take_back(work, worker.id, row.id)
    with services.read() as work:
        actor = actor_of_device(work, secret)
    assert actor is not None
    assert actor.reach == (Grant(study.id, HERE),)


def test_work_is_given_only_to_who_may_reach_it(services: Services) -> None:
    drawn = make_study(services, {(HERE, "1"): 4, (THERE, "1"): 4})
    here = person(services, Role.INTERVIEWER, username="here", parts=[Grant(drawn.study.id, HERE)])
    there = person(services, Role.INTERVIEWER, username="there", parts=[Grant(None, THERE)])
    assert here.id is not None
    assert there.id is not None
    elsewhere = [case.id for case in drawn.main if case.county == THERE]
    with services.write(OWNER) as work, pytest.raises(ZoufangError) as caught:
        assign(work, drawn.study.id, elsewhere, here.id)
    assert caught.value.problem is Problem.INVALID_FIELD
    with services.write(OWNER) as work:
        assert assign_evenly(work, drawn.study.id, [here.id]) == 4
        assert assign_evenly(work, drawn.study.id, [here.id, there.id]) == 4
    with services.read() as work:
        found = {(case.county, case.interviewer_id) for case in work.session.exec(select(Case)).all()}
    assert found == {(HERE, here.id), (THERE, there.id)}
