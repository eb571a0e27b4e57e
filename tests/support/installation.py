"""An installation: its settings, its clock, and its server at work."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from flask import Flask

    from survey_server.clock import Clock
    from survey_server.config import Settings
    from survey_server.work import Services

MASTER_KEY = base64.b64encode(hashlib.sha256(b"an invented installation").digest()).decode("ascii")
FIRST_MOMENT = dt.datetime(2026, 9, 1, 1, 0, tzinfo=dt.UTC)  # nine in the morning in Shanghai


class SteppingClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: dt.datetime = FIRST_MOMENT) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **span: float) -> dt.datetime:
        """Go on by ``span`` (the parameters of timedelta) and tell the time."""
        self.now += dt.timedelta(**span)
        return self.now


@dataclass(frozen=True)
class LiveServer:
    """A server that answers at ``url``."""

    url: str
    settings: Settings
    app: Flask


@pytest.fixture
def clock() -> SteppingClock:
    """A clock that the test moves."""
    return SteppingClock()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """An installation with a fresh database; the test runs once on each kind of database."""
    return make_settings(database_url, tmp_path)


@pytest.fixture
def sqlite_settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """An installation with a fresh SQLite database."""
    return make_settings(sqlite_url, tmp_path)


@pytest.fixture
def services(settings: Settings, clock: SteppingClock) -> Iterator[Services]:
    """What the server is made of, over a fresh database; the test runs once on each kind of database."""
    from survey_server.work import Services  # noqa: PLC0415 - the pure packages' tests need no server

    opened = Services.open(settings, clock)
    yield opened
    opened.database.dispose()


@pytest.fixture
def live_server() -> Iterator[Callable[..., LiveServer]]:
    """Call it with settings (and a clock) for a server at work; every one is stopped at the end."""
    with ExitStack() as running:
        yield lambda *installation: running.enter_context(serving(*installation))


def make_settings(database_url: str, folder: Path) -> Settings:
    """Settings of an installation that lies in ``folder``."""
    from survey_server.config import Settings  # noqa: PLC0415 - the pure packages' tests need no server

    return Settings(data=folder, database_url=database_url, master_key=MASTER_KEY)


@contextmanager
def serving(settings: Settings, *clock: Clock) -> Generator[LiveServer]:
    """The server at work on a free port of this machine, in a thread of this process."""
    from survey_server.app import create_app  # noqa: PLC0415 - the pure packages' tests need no server

    with socket.create_server((settings.host, 0)) as door:
        port = door.getsockname()[1]
        settings = settings.model_copy(update={"port": port})
        app = create_app(settings, *clock)
        server = make_server(settings.host, port, app, threaded=True, fd=door.fileno())
        thread = threading.Thread(target=server.serve_forever, name=f"server on {port}")
        thread.start()
        try:
            yield LiveServer(f"http://{settings.host}:{port}", settings, app)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            app.extensions["zoufang"].database.dispose()
