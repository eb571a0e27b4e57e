from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from survey_server.accounts import limits, links, second_factor, sessions
from survey_server.accounts.links import first_address
from survey_server.accounts.models import Authenticator, LinkPurpose, LoginSession, Throttle
from survey_server.accounts.passwords import is_weak
from survey_server.accounts.service import actor_of_session, people
from survey_server.accounts.signing_in import change_password, make_first_owner, reset_password, sign_in
from survey_server.actors import Actor, Role
from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import PASSWORD, person

NEW = "rivers run to the sea"
OUTSIDE = "203.0.113.9"


def problem(*arguments: object, call: object = sign_in) -> Problem:
    """What is wrong with a call."""
    with pytest.raises(ZoufangError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.problem


def actor_of(services: Services, secret: str) -> Actor | None:
    with services.read() as work:
        return actor_of_session(work, secret)


def signed_in(services: Services, *roles: Role, username: str = "wang") -> tuple[Actor, str]:
    """Somebody in a browser, with its secret."""
    person(services, *roles, username=username)
    secret = sign_in(services, username, PASSWORD)
    actor = actor_of(services, secret)
    assert actor is not None
    return actor, secret


def test_a_name_that_nobody_has_is_slowed_down_like_one_that_somebody_has(services: Services) -> None:
    for _ in range(limits.SIGN_IN_NAME.free):
        assert problem(services, "nobody", "wrong") is Problem.SIGN_IN_FAILED
    assert problem(services, "nobody", "wrong") is Problem.TOO_MANY_TRIES


def test_who_tries_many_names_from_one_address_has_to_wait_and_nobody_elsewhere(services: Services) -> None:
    person(services, Role.EVALUATOR, username="wang")
    with services.write() as work:
        for _ in range(limits.SIGN_IN_ADDRESS.free):
            limits.fail(work, (limits.SIGN_IN_ADDRESS, OUTSIDE))
    with pytest.raises(ZoufangError) as caught:
        sign_in(services, "wang", PASSWORD, address=OUTSIDE)
    assert caught.value.problem is Problem.TOO_MANY_TRIES
    assert sign_in(services, "wang", PASSWORD, address="203.0.113.10")


def test_a_changed_password_ends_every_other_browser_and_keeps_this_one(services: Services) -> None:
    here, secret = signed_in(services, Role.EVALUATOR)
    elsewhere = sign_in(services, "wang", PASSWORD)
    assert problem(services, here, "not the password", NEW, call=change_password) is Problem.INVALID_FIELD
    change_password(services, here, PASSWORD, NEW)
    assert actor_of(services, secret) is not None
    assert actor_of(services, elsewhere) is None
    assert problem(services, "wang", PASSWORD) is Problem.SIGN_IN_FAILED
    assert sign_in(services, "wang", NEW)


def reset_link(services: Services, who: Actor) -> str:
    assert who.id is not None
    with services.write() as work:
        return links.new_link(work, who.id, LinkPurpose.PASSWORD)


def test_a_link_sets_one_password_once_and_signs_everything_out(services: Services) -> None:
    who, secret = signed_in(services, Role.EVALUATOR)
    link = reset_link(services, who)
    assert problem(services, link, "short", "", call=reset_password) is Problem.INVALID_FIELD
    reset_password(services, link, NEW, "")
    assert actor_of(services, secret) is None
    assert sign_in(services, "wang", NEW)
    assert problem(services, link, "another good phrase", "", call=reset_password) is Problem.LINK_USED


def test_a_link_for_a_password_is_out_of_date_after_a_day_and_signs_no_phone_in(
    services: Services, clock: SteppingClock
) -> None:
    who, _ = signed_in(services, Role.INTERVIEWER)
    link = reset_link(services, who)
    with pytest.raises(ZoufangError), services.write() as work:
        links.use_link(work, link, LinkPurpose.PHONE)
    clock.advance(hours=24)
    assert problem(services, link, NEW, "", call=reset_password) is Problem.LINK_USED


def test_a_right_link_opens_though_others_at_the_same_address_tried_wrong_ones(services: Services) -> None:
    who, _ = signed_in(services, Role.EVALUATOR)
    found = [problem(services, f"no {n}", NEW, OUTSIDE, call=reset_password) for n in range(limits.ONE_TIME_LINK.free)]
    assert set(found) == {Problem.LINK_USED}
    assert problem(services, "no", NEW, OUTSIDE, call=reset_password) is Problem.TOO_MANY_TRIES
    reset_password(services, reset_link(services, who), NEW, OUTSIDE)


def first_secret(services: Services) -> str:
    with services.read() as work:
        return first_address(work).partition("#")[2]


def test_the_first_owner_is_made_by_the_printed_secret_and_only_once(services: Services) -> None:
    secret = first_secret(services)
    make_first_owner(services, secret, "Li", "李", NEW, address="")
    with services.read() as work:
        assert [(who.username, roles) for who, roles in people(work)] == [("li", [Role.OWNER])]
    with pytest.raises(ZoufangError) as caught:
        make_first_owner(services, secret, "zhao", "赵", NEW, address="")
    assert caught.value.problem is Problem.LINK_USED


@pytest.mark.parametrize(
    ("secret", "password", "expected"),
    [
        ("", NEW, Problem.LINK_USED),
        ("A" * 38, NEW, Problem.LINK_USED),
        (None, "password123", Problem.INVALID_FIELD),
        (None, "short", Problem.INVALID_FIELD),
    ],
)
def test_no_first_owner_without_the_secret_or_with_a_password_that_anybody_would_try(
    services: Services, secret: str | None, password: str, expected: Problem
) -> None:
    with pytest.raises(ZoufangError) as caught:
        make_first_owner(
            services, first_secret(services) if secret is None else secret, "li", "李", password, address=""
        )
    assert caught.value.problem is expected
    with services.read() as work:
        assert people(work) == []


@pytest.mark.parametrize(
    "weak",
    [
        "password123",
        "Passw0rd!!",
        "1234567890",
        "19000000001",
        "aaaaaaaaaaa",
        "qwertyuiop",
        "zoufang2026",
        "wang!!2026!",
    ],
)
def test_what_everybody_tries_first_is_weak(weak: str) -> None:
    assert is_weak(weak, "wang")


@pytest.mark.parametrize("good", [PASSWORD, NEW, "云溪的桥有三座石头", "tK3-vnq8-wXz"])
def test_a_sentence_and_chance_are_not(good: str) -> None:
    assert not is_weak(good, "wang")


# -- pages -----------------------------------------------------------------------------------------


def test_the_set_up_page_is_gone_once_there_is_anybody(app: Flask, site: Services) -> None:
    client = browser(app)
    assert "初始设置" in client.get("/setup").text
    typed = {"link": first_secret(site), "username": "li", "name": "李", "password": NEW}
    assert client.post("/setup", data=typed).headers["Location"] == "/sign-in"
    assert client.get("/setup").headers["Location"] == "/sign-in"
    assert client.post("/setup", data=typed | {"username": "zhao"}).status_code == 401
    assert client.post("/sign-in", data={"username": "li", "password": NEW}).status_code == 303


def test_an_owner_makes_a_link_that_is_shown_once_and_kept_by_nobody(app: Flask, site: Services) -> None:
    who = person(site, Role.INTERVIEWER, username="fang")
    person(site, Role.OWNER, username="fuze")
    client = browser(app, "fuze")
    page = client.post(f"/people/{who.id}/password-link")
    secret = re.search(r"/password#([\w-]{43})", page.text)
    assert secret is not None
    assert page.headers["Cache-Control"] == "no-store"
    assert secret[1] not in client.get(f"/people/{who.id}/sign-in").text
    stranger = browser(app)
    assert stranger.post("/password", data={"link": secret[1], "password": NEW}).status_code == 303
    assert sign_in(site, "fang", NEW)


def test_who_comes_too_early_is_told_when_to_come_again(app: Flask, site: Services) -> None:
    person(site, Role.EVALUATOR, username="wang")
    client = browser(app)
    answers = [client.post("/sign-in", data={"username": "wang", "password": "wrong"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "1"
    assert "1 秒" in answers[-1].text


def waiting_client(app: Flask, site: Services) -> FlaskClient:
    """A browser whose password was right and whose second step is to come."""
    who = person(site, Role.OWNER, username="fuze")
    assert who.id is not None
    with site.write() as work:
        work.session.add(Authenticator(person_id=who.id, sealed="", last_step=0, created_at=work.now))
    client = app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    answer = client.post("/sign-in", data={"username": "fuze", "password": PASSWORD, "next": "/people"})
    assert answer.headers["Location"] == "/sign-in?next=%2Fpeople"
    return client


def test_before_the_second_step_a_session_speaks_for_nobody_and_not_for_long(
    app: Flask, site: Services, clock: SteppingClock
) -> None:
    client = waiting_client(app, site)
    assert client.get("/people").headers["Location"].startswith("/sign-in?next=")
    assert "第二步验证" in client.get("/sign-in").text
    clock.advance(minutes=10)
    assert "第二步验证" not in client.get("/sign-in").text
    assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 401


def test_another_site_signs_nobody_in(app: Flask, site: Services) -> None:
    person(site, Role.EVALUATOR, username="wang")
    client = app.test_client()
    typed = {"username": "wang", "password": PASSWORD}
    refused = client.post("/sign-in", data=typed, headers={"Sec-Fetch-Site": "cross-site"})
    assert (refused.status_code, "Set-Cookie" in refused.headers) == (403, False)
    assert client.post("/sign-in", data=typed, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_the_second_step_is_given_up_to_sign_in_as_somebody_else(app: Flask, site: Services) -> None:
    client = waiting_client(app, site)
    client.post("/sign-in/again")
    assert "第二步验证" not in client.get("/sign-in").text


@pytest.fixture
def strict(sqlite_settings: Settings, clock: SteppingClock) -> Flask:
    """An installation that demands a second factor of owners and evaluators."""
    return create_app(sqlite_settings.model_copy(update={"require_second_factor": True}), clock, lambda: None)


def test_where_it_is_demanded_an_owner_does_nothing_before_a_second_factor_is_set_up(strict: Flask) -> None:
    site: Services = strict.extensions["zoufang"]
    person(site, Role.OWNER, username="fuze")
    person(site, Role.OPERATOR, username="zuoxi")
    owner, operator = browser(strict, "fuze"), browser(strict, "zuoxi")
    assert owner.get("/studies").headers["Location"] == "/account"
    refused = owner.post("/studies", data={"name": "x"}, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.get_json()["number"]) == (403, 40303)
    assert "必须启用两步验证" in owner.get("/account").text
    assert operator.get("/call/").status_code == 200
    with site.write() as work:
        session = work.session.exec(select(LoginSession).order_by(LoginSession.created_at)).first()
        assert session is not None
        session.factor = "totp"
    assert owner.get("/studies").status_code == 200
    site.database.dispose()


def test_nothing_of_a_try_can_be_read_from_the_table(services: Services) -> None:
    assert problem(services, "zhang", "wrong") is Problem.SIGN_IN_FAILED
    with services.read() as work:
        keys = [row.key for row in work.session.exec(select(Throttle))]
        assert second_factor.has_one(work, None) is False
        assert sessions.waiting_session(work, "no secret") is None
    assert keys
    assert not any("zhang" in key for key in keys)
