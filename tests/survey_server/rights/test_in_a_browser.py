"""Withdrawing on a respondent's phone, and opening a household at the office's desk, in a real Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from survey_server.actors import Actor
from survey_server.fieldwork.service import facts_of
from survey_server.rights.withdrawal import code_of_case
from tests.support.acting import sign_in
from tests.support.installation import LiveServer, SteppingClock, make_settings
from tests.support.studies import PASSWORD, DrawnStudy
from tests.survey_server.results.conftest import Survey
from tests.survey_server.rights.conftest import Office
from tests.survey_server.rights.test_withdrawal import answered

pytestmark = pytest.mark.browser


@pytest.fixture
def online(
    rights_template: tuple[Path, DrawnStudy, Actor],
    tmp_path: Path,
    clock: SteppingClock,
    live_server: Callable[..., LiveServer],
) -> tuple[Office, str]:
    """The study, with one visit, behind a server at work; and its address."""
    path = tmp_path / "rights.db"
    shutil.copyfile(rights_template[0], path)
    server = live_server(make_settings(f"sqlite:///{path}", tmp_path), clock)
    services = server.app.extensions["zoufang"]
    office = Office(server.app, services, Survey(services, *rights_template[1:]))
    answered(office)
    return office, server.url


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_respondent_withdraws_on_a_phone_in_three_taps(online: tuple[Office, str], phone: BrowserContext) -> None:
    office, url = online
    with office.services.read() as work:
        code = code_of_case(work, office.case().id)
    page = phone.new_page()
    page.goto(f"{url}/q/withdraw")
    page.fill("[name=number]", office.case().sample_id)
    page.fill("[name=code]", code)
    assert fits(page)
    page.get_by_role("button").tap()
    expect(page.get_by_role("heading")).to_contain_text(office.case().sample_id)
    assert office.case().withdrawn_at is None
    assert fits(page)
    page.locator("[name=confirm]").tap()
    expect(page.get_by_role("status")).to_be_visible()
    assert office.case().withdrawn_at is not None
    assert code not in page.url


def test_a_household_is_opened_for_a_reason_and_masked_again_on_the_next_page(
    online: tuple[Office, str], desktop: BrowserContext
) -> None:
    office, url = online
    with office.services.read() as work:
        name = facts_of(work, office.study.id, [office.case().id])[0].name
    page = desktop.new_page()
    sign_in(page, url, "evaluator", PASSWORD)
    page.goto(f"{url}/studies/{office.study.id}/cases/{office.case().id}")
    expect(page.get_by_text(name, exact=True)).to_have_count(0)
    page.get_by_role("link", name="打开遮盖的内容").click()
    page.select_option("[name=reason]", "check")
    page.fill("[name=words]", "核对入户")
    page.get_by_role("button", name="打开并留痕").click()
    expect(page.get_by_test_id("name")).to_have_text(name)
    page.get_by_role("link", name=office.case().sample_id).click()
    expect(page.get_by_text(name, exact=True)).to_have_count(0)
