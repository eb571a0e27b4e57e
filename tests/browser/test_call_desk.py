"""Operators at work: twenty calls by keyboard alone, every kind of outcome among them, and five on a telephone."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page, expect
from sqlmodel import col, select

from survey_server.accounts.models import Person
from survey_server.actors import Grant, Role
from survey_server.config import Settings
from survey_server.desk.rules import AROUND_THE_CLOCK, Rules, keep_rules
from survey_server.fieldwork.calls import Call, CallCase, CallDraft
from survey_server.fieldwork.models import Attempt, Case
from survey_server.work import Services
from tests.support.acting import answer_visible, sign_in
from tests.support.installation import LiveServer
from tests.support.screens import save_screen
from tests.support.studies import PASSWORD, make_study, person
from tests.survey_server.desk.interviews import INTERVIEW

pytestmark = pytest.mark.browser

# What an operator presses after O, in the order of the list on the page.
PRESSED = {"T4": "2", "T5": "3", "T7": "5", "T8": "6", "T10": "7", "T11": "8", "T12": "9", "T17": "0"}


SAVE = "保存，下一户"
# The first question with options to choose one of that has no answer: its name and its options.
OPEN_QUESTION = """() => [...document.querySelectorAll('[data-question]:not(.note)')]
    .filter((one) => one.dataset.question !== 'stop_why' && one.querySelector('[data-choice] input[type=radio]'))
    .filter((one) => !one.querySelector('input:checked'))
    .map((one) => [one.dataset.question, [...one.querySelectorAll('[data-choice]')].map((each) => each.dataset.choice)])
    .at(0) ?? null"""


@pytest.fixture
def server(sqlite_settings: Settings, live_server: Callable[..., LiveServer]) -> LiveServer:
    server = live_server(sqlite_settings)
    services = services_of(server)
    person(services, Role.OPERATOR, username="zuoxi")
    person(services, Role.OPERATOR, username="duoyu")
    study = make_study(services, {("柳湾县", "1"): 26}).study
    person(services, Role.SUPERVISOR, username="dudao", parts=[Grant(study.id)])
    with services.write() as work:
        keep_rules(work, study.id, Rules(AROUND_THE_CLOCK))
    return server


def services_of(server: LiveServer) -> Services:
    return server.app.extensions["zoufang"]


def at_desk(context: BrowserContext, server: LiveServer, username: str = "zuoxi") -> Page:
    page = context.new_page()
    sign_in(page, server.url, username, PASSWORD)
    page.goto(f"{server.url}/call/")
    return page


def next_case(page: Page) -> str:
    expect(page.get_by_role("button", name="下一户", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    number = page.locator("aside h1")
    number.wait_for()
    page.locator('[data-question="t3_id"]').wait_for()
    return number.inner_text()


def dial(page: Page) -> None:
    page.keyboard.press("d")
    expect(page.get_by_test_id("tel")).to_be_visible()
    page.locator('[data-question="t3_id"]').wait_for()


def outcome(page: Page, code: str) -> None:
    """Two keys: O, and the digit of the outcome."""
    page.keyboard.press("o")
    page.keyboard.press(PRESSED[code])
    page.get_by_role("button", name="下一户", exact=True).wait_for()


def interview_by_keys(page: Page) -> None:
    """Digits alone answer every question that is asked, in the order of the page."""
    page.locator('[data-question="t3_id"]').wait_for()
    for _ in range(60):
        question = page.evaluate(OPEN_QUESTION)
        if question is None:
            break
        name, choices = question
        page.locator(f'[data-question="{name}"] input').first.focus()
        page.keyboard.press(str((choices.index(INTERVIEW[name]) + 1) % 10))
        page.locator(f'[data-question="{name}"] input:checked').wait_for(state="attached")
    page.get_by_test_id("finish").press("Enter")
    page.get_by_role("button", name="下一户", exact=True).wait_for()


def test_twenty_calls_by_keyboard_alone(desktop: BrowserContext, server: LiveServer) -> None:
    page = at_desk(desktop, server)
    numbers = []
    for code in [*PRESSED, *PRESSED][:15]:
        numbers.append(next_case(page))
        if len(numbers) < 4:
            dial(page)
        outcome(page, code)
    numbers.append(next_case(page))
    dial(page)
    save_screen(page, "desk-call")
    interview_by_keys(page)
    for _ in range(2):  # appointments: O, 1, the time, Enter
        numbers.append(next_case(page))
        page.keyboard.press("o")
        page.keyboard.press("1")
        expect(page.locator("[name=due_at]")).to_be_focused()
        page.locator("[name=due_at]").fill("2099-01-01T10:00")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="下一户", exact=True).wait_for()
    numbers.append(next_case(page))
    page.keyboard.press("o")
    page.keyboard.press("4")  # T6: the language is asked for
    expect(page.locator("[name=language]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="下一户", exact=True).wait_for()
    numbers.append(next_case(page))
    interview_by_keys(page)
    assert len(set(numbers)) == 20
    with services_of(server).read() as work:
        told = dict(
            work.session.execute(sa.select(col(Attempt.outcome), sa.func.count()).group_by(Attempt.outcome)).all()
        )
        assert told == dict.fromkeys(PRESSED, 2) | {"T17": 1, "T1": 2, "T3": 2, "T6": 1}
        assert len(work.session.exec(select(Call).where(col(Call.ended_at).is_not(None))).all()) == 20
        left = work.session.exec(select(CallCase.left_why).where(col(CallCase.left_at).is_not(None))).all()
        assert sorted(left) == ["language", "unable", "unable", "wrong_number", "wrong_number"]
    save_screen(page, "desk-idle")


def test_five_calls_on_a_telephone(phone: BrowserContext, server: LiveServer) -> None:
    page = at_desk(phone, server)
    for code in ("T17", "T4", "T10", "T8"):
        page.get_by_role("button", name="下一户", exact=True).tap()
        page.get_by_role("button", name="显示号码并拨打").tap()
        assert page.get_by_test_id("tel").get_attribute("href", timeout=5000).startswith("tel:")
        if code == "T17":
            save_screen(page, "desk-phone")
        page.locator(f"input[value={code}]").tap()
        page.get_by_role("button", name=SAVE).tap()
    page.get_by_role("button", name="下一户", exact=True).tap()
    page.locator('[data-question="t3_id"]').wait_for()
    answer_visible(page, INTERVIEW, set())
    page.get_by_test_id("finish").tap()
    expect(page.get_by_text("完成 1 份")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_another_operator_goes_on_where_the_line_broke(
    desktop: BrowserContext, phone: BrowserContext, server: LiveServer
) -> None:
    first = at_desk(desktop, server)
    number = next_case(first)
    first.locator('[data-question="t3_id"]').wait_for()
    for name in ("t3_id", "t4_who", "t6_consent"):
        with first.expect_response(lambda answer, name=name: name in (answer.request.post_data or "")):
            first.locator(f'[data-question="{name}"] [data-choice="{INTERVIEW[name]}"]').first.click()
    desktop.clear_cookies()  # the line breaks: what the closing page still says is not heard
    first.close()
    services = services_of(server)
    with services.write() as work:
        assert work.session.exec(select(CallDraft)).one().count >= 3
        case = work.session.exec(select(Case).where(Case.sample_id == number)).one()
        case.locked_until = work.now  # the operator has vanished, and a quarter of an hour is over
        standing = work.session.get_one(CallCase, case.id)
        standing.picked_at, standing.picked_for = work.now, second_of(services)
        work.session.add_all([case, standing])
    second = at_desk(phone, server, "duoyu")
    second.get_by_role("button", name="下一户", exact=True).tap()
    assert second.locator("aside h1").inner_text() == number
    expect(second.get_by_text("没答完的问卷")).to_be_visible()
    for name in ("t3_id", "t4_who", "t6_consent"):
        expect(second.locator(f'[data-question="{name}"] input:checked')).to_have_count(1)
    answer_visible(second, INTERVIEW, {"t3_id", "t4_who", "t6_consent"})
    second.get_by_test_id("finish").tap()
    second.get_by_role("button", name="下一户", exact=True).wait_for()
    with services.read() as work:
        assert work.session.exec(select(CallDraft)).first() is None
        (attempt,) = work.session.exec(select(Attempt)).all()
        assert (attempt.outcome, attempt.person_id) == ("T1", second_of(services))


def test_the_supervisor_sees_the_board(desktop: BrowserContext, server: LiveServer) -> None:
    operator = at_desk(desktop, server)
    next_case(operator)
    dial(operator)
    outcome(operator, "T4")
    page = desktop.new_page()
    sign_in(page, server.url, "dudao", PASSWORD)
    with services_of(server).read() as work:
        study_id = work.session.exec(select(Case.study_id)).first()
    page.goto(f"{server.url}/studies/{study_id}")
    page.get_by_role("navigation", name="评价").get_by_role("link", name="话务台").click()
    expect(page.get_by_role("row", name="zuoxi")).to_contain_text("1")
    save_screen(page, "desk-board")


def second_of(services: Services) -> uuid.UUID:
    with services.read() as work:
        return work.session.exec(select(Person.id).where(Person.username == "duoyu")).one()
