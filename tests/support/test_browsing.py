"""The browser that the tests drive, and what it notices."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route

from tests.support import chromium
from tests.support.browsing import Faults
from tests.support.screens import save_screen

pytestmark = pytest.mark.browser

PAGE = (
    "<!doctype html><html lang=zh-CN><title>走访</title><link rel=icon href=data:,>"
    "<meta name=viewport content='width=device-width'>{}</html>"
)


def show(context: BrowserContext, body: str, policy: str = "") -> None:
    def answer(route: Route) -> None:
        headers = {"Content-Security-Policy": policy} if policy else {}
        route.fulfill(body=PAGE.format(body), content_type="text/html; charset=utf-8", headers=headers)

    context.route("http://zoufang.test/**", answer)
    context.new_page().goto("http://zoufang.test/")


@pytest.mark.parametrize(
    ("body", "policy", "complaint"),
    [
        ("<script>console.error('答案没有保存')</script>", "", "答案没有保存"),
        ("<script>neverDefined()</script>", "", "neverDefined is not defined"),
        ("<script>1</script>", "script-src 'self'", "Content Security Policy"),
    ],
)
def test_a_page_that_complains_is_noticed(
    phone: BrowserContext, faults: Faults, body: str, policy: str, complaint: str
) -> None:
    show(phone, body, policy)

    assert len(faults.unforgiven) == 1
    assert complaint in faults.unforgiven[0]

    faults.forgive(complaint)
    assert faults.unforgiven == []


def test_a_page_that_is_content_is_not_noticed(phone: BrowserContext, faults: Faults) -> None:
    show(phone, "<script>console.log('好')</script>")

    assert faults.found == []


def test_the_phone_is_a_small_chinese_one_with_touch_and_the_desk_is_not(
    phone: BrowserContext, desktop: BrowserContext
) -> None:
    facts = "[innerWidth, navigator.maxTouchPoints > 0, navigator.language, new Date(0).getHours()]"
    show(phone, "")
    show(desktop, "")

    assert phone.pages[0].evaluate(facts) == [360, True, "zh-CN", 8]
    assert desktop.pages[0].evaluate(facts) == [1280, False, "zh-CN", 8]


def test_a_picture_of_a_page_is_kept_for_people(desktop: BrowserContext) -> None:
    show(desktop, "<h1>走访</h1>")

    assert save_screen(desktop.pages[0], "test-browsing").read_bytes().startswith(b"\x89PNG")


def test_a_named_browser_that_is_not_there_is_reported_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(chromium.VARIABLE, str(tmp_path / "no-browser"))

    with pytest.raises(chromium.NoBrowserError, match=r"no-browser.*apt install chromium"):
        chromium.find()


def test_a_browser_on_the_path_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "google-chrome"
    program.touch(mode=0o755)
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert chromium.find() == chromium.Chromium(program)
