"""An evaluator changes a questionnaire the night before fieldwork: uploaded, told what is wrong, mended, published."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from mobile_forms.catalog import shipped_form
from mobile_forms.problems import Problem as Fault
from survey_server.accounts.models import Person
from survey_server.actors import Role
from survey_server.audit.models import Event
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.questionnaires import drafts
from survey_server.questionnaires.validate import odk_faults
from survey_server.studies import forms, service
from survey_server.studies.models import Channel, Purpose
from survey_server.submissions.models import Submission
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import filled, make_study, person
from tests.survey_server.public.workbooks import ask, workbook

SETTINGS = {"name": "某区评价", "client": "某区民政局", "company": "某评价公司", "hotline": "000-1234567"}
GOOD = workbook([ask("q1", label="路修好了吗")])
BAD = workbook([ask("q1", kind="select_on yn"), ask("q2", kind="select_one nowhere"), ask("q2", relevant="${q9} = 1")])
SCALE = ((3, "满意"), (2, "一般"), (1, "不满意"))
LEANING = workbook(
    [ask("q1", kind="select_one sat", label="您对我们的优质服务满意吗")],
    [{"list_name": "sat", "name": str(code), "label": label} for code, label in SCALE],
)


@pytest.fixture
def desk(app: Flask, site: Services) -> FlaskClient:
    person(site, Role.EVALUATOR, username="wang")
    return browser(app, "wang")


@pytest.fixture
def page(site: Services) -> str:
    """The address of a study without questionnaires."""
    with site.write() as work:
        return f"/studies/{service.create_study(work, **SETTINGS).id}"


def upload(desk: FlaskClient, page: str, content: bytes, purpose: str = "visit", name: str = "问卷.xlsx"):
    parts = {"workbook": (io.BytesIO(content), name), "purpose": purpose}
    return desk.post(f"{page}/forms", data=parts, headers={"Accept": "application/json"})


def draft(desk: FlaskClient, page: str, content: bytes, purpose: str = "visit") -> str:
    """The address of a draft, without its last part."""
    answer = upload(desk, page, content, purpose)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rsplit("/", 1)[0]


def publish(desk: FlaskClient, at: str, **typed: str):
    return desk.post(f"{at}/publish", data=typed, headers={"Accept": "application/json"})


def number_of(answer) -> tuple[int, int]:
    return answer.status_code, answer.get_json(force=True)["number"]


def published(site: Services, page: str) -> list[str]:
    with site.read() as work:
        return [form.version for form in forms.forms_of(work, service.studies(work)[0].id)]


def test_an_upload_is_a_draft_until_it_is_published_and_comes_back_as_it_was(
    desk: FlaskClient, site: Services, page: str
) -> None:
    at = draft(desk, page, GOOD, "phone")
    assert published(site, page) == []
    assert desk.get(f"{at}.xlsx").data == GOOD
    assert "问卷.xlsx" in desk.get(f"{page}/forms").text

    assert publish(desk, at).status_code == 303
    assert published(site, page) == ["1"]
    assert desk.get(f"{at}/draft").status_code == 404
    shown = desk.get(f"{page}/forms").text
    assert "电话" in shown
    address = next(part for part in shown.split('"') if part.endswith(".xlsx") and "shipped" not in part)
    answer = desk.get(address)
    assert answer.data == GOOD
    assert "small.xlsx" in answer.headers["Content-Disposition"]


def test_every_fault_stands_on_the_page_with_its_row_and_what_mends_it(
    desk: FlaskClient, site: Services, page: str
) -> None:
    at = draft(desk, page, BAD)
    shown = desk.get(f"{at}/draft").text
    assert "有 4 处错误" in shown
    rows = re.findall(r'<tr><td>survey</td><td class="n">(\d)</td><td>(\w+)</td>', shown)
    assert rows == [("2", "type"), ("3", "type"), ("4", "name"), ("4", "relevant")]
    assert "select_one" in shown
    assert number_of(publish(desk, at)) == (400, 40020)
    assert published(site, page) == []
    assert desk.get(f"{at}.xlsx").data == BAD, "what was uploaded is kept"


def test_a_rule_that_the_server_cannot_evaluate_makes_publishing_fail_by_name(desk: FlaskClient, page: str) -> None:
    at = draft(desk, page, workbook([ask("q1"), ask("q2", relevant="indexed-repeat(${q1}, ${q1}, 1) = 1")]))
    refused = publish(desk, at)
    assert number_of(refused) == (400, 40020)
    for part in ("indexed-repeat", "q2", "第3行", "relevant"):
        assert part in refused.get_json(force=True)["title"]


def test_a_file_that_is_not_here_makes_publishing_fail_with_its_row(
    desk: FlaskClient, site: Services, page: str
) -> None:
    rows = [ask("q1"), ask("q2", kind="select_one_from_file towns.csv"), ask("q3", **{"media::image": "door.png"})]
    at = draft(desk, page, workbook(rows))
    shown = desk.get(f"{at}/draft").text
    assert re.findall(r'<tr><td>survey</td><td class="n">(\d)</td><td>([\w:]+)</td>', shown) == [
        ("3", "type"),
        ("4", "media::image"),
    ]
    refused = publish(desk, at)
    assert number_of(refused) == (400, 40020)
    for part in ("towns.csv", "第3行", "door.png", "第4行", "households.csv"):
        assert part in refused.get_json(force=True)["title"]
    with site.write() as work, pytest.raises(ZoufangError) as caught:
        forms.publish(work, service.studies(work)[0], Purpose.VISIT, "t.xlsx", workbook(rows))
    assert caught.value.problem is Problem.WORKBOOK_UNREADABLE


def test_a_list_of_places_is_no_list_of_a_visit(desk: FlaskClient, page: str) -> None:
    content = workbook([ask("place", kind="select_one_from_file places.csv")])
    assert "places.csv" in desk.get(f"{draft(desk, page, content)}/draft").text
    at = draft(desk, page, content, "public")
    assert "可以发布" in desk.get(f"{at}/draft").text


def test_what_odk_collect_means_otherwise_is_told_of_forms_that_it_is_given(desk: FlaskClient, page: str) -> None:
    content = workbook([ask("q1", kind="text", constraint="regex(., '[0-9]{4}')")])
    for purpose, told in (("visit", True), ("recipient", True), ("phone", False), ("public", False)):
        shown = desk.get(f"{draft(desk, page, content, purpose)}/draft").text
        assert ("[0-9]{4}" in shown) is told, purpose


def test_advice_is_followed_or_answered_with_a_sentence_that_the_record_keeps(
    desk: FlaskClient, site: Services, page: str
) -> None:
    at = draft(desk, page, LEANING)
    shown = desk.get(f"{at}/draft").text
    assert "优质" in shown
    assert "说不清" in shown
    assert number_of(publish(desk, at)) == (400, 40002)
    assert publish(desk, at, against="委托方指定的问法").status_code == 303
    with site.read() as work:
        event = work.session.exec(select(Event).where(Event.action == "form.publish")).one()
    assert event.details["reason"] == "委托方指定的问法"
    assert "lint_leading:q1" in event.details["findings"]


def test_a_setting_that_is_missing_is_named_with_the_way_to_it(desk: FlaskClient, site: Services) -> None:
    with site.write() as work:
        page = f"/studies/{service.create_study(work, name='某区评价').id}"
    at = draft(desk, page, workbook([ask("q1", label="可打{{hotline}}核实")]))
    assert "{{hotline}}" in desk.get(f"{at}/draft").text
    assert number_of(publish(desk, at)) == (400, 40021)


def test_a_draft_says_who_uploaded_it_and_when(
    desk: FlaskClient, app: Flask, site: Services, page: str, clock: SteppingClock
) -> None:
    mine = draft(desk, page, GOOD)
    clock.advance(minutes=5)
    other = person(site, Role.EVALUATOR, username="li")
    with site.write() as work:
        work.session.get_one(Person, other.id).name = "李评估"
    draft(browser(app, "li"), page, LEANING)
    shown = desk.get(f"{page}/forms").text
    rows = re.findall(r'<td class="keep">([\d年月日: -]+)</td><td class="keep">(\w+)</td>', shown)
    assert next(name for _, name in rows) == "李评估"
    assert len({when for when, _ in rows}) == len(rows) == 2
    assert re.search(r"由\w+上传，\d{4}", desk.get(f"{mine}/draft").text)


def test_the_same_file_is_one_draft_and_a_draft_can_be_thrown_away(
    desk: FlaskClient, site: Services, page: str
) -> None:
    at = draft(desk, page, GOOD)
    assert draft(desk, page, GOOD) == at
    assert desk.post(f"{at}/discard").status_code == 303
    assert desk.get(f"{at}/draft").status_code == 404
    with site.read() as work:
        actions = [event.action for event in work.session.exec(select(Event).order_by(Event.id)).all()]
    assert [action for action in actions if action.startswith("form.")] == ["form.draft", "form.discard"]


def test_a_published_version_is_no_draft(desk: FlaskClient, site: Services, page: str) -> None:
    publish(desk, draft(desk, page, GOOD))
    with site.read() as work:
        study = service.studies(work)[0]
        (form,) = forms.forms_of(work, study.id)
    at = f"{page}/forms/{form.id}"
    assert [desk.post(f"{at}/discard").status_code, desk.post(f"{at}/publish").status_code] == [404, 404]
    assert published(site, page) == ["1"]


def test_a_draft_is_no_questionnaire_for_anybody(services: Services) -> None:
    with services.write() as work:
        study = service.create_study(work, **SETTINGS)
        kept = drafts.keep_draft(work, study, Purpose.VISIT, "问卷.xlsx", GOOD)
        assert forms.current_form(work, study.id, Purpose.VISIT) is None
        assert forms.forms_of(work, study.id) == []
        with pytest.raises(ZoufangError) as caught:
            forms.form_version(work, study.id, kept.form_id, kept.version)
    assert caught.value.problem is Problem.FORM_UNKNOWN


def test_what_is_no_workbook_or_too_large_or_for_nothing_is_refused(
    desk: FlaskClient, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert number_of(upload(desk, page, GOOD, "nothing")) == (400, 40002)
    shown = desk.get(f"{draft(desk, page, b'no workbook')}/draft").text
    assert "另存为 .xlsx" in shown
    monkeypatch.setattr("survey_server.questionnaires.routes.MAX_WORKBOOK", len(GOOD) - 1)
    assert number_of(upload(desk, page, GOOD)) == (413, 41301)


def test_a_questionnaire_of_another_study_is_not_found(desk: FlaskClient, site: Services, page: str) -> None:
    at = draft(desk, page, GOOD)
    with site.write() as work:
        other = service.create_study(work, name="别区评价")
    theirs = f"/studies/{other.id}/forms/{at.rsplit('/', 1)[1]}"
    assert desk.get(f"{at}.xlsx").status_code == 200
    for path in (".xlsx", "/draft", "/preview", "/paper.pdf", "/try/form.xml", "/differences", "/translations"):
        assert desk.get(f"{theirs}{path}").status_code == 404, path


def test_a_shipped_questionnaire_is_changed_in_excel_and_published_with_its_differences(
    desk: FlaskClient, site: Services, page: str, clock: SteppingClock
) -> None:
    """The whole way of the night before fieldwork."""
    content = desk.get(f"{page}/forms/shipped/qr_public.xlsx").data
    assert content == shipped_form("qr_public").read()
    publish(desk, draft(desk, page, content, "public"))
    clock.advance(minutes=5)
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["survey"]
    headings = [cell.value for cell in sheet[1]]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[headings.index("name")].value == "z1")
    label = next(at for at, heading in enumerate(headings) if str(heading).startswith("label"))
    row[label].value = "今天您来办什么事？"
    changed = io.BytesIO()
    book.save(changed)

    at = draft(desk, page, changed.getvalue(), "public")
    differences = desk.get(f"{at}/differences").text
    assert "今天您来办什么事？" in differences
    assert "谨慎合并" in differences
    assert "两版的回答可以合并" in differences
    assert publish(desk, at).status_code == 303
    assert len(published(site, page)) == 2


def test_an_interview_that_began_in_a_version_finishes_in_it(services: Services, clock: SteppingClock) -> None:
    drawn = make_study(services, {("柳湾县", "1"): 1})
    case = drawn.main[0]
    begun = filled(services, drawn.study, case, {"a1_visit_no": "1", "a2_contact": "3", "a2_note": "门锁着"})
    clock.advance(minutes=5)
    with services.write() as work:
        study = service.study_of(work, drawn.study.id)
        before = forms.current_form(work, study.id, Purpose.VISIT)
        assert before is not None
        book = openpyxl.load_workbook(io.BytesIO(before.workbook))
        label = next(cell for cell in book["survey"][1] if str(cell.value).startswith("label"))
        for cells in book["survey"].iter_rows(min_row=2, min_col=label.column, max_col=label.column):
            if cells[0].value:
                cells[0].value = f"{cells[0].value}（改）"
        changed = io.BytesIO()
        book.save(changed)
        after = forms.publish(work, study, Purpose.VISIT, "新.xlsx", changed.getvalue(), reason="试访后改了说法")
    assert after.version != before.version
    interviewer = person(services, Role.INTERVIEWER)
    with services.write() as work:
        found = work.session.get_one(Case, case.id)
        found.interviewer_id = interviewer.id
    receive(services, interviewer, drawn.study.id, begun.xml, {}, channel=Channel.VISIT, case_id=case.id)
    with services.read() as work:
        (kept,) = work.session.exec(select(Submission)).all()
        now = forms.current_form(work, drawn.study.id, Purpose.VISIT)
    assert kept.form_version_id == before.id
    assert now is not None
    assert now.id == after.id


def test_without_java_the_page_says_that_odk_validate_was_not_asked(
    desk: FlaskClient, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert odk_faults(b"<html/>") is None
    at = draft(desk, page, workbook([ask("q1", label="没有 Java 的机器")]))
    assert "没有用 ODK Validate 核对" in desk.get(f"{at}/draft").text
    assert publish(desk, at).status_code == 303


def test_what_odk_validate_refuses_is_not_published(
    desk: FlaskClient, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = (Fault("odk_validate", values={"detail": "Question has no label"}),)
    monkeypatch.setattr("survey_server.questionnaires.checking.odk_faults", lambda _xform: told)
    at = draft(desk, page, workbook([ask("q1", label="被 Validate 拒绝的")]))
    assert "Question has no label" in desk.get(f"{at}/draft").text
    assert number_of(publish(desk, at)) == (400, 40020)
