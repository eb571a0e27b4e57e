"""A phone's whole day over HTTP: join, day, form, list, submission, receipt."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select
from werkzeug.test import TestResponse

from mobile_forms.definition import read_form
from survey_server.accounts.service import devices_of, end_device
from survey_server.actors import Actor, Role
from survey_server.app import create_app
from survey_server.audit.models import Event
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import assign, case_of
from survey_server.studies.forms import current_form, publish_shipped
from survey_server.studies.models import Purpose
from survey_server.studies.service import change_settings, study_of
from survey_server.submissions.models import Submission
from survey_server.submissions.receipts import canonical
from survey_server.work import Services
from tests.support.callers import bind_phone, browser, phone
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import NOBODY_HOME, DrawnStudy, filled, make_study, person

COUNTS = {("柳湾县", "1"): 3}
PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True)
class Field:
    """An interviewer with a phone and the first two of three households; another one has the third."""

    app: Flask
    services: Services
    drawn: DrawnStudy
    mine: Actor
    other: Actor
    client: FlaskClient

    def hand_in(self, case: Case, xml: bytes, **more: object) -> TestResponse:
        parts = {"case_id": str(case.id), "xml_submission_file": (io.BytesIO(xml), "submission.xml"), **more}
        return self.client.post("/visit/api/submissions", data=parts)

    def day(self) -> dict:
        return self.client.get("/visit/api/day").get_json()

    def households(self) -> list[dict[str, str]]:
        answer = self.client.get(f"/visit/api/studies/{self.drawn.study.id}/households.csv")
        return list(csv.DictReader(io.StringIO(answer.text)))

    def events(self, action: str) -> list[Event]:
        with self.services.read() as work:
            return list(work.session.exec(select(Event).where(Event.action == action)).all())

    def submissions(self) -> list[Submission]:
        with self.services.read() as work:
            return list(work.session.exec(select(Submission)).all())


@dataclass(frozen=True)
class Template:
    """A database to copy from, for five questionnaires take a while to compile."""

    path: Path
    drawn: DrawnStudy
    mine: Actor
    other: Actor
    secret: str


@pytest.fixture(scope="module")
def template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("visit")
    path = folder / "zoufang.db"
    shutil.copyfile(sqlite_template, path)
    services = Services.open(make_settings(f"sqlite:///{path}", folder), SteppingClock())
    drawn = make_study(services, COUNTS)
    mine = person(services, Role.INTERVIEWER, username="mine")
    other = person(services, Role.INTERVIEWER, username="other")
    with services.write() as work:
        assign(work, drawn.study.id, [case.id for case in drawn.main[:2]], mine.id)
        assign(work, drawn.study.id, [drawn.main[2].id], other.id)
    secret = bind_phone(services, mine)
    services.database.dispose()
    return Template(path, drawn, mine, other, secret)


@pytest.fixture
def field(template: Template, tmp_path: Path, clock: SteppingClock) -> Iterator[Field]:
    path = tmp_path / "visit.db"
    shutil.copyfile(template.path, path)
    app = create_app(make_settings(f"sqlite:///{path}", tmp_path), clock, wake=lambda: None)
    services: Services = app.extensions["zoufang"]
    yield Field(app, services, template.drawn, template.mine, template.other, phone(app, template.secret))
    services.database.dispose()


def number_of(answer: TestResponse) -> tuple[int, int]:
    assert answer.content_type == PROBLEM_JSON
    return answer.status_code, answer.get_json(force=True)["number"]


def test_from_the_code_on_the_desk_to_the_receipt_on_the_phone(field: Field) -> None:
    person(field.services, Role.EVALUATOR, username="wang")
    page = browser(field.app, "wang").post(f"/people/{field.mine.id}/phone-link").text
    link = re.search(r"/visit/#join=([\w-]+)", page)
    assert link is not None
    joined = browser(field.app).post(
        "/visit/api/join", json={"token": link.group(1), "device_name": "旧手机\x00" + "x" * 200}
    )
    assert joined.get_json()["person"] == {"id": str(field.mine.id), "name": "mine", "staff_no": "K01"}
    client = phone(field.app, joined.get_json()["device_token"])

    (study,) = client.get("/visit/api/day").get_json()["studies"]
    (form,) = study["forms"]
    xform = client.get(form["url"])
    assert sha256(xform.data).hexdigest() == form["hash"]
    assert read_form(xform.data).version == form["version"]
    (media,) = form["media"]
    assert sha256(client.get(media["url"]).data).hexdigest() == media["hash"]

    case = field.drawn.main[0]
    xml = filled(field.services, field.drawn.study, case, NOBODY_HOME).xml
    parts = {"case_id": str(case.id), "xml_submission_file": (io.BytesIO(xml), "x.xml")}
    answer = client.post("/visit/api/submissions", data=parts)
    receipt = answer.get_json()
    assert answer.status_code == 201
    key = Ed25519PublicKey.from_public_bytes(field.services.vault.public_key)
    key.verify(base64.b64decode(receipt["signature"]), canonical(receipt["receipt"]))
    assert receipt["receipt"]["xml_hmac"] == field.services.vault.fingerprint(xml)

    shown = {case["case_id"]: case for case in client.get("/visit/api/day").get_json()["studies"][0]["cases"]}
    assert (shown[str(case.id)]["outcome"], shown[str(case.id)]["attempts"]) == ("F3", 1)


def test_a_link_binds_one_phone(field: Field) -> None:
    person(field.services, Role.EVALUATOR, username="wang")
    page = browser(field.app, "wang").post(f"/people/{field.mine.id}/phone-link").text
    token = page.split("#join=")[1].split("<")[0]
    first, second = (browser(field.app).post("/visit/api/join", json={"token": token}) for _ in range(2))
    assert first.status_code == 200
    assert number_of(second) == (401, 40104)


@pytest.mark.parametrize("sent", ["", "[]", "1", '"x"', "{", '{"token": ["x"]}'])
def test_nothing_but_a_link_binds_a_phone(app: Flask, sent: str) -> None:
    answer = browser(app).post("/visit/api/join", data=sent, content_type="application/json")
    assert number_of(answer) == (401, 40104)


def test_the_day_holds_what_the_interviewer_needs_and_the_name_masked(field: Field) -> None:
    (study,) = field.day()["studies"]
    assert (study["name"], study["practice"], study["hotline"]) == ("某区评价", False, "000-1234567")
    assert {case["name_masked"] for case in study["cases"]} == {"甲*"}
    case = study["cases"][0]
    assert re.fullmatch(r"190000\d{5}", case["phone"])
    assert re.fullmatch(r"某路\d+号", case["address"])
    assert (case["status"], case["outcome"], case["attempts"], case["category_name"]) == ("todo", None, 0, "城市低保")


def test_an_interviewer_is_given_their_own_households_and_no_others(field: Field) -> None:
    own = {case.sample_id for case in field.drawn.main[:2]}
    assert {case["sample_id"] for case in field.day()["studies"][0]["cases"]} == own
    assert {row["name"] for row in field.households()} == own
    assert {row["p_surname"] for row in field.households()} == {"甲"}

    foreign = make_study(field.services, COUNTS).study
    answer = field.client.get(f"/visit/api/studies/{foreign.id}/households.csv")
    assert (answer.status_code, answer.text.split()) == (200, ["name,label"])
    assert field.events("phone.households")[-1].details == {"cases": 0, "shown": []}


def test_a_household_that_is_taken_back_or_not_given_out_is_gone_from_the_phone(field: Field) -> None:
    first, second = field.drawn.main[:2]
    with field.services.write() as work:
        assign(work, field.drawn.study.id, [first.id], None)
        work.session.get_one(Case, second.id).released_at = None
    assert field.day()["studies"] == []
    assert field.households() == []


def test_households_are_in_the_order_of_the_way_from_village_to_village(field: Field) -> None:
    big = make_study(field.services, {("柳湾县", "1"): 12})
    with field.services.write() as work:
        assign(work, big.study.id, [case.id for case in big.cases], field.mine.id)
    (study,) = [study for study in field.day()["studies"] if study["study_id"] == str(big.study.id)]
    way = [(case["county"], case["town"], case["village"], case["sample_id"]) for case in study["cases"]]
    assert way == sorted(way)
    assert [case["order"] for case in study["cases"]] == list(range(12))


def test_a_lost_phone_is_told_that_it_is_not_signed_in_any_more(field: Field) -> None:
    assert field.mine.id is not None
    with field.services.write() as work:
        end_device(work, devices_of(work, field.mine.id)[0].id)
    case = field.drawn.main[0]
    xml = filled(field.services, field.drawn.study, case, NOBODY_HOME).xml
    for answer in (field.client.get("/visit/api/day"), field.hand_in(case, xml)):
        assert number_of(answer) == (401, 40103)
        assert "督导" in answer.get_json(force=True)["remedy"]
    assert field.submissions() == []


def test_answers_of_a_household_that_another_was_given_meanwhile_are_kept(field: Field) -> None:
    case = field.drawn.main[0]
    xml = filled(field.services, field.drawn.study, case, NOBODY_HOME).xml
    with field.services.write() as work:
        assign(work, field.drawn.study.id, [case.id], field.other.id)
    assert field.hand_in(case, xml).status_code == 201
    (row,) = field.submissions()
    assert (row.case_id, row.person_id, row.outcome) == (case.id, field.mine.id, "F3")
    with field.services.read() as work:
        moved = case_of(work, case.id)
    assert (moved.interviewer_id, moved.outcome, moved.attempts) == (field.other.id, "F3", 1)


def test_the_same_record_twice_gets_the_same_receipt(field: Field) -> None:
    case = field.drawn.main[0]
    xml = filled(field.services, field.drawn.study, case, NOBODY_HOME).xml
    first, second = field.hand_in(case, xml), field.hand_in(case, xml)
    assert first.get_json() == second.get_json()
    changed = field.hand_in(case, xml.replace("门锁着".encode(), "没有人".encode()))
    assert number_of(changed) == (409, 40901)
    assert len(field.submissions()) == 1
    with field.services.read() as work:
        assert case_of(work, case.id).attempts == 1


def test_what_cannot_be_taken_is_refused_with_its_reason(field: Field) -> None:
    case = field.drawn.main[0]
    xml = filled(field.services, field.drawn.study, case, NOBODY_HOME).xml
    assert number_of(field.hand_in(case, b"<not xml")) == (400, 40010)
    assert number_of(field.client.post("/visit/api/submissions", data={"case_id": str(case.id)})) == (400, 40010)
    for nothing in ("", "x", str(uuid.uuid4())):
        assert number_of(field.hand_in(case, xml, case_id=nothing)) == (404, 40401)
    unknown = xml.replace(b'version="', b'version="0')
    assert number_of(field.hand_in(case, unknown)) == (404, 40403)
    form = f"/visit/api/studies/{field.drawn.study.id}/forms/hv_household_visit/0.xml"
    assert number_of(field.client.get(form)) == (404, 40401)
    assert field.submissions() == []


def test_that_personal_data_was_seen_is_recorded_with_person_and_phone_and_kept_in_no_cache(field: Field) -> None:
    answers = [
        field.client.get("/visit/api/day"),
        field.client.get(f"/visit/api/studies/{field.drawn.study.id}/households.csv"),
    ]
    assert [answer.headers["Cache-Control"] for answer in answers] == ["no-store", "no-store"]
    assert field.mine.id is not None
    with field.services.read() as work:
        (device,) = devices_of(work, field.mine.id)
    for action in ("phone.day", "phone.households"):
        (event,) = field.events(action)
        assert (event.actor_kind, event.actor_id, event.device_id) == ("device", field.mine.id, device.id)
        assert event.details["shown"] == ["A-0001", "A-0002"]


def test_neither_addresses_nor_the_record_hold_personal_data(field: Field) -> None:
    day = field.day()
    case = field.drawn.main[0]
    field.hand_in(case, filled(field.services, field.drawn.study, case, NOBODY_HOME).xml)
    addresses = re.findall(r'"(/[^"]*)"', json.dumps(day, ensure_ascii=False))
    assert len(addresses) == 2
    with field.services.read() as work:
        record = " ".join(f"{event.details} {event.subject_id}" for event in work.session.exec(select(Event)).all())
    for text in (*addresses, record):
        assert not re.search(r"甲|某路|190000|门锁着", text)


def test_a_form_that_was_published_again_reaches_the_phone_under_another_hash(
    field: Field, clock: SteppingClock
) -> None:

    hashes = []
    for hotline in ("000-1234567", "000-7654321", "000-1234567"):
        clock.advance(minutes=1)
        with field.services.write() as work:
            study = study_of(work, field.drawn.study.id)
            change_settings(work, study, hotline=hotline)
            publish_shipped(work, study, reason="热线电话改了")
        with field.services.read() as work:
            form = current_form(work, field.drawn.study.id, Purpose.VISIT)
        assert form is not None
        assert hotline.encode() in form.xform
        (shown,) = field.day()["studies"][0]["forms"]
        assert shown["version"] == form.version
        hashes.append(shown["hash"])
    assert len(set(hashes)) == 3


def test_the_program_itself_may_be_kept_only_where_its_name_changes_with_it(field: Field) -> None:
    page = field.client.get("/visit/", buffered=True)
    assert page.headers["Cache-Control"] == "no-cache"
    script = re.search(r'src="(?:\./|/visit/)?(assets/[^"]+\.js)"', page.text)
    assert script is not None
    asset = field.client.get(f"/visit/{script.group(1)}", buffered=True)
    assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert field.client.get("/visit/../../../../pyproject.toml").status_code == 404
