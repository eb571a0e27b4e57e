"""The owner reads the record in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from survey_server.actors import Role
from survey_server.audit.service import record
from survey_server.config import Settings
from survey_server.studies.models import Channel
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.acting import sign_in
from tests.support.installation import LiveServer
from tests.support.screens import save_screen
from tests.support.studies import NOBODY_HOME, PASSWORD, filled, make_study, person

pytestmark = pytest.mark.browser


def work_a_day(services: Services) -> None:
    """What a small study leaves in the record."""
    drawn = make_study(services, {("柳湾县", "1"): 6})
    visitor = person(services, Role.INTERVIEWER, username="访员小李")
    supervisor = person(services, Role.SUPERVISOR, username="督导老周")
    for case in drawn.main:
        xml = filled(services, drawn.study, case, NOBODY_HOME).xml
        receive(services, visitor, drawn.study.id, xml, {}, channel=Channel.VISIT, case_id=case.id)
        with services.write(supervisor) as work:
            record(work, "case.view", "case", case.id, study_id=drawn.study.id, reason="核对家庭人口")


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_an_owner_finds_who_looked_at_a_household(
    request: pytest.FixtureRequest,
    sqlite_settings: Settings,
    live_server: Callable[..., LiveServer],
    device: str,
) -> None:
    context: BrowserContext = request.getfixturevalue(device)
    server = live_server(sqlite_settings)
    services: Services = server.app.extensions["zoufang"]
    person(services, Role.OWNER, username="负责人")
    work_a_day(services)
    page = context.new_page()
    sign_in(page, server.url, "负责人", PASSWORD)
    page.goto(f"{server.url}/audit")
    expect(page.locator("tbody tr").first).to_be_visible()
    save_screen(page, f"record-{device}")

    page.fill("[name=subject]", "A-0003")
    page.select_option("[name=action]", "case.view")
    page.click("main form button")
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    for said in ("督导老周", "查看了住户", "A-0003", "核对家庭人口"):
        expect(row).to_contain_text(said)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    save_screen(page, f"record-found-{device}")
