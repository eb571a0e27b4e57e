from __future__ import annotations

import datetime as dt
import io
import json
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from survey_server.actors import Role
from survey_server.audit.models import Event
from survey_server.fieldwork.service import cases_of
from survey_server.fieldwork.special import draws_of
from survey_server.privacy.service import cipher_of
from survey_server.rosters.models import Household
from survey_server.samples.models import SpecialDraw
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import make_study, person
from tests.survey_server.samples.a_frame import make_frame

HEADERS = "姓名,身份证号码,县,乡镇,村"


@pytest.fixture
def client(app: Flask, site: Services) -> FlaskClient:
    person(site, Role.EVALUATOR, username="pingjia")
    return browser(app, "pingjia")


@pytest.fixture
def study_id(site: Services) -> uuid.UUID:
    return make_frame(site)


def number(serial: int) -> str:
    """The invented identity number of a household of the frame."""
    return f"99000019{serial:010d}"


def upload(*numbers: str) -> tuple[io.BytesIO, str]:
    lines = [f"乙{place},{each},柳湾县,青石镇,第1村" for place, each in enumerate(numbers)]
    return io.BytesIO("\n".join([HEADERS, *lines]).encode("gb18030")), "名单.csv"


def opened(site: Services, draw: SpecialDraw) -> list[dict[str, str]]:
    with site.read() as work:
        return json.loads(cipher_of(work, draw.study_id).open(draw.id, draw.sealed))["rows"]


def latest(site: Services, study_id: uuid.UUID) -> SpecialDraw:
    with site.read() as work:
        return draws_of(work, study_id)[0]


def test_households_that_something_speaks_against_are_drawn_and_make_no_case(
    client: FlaskClient, study_id: uuid.UUID, site: Services
) -> None:
    sent = {"dead": upload(number(3), number(5), "990002199001011234"), "relatives": upload(number(5)), "take": "20"}
    answer = client.post(f"/studies/{study_id}/special/risk", data=sent)
    assert answer.status_code == 303
    draw = latest(site, study_id)
    assert draw.facts == {"of": 2, "drawn": 2, "reasons": {"dead_elsewhere": 2, "relative_of_official": 1}}
    rows = {row["name"]: row["note"] for row in opened(site, draw)}
    assert rows == {"甲3": "dead_elsewhere", "甲5": "dead_elsewhere、relative_of_official"}
    with site.read() as work:
        assert cases_of(work, study_id) == []
        kept = json.dumps([draw.facts, draw.certificate], ensure_ascii=False)
        everything = " ".join(json.dumps(event.details) for event in work.session.exec(select(Event)))
    assert number(3) not in kept + everything
    assert "在死亡名单上" in client.get(f"/studies/{study_id}/special").text


def test_a_head_over_a_hundred_years_old_is_found_by_the_day_of_birth(
    client: FlaskClient, site: Services, study_id: uuid.UUID
) -> None:
    with site.write() as work:
        today, cipher = work.now.date(), cipher_of(work, study_id)
        days = [today.replace(year=today.year - 101), today.replace(year=today.year - 101) + dt.timedelta(days=1)]
        homes = work.session.exec(select(Household).order_by(Household.unit_id)).all()
        for home, day in zip(homes, days, strict=False):
            facts = json.loads(cipher.open(home.id, home.personal)) | {"born": day.isoformat()}
            home.personal = cipher.seal(home.id, json.dumps(facts).encode())
    assert client.post(f"/studies/{study_id}/special/risk", data={"take": "20"}).status_code == 303
    draw = latest(site, study_id)
    assert draw.facts == {"of": 1, "drawn": 1, "reasons": {"over_100": 1}}
    assert [(row["name"], row["note"]) for row in opened(site, draw)] == [("甲1", "over_100")]
    assert "年龄超过100岁" in client.get(f"/studies/{study_id}/special").text


def test_where_nothing_speaks_against_anybody_nothing_is_drawn(client: FlaskClient, study_id: uuid.UUID) -> None:
    answer = client.post(f"/studies/{study_id}/special/risk", data={"take": "5"})
    assert answer.status_code == 400
    assert "没有发现有疑点的户" in answer.text


def test_people_without_assistance_have_their_own_denominator(
    client: FlaskClient, study_id: uuid.UUID, site: Services
) -> None:
    strangers = [f"99000119{serial:010d}" for serial in range(40)]
    sent = {"list": upload(*strangers, number(1), number(2)), "take": "10", "seed": "2026"}
    assert client.post(f"/studies/{study_id}/special/missed", data=sent).status_code == 303
    draw = latest(site, study_id)
    assert draw.facts == {"of": 40, "listed": 42, "receiving": 2, "drawn": 10}
    assert len(draw.certificate["selected"][0]["main"]) == 10
    assert all(row["place"] == "柳湾县 青石镇 第1村" for row in opened(site, draw))
    assert not any(each in json.dumps(draw.certificate) for each in strangers)
    everybody = {"list": upload(number(1)), "take": "1"}
    answer = client.post(f"/studies/{study_id}/special/missed", data=everybody)
    assert "名单上的人都已享受救助" in answer.text


@pytest.mark.parametrize("content", [b"", "姓名,电话\n甲,1".encode(), b"\x00\x01\x02", b"PK\x03\x04broken"])
def test_a_list_that_cannot_be_read_is_refused_by_its_name(
    client: FlaskClient, study_id: uuid.UUID, content: bytes
) -> None:
    answer = client.post(
        f"/studies/{study_id}/special/missed", data={"list": (io.BytesIO(content), "残疾人.csv"), "take": "3"}
    )
    assert answer.status_code == 400
    assert "残疾人.csv" in answer.text


def test_back_checks_take_a_share_of_each_interviewer_and_keep_those_drawn_before(
    client: FlaskClient, site: Services
) -> None:
    asked = make_study(site, {("柳湾县", "1"): 40})
    base = f"/studies/{asked.study.id}/special"
    assert client.post(f"{base}/checks", data={"share": "10"}).status_code == 409
    fieldworkers = [person(site, Role.INTERVIEWER, username=f"fangyuan{n}") for n in (1, 2)]
    _complete(site, asked.study.id, [worker.id for worker in fieldworkers], 20)
    assert client.post(f"{base}/checks", data={"share": "10"}).status_code == 303
    first = {row["number"] for row in opened(site, latest(site, asked.study.id))}
    assert len(first) == 2
    _complete(site, asked.study.id, [worker.id for worker in fieldworkers], 40)
    client.post(f"{base}/checks", data={"share": "10"})
    second = opened(site, _newest(site, asked.study.id))
    assert len(second) == 4
    assert first < {row["number"] for row in second}
    assert {row["note"] for row in second} == {"fangyuan1", "fangyuan2"}


def _newest(site: Services, study_id: uuid.UUID) -> SpecialDraw:
    with site.read() as work:
        return max(draws_of(work, study_id), key=lambda draw: draw.facts["of"])


def _complete(site: Services, study_id: uuid.UUID, people: list[uuid.UUID | None], count: int) -> None:
    with site.write() as work:
        for place, case in enumerate(cases_of(work, study_id)[:count]):
            case.interviewer_id = people[place % len(people)]
            case.outcome_class = "complete"
            work.session.add(case)


def test_a_list_is_printed_masked_and_opened_only_with_a_reason(
    client: FlaskClient, study_id: uuid.UUID, site: Services
) -> None:
    client.post(f"/studies/{study_id}/special/risk", data={"dead": upload(number(3)), "take": "1"})
    address = f"/studies/{study_id}/special/{latest(site, study_id).id}"
    assert client.get(f"{address}.pdf").data.startswith(b"%PDF-")
    assert client.get(f"{address}-open.pdf").status_code == 400
    assert client.get(f"{address}-open.pdf?reason=核查").data.startswith(b"%PDF-")
    with site.read() as work:
        acts = [event.action for event in work.session.exec(select(Event)) if event.action.startswith("special.")]
        assert work.session.exec(select(Household)).first() is not None
    assert acts == ["special.draw", "special.print", "special.open"]
