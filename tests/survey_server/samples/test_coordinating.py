from __future__ import annotations

import uuid

import pytest
from flask import Flask

from survey_server.actors import Role
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.coordinating import burden_of, coordinate, issued_units
from survey_server.fieldwork.drawing import draw_cases_by
from survey_server.samples.planning import Frame, plan
from survey_server.samples.service import frame_table, seed_of
from survey_server.samples.strata import strata_of, villages_of
from survey_server.samples.wishes import Meeting, Wish
from survey_server.studies.service import study_of
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import person
from tests.survey_server.samples.a_frame import make_frame

COUNTS = {("柳湾县", "1"): 60, ("柳湾县", "3"): 12}
WISH = {"how": "contract", "total": "24", "minimum": "4", "reserve": "0"}


def draw(services: Services, study_id: uuid.UUID, **typed: str) -> None:
    with services.write() as work:
        wish = Wish.read({**WISH, **typed})
        study = study_of(work, study_id)
        design = plan(Frame(strata_of(work, study_id), villages_of(work, study_id)), wish).design
        seed = seed_of("2026", "")
        if wish.meeting is not Meeting.NONE:
            design, seed = coordinate(work, study, design, wish)
        draw_cases_by(work, study, design, seed, wish.typed)


def shared(services: Services, one: uuid.UUID, other: uuid.UUID) -> int:
    with services.read() as work:
        asked = issued_units(work, [one, other])
    return len(set(asked[one]["unit_id"]) & set(asked[other]["unit_id"]))


@pytest.fixture
def last(services: Services) -> uuid.UUID:
    study_id = make_frame(services, COUNTS, "去年")
    draw(services, study_id)
    return study_id


def test_this_year_meets_nobody_of_last_year_while_the_strata_have_enough(services: Services, last: uuid.UUID) -> None:
    this = make_frame(services, COUNTS, "今年")
    draw(services, this, meeting="avoid", last=str(last))
    assert shared(services, last, this) == 0


def test_a_wanted_share_is_met_again(services: Services, last: uuid.UUID) -> None:
    this = make_frame(services, COUNTS, "今年")
    draw(services, this, meeting="overlap", overlap="50", last=str(last))
    assert shared(services, last, this) == 12


def test_without_coordination_the_studies_have_numbers_of_their_own(services: Services, last: uuid.UUID) -> None:
    this = make_frame(services, COUNTS, "今年")
    draw(services, this)
    with services.read() as work:
        assert not set(frame_table(work, this)["unit_id"]) & set(frame_table(work, last)["unit_id"])


def test_villages_cannot_be_coordinated_and_say_so(services: Services, last: uuid.UUID) -> None:
    this = make_frame(services, COUNTS, "今年")
    with pytest.raises(ZoufangError) as caught:
        draw(services, this, meeting="avoid", last=str(last), way="villages")
    assert caught.value.problem is Problem.DESIGN_IMPOSSIBLE
    with pytest.raises(ZoufangError) as caught:
        draw(services, this, meeting="avoid", last=str(this))
    assert caught.value.problem is Problem.INVALID_FIELD


def test_the_burden_counts_households_and_not_rows(services: Services, last: uuid.UUID) -> None:
    this = make_frame(services, COUNTS, "今年")
    draw(services, this, meeting="overlap", overlap="50", last=str(last))
    with services.read() as work:
        times, pairs = burden_of(work, [study_of(work, last), study_of(work, this)])
    assert times == {1: 24, 2: 12}
    assert pairs["shared"].tolist() == [12]


def test_the_page_tells_what_two_studies_share(app: Flask, site: Services) -> None:
    person(site, Role.EVALUATOR, username="pingjia")
    client = browser(app, "pingjia")
    last = make_frame(site, COUNTS, "去年")
    draw(site, last)
    this = make_frame(site, COUNTS, "今年")
    assert "去年" in client.get(f"/studies/{this}/sample").text
    draw(site, this, meeting="avoid", last=str(last))
    page = client.get(f"/studies/{this}/sample/burden").text
    assert "去年" in page
    assert ">48<" in page
