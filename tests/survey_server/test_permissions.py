"""Every address, and who may call it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from survey_server.actors import OWNERS, EVALUATORS, INTERVIEWERS, OPERATORS, Actor, Role
from survey_server.app import create_app
from survey_server.work import Services
from tests.support.callers import bind_phone, browser, phone
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import person

NOBODY = "nobody"
WITHOUT_A_ROLE = "without-a-role"
SOMEBODY = uuid.UUID("00000000-0000-4000-8000-000000000001")

STATIC = "styles, scripts and icons, the same for everybody"
UNGUARDED = {
    "console.static": STATIC,
    "desk.static": STATIC,
    "public.static": STATIC,
    "results.static": STATIC,
    "samples.static": STATIC,
    "language.choose_language": "keeps a cookie in the caller's own browser and touches nothing here",
}
OPEN = {
    "console.front": "sends everybody to where their work is",
    "console.healthz": "tells that the server and its database answer",
    "accounts.sign_in_page": "nobody is signed in before",
    "visit.program": "the phone's program holds no data",
    "visit.program_file": "likewise",
    "public.open_code": "the code in the address opens one questionnaire",
    "public.answer": "likewise",
    "public.thank": "likewise",
    "proof.show_proof": "the certificate of a draw: counts, digest and seed, no household by name",
    "proof.public_certificate": "likewise, to print",
    "samples.reference_check": "a program of forty lines, the same for everybody",
}
OWN_LOCK = {
    "accounts.sign_in": "a password",
    "visit.join": "a one-time link",
    "openrosa.list_forms": "the phone's secret in the address, for ODK Collect",
    "openrosa.download_form": "likewise",
    "openrosa.show_manifest": "likewise",
    "openrosa.download_media": "likewise",
    "openrosa.submit": "likewise",
    "openrosa.submit_to_study": "likewise",
}

PARTS = {
    "studies": EVALUATORS,
    "people": EVALUATORS,
    "check-scores": EVALUATORS,
    "devices": EVALUATORS,
    "call": OPERATORS,
    "visit": INTERVIEWERS,
}
SPECIAL = {"accounts.add_person": OWNERS, "accounts.sign_out": frozenset(Role)}


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application with a person of each role, one without, and one who has all."""
    folder = tmp_path_factory.mktemp("permissions")
    path = folder / "zoufang.db"
    shutil.copyfile(sqlite_template, path)
    made = create_app(make_settings(f"sqlite:///{path}", folder), SteppingClock(), wake=lambda: None)
    services: Services = made.extensions["zoufang"]
    for role in Role:
        person(services, role)
    person(services, username=WITHOUT_A_ROLE)
    yield made
    services.database.dispose()


@pytest.fixture(scope="module")
def everything(app: Flask) -> Actor:
    """A person who has every role."""
    return person(app.extensions["zoufang"], *Role, username="everything")


def routes(app: Flask) -> list[Rule]:
    """Every route; signing out comes last, for it ends the session that asks."""
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint == "accounts.sign_out", rule.rule))


def guarded(app: Flask) -> list[Rule]:
    return [rule for rule in routes(app) if rule.endpoint not in UNGUARDED]


def who_may(app: Flask, rule: Rule) -> frozenset[Role] | None:
    return vars(app.view_functions[rule.endpoint])["who"]


def call(app: Flask, client: FlaskClient, rule: Rule, method: str) -> TestResponse:
    """Ask for a route by made-up ids."""
    made_up = {name: SOMEBODY if name.endswith("_id") else "made-up" for name in rule.arguments}
    address = app.url_map.bind("localhost").build(rule.endpoint, made_up, method=method)
    return client.open(address, method=method, buffered=True)


def answers(app: Flask, client: FlaskClient) -> list[tuple[Rule, str, TestResponse]]:
    """What every guarded route answers, by each of its methods."""
    methods = [(rule, method) for rule in guarded(app) for method in sorted((rule.methods or set()) - {"OPTIONS"})]
    return [(rule, method, call(app, client, rule, method)) for rule, method in methods]


def sent_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in?next=")


def test_every_route_says_who_may_call_it_and_the_exceptions_are_known(app: Flask) -> None:
    silent = {rule.endpoint for rule in routes(app) if not hasattr(app.view_functions[rule.endpoint], "who")}
    assert silent == set(UNGUARDED)


def test_every_route_that_anybody_may_call_is_known_with_its_reason(app: Flask) -> None:
    assert {rule.endpoint for rule in guarded(app) if who_may(app, rule) is None} == set(OPEN) | set(OWN_LOCK)


def test_each_part_of_the_site_belongs_to_those_whose_work_it_is(app: Flask) -> None:
    rules = [rule for rule in guarded(app) if rule.endpoint not in {*OPEN, *OWN_LOCK, *SPECIAL}]
    assert [rule.rule for rule in rules if who_may(app, rule) != PARTS[rule.rule.split("/")[1]]] == []
    assert {endpoint: who_may(app, next(app.url_map.iter_rules(endpoint))) for endpoint in SPECIAL} == SPECIAL


def test_what_lies_in_the_static_folders_is_only_what_a_browser_draws_with(app: Flask) -> None:
    folders = [Path(pages.static_folder) for pages in app.blueprints.values() if pages.static_folder]
    found = {path.suffix for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert found <= {".css", ".js", ".svg", ".png", ".woff2"}


@pytest.mark.parametrize("caller", [NOBODY, WITHOUT_A_ROLE, *Role])
def test_every_route_refuses_whoever_may_not_and_nobody_who_may(app: Flask, caller: str) -> None:
    client = browser(app, "" if caller == NOBODY else caller)
    wrong = {}
    for rule, method, answer in answers(app, client):
        who = who_may(app, rule)
        if rule.endpoint in OWN_LOCK:
            right = answer.status_code == 401
        elif who is None or caller in who:
            right = answer.status_code not in {401, 403} and answer.status_code < 500
            right = right and not sent_to_sign_in(answer)
        elif caller == NOBODY:
            page = method == "GET" and "/api/" not in rule.rule
            right = sent_to_sign_in(answer) if page else answer.status_code == 401
        else:
            right = answer.status_code == 403
        if not right:
            wrong[f"{method} {rule.rule}"] = answer.status
    assert wrong == {}


def test_a_phone_opens_what_an_interviewer_may_even_where_its_owner_may_more(app: Flask, everything: Actor) -> None:
    client = phone(app, bind_phone(app.extensions["zoufang"], everything))
    wrong = {
        f"{method} {rule.rule}": answer.status
        for rule, method, answer in answers(app, client)
        if (who := who_may(app, rule)) is not None and (answer.status_code == 403) == (Role.INTERVIEWER in who)
    }
    assert wrong == {}
    assert client.get("/visit/api/day").status_code == 200


def test_the_secret_of_a_session_is_none_of_a_phone_and_the_other_way_round(app: Flask, everything: Actor) -> None:
    session = browser(app, "everything").get_cookie("session")
    assert session is not None
    refused = phone(app, session.value).get("/visit/api/day")
    assert (refused.status_code, refused.get_json()["number"]) == (401, 40103)

    client = app.test_client()
    client.set_cookie("session", bind_phone(app.extensions["zoufang"], everything))
    assert sent_to_sign_in(client.get("/studies"))


def test_a_person_who_left_is_signed_out_everywhere_at_once(app: Flask) -> None:
    from survey_server.accounts.models import Person  # noqa: PLC0415 - a row that no page changes yet

    services: Services = app.extensions["zoufang"]
    leaver = person(services, Role.EVALUATOR, Role.INTERVIEWER, username="leaver")
    at_desk, on_phone = browser(app, "leaver"), phone(app, bind_phone(services, leaver))
    with services.write() as work:
        work.session.get_one(Person, leaver.id).active = False
    assert sent_to_sign_in(at_desk.get("/studies"))
    assert on_phone.get("/visit/api/day").status_code == 401
