"""Clues are for a named few; everybody else sees only that there is one."""

from __future__ import annotations

import json

import pytest
from sqlmodel import select

from survey_server.actors import Actor, Role
from survey_server.audit.models import Event
from survey_server.closing.bundle import open_bundle
from survey_server.errors import Problem, ZoufangError
from survey_server.privacy.reasons import Reason
from survey_server.privacy.service import cipher_of, clue_cipher_of
from survey_server.submissions import clues
from survey_server.submissions.models import Clue
from tests.support.callers import browser
from tests.support.studies import person
from tests.survey_server.results.conftest import visit
from tests.survey_server.rights.conftest import Office, office, rights_template
from tests.survey_server.submissions.test_consents import hand_in

__all__ = ["office", "rights_template"]

WHY = Reason("transfer", "按合同移交")
PRIVATE = {"e_private": "1", "e5_gift": "2", "e6_rel": "1", "k1_problem": "5 9", "k3_fact": "去年秋天给过两条烟"}
HARMLESS = {"e_private": "1", "e5_gift": "1", "e6_rel": "1", "k1_problem": "9", "k3_fact": "人口少写一口"}


def opened_answers(office: Office, number: int = 0) -> dict[str, str]:
    """What whoever has the study's key, and not the clue key, can read of a record."""
    row = office.submission(number)
    with office.services.read() as work:
        return json.loads(cipher_of(work, office.study.id).open(row.id, row.answers))["values"]


@pytest.fixture
def reader(office: Office) -> Actor:
    """One of the named few."""
    named = person(office.services, Role.EVALUATOR, username="named")
    assert named.id is not None
    with office.services.write() as work:
        clues.add_reader(work, office.study.id, named.id)
    return named


def the_clue(office: Office) -> Clue:
    with office.services.read() as work:
        return work.session.exec(select(Clue)).one()


def test_what_was_answered_of_bribes_and_favours_is_taken_out_of_the_answers(office: Office) -> None:
    hand_in(office, visit(**PRIVATE))
    values = opened_answers(office)
    assert (values["e5_gift"], values["e6_rel"], values["k3_fact"]) == ("sealed", "sealed", "sealed")
    assert values["k1_problem"] == "sealed 9", "what is no clue stays"


def test_a_record_without_a_clue_looks_the_same_where_the_question_is_about_nothing_else(office: Office) -> None:
    hand_in(office, visit(**HARMLESS))
    values = opened_answers(office)
    assert (values["e5_gift"], values["e6_rel"]) == ("sealed", "sealed")
    assert (values["k1_problem"], values["k3_fact"]) == ("9", "人口少写一口")
    with office.services.read() as work:
        assert work.session.exec(select(Clue)).all() == []


def test_neither_key_alone_opens_the_raw_answers(office: Office) -> None:
    hand_in(office, visit(**PRIVATE))
    row = office.submission()
    with office.services.read() as work:
        once = cipher_of(work, office.study.id).open(row.id, row.xml)
        assert "两条烟".encode() not in once
        assert "两条烟".encode() in clue_cipher_of(work, office.study.id).open(row.id, once)


def test_one_of_the_named_few_opens_it_for_a_reason_that_is_recorded(office: Office, reader: Actor) -> None:
    hand_in(office, visit(**PRIVATE))
    with office.services.write(reader) as work:
        content = clues.open_clue(work, the_clue(office).id, WHY)
    assert [code for _, code, _ in content if code] == ["2", "5"]
    assert "去年秋天给过两条烟" in [words for *_, words in content]
    with office.services.read() as work:
        event = work.session.exec(select(Event).where(Event.action == "clue.open")).one()
    assert (event.actor_id, event.details["reason"], event.details["words"]) == (reader.id, "transfer", "按合同移交")
    assert "烟" not in json.dumps(event.details, ensure_ascii=False)


@pytest.mark.parametrize("role", [Role.OWNER, Role.EVALUATOR, Role.REVIEWER])
def test_a_role_opens_nothing_not_even_the_owners(office: Office, reader: Actor, role: Role) -> None:
    hand_in(office, visit(**PRIVATE))
    desk = browser(office.app, role.value)
    page = desk.get(f"/studies/{office.study.id}/clues")
    assert office.case().sample_id in page.text, "that there is one is no secret"
    assert "烟" not in page.text
    refused = desk.post(
        f"/studies/{office.study.id}/clues/{the_clue(office).id}", data={"reason": "check", "words": "看看"}
    )
    assert refused.status_code == 403
    another, clue = person(office.services, role, username=f"another-{role}"), the_clue(office)
    with office.services.write(another) as work, pytest.raises(ZoufangError) as caught:
        clues.open_clue(work, clue.id, WHY)
    assert caught.value.problem is Problem.NOT_ALLOWED


def test_only_the_owner_names_readers_and_what_staff_heard_is_sealed_too(office: Office) -> None:
    office_page = f"/studies/{office.study.id}"
    evaluator, owner = browser(office.app, "evaluator"), browser(office.app, "owner")
    chosen = person(office.services, Role.REVIEWER, username="chosen")
    assert evaluator.post(f"{office_page}/clues/readers", data={"person": str(chosen.id)}).status_code == 403
    assert owner.post(f"{office_page}/clues/readers", data={"person": str(chosen.id)}).status_code == 303
    entered = evaluator.post(f"{office_page}/cases/{office.case().id}/clue", data={"words": "听说村主任是他舅舅"})
    assert entered.status_code == 303
    address = f"{office_page}/clues/{the_clue(office).id}"
    why = {"reason": "transfer", "words": "移交"}
    assert evaluator.post(address, data=why).status_code == 403
    shown = browser(office.app, "chosen").post(address, data=why)
    assert "听说村主任是他舅舅" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert owner.post(f"{office_page}/clues/readers", data={"remove": str(chosen.id)}).status_code == 303
    assert browser(office.app, "chosen").post(address, data=why).status_code == 403


def test_a_clue_does_not_leave_by_the_workbook_or_the_opened_case(office: Office, reader: Actor) -> None:
    hand_in(office, visit(**PRIVATE))
    desk = browser(office.app, "named")
    opened = desk.post(
        f"/studies/{office.study.id}/cases/{office.case().id}/open", data={"reason": "check", "words": "核对"}
    )
    assert opened.status_code == 200
    assert "两条烟" not in opened.text
    with office.services.read() as work:
        from survey_server.results.microdata import microdata_sheet  # noqa: PLC0415
        from survey_server.results.service import results_of  # noqa: PLC0415

        sheet = microdata_sheet(work, results_of(work, office.study.id))
    codes = {column.header.rpartition("\n")[2].partition("__")[0] for column in sheet.columns}
    assert codes.isdisjoint({"e5_gift", "e6_rel", "k1_problem", "k3_fact"})


def test_the_clues_leave_in_one_encrypted_file_made_by_one_of_the_named_few(office: Office, reader: Actor) -> None:
    hand_in(office, visit(**PRIVATE))
    address = f"/studies/{office.study.id}/closing/clues"
    wish = {"passphrase": "four words of our own", "reason": "transfer", "words": "按合同移交"}
    assert browser(office.app, "evaluator").post(address, data=wish).status_code == 403
    named = browser(office.app, "named")
    assert named.post(address, data={**wish, "words": ""}).status_code == 400
    assert named.post(address, data={**wish, "passphrase": "short"}).status_code == 400
    made = named.post(address, data=wish)
    assert made.status_code == 200
    assert "两条烟".encode() not in made.data
    (text,) = open_bundle(made.data, wish["passphrase"]).values()
    lines = text.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("样本编号,县,时间")
    assert any("去年秋天给过两条烟" in line and office.case().sample_id in line for line in lines)
    with office.services.read() as work:
        assert {"clue.open", "clue.hand_over"} <= {event.action for event in work.session.exec(select(Event))}
