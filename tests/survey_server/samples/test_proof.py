from __future__ import annotations

import hashlib
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from survey_server.actors import Role
from survey_server.audit.models import Event
from survey_server.fieldwork.service import cases_of
from survey_server.fieldwork.tasks import by_town, villages
from survey_server.rosters.models import Household
from survey_server.samples.proof import token_of
from survey_server.samples.service import drawn_of
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import DrawnStudy, make_study, person

COUNTS = {("柳湾县", "1"): 40, ("柳湾县", "3"): 7}


@pytest.fixture
def drawn(site: Services) -> DrawnStudy:
    return make_study(site, COUNTS, take={("柳湾县", "1"): 10, ("柳湾县", "3"): 7}, reserve=5)


@pytest.fixture
def address(site: Services, drawn: DrawnStudy) -> str:
    with site.read() as work:
        return f"/proof/{token_of(work, drawn.study.id)}"


@pytest.fixture
def client(app: Flask, site: Services) -> FlaskClient:
    person(site, Role.EVALUATOR, username="pingjia")
    return browser(app, "pingjia")


def units(site: Services, study_id: uuid.UUID) -> dict[str, list[str]]:
    with site.read() as work:
        (low, _) = drawn_of(work, study_id).certificate["selected"]
        everybody = work.session.exec(
            select(Household.unit_id).where(Household.study_id == study_id, Household.category == "1")
        ).all()
    return {**low, "nobody": sorted({*everybody} - {*low["main"], *low["reserve"]})}


def test_a_stranger_sees_seed_digest_and_counts_and_no_household(app: Flask, drawn: DrawnStudy, address: str) -> None:
    page = app.test_client().get(address).text
    assert drawn.study.name in page
    assert "2026" in page
    assert "甲1" not in page
    assert "u0000" not in page
    assert "前 13 位" in page  # the page for lay readers
    assert "/proof/reference_check.py" in page


def test_the_page_of_another_token_is_not_there(app: Flask, address: str) -> None:
    token = address.removeprefix("/proof/")
    wrong = f"/proof/{'A' if token[0] != 'A' else 'B'}{token[1:]}"
    assert app.test_client().get(wrong).status_code == 404


@pytest.mark.parametrize(("role", "says"), [("main", "抽中"), ("reserve", "备用"), ("nobody", "没有抽中")])
def test_one_household_is_checked_alone_by_its_number_on_the_roster(
    app: Flask, site: Services, drawn: DrawnStudy, address: str, role: str, says: str
) -> None:
    unit = units(site, drawn.study.id)[role][0]
    page = app.test_client().get(address, query_string={"number": unit}).text
    assert f"<strong>{says}。</strong>" in page
    assert hashlib.sha256(f"2026\n1\n{unit}".encode()).hexdigest()[:13] in page


def test_a_sample_number_tells_whether_and_not_what_kind_of_household(
    app: Flask, site: Services, drawn: DrawnStudy, address: str
) -> None:
    case = next(case for case in drawn.main if case.category == "3")
    with site.read() as work:
        home = work.session.get_one(Household, case.household_id)
    page = app.test_client().get(address, query_string={"number": case.sample_id.lower()}).text
    assert "<strong>抽中。</strong>" in page
    assert home.unit_id not in page
    assert hashlib.sha256(f"2026\n1\n{home.unit_id}".encode()).hexdigest()[:13] not in page.split("<table>")[0]


def test_a_number_that_is_not_there_says_so(app: Flask, address: str) -> None:
    for number in ("A-9999", "u99999", "<script>"):
        page = app.test_client().get(address, query_string={"number": number})
        assert page.status_code == 200
        assert "没有这个编号" in page.text
        assert "<script>" not in page.text.split("</head>")[1]


def test_the_certificate_is_a_pdf_for_staff_and_for_everybody(
    app: Flask, client: FlaskClient, drawn: DrawnStudy, address: str
) -> None:
    for answer in (
        client.get(f"/studies/{drawn.study.id}/certificate.pdf"),
        app.test_client().get(f"{address}/certificate.pdf"),
    ):
        assert answer.status_code == 200
        assert answer.data.startswith(b"%PDF-")
        assert len(answer.data) > 20_000


def test_task_lists_are_printed_masked_and_opened_only_with_a_reason(
    client: FlaskClient, site: Services, drawn: DrawnStudy
) -> None:
    base = f"/studies/{drawn.study.id}"
    masked = client.get(f"{base}/tasks.pdf?by=village")
    assert masked.data.startswith(b"%PDF-")
    assert masked.headers["Cache-Control"] == "no-store"
    assert client.get(f"{base}/tasks-open.pdf").status_code == 400
    assert client.get(f"{base}/tasks-open.pdf?reason=入户带路").data.startswith(b"%PDF-")
    with site.read() as work:
        events = {event.action: event.details for event in work.session.exec(select(Event))}
    assert events["tasks.print"]["households"] == 17
    assert events["tasks.open"]["reason"] == "入户带路"


def test_villages_are_listed_town_by_town_with_what_is_open(site: Services, drawn: DrawnStudy) -> None:
    with site.read() as work:
        lines = villages(work, drawn.study.id)
        released = [case for case in cases_of(work, drawn.study.id) if case.released_at]
    ((county, town, inside),) = by_town(lines)
    assert (county, town) == ("柳湾县", "青石镇")
    assert sum(line.given for line in inside) == sum(line.unshared for line in inside) == len(released) == 17
    assert [line.village for line in inside] == sorted(line.village for line in inside)
