"""The pages that a respondent sees, through Flask's client: no browser, no script."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlmodel import select
from werkzeug.test import TestResponse

from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.privacy.service import cipher_of
from survey_server.public.subjects import CASE, PLACE
from survey_server.studies.models import Channel, Place, Purpose
from survey_server.studies.service import add_place, study_of
from survey_server.submissions.models import Submission
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import DrawnStudy, make_study

RECIPIENT = {
    "q0": "1",
    "q1_who": "1",
    "q2_age": "5",
    "q4_heard": "1",
    "q5_heard": "2",
    "q6_heard": "3",
    "q7_heard": "1",
    "q8_heard": "99",
    "q9": ["1", "9"],
    "q10": "5",
    "q11": "4",
    "q12": "5",
    "q13": "3",
    "q13_level": "98",
    "q14": "4",
    "q14_why": ["2"],
    "q15": "办事快一点 <b>&</b>\n谢谢",
    "q16_seen": "2",
}
PUBLIC_ANSWERS = {
    "z1": "1",
    "z3": "1",
    "z4": "2",
    "z5": "1",
    "z6": "5",
    "z7": "4",
    "z10": "1",
    "z11": "1",
    "z12": "13800000000",
}


@dataclass(frozen=True)
class Installed:
    """An application over a study with four households."""

    app: Flask
    services: Services
    drawn: DrawnStudy

    def case_token(self, number: int = 0) -> str:
        return self.services.vault.token(CASE, self.drawn.main[number].id)

    def place_token(self, purpose: Purpose = Purpose.PUBLIC) -> str:
        with self.services.write() as work:
            study = study_of(work, self.drawn.study.id)
            place = add_place(work, study, label="青石镇便民服务中心", county="甲县", purpose=purpose)
            return self.services.vault.token(PLACE, place.id)

    def submissions(self) -> list[Submission]:
        with self.services.read() as work:
            return list(work.session.exec(select(Submission)).all())

    def values(self, row: Submission) -> Mapping[str, str]:
        with self.services.read() as work:
            opened = cipher_of(work, row.study_id).open(row.id, row.answers)
        return json.loads(opened)["values"]


@pytest.fixture
def installed(settings: Settings, clock: SteppingClock) -> Iterator[Installed]:
    app = create_app(settings, clock)
    services = app.extensions["zoufang"]
    yield Installed(app, services, make_study(services, {("甲县", "1"): 4}))
    services.database.dispose()


@pytest.fixture
def visitor(installed: Installed) -> FlaskClient:
    return installed.app.test_client()


@dataclass(frozen=True)
class Shown:
    """A page as its reader sees it."""

    response: TestResponse

    @property
    def tree(self) -> html.HtmlElement:
        return html.fromstring(self.response.get_data(as_text=True))

    @property
    def state(self) -> str:
        return self.tree.xpath("//input[@name='state']/@value")[0]

    @property
    def asks(self) -> list[str]:
        named = self.tree.xpath("//*[self::input or self::textarea][starts-with(@name, 'q.')]/@name")
        return list(dict.fromkeys(name.removeprefix("q.") for name in named))

    @property
    def words(self) -> str:
        return " ".join(self.tree.find("body").text_content().split())

    def errors(self) -> list[str]:
        return [node.text_content() for node in self.tree.xpath("//p[@class='error']")]

    def button(self) -> str:
        return self.tree.xpath("string(//button[@name='next'])")

    def chosen(self) -> list[str]:
        return self.tree.xpath("//input[@checked]/@value")


def open_page(visitor: FlaskClient, token: str) -> Shown:
    response = visitor.get(f"/q/{token}")
    assert response.status_code == 200
    return Shown(response)


def press(
    visitor: FlaskClient, token: str, page: Shown, answers: Mapping[str, object], button: str = "next"
) -> Shown:
    given = {f"q.{name}": answers[name] for name in page.asks if name in answers}
    response = visitor.post(f"/q/{token}", data={"state": page.state, button: "1", **given})
    return Shown(response)


def walk(visitor: FlaskClient, token: str, answers: Mapping[str, object]) -> tuple[list[Shown], TestResponse]:
    """Every page in order, and what the last press answered."""
    pages = [open_page(visitor, token)]
    while True:
        page = press(visitor, token, pages[-1], answers)
        if page.response.status_code == 303:
            return pages, page.response
        assert page.response.status_code == 200
        assert page.errors() == []
        pages.append(page)
        assert len(pages) < 30


def test_a_household_answers_page_by_page_and_is_thanked_with_its_number(
    installed: Installed, visitor: FlaskClient
) -> None:
    token = installed.case_token()

    pages, last = walk(visitor, token, RECIPIENT)
    thanks = visitor.get(last.headers["Location"])

    assert [name for page in pages for name in page.asks] == [
        "q0", "q1_who", "q2_age", "q3_sex", "q4_heard", "q5_heard", "q6_heard", "q7_heard", "q8_heard", "q9",
        "q10", "q11", "q12", "q13", "q13_level", "q14", "q14_why", "q15", "q16_seen",
    ]  # fmt: skip
    assert installed.drawn.main[0].sample_id in thanks.get_data(as_text=True)
    assert "谢谢您" in thanks.get_data(as_text=True)
    (row,) = installed.submissions()
    assert (row.channel, row.case_id, row.outcome) == ("qr_household", installed.drawn.main[0].id, "S1")
    assert row.person_id is None
    values = installed.values(row)
    assert values["q15"] == RECIPIENT["q15"]
    assert (values["household"], values["s_mode"]) == (installed.drawn.main[0].sample_id, "1")
