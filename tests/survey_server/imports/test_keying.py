"""Paper forms keyed twice: agreement is taken, a difference is settled against the paper."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlmodel import select

from survey_server.actors import Grant, Role
from survey_server.errors import ZoufangError
from survey_server.imports import keying
from survey_server.imports.models import PaperForm
from survey_server.studies.forms import current_form
from survey_server.studies.models import Purpose
from survey_server.submissions.models import Submission
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import DrawnStudy, make_study, person
from tests.survey_server.results.conftest import self_completed

ANSWERS = {name: code for name, code in self_completed("4").items() if name != "q17_infl"}


@pytest.fixture
def drawn(site: Services) -> DrawnStudy:
    for name in ("一号", "二号"):
        person(site, Role.OPERATOR, username=name)
    person(site, Role.EVALUATOR, username="评价")
    return make_study(site, {("柳湾县", "1"): 2})


def begun(site: Services, app: Flask, drawn: DrawnStudy) -> str:
    """The address of a paper form that the first operator has taken up."""
    with site.read() as work:
        form = current_form(work, drawn.study.id, Purpose.RECIPIENT)
        assert form is not None
    sent = {"form": str(form.id), "number": drawn.main[0].sample_id.lower()}
    answer = browser(app, "一号").post(f"/studies/{drawn.study.id}/paper", data=sent)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def taken(site: Services) -> list[Submission]:
    with site.read() as work:
        return list(work.session.exec(select(Submission)).all())


def paper(site: Services) -> PaperForm:
    with site.read() as work:
        return work.session.exec(select(PaperForm)).one()


def test_what_two_people_key_alike_is_taken_once_as_paper(app: Flask, site: Services, drawn: DrawnStudy) -> None:
    address = begun(site, app, drawn)
    assert browser(app, "一号").post(f"{address}/done", data=ANSWERS).status_code == 303
    assert taken(site) == []
    assert browser(app, "二号").post(f"{address}/done", data=ANSWERS).status_code == 303
    (row,) = taken(site)
    assert (row.channel, row.outcome_class, row.case_id) == ("paper", "complete", drawn.main[0].id)
    assert row.flags == []


def test_nobody_keys_a_form_twice_or_sees_what_the_other_keyed(app: Flask, site: Services, drawn: DrawnStudy) -> None:
    address = begun(site, app, drawn)
    browser(app, "一号").post(f"{address}/keep", data={"q15": "手写的意见"})
    assert browser(app, "二号").get(address).status_code == 409
    browser(app, "一号").post(f"{address}/done", data=ANSWERS | {"q15": "手写的意见"})
    assert browser(app, "一号").get(address).status_code == 409
    page = browser(app, "二号").get(address)
    assert page.status_code == 200
    assert "手写的意见" not in page.text


def test_what_is_typed_is_there_after_a_reload(app: Flask, site: Services, drawn: DrawnStudy) -> None:
    address = begun(site, app, drawn)
    answer = browser(app, "一号").post(f"{address}/keep", data={"q0": "1", "q15": "写了一半", "q14": "7"})
    assert "q1_who" in answer.json["relevant"]
    page = browser(app, "一号").get(address).text
    assert "写了一半" in page
    assert b"\xe5\x86\x99" not in (paper(site).first or b"")  # sealed


def test_a_difference_waits_for_the_paper_and_counts_against_who_erred(
    app: Flask, site: Services, drawn: DrawnStudy
) -> None:
    address = begun(site, app, drawn)
    browser(app, "一号").post(f"{address}/done", data=ANSWERS)
    browser(app, "二号").post(f"{address}/done", data=ANSWERS | {"q14": "2", "q10": "5"})
    assert taken(site) == []
    page = browser(app, "评价").get(f"{address}/differences").text
    assert page.count('value="other"') == 2
    assert browser(app, "评价").post(f"{address}/differences", data={"choice|q14": "first"}).status_code == 400
    settled = {"choice|q14": "first", "choice|q10": "other", "other|q10": "3"}
    assert browser(app, "评价").post(f"{address}/differences", data=settled).status_code == 303
    assert len(taken(site)) == 1
    with site.read() as work:
        rates = {keyer.wrong: keyer.fields for keyer in keying.keyers(work, drawn.study.id)}
    assert rates == {2: len(ANSWERS), 1: len(ANSWERS)}


def test_several_codes_are_the_same_in_any_order(site: Services, drawn: DrawnStudy) -> None:
    with site.read() as work:
        form = current_form(work, drawn.study.id, Purpose.RECIPIENT)
        assert form is not None
        question = next(q for q in keying.asked_of(form) if q.name == "q9")
    assert keying.plain_answer(question, "3,1") == keying.plain_answer(question, " 1 3 ") == "1 3"


def test_a_number_that_was_not_drawn_is_refused(site: Services, drawn: DrawnStudy) -> None:
    with site.write() as work:
        form = current_form(work, drawn.study.id, Purpose.RECIPIENT)
        assert form is not None
        with pytest.raises(ZoufangError):
            keying.begin(work, drawn.study, form, "没有", None)


def test_a_supervisor_hands_a_half_keyed_form_to_somebody_else(app: Flask, site: Services, drawn: DrawnStudy) -> None:
    person(site, Role.SUPERVISOR, username="督导", parts=[Grant(drawn.study.id)])
    person(site, Role.OPERATOR, username="三号")
    address = begun(site, app, drawn)
    browser(app, "一号").post(f"{address}/keep", data={"q15": "录了一半"})
    assert browser(app, "二号").get(address).status_code == 409
    assert browser(app, "二号").post(f"{address}/hand-over").status_code == 403
    assert f"{address}/hand-over" in browser(app, "督导").get(f"/studies/{drawn.study.id}/paper").text
    assert browser(app, "督导").post(f"{address}/hand-over").status_code == 303
    page = browser(app, "二号").get(address)
    assert page.status_code == 200
    assert "录了一半" not in page.text  # nobody goes on with what another read from the paper
    browser(app, "二号").post(f"{address}/done", data=ANSWERS)
    browser(app, "三号").post(f"{address}/keep", data=ANSWERS)
    assert browser(app, "督导").post(f"{address}/hand-over").status_code == 303
    assert browser(app, "二号").get(address).status_code == 409  # both keyings by one person would be none
    assert browser(app, "一号").post(f"{address}/done", data=ANSWERS).status_code == 303
    assert len(taken(site)) == 1
    assert browser(app, "督导").post(f"{address}/hand-over").status_code == 409
