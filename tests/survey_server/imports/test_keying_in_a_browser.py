"""A paper form keyed by the keyboard alone, in a real Chromium, and the pages of imports held to WCAG by axe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlmodel import select

import mobile_forms
from survey_server.actors import Role
from survey_server.imports import service
from survey_server.imports.models import PaperForm
from survey_server.studies.forms import current_form, definition_of
from survey_server.studies.models import Purpose
from survey_server.work import Services
from tests.support.installation import LiveServer, SteppingClock
from tests.support.screens import save_screen
from tests.support.studies import PASSWORD, DrawnStudy, make_study, person
from tests.survey_server.imports.exports import label, wenjuanxing

pytestmark = pytest.mark.browser
AXE = Path(mobile_forms.__file__).parent / "client" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
SIZES = {"desktop": (1280, 800), "phone": (360, 640)}


@pytest.fixture
def online(
    sqlite_settings, clock: SteppingClock, live_server: Callable[..., LiveServer]
) -> tuple[Services, DrawnStudy, str]:
    """A drawn study with an operator and an evaluator, at work."""
    server = live_server(sqlite_settings, clock)
    services: Services = server.app.extensions["zoufang"]
    person(services, Role.OPERATOR, username="一号")
    person(services, Role.EVALUATOR, username="评价")
    return services, make_study(services, {("柳湾县", "1"): 3}), server.url


def enter(context: BrowserContext, url: str, username: str) -> Page:
    """Signed in, with axe at hand: a page's content policy would refuse it."""
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    return page


def require_accessible(page: Page, name: str) -> None:
    """Nothing for axe to find and nothing to scroll sideways for, on a desk and on a phone."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        save_screen(page, f"{name}-{size}")
        found = page.evaluate(f"() => axe.run(document, {RULES})")["violations"]
        assert [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_form_is_keyed_by_the_keyboard_alone(
    desktop: BrowserContext, online: tuple[Services, DrawnStudy, str]
) -> None:
    """Code, Enter, code, Enter: what a code makes irrelevant is passed over, Shift+Enter goes back, Enter ends it."""
    services, drawn, url = online
    with services.read() as work:
        form = current_form(work, drawn.study.id, Purpose.RECIPIENT)
        assert form is not None
    page = enter(desktop, url, "一号")
    page.goto(f"{url}/studies/{drawn.study.id}/paper")
    page.locator("[name=form]").focus()
    page.locator("[name=form]").select_option(str(form.id))
    page.keyboard.press("Tab")
    page.keyboard.type(drawn.main[0].sample_id.lower())
    page.keyboard.press("Enter")
    page.wait_for_url("**/paper/*-*")
    require_accessible(page, "keying")
    page.set_viewport_size({"width": 1280, "height": 800})
    focused = page.locator("[data-field]:focus")
    expect(focused).to_have_attribute("name", "s_mode")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(focused).to_have_attribute("name", "q0")
    page.keyboard.type("7")
    expect(page.locator("li:has([name=q0]) .said")).to_contain_text("7")
    page.keyboard.press("Backspace")
    page.keyboard.type("2")  # no consent: nothing further is asked
    page.keyboard.press("Shift+Enter")
    expect(focused).to_have_attribute("name", "s_mode")
    page.keyboard.press("Enter")
    expect(focused).to_have_attribute("name", "q0")
    page.keyboard.press("Enter")
    expect(page.locator("#kept")).to_have_text("已保存")
    with services.read() as work:
        paper = work.session.exec(select(PaperForm)).one()
    assert paper.first is not None
    assert paper.first_done_at is None


def test_the_matching_page_is_for_everybody(desktop: BrowserContext, online: tuple[Services, DrawnStudy, str]) -> None:
    services, drawn, url = online
    with services.read() as work:
        version = current_form(work, drawn.study.id, Purpose.RECIPIENT)
        assert version is not None
        form = definition_of(version)
    asked = ["q0", "q1_who", "q14"]
    heads = [next(iter(form.question(name).label.values())).plain for name in asked]
    cells = [label(form, name, form.question(name).choices[0].value) for name in asked]
    rows = [[case.sample_id, *cells] for case in drawn.main] + [["A-9999", *cells[:-1], "说不好〖看情况〗"]]
    evaluator = person(services, Role.EVALUATOR)
    data = wenjuanxing(["样本编号", *heads], rows)
    file = service.upload(services, evaluator, drawn.study.id, "答卷.xlsx", data)
    page = enter(desktop, url, "评价")
    page.goto(f"{url}/studies/{drawn.study.id}/imports/{file.id}")
    expect(page.locator(".columns > li")).to_have_count(4)
    require_accessible(page, "matching")
