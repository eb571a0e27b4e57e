"""A desk on SQLite at ten in the morning of a working day; what depends on the database asks for ``services``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from survey_server.actors import Actor, Role
from survey_server.config import Settings
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import person


@pytest.fixture
def desk(sqlite_settings: Settings, clock: SteppingClock) -> Iterator[Services]:
    """The services over a fresh SQLite database."""
    clock.advance(hours=1)
    opened = Services.open(sqlite_settings, clock)
    yield opened
    opened.database.dispose()


@pytest.fixture
def caller(desk: Services) -> Actor:
    """An operator."""
    return person(desk, Role.OPERATOR, username="first")


@pytest.fixture
def other(desk: Services) -> Actor:
    """Another operator."""
    return person(desk, Role.OPERATOR, username="second")
