"""What people do at a page: sign in, and answer questions by name as a finger or a key would."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.sync_api import Locator, Page


def sign_in(page: Page, url: str, username: str, password: str) -> None:
    """Sign in at the staff pages."""
    page.goto(f"{url}/sign-in")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.click("main form button")
    page.wait_for_url(lambda address: "/sign-in" not in address)


def answer_visible(page: Page, answers: Mapping[str, str], done: set[str]) -> None:
    """Answer every question that shows and has an answer, until nothing new appears."""
    while True:
        shown = page.locator("[data-question]:visible").evaluate_all("all => all.map(one => one.dataset.question)")
        todo = [name for name in shown if name in answers and name not in done]
        if not todo:
            return
        answer(page.locator(f'[data-question="{todo[0]}"]'), answers[todo[0]])
        done.add(todo[0])


def answer(question: Locator, value: str) -> None:
    """Answer one question: tap its options, or type."""
    options = question.locator("[data-choice]")
    if options.count():
        for code in value.split():
            options.locator(f'xpath=self::*[@data-choice="{code}"]').click()
        return
    question.locator("input, textarea").first.fill(value)


def fill_by_pages(page: Page, answers: Mapping[str, str]) -> None:
    """Go through the phone's form page by page, and finish it; a page that cannot be left fails the test."""
    done: set[str] = set()
    while not page.get_by_test_id("finish").is_visible():
        shown = page.locator(".page")
        here = shown.get_attribute("data-page")
        answer_visible(page, answers, done)
        page.get_by_test_id("next").click()
        page.locator(f'.page[data-page="{here}"]').wait_for(state="detached")
        page.locator(".page, [data-testid=finish]").first.wait_for()
    page.get_by_test_id("finish").click()
