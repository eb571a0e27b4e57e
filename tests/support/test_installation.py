"""The installation that tests are given."""

from __future__ import annotations

import datetime as dt
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.support.installation import LiveServer, SteppingClock

if TYPE_CHECKING:
    from survey_server.config import Settings


def test_a_live_server_answers_and_then_is_gone(
    sqlite_settings: Settings, live_server: Callable[..., LiveServer], clock: SteppingClock
) -> None:
    server = live_server(sqlite_settings, clock)

    with urllib.request.urlopen(f"{server.url}/healthz", timeout=10) as answer:
        assert answer.status == 200
    assert server.url == server.settings.public_url


def test_the_clock_stands_still_until_it_is_told_to_go_on(clock: SteppingClock) -> None:
    before = clock()
    assert clock() == before

    assert clock.advance(hours=2) == clock() == before + dt.timedelta(hours=2)
