"""A respondent who reads each page, answers what it asks and presses on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlmodel import select
from werkzeug.test import TestResponse

from survey_server.privacy.service import cipher_of
from survey_server.public.subjects import CASE, PLACE
from survey_server.studies.models import Purpose
from survey_server.studies.service import add_place, study_of
from survey_server.submissions.models import Submission
from survey_server.work import Services
from tests.support.studies import DrawnStudy

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
    "z8": ["1", "3"],
    "z10": "1",
    "z11": "1",
    "z12": "13800000000",
}
TRAINING_ANSWERS = {"r1": "1", "r2": "2", "r8": "5"} | dict.fromkeys(("r3", "r4", "r5", "r6", "r7", "r9"), "4")


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


@dataclass(frozen=True)
class Shown:
    """A page as its reader sees it."""

    response: TestResponse

    @property
    def source(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def tree(self) -> html.HtmlElement:
        return html.fromstring(self.source)

    @property
    def state(self) -> str:
        return self.tree.xpath("//input[@name='state']/@value")[0]

    @property
    def asks(self) -> list[str]:
        """The names of the questions, in order."""
        named = self.tree.xpath("//*[self::input or self::textarea][starts-with(@name, 'q.')]/@name")
        return list(dict.fromkeys(name.removeprefix("q.") for name in named))

    @property
    def errors(self) -> dict[str, str]:
        """What stands beside each question that is wrong."""
        boxes = self.tree.xpath("//*[contains(@class, 'wrong')]")
        found = (
            (box.xpath(".//@name")[0].removeprefix("q."), box.xpath("string(.//p[@class='error'])")) for box in boxes
        )
        return dict(found)

    @property
    def button(self) -> str:
        return self.tree.xpath("string(//button[@name='next'])")

    @property
    def chosen(self) -> list[str]:
        return self.tree.xpath("//input[@checked]/@value")


def _name(box: html.HtmlElement) -> str:
    return box.xpath(".//@name")[0].removeprefix("q.")


def open_page(visitor: FlaskClient, token: str) -> Shown:
    response = visitor.get(f"/q/{token}")
    assert response.status_code == 200
    return Shown(response)


def press(
    visitor: FlaskClient, token: str, page: Shown, answers: Mapping[str, object], button: str = "next", value: str = "1"
) -> Shown:
    """Give the answers that the page asks for and press a button."""
    given = {f"q.{name}": answers[name] for name in page.asks if name in answers}
    return Shown(visitor.post(f"/q/{token}", data={"state": page.state, button: value, **given}))


def walk(visitor: FlaskClient, token: str, answers: Mapping[str, object]) -> tuple[list[Shown], TestResponse]:
    """Every page in order, and what the last press answered."""
    pages = [open_page(visitor, token)]
    while True:
        page = press(visitor, token, pages[-1], answers)
        if page.response.status_code == 303:
            return pages, page.response
        assert page.response.status_code == 200
        assert page.errors == {}
        pages.append(page)
        assert len(pages) < 30


def page_with(visitor: FlaskClient, token: str, answers: Mapping[str, object], question: str) -> Shown:
    """Walk on to the page that asks ``question``."""
    page = open_page(visitor, token)
    for _ in range(30):
        if question in page.asks:
            return page
        page = press(visitor, token, page, answers)
    raise AssertionError(f"no page asks {question}")
