"""Every kind of respondent's page, held to WCAG 2.2 AA by axe-core in a real Chromium, and what the script adds."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

import mobile_forms
from survey_server.public import classes
from survey_server.studies.forms import publish
from survey_server.studies.models import Purpose
from survey_server.studies.service import study_of
from tests.support.installation import LiveServer, SteppingClock, make_settings
from tests.support.screens import save_screen
from tests.survey_server.public.conftest import Template
from tests.survey_server.public.test_in_a_browser import give, press_on
from tests.survey_server.public.test_repeats_and_pictures import MEMBERS, PLACE
from tests.survey_server.public.walking import RECIPIENT, Installed
from tests.survey_server.public.workbooks import YES_NO, ask, workbook

pytestmark = pytest.mark.browser
AXE = Path(mobile_forms.__file__).parent / "client" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
PLACE_HERE = {"latitude": 25.04, "longitude": 102.71, "accuracy": 12}


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
def judged(phone: BrowserContext) -> BrowserContext:
    """A phone that brings axe along: a page's content policy would refuse it."""
    phone.add_init_script(path=AXE)
    return phone


def complaints(page: Page) -> list[str]:
    """What axe finds wrong with the page."""
    found = page.evaluate(f"() => axe.run(document, {RULES})")
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


def test_axe_finds_nothing_on_any_page_of_a_household(judged: BrowserContext, online: tuple[Installed, str]) -> None:
    installed, url = online
    page = judged.new_page()
    page.goto(f"{url}/q/{installed.case_token()}")
    for number in range(30):
        assert complaints(page) == [], page.url
        if page.locator("button[name=next]").count() == 0:
            break
        if number < 3:
            press_on(page)  # the page with its errors
            assert complaints(page) == []
        give(page, RECIPIENT)
        press_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("谢谢您，您的回答收到了。")


def test_axe_finds_nothing_where_codes_are_typed_people_sign_in_and_codes_end(
    judged: BrowserContext, online: tuple[Installed, str]
) -> None:
    installed, url = online
    with installed.services.write() as work:
        made = classes.make_class(work, installed.drawn.study.id, "第一期", "甲县", "2026-09-10")
        way = classes.sign_in_address(work, made).split("/q/", 1)[1]
    page = judged.new_page()
    for path in ("/q/", f"/q/sign-in/{way.split('/')[1]}", f"/q/sign-in/{way.split('/')[1]}/done", "/q/withdraw"):
        page.goto(url + path)
        save_screen(page, f"qr-{path.split('/')[2] or 'typed'}-{path.count('/')}")
        assert complaints(page) == [], path


def small(installed: Installed, clock: SteppingClock, version: str) -> str:
    """A place where a photograph, a place and a repeat are asked."""
    token = installed.place_token()
    clock.advance(minutes=1)
    rows = [
        ask("photo", "image"),
        ask("where", "geopoint"),
        *MEMBERS,
        ask("good", label="满意吗？"),
        ask("words", "text"),
    ]
    book = workbook([{**PLACE, "bind::zf:metric": "place_id"}, *rows], YES_NO, {"version": version})
    with installed.services.write() as work:
        publish(work, study_of(work, installed.drawn.study.id), Purpose.PUBLIC, "small.xlsx", book, reason="试")
    return token


def test_a_photograph_the_place_and_rows_with_script(
    judged: BrowserContext, online: tuple[Installed, str], clock: SteppingClock
) -> None:
    installed, url = online
    token = small(installed, clock, "axe-1")
    picture = io.BytesIO()
    Image.effect_noise((2400, 1800), 90).convert("RGB").save(picture, "JPEG", quality=95)
    judged.grant_permissions(["geolocation"], origin=url)
    judged.set_geolocation(PLACE_HERE)
    page = judged.new_page()
    page.goto(f"{url}/q/{token}")

    file = page.locator("[name='q.photo']")
    file.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()})
    expect(file).to_have_js_property("value", "C:\\fakepath\\photo.jpg")
    page.get_by_role("button", name="用我现在的位置").tap()
    expect(page.locator("[name='q.where']")).to_have_value("25.040000 102.710000 0 12")
    assert complaints(page) == []
    save_screen(page, "qr-photo")
    press_on(page)
    page.locator("[name='q0.age']").fill("40")
    with page.expect_navigation():
        page.get_by_role("button", name="再添一项").tap()
    page.locator("[name='q1.age']").fill("50")
    assert complaints(page) == []
    save_screen(page, "qr-rows")
    press_on(page)
    give(page, {"good": "1", "words": "好"})
    press_on(page)

    (row,) = installed.submissions()
    assert installed.values(row)["where"] == "25.040000 102.710000 0 12"
    assert row.missing == []


def test_what_was_typed_is_there_when_the_code_is_scanned_again_and_gone_when_it_was_handed_in(
    judged: BrowserContext, online: tuple[Installed, str], clock: SteppingClock
) -> None:
    installed, url = online
    address = f"{url}/q/{small(installed, clock, 'axe-2')}"
    page = judged.new_page()
    page.goto(address)
    press_on(page)
    page.locator("[name='q0.age']").fill("40")
    press_on(page)
    page.locator("[name='q.words']").fill("办事快")
    page.close()

    again = judged.new_page()
    again.goto(address)
    assert complaints(again) == []
    with again.expect_navigation():
        again.get_by_role("button", name="接着填").tap()
    expect(again.locator("[name='q.words']")).to_have_value("办事快")
    give(again, {"good": "1"})
    press_on(again)
    expect(again.get_by_role("heading", level=1)).to_have_text("谢谢您，您的回答收到了。")
    assert again.evaluate("localStorage.length") == 0
    assert len(installed.submissions()) == 1


def test_the_page_is_read_aloud_where_the_browser_can(judged: BrowserContext, online: tuple[Installed, str]) -> None:
    installed, url = online
    page = judged.new_page()
    page.add_init_script(
        "window.said = []; Object.defineProperty(window, 'speechSynthesis', {value: "
        "{speak: (one) => { said.push([one.lang, one.text]); one.onstart(); one.onend(); }, cancel: () => {}}});"
    )
    page.goto(f"{url}/q/{installed.case_token()}")

    page.get_by_role("button", name="朗读").tap()

    said = page.evaluate("said")
    assert {language for language, _ in said} == {"zh-CN"}
    assert any("您愿意参加吗" in text and "不同意" in text for _, text in said)


def test_satisfied_and_dissatisfied_cost_the_same_taps(judged: BrowserContext, online: tuple[Installed, str]) -> None:
    installed, url = online
    taps = {}
    for number, answer in enumerate(("5", "1")):
        scale = dict.fromkeys(("q10", "q11", "q12", "q13", "q13_level", "q14"), answer)
        page = judged.new_page()
        page.goto(f"{url}/q/{installed.case_token(number)}")
        count = 0
        while page.locator("button[name=next]").count():
            answers = {key: value for key, value in (RECIPIENT | scale).items() if key not in {"q14_why", "q15"}}
            asked = [name for name in answers if page.locator(f"[name='q.{name}']").count()]
            count += sum(len(answers[name]) if isinstance(answers[name], list) else 1 for name in asked)
            give(page, answers)
            press_on(page)
            count += 1
        taps[answer] = count

    assert taps["5"] == taps["1"]
