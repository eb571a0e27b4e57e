"""Who stands at the door can be checked: the card, the page behind its code, the letter, a complaint."""

from __future__ import annotations

import io
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlmodel import select

from survey_server.accounts.people import deactivate
from survey_server.actors import Actor, Grant, Role
from survey_server.audit.models import Event
from survey_server.cards import complaints, service
from survey_server.cards.models import Card, Complaint
from survey_server.errors import Problem, ZoufangError
from survey_server.studies.models import Study
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import make_study, person
from tests.survey_server.cards.pictures import JPEG, png

WEIGHT = 30 * 1024


@dataclass(frozen=True)
class Office:
    app: Flask
    site: Services
    study: Study
    owner: Actor
    interviewer: Actor


@pytest.fixture
def office(app: Flask, site: Services) -> Office:
    study = make_study(site, {("甲县", "1"): 2}).study
    owner = person(site, Role.OWNER, username="fuzeren")
    return Office(app, site, study, owner, person(site, Role.INTERVIEWER, username="张访员"))


@pytest.fixture
def address(office: Office) -> str:
    """The page behind a card that was issued at the desk, valid for thirty days."""
    desk = browser(office.app, "fuzeren")
    answer = desk.post(
        f"/studies/{office.study.id}/cards",
        data={
            "person": str(office.interviewer.id),
            "valid_until": "2026-10-01",
            "photo": (io.BytesIO(JPEG), "../../evil.html"),
        },
    )
    assert answer.status_code == 303
    page = desk.get(f"/studies/{office.study.id}/cards").text
    (link,) = re.findall(r'href="([^"]+/q/card/[^"]+)"', page)
    return urlsplit(link).path


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_page_says_who_works_for_whom_until_when_and_whom_to_call(office: Office, address: str) -> None:
    answer = office.app.test_client().get(address)
    said = words(answer.text)
    assert "证件有效" in said
    assert "张访员 是 某评价公司 的工作人员" in said
    assert "受 某区民政局 委托" in said
    assert "2026-10-01" in said
    assert 'href="tel:0001234567"' in answer.text
    assert "<script" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_with_its_style_and_photograph_is_light(office: Office, address: str) -> None:
    client = office.app.test_client()
    page = client.get(address)
    styles = [
        client.get(unescape(link), buffered=True).data
        for link in re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    ]
    assert len(styles) == 2
    assert len(page.data) + sum(map(len, styles)) + len(client.get(f"{address}/photo").data) < WEIGHT


def test_the_photograph_is_served_as_a_picture_whatever_it_was_called(office: Office, address: str) -> None:
    answer = office.app.test_client().get(f"{address}/photo")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == "inline; filename=photo.jpeg"
    assert answer.data.startswith(b"\xff\xd8")
    with office.site.read() as work:
        card = work.session.exec(select(Card)).one()
    assert answer.data not in card.photo


def test_a_card_that_ended_or_was_called_in_says_so_plainly(office: Office, address: str, clock: SteppingClock) -> None:
    client = office.app.test_client()
    clock.advance(days=30)
    assert "证件有效" in words(client.get(address).text)
    clock.advance(days=1)
    ended = client.get(address)
    assert "此证已失效" in words(ended.text)
    assert "张访员" not in ended.text
    assert client.get(f"{address}/photo").status_code == 404
    clock.advance(days=-31)
    with office.site.read() as work:
        card = work.session.exec(select(Card)).one()
    answer = browser(office.app, "fuzeren").post(f"/studies/{office.study.id}/cards/{card.id}/revoke")
    assert answer.status_code == 303
    assert "此证已失效" in words(client.get(address).text)
    assert "该证已停用" in words(client.get(address).text)


def test_who_left_has_no_valid_card_from_that_moment(office: Office, address: str) -> None:
    assert office.interviewer.id is not None
    with office.site.write(office.owner) as work:
        deactivate(work, office.interviewer.id)
    assert "此证已失效" in words(office.app.test_client().get(address).text)


def test_a_code_that_nobody_issued_is_called_a_fake(office: Office) -> None:
    with office.site.read() as work:
        other = work.vault.token("case", uuid.uuid4())
    for token in ("x", other, work.vault.token("card", uuid.uuid4())):
        answer = office.app.test_client().get(f"/q/card/{token}")
        assert answer.status_code == 404
        assert "没有发过这张工作证" in answer.text


def test_a_new_card_calls_the_earlier_one_in(office: Office, address: str) -> None:
    assert office.interviewer.id is not None
    with office.site.write(office.owner) as work:
        until = service.today(work) + timedelta(days=1)
        second = service.issue(work, office.study, office.interviewer.id, png(), until)
        assert second.number == "0002"
    with office.site.read(office.owner) as work:
        standings = [(issued.card.number, issued.standing.value) for issued in service.cards_of(work, office.study)]
    assert standings == [("0001", "revoked"), ("0002", "valid")]


@pytest.mark.parametrize(("days", "content"), [(-1, JPEG), (400, JPEG), (1, b"no picture")])
def test_a_card_needs_a_photograph_and_a_day_within_a_year(office: Office, days: int, content: bytes) -> None:
    assert office.interviewer.id is not None
    with office.site.write(office.owner) as work:
        until = service.today(work) + timedelta(days=days)
        with pytest.raises(ZoufangError) as caught:
            service.issue(work, office.study, office.interviewer.id, content, until)
    assert caught.value.problem is Problem.INVALID_FIELD


def test_the_letter_is_behind_every_card(office: Office, address: str) -> None:
    client, desk = office.app.test_client(), browser(office.app, "fuzeren")
    assert "委托函" not in client.get(address).text
    assert client.get(f"{address}/letter").status_code == 404
    sent = {"letter": (io.BytesIO(png()), "委托函.png")}
    assert desk.post(f"/studies/{office.study.id}/letter", data=sent).status_code == 303
    assert f'href="{address}/letter"' in client.get(address).text
    letter = client.get(f"{address}/letter")
    assert (letter.headers["Content-Type"], letter.data) == ("image/png", png())


def test_the_cards_are_printed_with_photograph_and_code(office: Office, address: str) -> None:
    answer = browser(office.app, "fuzeren").get(f"/studies/{office.study.id}/cards.pdf")
    assert answer.data.startswith(b"%PDF-")
    assert address
    with office.site.read() as work:
        assert work.session.exec(select(Event).where(Event.action == "card.print")).one().details == {"cards": 1}


def complain(office: Office, address: str, **said: str) -> str:
    answer = office.app.test_client().post(f"{address}/complaints", data=said)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_a_complaint_reaches_the_owner_and_the_answer_the_citizen(office: Office, address: str) -> None:
    receipt = complain(office, address, words="来人要看存折<b>", contact="1370000")
    client, owner = office.app.test_client(), browser(office.app, "fuzeren")
    assert "负责人会核实处理" in words(client.get(receipt).text)
    assert "存折" not in client.get(receipt).text
    page = owner.get("/complaints")
    assert "来人要看存折&lt;b&gt;" in page.text
    assert "1370000" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    with office.site.read() as work:
        row = work.session.exec(select(Complaint)).one()
    assert "存折".encode() not in row.words
    handled = owner.post(f"/complaints/{row.id}/answer", data={"answer": "已核实，向您道歉"})
    assert handled.status_code == 303
    assert "已核实，向您道歉" in client.get(receipt).text
    with office.site.read() as work:
        actions = [event.action for event in work.session.exec(select(Event).order_by(Event.id)).all()]
        details = str([event.details for event in work.session.exec(select(Event)).all()])
    assert [action for action in actions if action.startswith("complaint")] == [
        "complaint.receive",
        "complaint.read",
        "complaint.handle",
    ]
    assert "存折" not in details


def test_nothing_and_too_much_are_refused(office: Office, address: str) -> None:
    client = office.app.test_client()
    assert client.post(f"{address}/complaints", data={"words": " "}).status_code == 400
    assert client.post(f"{address}/complaints", data={"words": "长" * 20_000}).status_code == 413
    for _ in range(complaints.OF_ONE_CARD.size):
        complain(office, address, words="又来了")
    assert client.post(f"{address}/complaints", data={"words": "又来了"}).status_code == 429


def test_one_address_cannot_fill_the_desk(office: Office, address: str, clock: SteppingClock) -> None:
    client = office.app.test_client()

    def send() -> int:
        sent = client.post(
            f"{address}/complaints", data={"words": "又来了"}, environ_base={"REMOTE_ADDR": "203.0.113.9"}
        )
        return sent.status_code

    assert [send() for _ in range(complaints.OF_ONE_ADDRESS.size)] == [303] * complaints.OF_ONE_ADDRESS.size
    assert send() == 429
    clock.advance(hours=1)
    assert send() == 303


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_nobody_but_the_owner_reads_a_complaint(office: Office, address: str, role: Role) -> None:
    complain(office, address, words="来人要看存折")
    person(office.site, role, username="other", parts=[Grant(office.study.id)])
    assert browser(office.app, "other").get("/complaints").status_code == 403


def test_a_supervisor_gives_cards_to_their_own_people_only(office: Office, address: str) -> None:
    parts = [Grant(office.study.id, "甲县")]
    person(office.site, Role.SUPERVISOR, username="dudao", parts=parts)
    mine = person(office.site, Role.INTERVIEWER, username="李访员", parts=parts)
    other = person(office.site, Role.INTERVIEWER, username="王访员", parts=[Grant(office.study.id, "乙县")])
    desk = browser(office.app, "dudao")

    def issue(whom: Actor) -> int:
        data = {"person": str(whom.id), "valid_until": "2026-10-01", "photo": (io.BytesIO(JPEG), "p.jpg")}
        return desk.post(f"/studies/{office.study.id}/cards", data=data).status_code

    assert [issue(mine), issue(other), issue(office.interviewer)] == [303, 404, 403]
    page = desk.get(f"/studies/{office.study.id}/cards").text
    assert "李访员" in page
    assert "王访员" not in page
