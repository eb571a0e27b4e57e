from __future__ import annotations

import json

import pyotp
import pytest
from flask import Flask

from survey_server.accounts import limits, second_factor, sessions
from survey_server.accounts.models import LoginSession, Person
from survey_server.accounts.service import actor_of_session
from survey_server.accounts.signing_in import sign_in
from survey_server.actors import Actor, Role
from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import PASSWORD, person


def with_app(services: Services, clock: SteppingClock) -> tuple[Actor, pyotp.TOTP, list[str]]:
    """Somebody who set up an app: who, the app, and the recovery codes."""
    who = person(services, Role.OWNER, username="fuze")
    assert who.id is not None
    with services.write(who) as work:
        offer = second_factor.offer(work, work.session.get_one(Person, who.id))
        app = pyotp.TOTP(offer.secret)
        codes = second_factor.accept(work, who.id, offer.sealed, app.at(clock.now))
    clock.advance(seconds=60)
    return who, app, codes


def waiting(services: Services) -> tuple[str, LoginSession]:
    secret = sign_in(services, "fuze", PASSWORD)
    with services.read() as work:
        session = sessions.waiting_session(work, secret)
        assert actor_of_session(work, secret) is None
    assert session is not None
    return secret, session


def proves(services: Services, code: str) -> bool | Problem:
    """Whether a new session is let in by this code, or what is wrong."""
    secret, session = waiting(services)
    try:
        second_factor.prove_by_code(services, session, code)
    except ZoufangError as error:
        return error.problem
    with services.read() as work:
        return actor_of_session(work, secret) is not None


def test_codes_of_this_step_and_its_neighbours_are_taken_each_once(services: Services, clock: SteppingClock) -> None:
    _, app, _ = with_app(services, clock)
    now = int(clock.now.timestamp())
    early, right, late = (app.at(now + offset) for offset in (-30, 0, 30))
    assert proves(services, app.at(now + 90)) is Problem.SECOND_FACTOR_WRONG
    assert proves(services, early) is True
    assert proves(services, f"{right[:3]} {right[3:]}") is True
    assert proves(services, right) is Problem.SECOND_FACTOR_WRONG
    assert proves(services, early) is Problem.SECOND_FACTOR_WRONG
    assert proves(services, late) is True


def test_codes_are_read_as_people_type_them(services: Services, clock: SteppingClock) -> None:
    _, app, _ = with_app(services, clock)
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    for strange in ("²²²²²²", "٣٣٣٣٣٣", "六六六六六六", ""):
        assert proves(services, strange) is Problem.SECOND_FACTOR_WRONG
    assert proves(services, app.at(clock.now).translate(wide)) is True


def test_the_code_that_turned_the_app_on_signs_nobody_in(services: Services, clock: SteppingClock) -> None:
    who = person(services, Role.OWNER, username="fuze")
    assert who.id is not None
    with services.write(who) as work:
        offer = second_factor.offer(work, work.session.get_one(Person, who.id))
        code = pyotp.TOTP(offer.secret).at(clock.now)
        second_factor.accept(work, who.id, offer.sealed, code)
    assert proves(services, code) is Problem.SECOND_FACTOR_WRONG


def test_a_recovery_code_is_good_once_however_it_is_typed(services: Services, clock: SteppingClock) -> None:
    who, _, codes = with_app(services, clock)
    assert who.id is not None
    assert proves(services, codes[3].lower().replace("-", " ")) is True
    assert proves(services, codes[3]) is Problem.SECOND_FACTOR_WRONG
    with services.read() as work:
        assert second_factor.recovery_codes_left(work, who.id) == 9
    with services.write(who) as work:
        second_factor.new_recovery_codes(work, who.id)
    assert proves(services, codes[4]) is Problem.SECOND_FACTOR_WRONG


def test_guessing_codes_takes_longer_and_longer_across_sessions(services: Services, clock: SteppingClock) -> None:
    _, app, _ = with_app(services, clock)
    for _ in range(limits.SECOND_FACTOR.free):
        assert proves(services, "abc") is Problem.SECOND_FACTOR_WRONG
    assert proves(services, app.at(clock.now)) is Problem.TOO_MANY_TRIES
    clock.advance(seconds=1)
    assert proves(services, app.at(clock.now)) is True


def test_an_app_set_up_for_one_person_serves_no_other(services: Services, clock: SteppingClock) -> None:
    who, _, _ = with_app(services, clock)
    other = person(services, Role.OWNER, username="other")
    assert who.id is not None
    assert other.id is not None
    with services.read() as work:
        offer = second_factor.offer(work, work.session.get_one(Person, who.id))
    with pytest.raises(ZoufangError) as caught, services.write(other) as work:
        second_factor.accept(work, other.id, offer.sealed, pyotp.TOTP(offer.secret).at(clock.now))
    assert caught.value.problem is Problem.STATE_CONFLICT


def test_when_everything_is_lost_an_owner_removes_it_and_the_password_is_enough(
    services: Services, clock: SteppingClock
) -> None:
    who, _, _ = with_app(services, clock)
    assert who.id is not None
    with services.write() as work:
        second_factor.remove_all(work, who.id)
    secret = sign_in(services, "fuze", PASSWORD)
    with services.read() as work:
        assert actor_of_session(work, secret) is not None


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        {},
        {"state": "x", "credential": {}},
        {"state": "x", "credential": {"id": 7}},
        {"credential": {"id": "AAAA", "response": []}},
        "own state",
    ],
)
def test_whatever_is_sent_for_a_passkey_is_refused_and_breaks_nothing(
    sqlite_settings: Settings, clock: SteppingClock, sent: object
) -> None:
    app = create_app(sqlite_settings.model_copy(update={"host": "localhost"}), clock, lambda: None)
    site: Services = app.extensions["zoufang"]
    person(site, Role.OWNER, username="fuze")
    client = browser(app, "fuze")
    if sent == "own state":
        sent = {"state": client.get("/sign-in/passkey").get_json()["state"], "credential": {"id": "AAAA"}}
    answer = client.post("/sign-in/passkey", data=json.dumps(sent), content_type="application/json")
    assert answer.status_code == 401
    assert client.post("/account/passkeys", json=sent).status_code == 400
    site.database.dispose()


def test_where_people_come_by_a_number_there_are_no_passkeys(app: Flask, site: Services) -> None:
    person(site, Role.OWNER, username="fuze")
    client = browser(app, "fuze")
    assert client.get("/account/passkeys").status_code == 409
    assert "data-passkey" not in client.get("/account").text
    assert "data-passkey" not in browser(app).get("/sign-in").text
