"""An application over a small drawn study, and a visitor without a script."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.work import Services
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import DrawnStudy, make_study
from tests.survey_server.public.walking import Installed


@dataclass(frozen=True)
class Template:
    """An SQLite database with the study in it, to copy from: five questionnaires take seconds to compile."""

    path: Path
    drawn: DrawnStudy


@pytest.fixture(scope="session")
def template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Made once."""
    path = tmp_path_factory.mktemp("codes") / "zoufang.db"
    shutil.copyfile(sqlite_template, path)
    services = Services.open(make_settings(f"sqlite:///{path}", path.parent), SteppingClock())
    drawn = small_study(services)
    services.database.dispose()  # the last connection that closes empties the write-ahead log into the file
    return Template(path, drawn)


@pytest.fixture
def on_sqlite(template: Template, tmp_path: Path, clock: SteppingClock) -> Iterator[Installed]:
    """For what the kind of database has no part in."""
    path = tmp_path / "codes.db"
    shutil.copyfile(template.path, path)
    yield from _installed(make_settings(f"sqlite:///{path}", tmp_path), clock, template.drawn)


@pytest.fixture
def on_postgresql(postgresql_url: str, tmp_path: Path, clock: SteppingClock) -> Iterator[Installed]:
    """The same on PostgreSQL."""
    yield from _installed(make_settings(postgresql_url, tmp_path), clock, None)


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def installed(request: pytest.FixtureRequest) -> Installed:
    """The test runs once on each kind of database."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def visitor(on_sqlite: Installed) -> FlaskClient:
    """Somebody who scanned a code."""
    return on_sqlite.app.test_client()


def small_study(services: Services) -> DrawnStudy:
    """Four households, of whom three are in the main sample."""
    return make_study(services, {("甲县", "1"): 4}, take={("甲县", "1"): 3}, reserve=1)


def _installed(settings: Settings, clock: SteppingClock, drawn: DrawnStudy | None) -> Iterator[Installed]:
    app = create_app(settings, clock)
    services = app.extensions["zoufang"]
    yield Installed(app, services, drawn or small_study(services))
    services.database.dispose()
