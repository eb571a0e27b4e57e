"""Findings: from answers and by hand, step by step, counted once verified, gone once withdrawn."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlmodel import col, select

from survey_server.accounts.people import grant
from survey_server.actors import Actor, Grant, Role
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.findings import collecting, counting, evidence, service, urgent
from survey_server.findings.kinds import State
from survey_server.findings.models import Finding, FindingEvidence, FindingStep
from survey_server.handlers import drain
from survey_server.privacy.reasons import Reason
from survey_server.rights.withdrawal import withdraw_case
from survey_server.studies.models import Channel, Study
from survey_server.submissions.service import receive
from survey_server.work import Services, Work
from tests.support.studies import OWNER, DrawnStudy, filled, make_study, person
from tests.survey_server.results.conftest import visit

WRONG = {"k1_problem": "1", "k2_evid": "1", "k3_fact": "名下有货车，去年购入", "k4_urgent": "2"}
HUNGRY = {"c3_lack": "1"}


@pytest.fixture
def study(services: Services) -> DrawnStudy:
    return make_study(services, {("柳湾县", "1"): 6, ("青溪县", "1"): 4})


@pytest.fixture
def reviewer(services: Services) -> Actor:
    return person(services, Role.REVIEWER)


def answer(services: Services, made: DrawnStudy, case: Case, **more: str) -> None:
    answers = filled(services, made.study, case, visit(**more))
    receive(services, OWNER, made.study.id, answers.xml, {}, channel=Channel.VISIT, case_id=case.id)
    drain(services)


def rows_of(services: Services, made: DrawnStudy) -> list[Finding]:
    with services.read() as work:
        query = select(Finding).where(Finding.study_id == made.study.id).order_by(col(Finding.number))
        return list(work.session.exec(query).all())


def by_hand(work: Work, made: DrawnStudy, kind: str = "9", case: Case | None = None, **more: object) -> Finding:
    place = case or made.main[0]
    subject = service.Subject(place.county, place.town, case.id if case else None)
    return service.write_down(work, made.study.id, subject, service.Report(kind, "desk", "档案缺公示", **more))


def test_an_interviewers_conclusion_becomes_a_clue_with_its_words_and_the_answers_behind_it(
    services: Services, study: DrawnStudy, reviewer: Actor
) -> None:
    answer(services, study, study.main[0], **WRONG)
    (row,) = rows_of(services, study)
    assert (row.kind, row.state, row.method, row.check_no) == ("1", "clue", "visit", 5)
    assert (row.case_id, row.county, row.person_id) == (study.main[0].id, study.main[0].county, None)
    with services.write(reviewer) as work:
        opened = evidence.open_finding(work, study.study.id, row.id)
    assert opened.words == "名下有货车，去年购入"
    assert [answer for _, answer in opened.said] == ["疑似错保（条件可能不符）"]
    assert [one.submission_id is not None for one in opened.evidence] == [True]


def test_the_words_of_a_finding_lie_sealed(services: Services, study: DrawnStudy) -> None:
    answer(services, study, study.main[0], **WRONG)
    (row,) = rows_of(services, study)
    assert "货车".encode() not in row.content


def test_a_sealed_integrity_clue_is_never_a_finding(services: Services, study: DrawnStudy) -> None:
    answer(services, study, study.main[0], **{**WRONG, "k1_problem": "5"})
    assert rows_of(services, study) == []


def test_answers_without_a_mark_put_nothing_into_the_outbox(services: Services, study: DrawnStudy) -> None:
    answers = filled(services, study.study, study.main[0], visit())
    receive(services, OWNER, study.study.id, answers.xml, {}, channel=Channel.VISIT, case_id=study.main[0].id)
    assert drain(services) == 0


def test_a_second_visit_adds_evidence_to_the_same_open_finding(services: Services, study: DrawnStudy) -> None:
    answer(services, study, study.main[0], **WRONG)
    answer(services, study, study.main[0], **WRONG)
    (row,) = rows_of(services, study)
    with services.read() as work:
        links = work.session.exec(select(FindingEvidence).where(FindingEvidence.finding_id == row.id)).all()
    assert len(links) == 2


def test_looking_through_all_answers_again_finds_nothing_new(services: Services, study: DrawnStudy) -> None:
    answers = filled(services, study.study, study.main[0], visit(**WRONG))
    receive(services, OWNER, study.study.id, answers.xml, {}, channel=Channel.VISIT, case_id=study.main[0].id)
    assert collecting.collect(services, study.study.id) == 1
    assert collecting.collect(services, study.study.id) == 0
    drain(services)
    assert len(rows_of(services, study)) == 1


def test_what_is_said_of_a_neighbour_is_of_no_case(services: Services, study: DrawnStudy) -> None:
    answer(services, study, study.main[0], j2_miss="1", j2_where="村东头第三组")
    (row,) = rows_of(services, study)
    assert (row.kind, row.case_id, row.county, row.check_no) == ("2", None, study.main[0].county, 7)


def test_a_finding_goes_step_by_step_and_keeps_who_when_and_why(
    services: Services, study: DrawnStudy, reviewer: Actor
) -> None:
    with services.write(OWNER) as work:
        row_id = by_hand(work, study).id
    for state in (State.VERIFIED, State.ANSWERED, State.CLOSED):
        with services.write(reviewer) as work:
            assert service.move(work, study.study.id, [row_id], state.value, f"{state}的依据") == 1
    with services.write(reviewer) as work:
        opened = evidence.open_finding(work, study.study.id, row_id)
    assert [(step.row.step, step.words) for step in opened.steps] == [
        ("verified", "verified的依据"),
        ("answered", "answered的依据"),
        ("closed", "closed的依据"),
    ]
    assert {step.row.person_id for step in opened.steps} == {reviewer.id}


@pytest.mark.parametrize("state", ["answered", "closed", "clue", "gone"])
def test_no_step_is_leapt_over(services: Services, study: DrawnStudy, state: str) -> None:
    with services.write(OWNER) as work:
        row_id = by_hand(work, study).id
    with pytest.raises(ZoufangError) as refused, services.write(OWNER) as work:
        service.move(work, study.study.id, [row_id], state, "依据")
    assert refused.value.fields["field"] == "WT0001"


def test_many_are_changed_at_once_or_none(services: Services, study: DrawnStudy) -> None:
    with services.write(OWNER) as work:
        ids = [by_hand(work, study).id for _ in range(3)]
        service.move(work, study.study.id, ids[:1], "dismissed", "不属实")
    with pytest.raises(ZoufangError), services.write(OWNER) as work:
        service.move(work, study.study.id, ids, "verified", "核对档案")
    assert [row.state for row in rows_of(services, study)] == ["dismissed", "clue", "clue"]


def test_who_wrote_a_wrongly_included_household_down_does_not_verify_it(
    services: Services, study: DrawnStudy, reviewer: Actor
) -> None:
    other = person(services, Role.SUPERVISOR, username="dudao")
    with services.write(OWNER) as work:
        assert other.id is not None
        grant(work, other.id, Grant(study.study.id))
    with services.write(reviewer) as work:
        row_id = by_hand(work, study, "1", study.main[0]).id
    with pytest.raises(ZoufangError), services.write(reviewer) as work:
        service.move(work, study.study.id, [row_id], "verified", "车管所核对")
    with services.write(replace(other, reach=(Grant(study.study.id),))) as work:
        assert service.move(work, study.study.id, [row_id], "verified", "车管所核对") == 1


def test_numbers_run_on_although_the_writer_reaches_one_county_alone(services: Services, study: DrawnStudy) -> None:
    with services.write(OWNER) as work:
        by_hand(work, study)
    elsewhere = next(case for case in study.main if case.county != study.main[0].county)
    reach = (Grant(study.study.id, elsewhere.county),)
    supervisor = Actor("person", roles=frozenset({Role.SUPERVISOR}), reach=reach, name="督导")
    with services.write(supervisor) as work:
        assert by_hand(work, study, case=elsewhere).number == 2
        assert [row.number for row, _ in service.ledger(work, study.study.id, service.Wanted())[0]] == [2]


def test_single_cases_of_deducted_money_are_for_who_leads_alone(
    services: Services, study: DrawnStudy, reviewer: Actor
) -> None:
    with services.write(OWNER) as work:
        row_id = by_hand(work, study, "8", study.main[0]).id
    with services.read(reviewer) as work:
        assert service.ledger(work, study.study.id, service.Wanted())[1] == 0
        with pytest.raises(ZoufangError) as lost:
            service.finding_of(work, study.study.id, row_id)
        assert lost.value.problem is Problem.NOT_FOUND
        assert int(counting.counts_of(work, study.study.id)["n"].sum()) == 1


def test_a_withdrawal_empties_what_was_said_and_leaves_what_papers_show(services: Services, study: DrawnStudy) -> None:
    case = study.main[0]
    answer(services, study, case, **WRONG)
    (said,) = rows_of(services, study)
    with services.write(OWNER) as work:
        service.move(work, study.study.id, [said.id], "verified", "两人核对")
        file = evidence.take_file(work, study.study.id, said.id, "visit", "照片.jpg", b"photo")
        by_hand(work, study, "9", case)
        blob = file.blob
    assert services.blobs.get(blob)
    with services.write(OWNER) as work:
        withdraw_case(work, work.session.get_one(Case, case.id), Reason("telephone", "本人要求"))
    drain(services)
    said, paper = rows_of(services, study)
    assert said.withdrawn_at is not None
    assert said.content == b""
    assert paper.withdrawn_at is None
    with pytest.raises(FileNotFoundError):
        services.blobs.get(blob)
    with services.read() as work:
        steps = work.session.exec(select(FindingStep).where(FindingStep.finding_id == said.id)).all()
        assert [step.content for step in steps] == [b""]
        assert counting.counts_of(work, study.study.id)["kind"].tolist() == ["9"]


def test_a_file_of_evidence_lies_sealed_and_comes_back_whole(services: Services, study: DrawnStudy) -> None:
    with services.write(OWNER) as work:
        row_id = by_hand(work, study).id
        file = evidence.take_file(work, study.study.id, row_id, "desk", "公示照片.jpg", b"what was posted")
    assert b"posted" not in services.blobs.get(file.blob)
    with services.write(OWNER) as work:
        assert evidence.read_file(work, study.study.id, file.id) == ("WT0001-公示照片.jpg", b"what was posted")


def test_a_closed_study_takes_no_finding(services: Services, study: DrawnStudy) -> None:
    with services.write(OWNER) as work:
        work.session.get_one(Study, study.study.id).closed_at = work.now
    with pytest.raises(ZoufangError) as closed, services.write(OWNER) as work:
        by_hand(work, study)
    assert closed.value.problem is Problem.STUDY_CLOSED


# --- urgent


def test_hunger_is_urgent_and_late_from_the_next_day_on(services: Services, study: DrawnStudy) -> None:
    answer(services, study, study.main[0], **HUNGRY)
    (row,) = rows_of(services, study)
    assert (row.kind, row.urgent) == ("11", True)
    tomorrow = replace(services, clock=lambda: services.clock() + dt.timedelta(days=1))
    with services.read() as work:
        assert [one.late for one in urgent.urgent_findings(work, study.study.id)] == [False]
    with tomorrow.read() as work:
        assert [one.late for one in urgent.urgent_findings(work, study.study.id)] == [True]


def test_an_urgent_finding_goes_through_the_loop_in_order_with_its_times(services: Services, study: DrawnStudy) -> None:
    answer(services, study, study.main[0], **HUNGRY)
    (row,) = rows_of(services, study)
    with pytest.raises(ZoufangError), services.write(OWNER) as work:
        urgent.take_stage(work, study.study.id, row.id, "helped", "送去米面")
    for stage, words, to in (
        ("referred", "断粮两天", "区民政局救助科"),
        ("helped", "当晚送去米面，启动临时救助", ""),
        ("filed", "归入一户一档", ""),
    ):
        with services.write(OWNER) as work:
            urgent.take_stage(work, study.study.id, row.id, stage, words, to)
    with services.write(OWNER) as work:
        service.move(work, study.study.id, [row.id], "verified", "入户核实")
        (one,) = urgent.urgent_findings(work, study.study.id)
        opened = evidence.open_finding(work, study.study.id, row.id)
    assert None not in one.times
    assert (one.late, one.waiting) == (False, False)
    assert opened.steps[0].to == "区民政局救助科"


# --- counting


def test_the_bounds_of_wrong_inclusion_are_of_everybody_drawn() -> None:
    """metrics.yaml test_vectors: 400 drawn, 6 verified, 9 clues open: 1.50 to 3.75 per cent, never 6 of 20."""
    assert counting.accuracy(6, 9, 400) == (Decimal("0.015"), Decimal("0.0375"))
    assert counting.accuracy(0, 0, 0) is None


def test_a_household_counts_once_by_the_gravest_of_its_findings() -> None:
    one, two, three = (uuid.uuid4() for _ in range(3))
    table = counting.verdict_table(
        [(one, "1", "open"), (one, "1", "verified"), (two, "1", "cleared"), (two, "2", "open"), (three, "4", "open")]
    )
    assert table["err_incl"].to_dict() == {one: "verified", two: "cleared", three: ""}
    assert table["err_excl"].to_dict() == {one: "", two: "open", three: ""}
    assert table["err_death"].to_dict() == {one: "", two: "", three: "open"}


def test_only_verified_findings_are_counted_whatever_came_after(services: Services, study: DrawnStudy) -> None:
    with services.write(OWNER) as work:
        ids = [by_hand(work, study).id for _ in range(4)]
        service.move(work, study.study.id, ids[:2], "verified", "核对档案")
        service.move(work, study.study.id, ids[:1], "answered", "已补公示")
        service.move(work, study.study.id, ids[2:3], "dismissed", "有公示")
        found = counting.verified_counts(counting.counts_of(work, study.study.id))
    assert found.loc["9"].to_dict() == {"total": 4, "clue": 1, "verified": 2, "dismissed": 1}


def test_the_eight_checks_count_households_examined_and_what_became_of_clues(
    services: Services, study: DrawnStudy
) -> None:
    answer(services, study, study.main[0], **WRONG)
    answer(services, study, study.main[1])
    with services.read() as work:
        rows = counting.eight_checks(work, study.study.id, counting.counts_of(work, study.study.id))
    by_no = {row.check.no: row for row in rows}
    assert len(rows) == 8
    assert by_no[6].examined == 2
    assert by_no[3].examined is None
    assert (by_no[5].clues, by_no[5].verified, by_no[5].unresolved) == (1, 0, 1)
