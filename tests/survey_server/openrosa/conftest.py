"""A study with an interviewer whose phone has a secret, behind the whole application."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey_server.accounts.service import join_phone, new_phone_link
from survey_server.actors import Actor, Role
from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import assign
from survey_server.work import Services
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import DrawnStudy, make_study, person


@dataclass(frozen=True)
class Field:
    """An application, a drawn study, and an interviewer who has the first two of its three households."""

    app: Flask
    services: Services
    drawn: DrawnStudy
    interviewer: Actor
    token: str

    @property
    def mine(self) -> Sequence[Case]:
        return self.drawn.main[:2]


@dataclass(frozen=True)
class Template:
    """An SQLite database to copy from: five questionnaires take seconds to compile."""

    path: Path
    field: Field


@pytest.fixture(scope="session")
def template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Made once."""
    path = tmp_path_factory.mktemp("openrosa") / "zoufang.db"
    shutil.copyfile(sqlite_template, path)
    field = make_field(make_settings(f"sqlite:///{path}", path.parent), SteppingClock())
    field.services.database.dispose()
    return Template(path, field)


@pytest.fixture
def on_sqlite(template: Template, tmp_path: Path, clock: SteppingClock) -> Iterator[Field]:
    """For what the kind of database has no part in."""
    path = tmp_path / "openrosa.db"
    shutil.copyfile(template.path, path)
    made = template.field
    app = create_app(make_settings(f"sqlite:///{path}", tmp_path), clock)
    services = app.extensions["zoufang"]
    yield Field(app, services, made.drawn, made.interviewer, made.token)
    services.database.dispose()


@pytest.fixture
def on_postgresql(postgresql_url: str, tmp_path: Path, clock: SteppingClock) -> Iterator[Field]:
    """The same on PostgreSQL."""
    made = make_field(make_settings(postgresql_url, tmp_path), clock)
    yield made
    made.services.database.dispose()


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def field(request: pytest.FixtureRequest) -> Field:
    """The test runs once on each kind of database."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def collect(on_sqlite: Field) -> FlaskClient:
    """ODK Collect, as far as HTTP goes."""
    return on_sqlite.app.test_client()


def make_field(settings: Settings, clock: SteppingClock) -> Field:
    app = create_app(settings, clock)
    services = app.extensions["zoufang"]
    drawn = make_study(services, {("甲县", "1"): 3})
    interviewer = person(services, Role.INTERVIEWER)
    give(services, drawn, interviewer)
    return Field(app, services, drawn, interviewer, sign_in(services, interviewer))


def give(services: Services, drawn: DrawnStudy, interviewer: Actor) -> None:
    """Assign the first two households of a study."""
    with services.write() as work:
        assign(work, drawn.study.id, [case.id for case in drawn.main[:2]], interviewer.id)


def sign_in(services: Services, who: Actor) -> str:
    """Bind a phone; its secret."""
    assert who.id is not None
    with services.write() as work:
        link = new_phone_link(work, who.id)
    with services.write() as work:
        return join_phone(work, link, "测试手机")[0]
