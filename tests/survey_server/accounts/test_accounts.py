from __future__ import annotations

import pytest

from survey_server.accounts import limits, service
from survey_server.accounts.signing_in import sign_in
from survey_server.actors import Role
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import PASSWORD, person


def sign_in_fails(services: Services, username: str, password: str) -> Problem:
    with pytest.raises(ZoufangError) as caught:
        sign_in(services, username, password)
    return caught.value.problem


def test_a_person_who_signs_in_is_known_by_name_and_roles(services: Services) -> None:
    person(services, Role.EVALUATOR, username="wang")
    secret = sign_in(services, " Wang ", PASSWORD)
    with services.read() as work:
        actor = service.actor_of_session(work, secret)
    assert actor is not None
    assert (actor.name, actor.roles) == ("wang", frozenset({Role.EVALUATOR}))


def test_neither_name_nor_password_tells_which_was_wrong(services: Services) -> None:
    person(services, Role.EVALUATOR, username="wang")
    assert sign_in_fails(services, "wang", "another password") is Problem.SIGN_IN_FAILED
    assert sign_in_fails(services, "nobody", PASSWORD) is Problem.SIGN_IN_FAILED


def test_after_a_few_failures_each_one_doubles_the_wait(services: Services, clock: SteppingClock) -> None:
    person(services, Role.EVALUATOR, username="wang")
    for _ in range(limits.SIGN_IN_NAME.free):
        assert sign_in_fails(services, "wang", "wrong") is Problem.SIGN_IN_FAILED
    assert sign_in_fails(services, "wang", PASSWORD) is Problem.TOO_MANY_TRIES
    clock.advance(seconds=2)
    assert sign_in_fails(services, "wang", "wrong") is Problem.SIGN_IN_FAILED
    clock.advance(seconds=1)
    assert sign_in_fails(services, "wang", PASSWORD) is Problem.TOO_MANY_TRIES
    clock.advance(seconds=2)
    assert sign_in(services, "wang", PASSWORD)


def test_a_session_ends_with_its_time_and_when_signed_out(services: Services, clock: SteppingClock) -> None:
    person(services, Role.EVALUATOR, username="wang")
    first, second = (sign_in(services, "wang", PASSWORD) for _ in range(2))
    with services.read() as work:
        actor = service.actor_of_session(work, first)
    assert actor is not None
    with services.write(actor) as work:
        service.sign_out(work)
    with services.read() as work:
        assert service.actor_of_session(work, first) is None
        assert service.actor_of_session(work, second) is not None
    clock.advance(hours=services.settings.session_hours)
    with services.read() as work:
        assert service.actor_of_session(work, second) is None


def test_a_phone_link_binds_one_phone_once_and_not_after_a_day(services: Services, clock: SteppingClock) -> None:
    interviewer = person(services, Role.INTERVIEWER)
    assert interviewer.id is not None
    with services.write() as work:
        link, late = (service.new_phone_link(work, interviewer.id) for _ in range(2))
    with services.write() as work:
        secret, joined = service.join_phone(work, link, "旧手机")
    assert joined.id == interviewer.id
    for spent in (link, "no such link", "\ud800"):
        with pytest.raises(ZoufangError) as caught, services.write() as work:
            service.join_phone(work, spent, "x")
        assert caught.value.problem is Problem.LINK_USED
    clock.advance(hours=24)
    with pytest.raises(ZoufangError), services.write() as work:
        service.join_phone(work, late, "x")
    with services.read() as work:
        actor = service.actor_of_device(work, secret)
    assert actor is not None
    assert actor.device_id is not None


def test_a_lost_phone_speaks_for_nobody(services: Services) -> None:
    interviewer = person(services, Role.INTERVIEWER)
    assert interviewer.id is not None
    with services.write() as work:
        secret, _ = service.join_phone(work, service.new_phone_link(work, interviewer.id), "x")
    with services.write() as work:
        service.end_device(work, service.devices_of(work, interviewer.id)[0].id)
    with services.read() as work:
        assert service.actor_of_device(work, secret) is None


@pytest.mark.parametrize(("username", "password"), [("wang", PASSWORD), ("", PASSWORD), ("li", "short")])
def test_a_name_in_use_or_a_short_password_is_refused(services: Services, username: str, password: str) -> None:
    person(services, Role.EVALUATOR, username="wang")
    with pytest.raises(ZoufangError) as caught, services.write() as work:
        service.create_person(work, username=username, name="x", password=password, roles=[])
    assert caught.value.problem is Problem.INVALID_FIELD
