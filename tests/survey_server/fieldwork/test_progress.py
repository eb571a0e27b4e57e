from __future__ import annotations

import datetime as dt
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from survey_server.actors import Actor, Role
from survey_server.audit.models import Event
from survey_server.fieldwork import progress, service
from survey_server.fieldwork.drawing import release_reserves
from survey_server.fieldwork.progress import StratumProgress
from survey_server.studies.models import Channel
from survey_server.studies.service import create_study
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import DrawnStudy, person
from tests.survey_server.fieldwork.a_sample import drawn_sample


def tries(services: Services, drawn: DrawnStudy, category: str, *outcomes: str) -> None:
    """One try at each of the first cases of a category, with these outcomes."""
    cases = [case for case in drawn.main if case.category == category]
    with services.write() as work:
        for case, outcome in zip(cases, outcomes, strict=False):
            found = service.case_of(work, case.id)
            service.note_attempt(work, found, channel=Channel.VISIT, outcome=outcome)


def test_progress_counts_what_was_given_out(services: Services, drawn: DrawnStudy) -> None:
    tries(services, drawn, "1", "F1", "F1", "F2", "F6", "F3")
    tries(services, drawn, "3", "F8")
    with services.read() as work:
        counted = progress.by_stratum(work, drawn.study.id)
    assert counted == [
        StratumProgress("柳湾县", "城市低保", released=6, attempted=5, complete=2, partial=1, refused=1, open=2),
        StratumProgress(
            "柳湾县", "特困人员（分散供养）", released=4, attempted=1, complete=0, partial=0, refused=0, open=3
        ),
    ]
    with services.write() as work:
        release_reserves(work, drawn.study, ("柳湾县", "1"), 2, "村子整体搬迁")
        assert [stratum.released for stratum in progress.by_stratum(work, drawn.study.id)] == [8, 4]


def test_the_list_narrows_by_county_status_and_nobody(services: Services, drawn: DrawnStudy) -> None:
    tries(services, drawn, "1", "F1")
    who = person(services, Role.INTERVIEWER, username="李访员")
    with services.write() as work:
        service.assign(work, drawn.study.id, [case.id for case in drawn.main[:4]], who.id)

    def count(county: str = "", status: str = "", interviewer: str = "") -> int:
        with services.read() as work:
            wish = {"county": county, "status": status, "interviewer": interviewer}
            return len(progress.lines(work, drawn.study.id, **wish))

    assert (count(), count(county="柳湾县"), count(county="别县")) == (10, 10, 0)
    assert (count(status="done"), count(status="todo"), count(status="returned")) == (1, 9, 0)
    assert count(interviewer="nobody") == 6
    with services.read() as work:
        lines = progress.lines(work, drawn.study.id, county="", status="", interviewer="")
    assert [line["interviewer"] for line in lines].count("李访员") == 4
    assert [line["home"].village for line in lines] == sorted(line["home"].village for line in lines)


def test_a_case_page_masks_and_is_recorded(services: Services, drawn: DrawnStudy) -> None:
    case = drawn.main[0]
    evaluator = person(services, Role.EVALUATOR)
    with services.write(evaluator) as work:
        page = progress.case_page(work, drawn.study.id, case.id)
        (fact,) = service.facts_of(work, drawn.study.id, [case.id])
    assert page["name"] == fact.name[0] + "*" * (len(fact.name) - 1)
    assert page["phones"] == [fact.phones[0][:3] + "****" + fact.phones[0][-4:]]
    with services.read() as work:
        (event,) = work.session.exec(select(Event).where(Event.action == "case.view")).all()
    assert (event.actor_id, event.subject_id) == (evaluator.id, str(case.id))


# -- the pages -----------------------------------------------------------------------------------------


@pytest.fixture
def sample(site: Services) -> DrawnStudy:
    return drawn_sample(site)


@pytest.fixture
def desk(app: Flask, site: Services) -> FlaskClient:
    person(site, Role.EVALUATOR, username="wang")
    return browser(app, "wang")


@pytest.fixture
def interviewers(site: Services) -> list[Actor]:
    return [person(site, Role.INTERVIEWER, username=name) for name in ("li", "zhao")]


def holders(services: Services, study_id: uuid.UUID) -> list[uuid.UUID | None]:
    with services.read() as work:
        return [case.interviewer_id for case in service.cases_of(work, study_id) if case.role == "main"]


def test_cases_are_shared_and_given_at_the_desk(
    desk: FlaskClient, site: Services, sample: DrawnStudy, interviewers: list[Actor]
) -> None:
    pages = f"/studies/{sample.study.id}/cases"
    first, second = (one.id for one in interviewers)
    answer = desk.post(f"{pages}/share", data={"person": [str(first), str(second)]})
    assert (answer.status_code, answer.headers["Location"]) == (303, pages)
    shares = [holders(site, sample.study.id).count(one) for one in (first, second)]
    assert (sum(shares), min(shares) >= 4) == (10, True)

    chosen = [str(case.id) for case in sample.main]
    desk.post(f"{pages}/assign", data={"case": chosen, "person": str(second)})
    assert set(holders(site, sample.study.id)) == {second}
    desk.post(f"{pages}/assign", data={"case": chosen[:1], "person": ""})
    assert holders(site, sample.study.id).count(None) == 1
    desk.post(f"{pages}/share", data={})
    assert holders(site, sample.study.id).count(None) == 1


def test_the_page_shows_how_things_stand_and_no_personal_fact(
    desk: FlaskClient, site: Services, sample: DrawnStudy, interviewers: list[Actor]
) -> None:
    tries(site, sample, "1", "F1", "F6")
    page = desk.get(f"/studies/{sample.study.id}/cases").text
    assert all(case.sample_id in page for case in sample.main)
    assert not any(case.sample_id in page for case in sample.cases if case.role == "reserve")
    assert "拒访" in page
    for personal in ("甲", "190000", "某路"):
        assert personal not in page
    narrowed = desk.get(f"/studies/{sample.study.id}/cases?status=done").text
    assert sum(case.sample_id in narrowed for case in sample.main) == 2


def test_the_page_of_a_case_masks_tells_the_tries_and_stays_in_no_cache(
    desk: FlaskClient, site: Services, sample: DrawnStudy
) -> None:
    case = next(case for case in sample.main if case.category == "1")
    tries(site, sample, "1", "F3")
    answer = desk.get(f"/studies/{sample.study.id}/cases/{case.id}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "甲*" in answer.text
    assert "无人在家" in answer.text
    assert "190****" in answer.text
    with site.read() as work:
        (fact,) = service.facts_of(work, sample.study.id, [case.id])
    assert fact.phones[0] not in answer.text
    assert fact.address not in answer.text
    assert "case.view" in desk.get(f"/studies/{sample.study.id}/cases/{case.id}").text


def test_a_study_without_a_sample_is_led_to_the_draw(desk: FlaskClient, site: Services) -> None:
    with site.write() as work:
        study = create_study(work, name="空")
    page = desk.get(f"/studies/{study.id}/cases").text
    assert f"/studies/{study.id}/sample" in page
    assert "share" not in page


def test_what_is_not_there_is_not_found(desk: FlaskClient, sample: DrawnStudy) -> None:
    nothing = uuid.uuid4()
    assert desk.get(f"/studies/{nothing}/cases").status_code == 404
    assert desk.get(f"/studies/{sample.study.id}/cases/{nothing}").status_code == 404
    assert desk.get(f"/studies/{nothing}/cases/{sample.cases[0].id}").status_code == 404


def test_what_nobody_offers_is_refused_in_words(
    desk: FlaskClient, site: Services, sample: DrawnStudy, interviewers: list[Actor]
) -> None:
    study, case = sample.study.id, sample.main[0].id
    operator = person(site, Role.OPERATOR, username="sun")
    other = drawn_sample(site)
    assert desk.get(f"/studies/{other.study.id}/cases/{case}").status_code == 404
    for page, typed in (("share", {"person": "no id"}), ("assign", {"case": "no id", "person": ""})):
        assert desk.post(f"/studies/{study}/cases/{page}", data=typed).status_code == 404
    for stranger in (operator.id, uuid.uuid4()):
        for page in ("share", "assign"):
            answer = desk.post(f"/studies/{study}/cases/{page}", data={"case": str(case), "person": str(stranger)})
            assert answer.status_code == 400
    release = {"stratum": "柳湾县|1", "count": "0", "reason": "村子整体搬迁"}
    assert desk.post(f"/studies/{study}/sample/release", data=release).status_code == 400
    assert holders(site, study) == [None] * 10


def test_after_a_missed_appointment_the_household_is_to_be_done_again(services: Services, drawn: DrawnStudy) -> None:
    with services.write() as work:
        case = service.case_of(work, drawn.main[0].id)
        later = work.now + dt.timedelta(hours=2)
        service.note_attempt(work, case, channel=Channel.VISIT, outcome="F12", due_at=later)
        assert case.status == "appointment"
        service.note_attempt(work, case, channel=Channel.VISIT, outcome="F3")
        assert (case.status, case.due_at) == ("todo", None)
