"""The owner's page of the record."""

from __future__ import annotations

import ast
import csv
import io
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import survey_server
from survey_server.actors import Actor, Role
from survey_server.audit.service import record
from survey_server.audit.words import SENTENCES, details_text
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import PASSWORD, DrawnStudy, make_study, person

SERVER = Path(str(survey_server.__file__)).parent


@pytest.fixture
def owner(app: Flask, site: Services) -> FlaskClient:
    person(site, Role.OWNER, username="boss")
    return browser(app, "boss")


@pytest.fixture
def drawn(site: Services) -> DrawnStudy:
    return make_study(site, {("柳湾县", "1"): 3})


def act(services: Services, who: Actor, action: str, drawn: DrawnStudy, place: int = 0, **details: object) -> None:
    with services.write(who) as work:
        record(work, action, "case", drawn.cases[place].id, study_id=drawn.study.id, **details)


def rows(page: str) -> list[str]:
    """The rows of the table, as text."""
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    return [re.sub(r"<[^>]+>|\s+", " ", row).strip() for row in body.split("</tr>") if "<td" in row]


def test_an_act_is_told_in_a_plain_sentence_with_who_when_on_what_and_why(
    site: Services, owner: FlaskClient, drawn: DrawnStudy
) -> None:
    act(site, person(site, Role.SUPERVISOR, username="wang"), "case.view", drawn, reason="核对地址")
    first = rows(owner.get("/audit?action=case.view").text)[0]
    for said in (
        "2026-09-01 09:00:00",
        "wang",
        "浏览器",
        "查看了住户",
        drawn.cases[0].sample_id,
        "某区评价",
        "核对地址",
    ):
        assert said in first


def test_nobody_who_was_asked_is_named(site: Services, owner: FlaskClient, drawn: DrawnStudy) -> None:
    act(site, person(site, Role.OPERATOR), "call.dial", drawn)
    for text in (owner.get("/audit").text, owner.get("/audit.csv").text):
        assert "190000" not in text
        assert "甲1" not in text


def test_it_is_filtered_by_person_study_act_household_and_day(
    site: Services, owner: FlaskClient, drawn: DrawnStudy, clock: SteppingClock
) -> None:
    wang, li = (person(site, Role.SUPERVISOR, username=name) for name in ("wang", "li"))
    act(site, wang, "case.view", drawn, 0)
    act(site, li, "case.view", drawn, 1)
    clock.advance(hours=24)
    act(site, wang, "call.dial", drawn, 1)
    owner.post("/sign-in", data={"username": "boss", "password": PASSWORD})

    def found(**asked: object) -> int:
        return len(rows(owner.get("/audit", query_string={"subject": "", **asked}).text))

    assert found(person=wang.id) == 2
    assert found(person=wang.id, action="call.dial") == 1
    assert found(subject=drawn.cases[1].sample_id) == 2
    assert found(subject=str(drawn.cases[0].id)) == 1
    assert found(person=wang.id, since="2026-09-02") == 1
    assert found(person=wang.id, until="2026-09-01") == 1
    assert found(person=wang.id, since="2026-09-03") == 0
    assert found(study=drawn.study.id, action="case.view") == 2
    assert found(study="nonsense", person="?", since="x", before="-1", action="") > 3


def test_pages_go_on_where_the_last_one_ended(site: Services, owner: FlaskClient, drawn: DrawnStudy) -> None:
    for number in range(120):
        act(site, person_of(site), "trial", drawn, number=number)
    seen: list[str] = []
    address: str | None = "/audit?action=trial"
    while address:
        page = owner.get(address).text
        seen += [text.split("number ", 1)[1].split()[0] for text in rows(page)]
        older = re.search(r'href="(/audit\?[^"]*before=\d+[^"]*)"', page)
        address = older[1].replace("&amp;", "&") if older else None
    assert seen == [str(number) for number in reversed(range(120))]


def person_of(services: Services) -> Actor:
    return Actor("system")


def test_what_is_shown_is_downloaded_as_a_table_and_that_is_recorded(
    site: Services, owner: FlaskClient, drawn: DrawnStudy
) -> None:
    act(site, person(site, Role.SUPERVISOR, username="=wang"), "case.view", drawn, reason="=1+1")
    answer = owner.get("/audit.csv?action=case.view")
    assert answer.headers["Cache-Control"] == "no-store"
    head, line = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    told = dict(zip(head, line, strict=True))
    assert told["动作"] == "查看了住户"
    assert (told["人员"], told["原因"]) == ("'=wang", "'=1+1")
    assert "下载了操作记录" in rows(owner.get("/audit").text)[0]


def test_only_an_owner_sees_the_record(app: Flask, site: Services) -> None:
    for role in set(Role) - {Role.OWNER}:
        person(site, role)
        for address in ("/audit", "/audit.csv"):
            assert browser(app, role).get(address).status_code == 403


def test_long_details_are_shortened() -> None:
    assert details_text({"cases": list("abcdefgh"), "n": 1}) == "cases a、b、c、d、e…(8) · n 1"
    assert details_text({"digest": "f" * 64}) == f"digest {'f' * 16}…"
    assert len(details_text({str(number): "y" * 40 for number in range(20)})) == 200


def actions_in_the_code() -> set[str]:
    """Every action that stands as a text where something is recorded."""
    found = set()
    for path in SERVER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record" and len(node.args) > 1:
                texts = [part for part in ast.walk(node.args[1]) if isinstance(part, ast.Constant)]
                found |= {str(part.value) for part in texts}
    return found


def test_every_action_in_the_code_has_its_sentence() -> None:
    assert len(actions_in_the_code()) > 30
    assert sorted(actions_in_the_code() - set(SENTENCES)) == []
