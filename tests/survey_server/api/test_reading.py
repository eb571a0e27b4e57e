"""What the API answers: page by page, without personal facts, in few queries."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from survey_server.accounts.tokens import Scope, make_token
from survey_server.actors import Actor, Role
from survey_server.results.service import results_of
from survey_server.studies.models import Channel
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import NOBODY_HOME, REFUSED_AT_THE_DOOR, DrawnStudy, filled, make_study, person

COUNTS = {("甲县", "1"): 7, ("乙县", "3"): 6}


@pytest.fixture
def drawn(site: Services) -> DrawnStudy:
    return make_study(site, COUNTS)


def program(app: Flask, *scopes: Scope) -> FlaskClient:
    services: Services = app.extensions["zoufang"]
    with services.write(person(services, Role.OWNER, username="-".join(scopes)[:40])) as work:
        secret = make_token(work, name="x", scopes=scopes or list(Scope), days=1)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


def visits(site: Services, drawn: DrawnStudy, clock: SteppingClock, count: int) -> Actor:
    visitor = person(site, Role.INTERVIEWER, username="fang")
    for case in drawn.main[:count]:
        clock.advance(seconds=1)
        answers = REFUSED_AT_THE_DOOR if case.draw_order % 2 else NOBODY_HOME
        xml = filled(site, drawn.study, case, answers).xml
        receive(site, visitor, drawn.study.id, xml, {}, channel=Channel.VISIT, case_id=case.id)
    return visitor


def pages(client: FlaskClient, address: str, limit: int) -> Iterator[list[dict[str, object]]]:
    """Every page of a list."""
    following = ""
    while following is not None:
        cursor = f"&cursor={following}" if following else ""
        said = client.get(f"/api/v1{address}?limit={limit}{cursor}").get_json()
        yield said["items"]
        following = said["next"]


@pytest.mark.parametrize("name", ["cases", "submissions", "estimates"])
def test_pages_put_together_are_the_list_each_item_once(
    app: Flask, site: Services, drawn: DrawnStudy, clock: SteppingClock, name: str
) -> None:
    visits(site, drawn, clock, 5)
    client = program(app)
    address = f"/studies/{drawn.study.id}/{name}"
    (whole,) = pages(client, address, 500)
    parts = list(pages(client, address, 2))
    assert [item for part in parts for item in part] == whole
    assert {len(part) for part in parts[:-1]} <= {2}
    assert len(whole) == {"cases": 13, "submissions": 5}.get(name, len(whole))


def test_what_is_added_while_somebody_turns_pages_shifts_nothing(
    app: Flask, site: Services, drawn: DrawnStudy, clock: SteppingClock
) -> None:
    visits(site, drawn, clock, 4)
    client, address = program(app), f"/api/v1/studies/{drawn.study.id}/submissions"
    first = client.get(f"{address}?limit=2").get_json()
    clock.advance(seconds=1)
    xml = filled(site, drawn.study, drawn.main[9], NOBODY_HOME).xml
    receive(site, Actor("person"), drawn.study.id, xml, {}, channel=Channel.VISIT, case_id=drawn.main[9].id)
    rest = client.get(f"{address}?limit=9&cursor={first['next']}").get_json()
    numbers = [item["sample_id"] for item in first["items"] + rest["items"]]
    assert numbers == [case.sample_id for case in [*drawn.main[:4], drawn.main[9]]]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "another list"])
def test_a_cursor_that_was_not_given_out_for_this_list_is_refused(app: Flask, drawn: DrawnStudy, cursor: str) -> None:
    client = program(app)
    if cursor == "another list":
        cursor = client.get(f"/api/v1/studies/{drawn.study.id}/cases?limit=1").get_json()["next"]
    answer = client.get(f"/api/v1/studies/{drawn.study.id}/estimates?cursor={cursor}")
    assert (answer.status_code, answer.get_json()["number"]) == (400, 40002)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "limit=1&limit=2", "unknown=1", "limit=", "answers=maybe"]
)
def test_a_parameter_that_is_not_documented_is_named(app: Flask, drawn: DrawnStudy, query: str) -> None:
    answer = program(app).get(f"/api/v1/studies/{drawn.study.id}/submissions?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.get_json()["title"]


def test_no_personal_fact_leaves_by_the_api(
    app: Flask, site: Services, drawn: DrawnStudy, clock: SteppingClock
) -> None:
    visits(site, drawn, clock, 5)
    client = program(app)
    names = ("", "/cases", "/submissions?answers=true", "/progress", "/estimates", "/scores")
    said = "".join(client.get(f"/api/v1/studies/{drawn.study.id}{name}").text for name in names)
    for secret in ("190000", "甲1", "某路", "门锁着", "F012", "unit_id", "青石镇"):
        assert secret not in said


def test_coded_answers_are_sent_where_they_are_asked_for_and_allowed(
    app: Flask, site: Services, drawn: DrawnStudy, clock: SteppingClock
) -> None:
    visits(site, drawn, clock, 2)
    address = f"/api/v1/studies/{drawn.study.id}/submissions"
    every = program(app)
    assert {item["answers"] for item in every.get(address).get_json()["items"]} == {None}
    first = every.get(f"{address}?answers=true").get_json()["items"][0]["answers"]
    assert first
    assert all(value is None or isinstance(value, int | str) for value in first.values())
    metadata = program(app, Scope.SUBMISSIONS)
    assert metadata.get(address).status_code == 200
    assert metadata.get(f"{address}?answers=true").get_json()["number"] == 40304


def test_small_cells_are_suppressed_unless_the_token_may_read_them(
    app: Flask, site: Services, drawn: DrawnStudy, clock: SteppingClock
) -> None:
    visits(site, drawn, clock, 3)
    address = f"/api/v1/studies/{drawn.study.id}"
    guarded, every = program(app, Scope.RESULTS, Scope.PROGRESS), program(app)
    shown = guarded.get(f"{address}/progress").get_json()
    whole = every.get(f"{address}/progress").get_json()
    assert whole["hidden"] == 0
    assert whole["total"]["attempted"] == 3
    assert shown["hidden"] > 0
    assert shown["total"]["attempted"] is None
    assert guarded.get(f"{address}/estimates").status_code == guarded.get(f"{address}/scores").status_code == 200


def test_the_figures_are_those_of_the_page(app: Flask, site: Services, drawn: DrawnStudy) -> None:
    with site.read() as work:
        results = results_of(work, drawn.study.id)
    client = program(app)
    said = client.get(f"/api/v1/studies/{drawn.study.id}/estimates?limit=500").get_json()["items"]
    assert {(one["metric"], one["estimate"]) for one in said} == {
        (figure.metric, None if figure.estimate is None else float(figure.estimate)) for figure in results.figures
    }
    scores = client.get(f"/api/v1/studies/{drawn.study.id}/scores").get_json()
    assert scores["title"] == results.score.title
    assert len(scores["lines"]) == len(results.score.lines)


@pytest.mark.parametrize("name", ["/cases", "/submissions?answers=true", "/progress"])
def test_a_long_page_takes_no_more_queries_than_a_short_one(
    app: Flask, site: Services, drawn: DrawnStudy, clock: SteppingClock, name: str
) -> None:
    client, address = program(app), f"/api/v1/studies/{drawn.study.id}{name}"
    visitor = visits(site, drawn, clock, 1)
    client.get(address)  # the forms are read and the token is marked as used
    short = queries(site, lambda: client.get(address))
    for case in drawn.main[1:8]:
        xml = filled(site, drawn.study, case, NOBODY_HOME).xml
        receive(site, visitor, drawn.study.id, xml, {}, channel=Channel.VISIT, case_id=case.id)
    assert queries(site, lambda: client.get(address)) == short


def queries(site: Services, ask: object) -> int:
    """How many statements reach the database."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engines = {site.database.reader, site.database.writer}
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    answer = ask()  # type: ignore[operator]
    for engine in engines:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, json.dumps(answer.get_json())
    return len(seen)
