"""Who may read what by the API, until when, and how often."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey_server.accounts import tokens
from survey_server.accounts.models import Person
from survey_server.accounts.tokens import Scope, make_token
from survey_server.actors import Actor, Grant, Role
from survey_server.api.endpoint import ENDPOINTS
from survey_server.app import create_app
from survey_server.audit.service import events_of
from survey_server.config import Settings
from survey_server.crypto import digest_secret
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import make_study, person


@pytest.fixture
def owner(site: Services) -> Actor:
    return person(site, Role.OWNER, username="fuze")


def client_of(app: Flask, secret: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


def reader(
    app: Flask, owner: Actor, *scopes: Scope, days: int = 30, reach: Collection[Grant] | None = None
) -> FlaskClient:
    """A program with a token of these scopes."""
    services: Services = app.extensions["zoufang"]
    with services.write(owner) as work:
        return client_of(app, make_token(work, name="报表", scopes=scopes, days=days, reach=reach))


def number(client: FlaskClient, address: str) -> int:
    """The number of the problem at an address; 0 where there is none."""
    answer = client.get(f"/api/v1{address}")
    return 0 if answer.status_code == 200 else int(answer.get_json()["number"])


def test_each_address_opens_to_its_own_scope_alone(app: Flask, site: Services, owner: Actor) -> None:
    study = make_study(site, {("甲县", "1"): 3}).study
    for scope in Scope:
        client = reader(app, owner, scope)
        answers = {
            found.rule: number(client, found.rule.replace("<uuid:study_id>", str(study.id))) for found in ENDPOINTS
        }
        assert answers == {found.rule: 0 if found.scope is scope else 40304 for found in ENDPOINTS}


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer ", "Bearer nonsense", "Bearer zf_nonsense", "Basic Zm9vOmJhcg=="]
)
def test_without_a_token_nothing_opens(app: Flask, sent: str) -> None:
    answer = app.test_client().get("/api/v1/studies", headers={"Authorization": sent})
    assert (answer.status_code, answer.get_json()["number"]) == (401, 40107)


def test_neither_a_session_nor_a_phone_opens_the_api_and_a_token_opens_nothing_else(app: Flask, owner: Actor) -> None:
    signed_in = browser(app, "fuze")
    assert signed_in.get("/api/v1/studies").status_code == 401
    client = reader(app, owner, *Scope)
    assert client.get("/api/v1/studies").status_code == 200
    assert client.get("/studies", headers={"Accept": "application/json"}).status_code == 401
    assert client.get("/visit/api/day").status_code == 401


def test_a_token_ends_with_its_time_by_an_owner_and_with_its_maker(
    app: Flask, site: Services, owner: Actor, clock: SteppingClock
) -> None:
    late, ended, orphan = (reader(app, owner, Scope.STUDIES, days=days) for days in (1, 30, 30))
    assert [number(client, "/studies") for client in (late, ended, orphan)] == [0, 0, 0]
    clock.advance(days=1)
    with site.write(owner) as work:
        by_digest = {token.digest: token for token in tokens.tokens(work) if token.used_at}
        assert len(by_digest) == 3
        tokens.end_token(work, by_digest[digest_of(ended)].id)
    assert [number(client, "/studies") for client in (late, ended, orphan)] == [40107, 40107, 0]
    with site.write() as work:
        work.session.get_one(Person, owner.id).active = False
    assert number(orphan, "/studies") == 40107


def digest_of(client: FlaskClient) -> str:
    return digest_secret(client.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer "))


def test_a_token_reaches_its_studies_and_counties_alone(app: Flask, site: Services, owner: Actor) -> None:
    here = make_study(site, {("甲县", "1"): 2, ("乙县", "1"): 3}).study
    elsewhere = make_study(site, {("甲县", "1"): 4}).study
    one = reader(app, owner, *Scope, reach=[Grant(here.id, "乙县")])
    assert [study["id"] for study in one.get("/api/v1/studies").get_json()["items"]] == [str(here.id)]
    cases = one.get(f"/api/v1/studies/{here.id}/cases").get_json()["items"]
    assert {case["county"] for case in cases} == {"乙县"}
    assert len(cases) == 3
    progress = one.get(f"/api/v1/studies/{here.id}/progress").get_json()
    assert progress["total"]["released"] == 3
    for name in ("", "/cases", "/progress", "/estimates", "/scores", "/submissions"):
        assert number(one, f"/studies/{elsewhere.id}{name}") == 40401
    events = one.get("/api/v1/audit?limit=500").get_json()["items"]
    assert {event["study_id"] for event in events} == {str(here.id)}


def test_a_program_that_asks_too_often_is_told_when_to_come_again_and_no_other(
    sqlite_settings: Settings, clock: SteppingClock
) -> None:
    app = create_app(sqlite_settings.model_copy(update={"api_requests_per_minute": 3}), clock, lambda: None)
    owner = person(app.extensions["zoufang"], Role.OWNER, username="fuze")
    busy, other = (reader(app, owner, Scope.STUDIES) for _ in range(2))
    assert [number(busy, "/studies") for _ in range(4)] == [0, 0, 0, 42901]
    refused = busy.get("/api/v1/studies")
    assert refused.headers["Retry-After"] == "20"
    assert number(other, "/studies") == 0
    clock.advance(seconds=20)
    assert number(busy, "/studies") == 0
    app.extensions["zoufang"].database.dispose()


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", [Scope.CASES], 1), ("x", [], 1), ("x", [Scope.CASES], 0), ("x", [Scope.CASES], 400)],
)
def test_a_token_needs_a_name_scopes_and_an_end(
    site: Services, owner: Actor, name: str, scopes: list[Scope], days: int
) -> None:
    with pytest.raises(ZoufangError) as caught, site.write(owner) as work:
        make_token(work, name=name, scopes=scopes, days=days)
    assert caught.value.problem is Problem.INVALID_FIELD


def test_an_owner_makes_a_token_on_its_page_sees_it_once_and_ends_it(app: Flask, site: Services, owner: Actor) -> None:
    study = make_study(site, {("甲县", "1"): 2, ("乙县", "1"): 1}).study
    desk = browser(app, "fuze")
    typed = {
        "name": "局里的大屏",
        "days": "30",
        "scopes": ["cases:read"],
        "studies": str(study.id),
        "counties": "甲县，丙县",
    }
    page = desk.post("/tokens", data=typed)
    secret = re.search(r"zf_[\w-]{43}", page.text)
    assert secret is not None
    assert page.headers["Cache-Control"] == "no-store"
    program = client_of(app, secret[0])
    assert len(program.get(f"/api/v1/studies/{study.id}/cases").get_json()["items"]) == 2
    listed = desk.get("/tokens").text
    assert secret[0] not in listed
    assert "局里的大屏" in listed
    assert "丙县" in listed
    ending = re.search(r"/tokens/[\w-]+/end", listed)
    assert ending is not None
    desk.post(ending[0])
    assert number(program, f"/studies/{study.id}/cases") == 40107


def test_that_people_were_read_is_recorded_under_the_token(app: Flask, site: Services, owner: Actor) -> None:
    client = reader(app, owner, Scope.PEOPLE)
    people = client.get("/api/v1/people").get_json()["items"]
    assert [(one["name"], one["roles"]) for one in people] == [("fuze", ["owner"])]
    with site.read() as work:
        (token,) = tokens.tokens(work)
        actions = [(event.action, event.actor_kind, event.actor_id) for event in events_of(work, "token", token.id)]
    assert actions[-1] == ("results.read_by_api", "token", token.id)
