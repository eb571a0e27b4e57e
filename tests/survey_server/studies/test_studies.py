from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from survey_server.actors import Role
from survey_server.audit.models import Event
from survey_server.errors import Problem, ZoufangError
from survey_server.privacy.service import cipher_of
from survey_server.studies import service
from survey_server.studies.models import Purpose, Study
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import person

SETTINGS = {
    "name": "某区评价",
    "client": "某区民政局",
    "company": "某评价公司",
    "hotline": "000-1234567",
    "indicator_table": service.DEFAULT_TABLE,
}


@pytest.fixture
def study(services: Services) -> Study:
    with services.write() as work:
        return service.create_study(work, name=" 某区评价 ", hotline=" 000-1234567 ")


def problem_of(services: Services, study: Study, **settings: str) -> Problem:
    with pytest.raises(ZoufangError) as caught, services.write() as work:
        service.change_settings(work, service.study_of(work, study.id), **settings)
    return caught.value.problem


def test_a_study_has_a_key_of_its_own_and_definitions_to_start_from(services: Services, study: Study) -> None:
    with services.write() as work:
        other = service.create_study(work, name="别区评价")
    with services.read() as work:
        found = service.study_of(work, study.id)
        ours, theirs = cipher_of(work, study.id), cipher_of(work, other.id)
    assert (found.name, found.hotline, found.practice, found.locked_at) == ("某区评价", "000-1234567", False, None)
    assert found.definitions == service.DEFAULT_DEFINITIONS
    with pytest.raises(ValueError, match="does not open"):
        theirs.open(study.id, ours.seal(study.id, b"x"))


@pytest.mark.parametrize("fields", [{"name": " "}, {"name": "x", "indicator_table": "nowhere_2023"}])
def test_a_study_needs_a_name_and_a_table_that_we_have(services: Services, fields: dict[str, str]) -> None:
    with pytest.raises(ZoufangError) as caught, services.write() as work:
        service.create_study(work, **fields)
    assert caught.value.problem is Problem.INVALID_FIELD
    with services.read() as work:
        assert service.studies(work) == []


def test_settings_are_changed_and_the_record_names_them_without_their_words(services: Services, study: Study) -> None:
    with services.write() as work:
        service.change_settings(work, service.study_of(work, study.id), hotline=" 000-7654321 ", client="某区民政局")
    with services.read() as work:
        changed = service.study_of(work, study.id)
        (event,) = work.session.exec(select(Event).where(Event.action == "study.settings")).all()
    assert (changed.hotline, changed.client, changed.name) == ("000-7654321", "某区民政局", "某区评价")
    assert event.details == {"changed": ["client", "hotline"]}


def test_settings_that_cannot_be_used_change_nothing(services: Services, study: Study) -> None:
    assert problem_of(services, study, hotline="1", name="") is Problem.INVALID_FIELD
    assert problem_of(services, study, hotline="1", indicator_table="") is Problem.INVALID_FIELD
    with services.read() as work:
        assert service.study_of(work, study.id).hotline == "000-1234567"


def test_definitions_change_until_they_are_locked_and_are_locked_once(services: Services, study: Study, clock) -> None:
    with services.write() as work:
        found = service.study_of(work, study.id)
        service.change_definitions(work, found, {"denominator": "all"})
        service.lock_definitions(work, found)
    locked = clock.now
    clock.advance(days=1)
    with services.write() as work:
        found = service.study_of(work, study.id)
        service.lock_definitions(work, found)
        with pytest.raises(ZoufangError) as caught:
            service.change_definitions(work, found, {"denominator": "valid"})
    assert caught.value.problem is Problem.INVALID_FIELD
    assert caught.value.fields["field"] == "Reason for a change after the lock"
    with services.read() as work:
        found = service.study_of(work, study.id)
        events = [event.action for event in work.session.exec(select(Event).order_by(Event.id)).all()]  # type: ignore[arg-type]
    assert found.definitions == {**service.DEFAULT_DEFINITIONS, "denominator": "all"}
    assert found.locked_at == locked
    assert service.DEFAULT_DEFINITIONS["denominator"] == "valid"
    assert events == ["study.create", "study.definitions", "study.lock"]


def test_places_and_sessions_are_numbered_each_in_their_order(services: Services, study: Study) -> None:
    with services.write() as work:
        found = service.study_of(work, study.id)
        made = [
            service.add_place(work, found, label=" 大厅 ", county="柳湾县", purpose=purpose).code
            for purpose in (Purpose.PUBLIC, Purpose.TRAINING, Purpose.PUBLIC, Purpose.TRAINING)
        ]
        other = service.create_study(work, name="别区评价")
        assert service.add_place(work, other, label="大厅", county="").code == "P-01"
    assert made == ["P-01", "S-01", "P-02", "S-02"]
    with services.read() as work:
        assert [(place.code, place.label) for place in service.places(work, study.id)] == [
            (code, "大厅") for code in ("P-01", "P-02", "S-01", "S-02")
        ]


def test_the_hundredth_place_follows_the_ninety_ninth(services: Services, study: Study) -> None:
    with services.write() as work:
        found = service.study_of(work, study.id)
        for number in range(101):
            service.add_place(work, found, label=f"第{number}处", county="")
        assert [place.code for place in service.places(work, study.id)][-3:] == ["P-99", "P-100", "P-101"]


def test_a_place_needs_a_name(services: Services, study: Study) -> None:
    with services.write() as work, pytest.raises(ZoufangError) as caught:
        service.add_place(work, service.study_of(work, study.id), label="  ", county="柳湾县")
    assert caught.value.problem is Problem.INVALID_FIELD


# -- the pages -----------------------------------------------------------------------------------------


@pytest.fixture
def desk(app: Flask, site: Services) -> FlaskClient:
    person(site, Role.EVALUATOR, username="wang")
    return browser(app, "wang")


@pytest.fixture
def page(site: Services) -> str:
    """The address of a study without questionnaires."""
    with site.write() as work:
        return f"/studies/{service.create_study(work, **SETTINGS).id}"


def number_of(answer) -> tuple[int, int]:
    return answer.status_code, answer.get_json(force=True)["number"]


def test_a_new_study_stands_on_the_list_with_five_questionnaires(desk: FlaskClient) -> None:
    made = desk.post("/studies", data={**SETTINGS, "practice": "on"})
    assert made.status_code == 303
    page = made.headers["Location"]
    assert "某区评价" in desk.get("/studies").text
    assert "试访" in desk.get(page).text
    assert desk.get(f"{page}/forms").text.count("/paper.pdf") == 5


def test_a_study_that_lacks_a_hotline_is_not_half_made(desk: FlaskClient, site: Services) -> None:
    refused = desk.post("/studies", data={**SETTINGS, "hotline": ""})
    assert refused.status_code == 400
    assert "{{hotline}}" in refused.text
    with site.read() as work:
        assert service.studies(work) == []


def test_settings_are_saved_and_shown(desk: FlaskClient, page: str) -> None:
    answer = desk.post(page, data={**SETTINGS, "client": "别区民政局 <x>"})
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    assert "别区民政局 &lt;x&gt;" in desk.get(page).text
