"""Whoever takes their answers back is forgotten, and is never asked again."""

from __future__ import annotations

import uuid

import pytest
from sqlmodel import select

from sampling import Seed
from survey_server.actors import Actor, Role
from survey_server.desk.queue import take_next
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork import special
from survey_server.fieldwork.models import Attempt, Case
from survey_server.fieldwork.service import active_cases_of_interviewer, assign, facts_of, note_attempt
from survey_server.fieldwork.special import draw_risk
from survey_server.handlers import drain
from survey_server.privacy.reasons import WITHDRAWAL, reason_given
from survey_server.rights.models import WithdrawalTry
from survey_server.rights.withdrawal import code_of_case, find, withdraw_by_code, withdraw_case
from survey_server.rosters.models import Household
from survey_server.samples.models import SpecialDraw
from survey_server.studies.models import Channel
from survey_server.submissions.consents import standing
from survey_server.submissions.models import Submission, SubmissionFile
from survey_server.submissions.service import receive
from tests.support.callers import browser
from tests.support.pictures import photograph
from tests.support.studies import filled, person
from tests.survey_server.results.conftest import visit
from tests.survey_server.rights.conftest import Office

PICTURE = photograph()
WITH_PHOTO = {
    "a8_spi": "1",
    "a9_photo": "1",
    "a10_audio": "2",
    "a12_geoc": "2",
    "a11_mode": "4",
    "c5_photo": "home.jpg",
}
ASKED = reason_given(WITHDRAWAL, "telephone", "来电要求撤回")


def answered(office: Office, number: int = 0, satisfied: str = "5") -> None:
    """A visit with a photograph, to one of the households."""
    case, survey = office.case(number), office.survey
    xml = filled(office.services, office.study, case, visit(satisfied, **WITH_PHOTO)).xml
    files = {"home.jpg": PICTURE}
    receive(office.services, survey.actor, office.study.id, xml, files, channel=Channel.VISIT, case_id=case.id)


def withdraw(office: Office, number: int = 0, *, roster: bool = False) -> None:
    with office.services.write() as work:
        withdraw_case(work, work.session.get_one(Case, office.case(number).id), ASKED, erase_roster=roster)
    drain(office.services)


@pytest.fixture(params=["office", "office_on_postgresql"])
def everywhere(request: pytest.FixtureRequest) -> Office:
    """The test runs once on each kind of database."""
    return request.getfixturevalue(request.param)


def test_answers_and_files_go_and_a_tombstone_stays(everywhere: Office) -> None:
    office = everywhere
    answered(office)
    assert [name for name in office.services.blobs.names() if name.startswith("submissions/")]
    withdraw(office)
    row = office.submission()
    assert (row.xml, row.answers, row.fingerprint, row.flags, row.outcome) == (b"", b"", "", [], None)
    assert row.withdrawn_at == office.services.clock()
    assert [name for name in office.services.blobs.names() if name.startswith("submissions/")] == []
    with office.services.read() as work:
        assert work.session.exec(select(SubmissionFile)).all() == []
        assert standing(work, [row.id]) == {}


def test_the_figures_are_computed_again_without_it_and_the_case_counts_as_a_refusal(office: Office) -> None:
    for number, satisfied in enumerate("551"):
        answered(office, number, satisfied)
    before = office.survey.results()
    assert (before.satisfaction.yes, before.satisfaction.n) == (2, 3)
    withdraw(office, 2)
    after = office.survey.results()
    assert (after.satisfaction.yes, after.satisfaction.n) == (2, 2)
    assert after.dataset.standings["withdrawn"] == 1
    assert {"withdrawn"} <= {notice.code for notice in after.notices}
    everybody = after.response.set_index("channel").loc[""]
    assert (everybody["complete"] + everybody["partial"], everybody["refusal"], everybody["n"]) == (2, 1, 6)
    assert office.case(2).outcome == "F6"


def test_nobody_visits_or_calls_the_household_again(office: Office) -> None:
    interviewer, operator = office.survey.actor, person(office.services, Role.OPERATOR)
    ids = [case.id for case in office.survey.drawn.main]
    with office.services.write() as work:
        assign(work, office.study.id, ids[:2], interviewer.id)
        note_attempt(work, work.session.get_one(Case, ids[0]), channel=Channel.VISIT, outcome="F3", note="门锁着")
    withdraw(office, 0)
    for number in range(2, 6):
        withdraw(office, number)
    with office.services.write() as work:
        assert assign(work, office.study.id, ids, interviewer.id) == 1
        assert [case.id for case in active_cases_of_interviewer(work, interviewer.id or uuid.uuid4())] == [ids[1]]
        assert {attempt.note for attempt in work.session.exec(select(Attempt)).all()} == {None}
    with office.services.write(operator) as work:
        assert take_next(work) is None


def test_what_arrives_later_is_kept_out_and_told_so(everywhere: Office) -> None:
    office = everywhere
    case = office.case()
    xml = filled(office.services, office.study, case, visit()).xml
    actor: Actor = office.survey.actor
    receive(office.services, actor, office.study.id, xml, {}, channel=Channel.VISIT, case_id=case.id)
    withdraw(office)
    other = filled(office.services, office.study, office.case(1), visit()).xml
    for late, files in ((xml, {}), (other, {"home.jpg": PICTURE})):
        with pytest.raises(ZoufangError) as caught:
            receive(office.services, actor, office.study.id, late, files, channel=Channel.VISIT, case_id=case.id)
        assert caught.value.problem is Problem.WITHDRAWN
        assert caught.value.problem.value.status == 410, "the phone keeps the record and shows why"
    with office.services.read() as work:
        assert len(work.session.exec(select(Submission)).all()) == 1
    assert [name for name in office.services.blobs.names() if name.startswith("submissions/")] == []


def test_the_roster_forgets_the_household_only_where_it_asks(office: Office) -> None:
    withdraw(office, 0)
    withdraw(office, 1, roster=True)
    with office.services.read() as work:
        kept, erased = (facts_of(work, office.study.id, [office.case(number).id])[0] for number in (0, 1))
        home = work.session.get_one(Household, erased.case.household_id)
    assert kept.name
    assert kept.phones
    assert (erased.name, erased.phones, erased.address) == ("", [], "")
    assert (home.phone_index, home.id_index) == (None, None)
    assert home.county, "the frame's strata stay"
    withdraw(office, 0, roster=True)
    with office.services.read() as work:
        assert facts_of(work, office.study.id, [office.case(0).id])[0].name == ""


def test_a_code_opens_its_own_number_and_guessing_takes_ever_longer(office: Office, clock) -> None:
    number = office.case().sample_id
    with office.services.read() as work:
        code = code_of_case(work, office.case().id)
        other = code_of_case(work, office.case(1).id)
    right = find(office.services, f" {number.lower()} ", code.upper())
    assert right.case_id == office.case().id
    for _ in range(5):
        with pytest.raises(ZoufangError) as caught:
            find(office.services, number, other)
        assert caught.value.problem is Problem.CODE_WRONG
    with pytest.raises(ZoufangError) as caught:
        find(office.services, number, code)
    assert caught.value.problem is Problem.TOO_MANY_TRIES
    clock.advance(seconds=2)
    right = find(office.services, number, code)
    with office.services.write() as work:
        assert withdraw_by_code(work, right).reason == "code"
    assert office.case().withdrawn_at is not None


def test_a_household_withdraws_by_the_page_and_its_code_then_opens_nothing(office: Office) -> None:
    answered(office)
    visitor, number = office.app.test_client(), office.case().sample_id
    with office.services.read() as work:
        code, token = code_of_case(work, office.case().id), work.vault.token("case", office.case().id)
    assert visitor.get("/q/withdraw").status_code == 200
    typed = {"number": number, "code": code}
    asked = visitor.post("/q/withdraw", data=typed)
    assert number in asked.text
    assert office.case().withdrawn_at is None, "nothing goes before it is confirmed"
    done = visitor.post("/q/withdraw", data={**typed, "confirm": "1"}, follow_redirects=True)
    assert done.status_code == 200
    assert office.case().withdrawn_at is not None
    assert visitor.get(f"/q/{token}").status_code == 410
    wrong = visitor.post("/q/withdraw", data={"number": number, "code": "aaaa-aaaa"})
    assert (wrong.status_code, number in wrong.text) == (404, False)


def test_staff_withdraw_with_a_reason_and_the_record_says_so_without_the_person(office: Office) -> None:
    answered(office)
    desk = browser(office.app, "evaluator")
    page = f"/studies/{office.study.id}/cases/{office.case().id}"
    assert desk.get(f"{page}/withdraw").status_code == 200
    assert desk.post(f"{page}/withdraw", data={"reason": "telephone"}).status_code == 400
    assert desk.post(f"{page}/withdraw", data={"reason": "telephone", "words": "13800000000 打来"}).status_code == 400
    assert desk.post(f"{page}/withdraw", data={"reason": "telephone", "words": "本人来电"}).status_code == 303
    assert "撤回" in desk.get(page).text
    assert "本人来电" in desk.get(f"/studies/{office.study.id}/privacy").text
    assert "拒访中有1户是撤回" in desk.get(f"/studies/{office.study.id}/cases").text


def test_one_consent_is_taken_back_its_files_go_and_the_interview_stays(office: Office) -> None:
    answered(office)
    page = f"/studies/{office.study.id}/cases/{office.case().id}"
    desk = browser(office.app, "evaluator")
    why = {"reason": "telephone", "words": "不想留照片"}
    assert desk.post(f"{page}/consent", data={**why, "purpose": "consent"}).status_code == 400
    assert desk.post(f"{page}/consent", data={**why, "purpose": "consent_photo"}).status_code == 303
    drain(office.services)
    row = office.submission()
    with office.services.read() as work:
        assert work.session.exec(select(SubmissionFile)).all() == []
        assert sorted(standing(work, [row.id])[row.id]) == ["consent", "consent_sensitive"]
    assert [name for name in office.services.blobs.names() if name.startswith("submissions/")] == []
    assert office.survey.results().satisfaction.n == 1


def test_a_number_that_nobody_has_leaves_nothing_in_the_table(office: Office) -> None:
    for number in ("A-9999", "nonsense"):
        with pytest.raises(ZoufangError) as caught:
            find(office.services, number, "aaaa-aaaa")
        assert caught.value.problem is Problem.CODE_WRONG
    with office.services.read() as work:
        assert work.session.exec(select(WithdrawalTry)).all() == []


def test_lists_of_special_draws_forget_the_household_with_the_roster(office: Office) -> None:
    number = "110101199001010012"
    with office.services.write() as work:
        home = work.session.get_one(Household, office.case().household_id)
        home.id_index = work.vault.index("id_number", number)
        work.session.add(home)
        draw = draw_risk(work, office.study, 5, dead=[number], relatives=[], seed=Seed("7"))
        work.session.flush()
        assert special._opened(work, draw)["rows"][0]["name"]
    withdraw(office, roster=True)
    with office.services.read() as work:
        (row,) = special._opened(work, work.session.get_one(SpecialDraw, draw.id))["rows"]
    assert (row["name"], row["phones"], row["note"]) == ("", "", "")
    assert row["number"] == "R-001"
