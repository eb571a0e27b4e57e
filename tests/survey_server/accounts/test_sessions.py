from __future__ import annotations

import uuid
from contextlib import nullcontext

import pytest
from flask import Flask

from survey_server.accounts import sessions
from survey_server.accounts.service import actor_of_device, actor_of_session
from survey_server.accounts.sessions import browser_of
from survey_server.accounts.signing_in import sign_in
from survey_server.actors import Actor, Role
from survey_server.errors import ZoufangError
from survey_server.work import Services
from tests.support.callers import bind_phone, browser, phone
from tests.support.installation import SteppingClock
from tests.support.studies import PASSWORD, person

WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; V2338A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.188 "
    "Mobile Safari/537.36 XWEB/1260117 MMWEBSDK/20240501 MicroMessenger/8.0.50.2701"
)
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (WECHAT, "微信 8, Android"),
        (EDGE, "Edge 131, Windows"),
        (SAFARI, "Safari 17, iPhone"),
        (FIREFOX, "Firefox 133, Linux"),
        ("curl/8.5", ""),
        ("<script>" * 500, ""),
    ],
)
def test_a_browser_is_named_by_a_few_words(agent: str, words: str) -> None:
    assert browser_of(agent) == words


def actor_in(services: Services, username: str) -> Actor:
    secret = sign_in(services, username, PASSWORD, browser="Firefox 133, Linux")
    with services.read() as work:
        found = actor_of_session(work, secret)
    assert found is not None
    return found


def test_somebody_sees_where_they_are_signed_in_and_ends_one_or_all_others(services: Services) -> None:
    me = person(services, Role.EVALUATOR, username="wang")
    assert me.id is not None
    here, *others = (actor_in(services, "wang") for _ in range(4))
    with services.write(here) as work:
        sessions.end_session(work, me.id, others[0].session_id or uuid.uuid4())
    with services.read(here) as work:
        listed = sessions.browsers_of(work, me.id)
    assert [place.here for place in listed] == [True, False, False, False]
    assert [place.ended_at is None for place in listed] == [True, True, True, False]
    with services.write(here) as work:
        sessions.end_others(work, me.id)
    with services.read(here) as work:
        assert [place.ended_at is None for place in sessions.browsers_of(work, me.id)] == [True, False, False, False]


@pytest.mark.parametrize(
    ("roles", "other", "allowed"),
    [
        ([Role.OWNER], Role.OWNER, True),
        ([Role.EVALUATOR], Role.INTERVIEWER, True),
        ([Role.EVALUATOR], Role.EVALUATOR, False),
        ([Role.INTERVIEWER], Role.INTERVIEWER, False),
    ],
)
def test_who_manages_somebody_ends_their_browsers_and_phones_and_nobody_else_does(
    services: Services, roles: list[Role], other: Role, allowed: bool
) -> None:
    person(services, *roles, username="wang")
    them = person(services, other, username="fang")
    assert them.id is not None
    phone_secret, there = bind_phone(services, them), actor_in(services, "fang")
    refused = nullcontext() if allowed else pytest.raises(ZoufangError, match=r"NOT_ALLOWED|NOT_FOUND")
    with refused, services.write(actor_in(services, "wang")) as work:
        sessions.end_everything(work, them.id)
    with services.read() as work:
        listed = sessions.browsers_of(work, them.id)
        assert [place.ended_at is not None for place in listed] == [allowed]
        assert (actor_of_device(work, phone_secret) is None) is allowed
    assert there.session_id == listed[0].id


def test_when_a_browser_or_phone_was_seen_is_written_at_most_every_five_minutes(
    app: Flask, site: Services, clock: SteppingClock
) -> None:
    who = person(site, Role.EVALUATOR, Role.INTERVIEWER, username="wang")
    assert who.id is not None
    client, mobile = browser(app, "wang"), phone(app, bind_phone(site, who))
    seen = []
    for minutes in (0, 4, 1, 4):
        clock.advance(minutes=minutes)
        client.get("/account")
        mobile.get("/visit/api/day")
        with site.read() as work:
            places = sessions.browsers_of(work, who.id), sessions.phones_of(work, who.id)
        seen.append([clock.now - (one.seen_at or clock.now) for (one,) in places])
    assert [[span.total_seconds() / 60 for span in pair] for pair in seen] == [[0, 0], [4, 4], [0, 0], [4, 4]]


def test_the_own_page_lists_this_browser_and_ends_the_others_by_a_button(app: Flask, site: Services) -> None:
    person(site, Role.OPERATOR, username="wang")
    here, elsewhere = (browser(app, "wang") for _ in range(2))
    assert here.get("/account").text.count("本机") == 1
    here.post("/account/sessions/end-others")
    assert elsewhere.get("/account").headers["Location"].startswith("/sign-in?next=")
    assert here.get("/account").status_code == 200


def test_a_change_asked_for_from_another_site_is_refused(app: Flask, site: Services) -> None:
    person(site, Role.OPERATOR, username="wang")
    client = browser(app, "wang")
    for sent in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert client.post("/account/sessions/end-others", headers=sent).status_code == 403
    old = app.test_client()
    secret = client.get_cookie("session")
    assert secret is not None
    old.set_cookie("session", secret.value)
    said = [
        old.post("/account/sessions/end-others", headers=headers).status_code
        for headers in (
            {"Origin": "https://elsewhere.example"},
            {"Referer": "null"},
            {},
            {"Origin": "http://localhost"},
        )
    ]
    assert said == [403, 403, 403, 303]
