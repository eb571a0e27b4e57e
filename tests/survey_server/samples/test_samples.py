from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import select

from survey_server.audit.models import Event
from survey_server.cli import main
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.drawing import release_reserves
from survey_server.fieldwork.service import cases_of
from survey_server.samples import service
from survey_server.studies.service import change_definitions, study_of
from survey_server.work import Services
from tests.support.studies import DrawnStudy, make_study

COUNTS = {("柳湾县", "1"): 40, ("柳湾县", "3"): 7}
TAKE = {("柳湾县", "1"): 10, ("柳湾县", "3"): 7}


@pytest.fixture
def drawn(services: Services) -> DrawnStudy:
    return make_study(services, COUNTS, take=TAKE, reserve=3)


def test_every_drawn_unit_becomes_a_case_with_its_stratum_population_and_probability(drawn: DrawnStudy) -> None:
    by_stratum = {key: [case for case in drawn.main if (case.county, case.category) == key] for key in TAKE}
    assert {key: len(cases) for key, cases in by_stratum.items()} == TAKE
    assert {case.population for case in by_stratum["柳湾县", "1"]} == {40}
    assert {case.probability for case in by_stratum["柳湾县", "1"]} == {0.25}
    assert {case.probability for case in by_stratum["柳湾县", "3"]} == {1.0}


def test_reserves_wait_and_a_sample_number_does_not_tell_them_apart(drawn: DrawnStudy) -> None:
    waiting = [case for case in drawn.cases if case.role == "reserve"]
    assert len(waiting) == 3
    assert all(case.released_at is None for case in waiting)
    numbers = sorted(case.sample_id for case in drawn.cases)
    assert numbers == [f"A-{n:04d}" for n in range(1, 21)]
    assert {case.sample_id for case in waiting} != set(numbers[-3:])


def test_the_draw_locks_the_definitions_and_is_made_once(services: Services, drawn: DrawnStudy) -> None:
    with services.write() as work:
        study = study_of(work, drawn.study.id)
        assert study.locked_at is not None
        with pytest.raises(ZoufangError) as caught:
            change_definitions(work, study, {"denominator": "all"})
        assert caught.value.problem is Problem.INVALID_FIELD  # not without a reason
        with pytest.raises(ZoufangError) as caught:
            service.draw_sample(work, study, takes=TAKE, reserves={})
        assert caught.value.problem is Problem.STATE_CONFLICT


def test_anybody_checks_the_certificate_against_the_published_roster(
    services: Services, drawn: DrawnStudy, tmp_path: Path
) -> None:
    with services.read() as work:
        table = service.frame_table(work, drawn.study.id)
        draw = service.draw_of(work, drawn.study.id)
    assert draw is not None
    roster, certificate = tmp_path / "frame.csv", tmp_path / "certificate.json"
    table.sample(frac=1, random_state=1).to_csv(roster, index=False, encoding="utf-8-sig")
    certificate.write_text(json.dumps(draw.certificate), "utf-8")
    said = CliRunner().invoke(main, ["sample", "verify", str(roster), str(certificate)])
    assert (said.exit_code, "17" in said.output) == (0, True), said.output

    table.loc[0, "category"] = "3"
    table.to_csv(roster, index=False, encoding="utf-8-sig")
    said = CliRunner().invoke(main, ["sample", "verify", str(roster), str(certificate)])
    assert said.exit_code == 1


def test_the_frame_and_the_certificate_hold_no_personal_fact(services: Services, drawn: DrawnStudy) -> None:
    with services.read() as work:
        draw = service.draw_of(work, drawn.study.id)
        text = service.frame_table(work, drawn.study.id).to_csv() + json.dumps(draw and draw.certificate)
    assert "甲" not in text
    assert "190000" not in text


def test_reserves_are_given_out_in_their_order_with_a_reason(services: Services, drawn: DrawnStudy) -> None:
    key = ("柳湾县", "1")
    with services.write() as work:
        released = release_reserves(work, drawn.study, key, 2, "村子整体搬迁，三次找不到")
    assert [case.draw_order for case in released] == [1, 2]
    with services.read() as work:
        (event,) = work.session.exec(select(Event).where(Event.action == "reserve.release")).all()
    assert event.details["reason"] == "村子整体搬迁，三次找不到"
    with pytest.raises(ZoufangError), services.write() as work:
        release_reserves(work, drawn.study, key, 2, "还要")
    with pytest.raises(ZoufangError), services.write() as work:
        release_reserves(work, drawn.study, key, 1, " ")


def test_a_wish_that_cannot_be_met_draws_nothing(services: Services) -> None:
    with pytest.raises(ZoufangError) as caught:
        make_study(services, {("柳湾县", "1"): 5}, take={("柳湾县", "1"): 6})
    assert caught.value.problem is Problem.DESIGN_IMPOSSIBLE
    assert caught.value.fields["strata"] == "柳湾县·城市低保"


def test_the_proposal_reaches_the_precision_and_leaves_no_stratum_out(services: Services, drawn: DrawnStudy) -> None:
    with services.read() as work:
        strata = service.strata_of(work, drawn.study.id)
        assert len(cases_of(work, drawn.study.id)) == 20
    proposal = service.propose(strata, precision=0.05, minimum=30, reserve_share=0.2)
    assert sum(stratum.take for stratum in proposal) == 42  # 47 households at ±5 points: 384.15 → 42
    assert {stratum.key: stratum.take for stratum in proposal}["柳湾县", "3"] == 7
    assert all(stratum.take + stratum.reserve <= stratum.population for stratum in proposal)


def test_a_stratum_without_a_single_household_is_refused_in_words(services: Services) -> None:
    with pytest.raises(ZoufangError) as caught:
        make_study(services, {("柳湾县", "1"): 5}, take={("柳湾县", "1"): 0})
    assert caught.value.problem is Problem.DESIGN_IMPOSSIBLE
    assert "at least one household" in str(caught.value.fields["why"])
