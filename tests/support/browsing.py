"""A real Chromium; a phone and a desk in it, whose pages must not complain."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, WebError, sync_playwright

from mobile_forms.build import Node
from tests.support import chromium
from tests.support.installation import LiveServer

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HERE = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
PHONE = {
    "viewport": {"width": 360, "height": 640},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
WAIT_MILLISECONDS = 10_000


@dataclass
class Faults:
    """What the pages complained of: console errors, uncaught exceptions, breaches of the content policy."""

    found: list[str] = field(default_factory=list)
    _forgiven: list[re.Pattern[str]] = field(default_factory=list)

    def forgive(self, pattern: str) -> None:
        """Expect complaints that match ``pattern``, such as a fetch that fails while offline."""
        self._forgiven.append(re.compile(pattern))

    @property
    def unforgiven(self) -> list[str]:
        """The complaints that nobody expected."""
        return [text for text in self.found if not any(known.search(text) for known in self._forgiven)]

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page and worker of ``context``."""
        context.on("console", self._note_message)
        context.on("weberror", self._note_exception)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"{message.text} ({message.location.get('url', '')})")

    def _note_exception(self, error: WebError) -> None:
        self.found.append(str(error.error))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run; without one the test fails and says what to install."""
    try:
        found = chromium.find()
    except chromium.NoBrowserError as error:
        pytest.fail(str(error), pytrace=False)
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(Node.find().executable)  # Playwright's own Node needs libatomic
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found.program, args=list(QUIET), env={**os.environ, **found.environment}
        )
        yield launched
        launched.close()


@pytest.fixture
def faults() -> Iterator[Faults]:
    """The complaints of the phone's and the desk's pages; any that is not forgiven fails the test."""
    faults = Faults()
    yield faults
    assert faults.unforgiven == [], "the pages complained"


@pytest.fixture
def phone(browser: Browser, faults: Faults, live_server: Callable[..., LiveServer]) -> Iterator[BrowserContext]:
    """A phone of 360×640 with touch, in Chinese, in Shanghai; it is closed before the servers stop."""
    yield from _context(browser, faults, PHONE)


@pytest.fixture
def desktop(browser: Browser, faults: Faults, live_server: Callable[..., LiveServer]) -> Iterator[BrowserContext]:
    """A desk of 1280×800, in Chinese, in Shanghai; it is closed before the servers stop."""
    yield from _context(browser, faults, DESKTOP)


def _context(browser: Browser, faults: Faults, shape: dict[str, Any]) -> Iterator[BrowserContext]:
    with browser.new_context(**shape, **HERE) as context:
        context.set_default_timeout(WAIT_MILLISECONDS)
        faults.watch(context)
        yield context
