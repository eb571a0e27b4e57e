"""The whole application over a fresh SQLite database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from flask import Flask

from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.work import Services
from tests.support.installation import SteppingClock


@pytest.fixture
def app(sqlite_settings: Settings, clock: SteppingClock) -> Iterator[Flask]:
    """For what HTTP promises: the kind of database has no part in it."""
    made = create_app(sqlite_settings, clock, wake=lambda: None)
    yield made
    site_of(made).database.dispose()


@pytest.fixture
def site(app: Flask) -> Services:
    """The services behind ``app``."""
    return site_of(app)


def site_of(app: Flask) -> Services:
    return cast("Services", app.extensions["zoufang"])
