from __future__ import annotations

import pytest
from flask import Flask
from sqlmodel import select

from survey_server.actors import Role
from survey_server.audit.models import Event
from survey_server.console.routing import local_address
from survey_server.work import Services
from tests.support.callers import bind_phone, browser, phone
from tests.support.studies import person

SEEN = "X-Events-Seen-Before-The-Answer"
JSON = {"Accept": "application/json"}
HERE = "http://localhost"
ELSEWHERE = "http://elsewhere.example"


def events(services: Services) -> list[Event]:
    with services.read() as work:
        return list(work.session.exec(select(Event).where(Event.action == "trial")).all())


def test_a_view_keeps_nothing(app: Flask, site: Services) -> None:
    assert browser(app).get("/trial/look").text == "looked"
    assert events(site) == []


def test_an_action_is_committed_before_it_answers(app: Flask, site: Services) -> None:
    answer = browser(app).post("/trial/change")
    assert (answer.text, answer.headers[SEEN]) == ("changed", "1")
    assert len(events(site)) == 1


@pytest.mark.parametrize(("address", "status"), [("/trial/change-and-refuse", 409), ("/trial/change-and-break", 500)])
def test_an_action_that_raises_keeps_nothing(app: Flask, site: Services, address: str, status: int) -> None:
    assert browser(app).post(address).status_code == status
    assert events(site) == []


def test_a_disclosure_is_recorded_and_stays_in_no_cache(app: Flask, site: Services) -> None:
    answer = browser(app).get("/trial/disclose")
    assert (answer.text, answer.headers[SEEN], answer.headers["Cache-Control"]) == ("disclosed", "1", "no-store")
    assert len(events(site)) == 1


def test_an_act_that_records_nothing_by_itself_is_recorded_by_its_page(app: Flask, site: Services) -> None:
    who = person(site, Role.EVALUATOR, username="wang")
    client = browser(app, "wang")
    for method, address in (("POST", "/trial/forget/"), ("GET", "/trial/forget-to-tell/")):
        assert client.open(f"{address}{who.id}", method=method).status_code == 200
    with site.read() as work:
        found = work.session.exec(select(Event).where(Event.action == "page.use").order_by(Event.id)).all()
    assert [(event.subject_id, event.actor_id, event.details) for event in found] == [
        ("trial.forget", who.id, {"trial_id": str(who.id)}),
        ("trial.forget_to_tell", who.id, {"trial_id": str(who.id)}),
    ]


def test_a_handler_opens_its_own_transactions_for_the_one_who_asks(app: Flask, site: Services) -> None:
    who = person(site, Role.OPERATOR, username="wang")
    assert browser(app, "wang").post("/trial/handle").text == "person"
    assert browser(app).post("/trial/handle").text == "public"
    assert [event.actor_id for event in events(site)] == [who.id, None]


def test_what_is_done_is_recorded_on_behalf_of_the_phone_that_did_it(app: Flask, site: Services) -> None:
    who = person(site, Role.INTERVIEWER)
    phone(app, bind_phone(site, who)).post("/trial/change-as-somebody")
    (event,) = events(site)
    assert (event.actor_kind, event.actor_id) == ("device", who.id)
    assert event.device_id is not None


def test_only_our_own_pages_change_things_with_a_session(app: Flask, site: Services) -> None:
    person(site, Role.EVALUATOR, username="wang")
    client = browser(app, "wang")
    del client.environ_base["HTTP_SEC_FETCH_SITE"]
    ours = [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": ELSEWHERE},
        {"Origin": HERE},
        {"Referer": f"{HERE}/people"},
    ]
    foreign = [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": HERE},
        {"Origin": ELSEWHERE},
        {"Origin": ELSEWHERE, "Referer": f"{HERE}/people"},
        {"Origin": "null"},
        {"Origin": "http://[localhost"},
        {"Origin": "http://localhost:8000"},
        {"Referer": f"{ELSEWHERE}/localhost"},
        {"Referer": "http://localhost.elsewhere.example/"},
    ]
    for headers in ours:
        assert client.post("/trial/change", headers=headers).status_code == 200, headers
    for headers in foreign:
        answer = client.post("/trial/change", headers=headers | JSON)
        assert (answer.status_code, answer.get_json()["number"]) == (403, 40302), headers
    assert len(events(site)) == len(ours)
    assert client.get("/people", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_who_has_no_cookie_may_come_from_anywhere(app: Flask, site: Services) -> None:
    secret = bind_phone(site, person(site, Role.INTERVIEWER))
    for client in (phone(app, secret), app.test_client()):
        assert client.post("/trial/change", headers={"Origin": ELSEWHERE}).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["//elsewhere.example", "/\\elsewhere.example", "/\t/elsewhere.example", "/\n/x", "https://elsewhere.example", "x"],
)
def test_no_address_leads_away(address: str) -> None:
    assert local_address(address) == "/"
    assert local_address(address, "/people") == "/people"


@pytest.mark.parametrize("address", ["/", "/studies?county=柳湾县", "/visit/#join=x"])
def test_our_own_addresses_are_followed(address: str) -> None:
    assert local_address(address) == address


def test_nobody_is_led_away_after_signing_in(app: Flask, site: Services) -> None:
    person(site, Role.EVALUATOR, username="wang")
    typed = {"username": "wang", "password": "a long password"}
    for wish, place in {"/people": "/people", "//elsewhere.example": "/", "/\t/elsewhere.example": "/"}.items():
        assert browser(app).post("/sign-in", data={**typed, "next": wish}).headers["Location"] == place


@pytest.mark.parametrize(
    ("role", "place"),
    [
        (Role.OWNER, "/studies"),
        (Role.EVALUATOR, "/studies"),
        (Role.OPERATOR, "/call/"),
        (Role.INTERVIEWER, "/visit/"),
    ],
)
def test_the_front_page_sends_everybody_to_their_work(app: Flask, site: Services, role: Role, place: str) -> None:
    person(site, role)
    assert browser(app, role).get("/").headers["Location"] == place
    assert browser(app).get("/").headers["Location"] == "/sign-in"
