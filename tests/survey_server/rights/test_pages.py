"""What is personal is masked until somebody says why, and every page of privacy says what really is there."""

from __future__ import annotations

import base64
import re

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlmodel import select

from survey_server.accounts.models import LoginSession
from survey_server.audit.models import Event
from survey_server.fieldwork.calls import Handover
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import facts_of, note_attempt
from survey_server.rights.inventory import Item, inventory
from survey_server.rights.overview import overdue
from survey_server.rights.withdrawal import code_of_case
from survey_server.rosters.models import Import, ImportState
from survey_server.studies.models import Channel
from survey_server.studies.service import study_of
from survey_server.submissions.service import receive
from survey_server.workpapers.models import Interview
from tests.support.callers import browser
from tests.support.pictures import photograph
from tests.support.studies import filled
from tests.survey_server.results.conftest import visit
from tests.survey_server.rights.conftest import Office
from tests.survey_server.rights.test_withdrawal import PICTURE, WITH_PHOTO, answered

WHY = {"reason": "check", "words": "核对入户"}


@pytest.fixture
def desk(office: Office) -> FlaskClient:
    """The evaluator's browser, after a visit with a note, a photograph and a free answer."""
    answered(office)
    with office.services.write() as work:
        case = work.session.get_one(Case, office.case(1).id)
        note_attempt(work, case, channel=Channel.VISIT, outcome="F3", note="邻居说傍晚在家")
    return browser(office.app, "evaluator")


def personal_facts(office: Office, number: int = 0) -> tuple[str, str, str]:
    with office.services.read() as work:
        facts = facts_of(work, office.study.id, [office.case(number).id])[0]
    return facts.name, facts.phones[0], facts.address


def test_no_page_of_a_study_shows_a_name_a_number_or_an_address(office: Office, desk: FlaskClient) -> None:
    known = {"study_id": office.study.id, "case_id": office.case().id}
    name, telephone, address = personal_facts(office)
    shown = []
    for rule in office.app.url_map.iter_rules():
        if "study_id" in rule.arguments and "GET" in (rule.methods or set()) and rule.arguments <= set(known):
            if rule.endpoint.startswith(("visit.", "tasks.")):
                continue  # what an interviewer takes to the door; recorded
            values = {key: known[key] for key in rule.arguments}
            address_of = office.app.url_map.bind("localhost").build(rule.endpoint, values, method="GET")
            text = desk.get(address_of).data.decode(errors="replace")
            if re.search(rf"{name}(?!\d)", text) or telephone in text or address in text:
                shown.append(rule.rule)
    assert shown == []


def test_a_reason_opens_a_case_for_one_page_view_and_is_recorded(office: Office, desk: FlaskClient) -> None:
    page = f"/studies/{office.study.id}/cases/{office.case().id}/open"
    name, telephone, address = personal_facts(office)
    assert name not in desk.get(page).text
    assert desk.post(page, data={"reason": "check"}).status_code == 400
    assert desk.post(page, data={"reason": "because", "words": "想看"}).status_code == 400
    opened = desk.post(page, data=WHY)
    assert (opened.status_code, opened.headers["Cache-Control"]) == (200, "no-store")
    assert name in opened.text
    assert telephone in opened.text
    assert address in opened.text
    assert "data:image/jpeg;base64," in opened.text
    assert name not in desk.get(f"/studies/{office.study.id}/cases/{office.case().id}").text, "it does not last"
    with office.services.read() as work:
        (event,) = work.session.exec(select(Event).where(Event.action == "case.open")).all()
    assert event.actor_id is not None
    assert (event.subject_id, event.details["reason"], event.details["words"]) == (
        str(office.case().id),
        "check",
        "核对入户",
    )


def test_notes_are_opened_with_the_case_and_not_before(office: Office, desk: FlaskClient) -> None:
    page = f"/studies/{office.study.id}/cases/{office.case(1).id}"
    assert "邻居说傍晚在家" not in desk.get(page).text
    assert "邻居说傍晚在家" in desk.post(f"{page}/open", data=WHY).text


def test_a_photograph_without_consent_is_not_shown_even_when_opened(office: Office) -> None:
    case, survey = office.case(), office.survey
    xml = filled(office.services, office.study, case, visit(**WITH_PHOTO)).xml.replace(
        b"<a9_photo>1</a9_photo>", b"<a9_photo>2</a9_photo>"
    )
    files = {"home.jpg": PICTURE}
    receive(office.services, survey.actor, office.study.id, xml, files, channel=Channel.VISIT, case_id=case.id)
    opened = browser(office.app, "reviewer").post(f"/studies/{office.study.id}/cases/{case.id}/open", data=WHY)
    assert opened.status_code == 200
    assert "data:image" not in opened.text


def test_the_inventory_counts_what_is_really_there(office: Office, desk: FlaskClient) -> None:
    with office.services.read() as work:
        items = {item.name: item for item in inventory(work, office.study.id)}
    assert items["Name, address"].count == 6
    assert items["Notes of visits and calls"].count == 1
    assert "Sealed clues" not in items
    assert any(item.pipl == "child" and item.fields for item in inventory_of(office))
    page = desk.get(f"/studies/{office.study.id}/inventory").text
    assert "个人信息清单" in page
    assert "监护人" in page
    assert desk.get(f"/studies/{office.study.id}/impact.pdf").data.startswith(b"%PDF")


def test_the_inventory_lists_what_rooms_above_keep_and_the_assessment_uses_it(
    office: Office, desk: FlaskClient
) -> None:
    """The desk's hand-overs, and interviews, of which this room knows nothing but what their room registered."""
    names = {item.name for item in inventory_of(office)}
    with office.services.write() as work:
        case = office.case(0)
        where = {"county": case.county, "unit": "民政局", "place": "会议室", "interviewers": "甲、乙"}
        about = {"study_id": office.study.id, "number": "F01", "role": "official", "content": b"sealed"}
        work.session.add(Interview(**about, **where, held_on=work.now.date(), at=work.now))
        work.session.add(
            Handover(study_id=office.study.id, case_id=case.id, kind="complaint", state="open", at=work.now)
        )
    found = {item.name: item.count for item in inventory_of(office) if item.name not in names}
    assert found == {
        "Interviews with officials: what was said": 1,
        "Requests and complaints handed to the bureau": 1,
    }
    page = desk.get(f"/studies/{office.study.id}/inventory").text
    assert page.count("访谈记录：所说的内容") == 2
    assert "转办的诉求" in page


def test_page_and_assessment_and_staff_say_alike_what_a_withdrawal_leaves_of_an_issued_report(
    office: Office, desk: FlaskClient
) -> None:
    case = office.case(0)
    with office.services.read() as work:
        code = code_of_case(work, case.id)
    visitor = office.app.test_client()
    asked = visitor.get("/q/withdraw").text
    sure = visitor.post("/q/withdraw", data={"number": case.sample_id, "code": code}).text
    staff = desk.get(f"/studies/{office.study.id}/cases/{case.id}/withdraw").text
    assessed = desk.get(f"/studies/{office.study.id}/inventory").text
    assert "可能仍保存一份不带姓名、编号的副本" in asked
    assert "5人以上（含5人）作答的，您的回答仍在副本里" in sure
    assert "不足5人的，副本里的也一并删除" in sure
    assert "不留内容" not in sure
    for text in (staff, assessed):
        assert "5户以上（含5户）的，答案留在快照里" in text


def test_the_inventory_names_coordinates_where_a_taken_roster_has_a_column_of_them(office: Office) -> None:
    name = "Coordinates of the home"
    assert name not in {item.name for item in inventory_of(office)}
    with office.services.write() as work:
        report = {"tables": {"f": [{"header": "经度", "field": "lon", "score": 1.0}]}}
        read = Import(study_id=office.study.id, state=ImportState.READ, report=report, created_at=work.now)
        work.session.add(read)
    assert name not in {item.name for item in inventory_of(office)}
    with office.services.write() as work:
        taken = work.session.get_one(Import, read.id)
        taken.state, taken.taken_at = ImportState.TAKEN, work.now
    assert [item.pipl for item in inventory_of(office) if item.name == name] == ["geo"]


def inventory_of(office: Office) -> list[Item]:
    with office.services.read() as work:
        return inventory(work, office.study.id)


def test_the_page_of_privacy_counts_consents_and_lists_what_may_not_be_used(office: Office, desk: FlaskClient) -> None:
    child = filled(office.services, office.study, office.case(2), {**visit(), "b1_minor": "1"}).xml
    receive(
        office.services,
        office.survey.actor,
        office.study.id,
        child,
        {},
        channel=Channel.VISIT,
        case_id=office.case(2).id,
    )
    page = desk.get(f"/studies/{office.study.id}/privacy").text
    assert office.case(2).sample_id in page
    assert "拍照" in page
    assert "可以拍一两张" in page, "the words in which consent is asked for"


def test_the_owner_sets_how_long_data_is_kept_and_is_reminded(office: Office, clock) -> None:
    owner = browser(office.app, "owner")
    page = f"/studies/{office.study.id}/privacy"
    assert owner.post(page, data={"retain_until": "bald"}).status_code == 400
    assert owner.post(page, data={"retain_until": "2026-12-31"}).status_code == 303
    with office.services.read() as work:
        assert [study.id for study in overdue(work)] == []
        assert study_of(work, office.study.id).retain_until is not None
    clock.advance(days=100)
    with office.services.read() as work:
        assert [study.id for study in overdue(work)] == [office.study.id]
    owner = browser(office.app, "owner")
    assert office.study.name in owner.get("/breach").text
    assert browser(office.app, "evaluator").post(page, data={"retain_until": "2030-01-01"}).status_code == 403


def test_a_breach_is_stopped_and_what_was_shown_is_listed(office: Office, desk: FlaskClient) -> None:
    desk.post(f"/studies/{office.study.id}/cases/{office.case().id}/open", data=WHY)
    owner = browser(office.app, "owner")
    listed = owner.get("/breach?since=2026-09-01&until=2026-09-01").text
    assert "核对入户" in listed
    assert "核对入户" not in owner.get("/breach?since=2026-08-01&until=2026-08-31").text
    with office.services.read() as work:
        person_id = work.session.exec(select(Event.actor_id).where(Event.action == "case.open")).one()
    assert owner.post("/breach/cut-off", data={"person": str(person_id)}).status_code == 303
    assert desk.get(f"/studies/{office.study.id}/privacy").status_code == 303, "sent to sign in"
    with office.services.read() as work:
        ended = work.session.exec(select(LoginSession).where(LoginSession.person_id == person_id)).all()
    assert all(session.ended_at is not None for session in ended)


def test_a_picture_is_shown_as_made_anew_and_what_is_none_can_only_be_saved(office: Office) -> None:
    exif = Image.Exif()
    exif[272] = "invented phone"
    for number, content in ((0, photograph(exif=exif)), (1, b"<script>alert(1)</script>")):
        case, survey = office.case(number), office.survey
        xml = filled(office.services, office.study, case, visit(**WITH_PHOTO)).xml
        files = {"home.jpg": content}
        receive(office.services, survey.actor, office.study.id, xml, files, channel=Channel.VISIT, case_id=case.id)
    desk, page = browser(office.app, "evaluator"), f"/studies/{office.study.id}/cases"

    shown = desk.post(f"{page}/{office.case(0).id}/open", data=WHY).text
    saved = desk.post(f"{page}/{office.case(1).id}/open", data=WHY).text

    (sent,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', shown)
    assert b"invented phone" not in base64.b64decode(sent)
    assert "data:image" not in saved
    (address, name) = re.findall(r'href="(data:[^"]+)" download="([^"]+)"', saved)[0]
    assert address.startswith("data:application/octet-stream;base64,")
    assert name == "home.jpg.bin", "no program opens it by itself"
