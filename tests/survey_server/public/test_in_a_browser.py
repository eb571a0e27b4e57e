"""The respondent's pages in a real Chromium of a phone's size, with scripts off."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browsing import HERE, PHONE, WAIT_MILLISECONDS, Faults
from tests.support.installation import LiveServer, SteppingClock, make_settings
from tests.support.screens import save_screen
from tests.survey_server.public.conftest import Template
from tests.survey_server.public.walking import PUBLIC_ANSWERS, RECIPIENT, Installed

pytestmark = pytest.mark.browser

WIDTH = 360
WITHOUT_SCRIPTS: dict[str, Any] = {**PHONE, **HERE, "java_script_enabled": False}
SMALLEST_TEXT = 18
SMALLEST_TARGET = 60


@pytest.fixture
def online(
    template: Template, tmp_path: Path, clock: SteppingClock, live_server: Callable[..., LiveServer]
) -> tuple[Installed, str]:
    """The study behind a server at work, and its address."""
    path = tmp_path / "codes.db"
    shutil.copyfile(template.path, path)
    server = live_server(make_settings(f"sqlite:///{path}", tmp_path), clock)
    return Installed(server.app, server.app.extensions["zoufang"], template.drawn), server.url


@pytest.fixture
def plain(browser: Browser, faults: Faults) -> Iterator[BrowserContext]:
    """A phone whose browser runs no script."""
    with browser.new_context(**WITHOUT_SCRIPTS) as context:
        context.set_default_timeout(WAIT_MILLISECONDS)
        faults.watch(context)
        yield context


def give(page: Page, answers: Mapping[str, object]) -> None:
    """Tap and type what the page asks for."""
    for name, answer in answers.items():
        boxes = page.locator(f"[name='q.{name}']")
        if boxes.count() == 0:
            continue
        if boxes.first.get_attribute("type") in {"radio", "checkbox"}:
            for code in answer if isinstance(answer, list) else [answer]:
                page.locator(f"label:has([name='q.{name}'][value='{code}'])").tap()
        else:
            boxes.fill(str(answer))


def press_on(page: Page) -> None:
    with page.expect_navigation():
        page.locator("button[name=next]").tap()


def walk(page: Page, address: str, answers: Mapping[str, object], pictures: str = "") -> None:
    """Answer to the end; where ``pictures`` has a name, keep one of every page."""
    page.goto(address)
    for number in range(1, 30):
        if pictures:
            save_screen(page, f"{pictures}-{number:02d}")
        if page.locator("button[name=next]").count() == 0:  # the last page has a form too: to withdraw
            return
        give(page, answers)
        press_on(page)
    raise AssertionError("the questionnaire does not end")


def test_a_household_and_a_visitor_answer_without_scripts(plain: BrowserContext, online: tuple[Installed, str]) -> None:
    installed, url = online
    page = plain.new_page()

    walk(page, f"{url}/q/{installed.case_token()}", RECIPIENT, "qr-household")
    expect(page.get_by_role("heading", level=1)).to_have_text("谢谢您，您的回答收到了。")
    expect(page.locator(".number").first).to_have_text(installed.drawn.main[0].sample_id)
    walk(page, f"{url}/q/{installed.place_token()}", PUBLIC_ANSWERS, "qr-place")
    expect(page.get_by_role("heading", level=1)).to_have_text("谢谢您，您的回答收到了。")

    assert sorted(row.channel for row in installed.submissions()) == ["qr_household", "qr_place"]


def test_the_browsers_own_back_returns_to_the_page_before_and_on_again(
    plain: BrowserContext, online: tuple[Installed, str]
) -> None:
    installed, url = online
    page = plain.new_page()
    page.goto(f"{url}/q/{installed.case_token()}")
    for _ in range(4):
        give(page, RECIPIENT)
        press_on(page)
    expect(page.locator("[name='q.q7_heard']").first).to_be_visible()

    page.go_back()
    expect(page.locator("[name='q.q4_heard']").first).to_be_visible()
    give(page, RECIPIENT)
    press_on(page)
    expect(page.locator("[name='q.q7_heard']").first).to_be_visible()

    page.reload()
    expect(page.locator("[name='q.q7_heard']").first).to_be_visible()


def test_back_after_handing_in_and_sending_again_leaves_one_and_the_same_thanks(
    plain: BrowserContext, online: tuple[Installed, str]
) -> None:
    installed, url = online
    page = plain.new_page()
    walk(page, f"{url}/q/{installed.place_token()}", PUBLIC_ANSWERS)
    receipt = page.locator(".number").first.inner_text()

    page.go_back()
    give(page, PUBLIC_ANSWERS)
    press_on(page)

    expect(page.locator(".number").first).to_have_text(receipt)
    assert len(installed.submissions()) == 1


def test_after_back_no_answer_of_the_page_is_left_for_the_next_reader(
    plain: BrowserContext, online: tuple[Installed, str]
) -> None:
    installed, url = online
    page = plain.new_page()
    walk(page, f"{url}/q/{installed.case_token()}", RECIPIENT)

    page.go_back()

    expect(page.locator("[name='q.q16_seen']").first).to_be_visible()
    assert page.locator(":checked").count() == 0
    expect(page.locator("textarea")).to_have_value("")


def test_text_and_targets_are_large_enough_and_nothing_overflows(
    phone: BrowserContext, online: tuple[Installed, str]
) -> None:
    installed, url = online
    page = phone.new_page()
    page.goto(f"{url}/q/{installed.case_token()}")
    for _ in range(30):
        sizes = page.eval_on_selector_all(
            "body *:not(.unseen)",
            "nodes => nodes.filter(n => n.innerText).map(n => parseFloat(getComputedStyle(n).fontSize))",
        )
        targets = page.eval_on_selector_all(
            ".option, button:not(.unseen), textarea, input:not([type=hidden]):not(.option input), a",
            "nodes => nodes.filter(n => n.offsetParent).map(n => n.getBoundingClientRect().height)",
        )
        assert min(sizes) >= SMALLEST_TEXT
        assert min(targets) >= SMALLEST_TARGET
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
        if page.locator("button[name=next]").count() == 0:
            break
        press_on(page)  # the page with its errors
        assert page.locator(".error").count() == page.locator(".wrong").count()
        give(page, RECIPIENT)
        press_on(page)


def test_every_option_of_a_scale_is_of_one_size(phone: BrowserContext, online: tuple[Installed, str]) -> None:
    installed, url = online
    page = phone.new_page()
    page.goto(f"{url}/q/{installed.case_token()}")
    while page.locator("[name='q.q10']").count() == 0:
        give(page, RECIPIENT)
        press_on(page)

    rows = page.locator("fieldset:has([name='q.q10']) .option")
    boxes = [rows.nth(place).bounding_box() for place in range(rows.count())]

    assert len({(round(box["width"]), round(box["height"]), round(box["x"])) for box in boxes if box}) == 1
    assert len(boxes) == 7
