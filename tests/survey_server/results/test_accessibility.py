"""The evaluator's pages of results, scores, reports, findings and exports, held to WCAG 2.2 AA by axe."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

import mobile_forms
from survey_server.actors import Role
from tests.support.acting import sign_in
from tests.support.installation import LiveServer, SteppingClock
from tests.support.studies import PASSWORD, person
from tests.survey_server.results.conftest import Survey

pytestmark = pytest.mark.browser
AXE = Path(mobile_forms.__file__).parent / "client" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
PAGES = ("results", "scores", "report", "findings", "workpapers", "exports")


def complaints(page: Page) -> list[str]:
    """What axe finds wrong with the page."""
    found = page.evaluate(f"() => axe.run(document, {RULES})")
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


def test_axe_finds_nothing_on_the_pages_that_an_evaluator_works_with(
    finished: Survey, tmp_path: Path, desktop: BrowserContext, live_server: Callable[..., LiveServer]
) -> None:
    original, copy = finished.services.settings.folder / "zoufang.db", tmp_path / "zoufang.db"
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    settings = finished.services.settings.model_copy(update={"data": tmp_path, "database_url": f"sqlite:///{copy}"})
    server = live_server(settings, SteppingClock(finished.services.clock()))
    person(server.app.extensions["zoufang"], Role.OWNER, Role.EVALUATOR, username="axe")
    desktop.add_init_script(path=AXE)
    page = desktop.new_page()
    sign_in(page, server.url, "axe", PASSWORD)
    study = f"{server.url}/studies/{finished.drawn.study.id}"

    found = {}
    for address in (*(f"{study}/{name}" for name in PAGES), f"{server.url}/archives"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.ok, address
        found[address.rpartition("/")[2]] = complaints(page)

    assert {name: wrong for name, wrong in found.items() if wrong} == {}
