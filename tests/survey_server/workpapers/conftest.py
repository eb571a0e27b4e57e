"""An evaluator, a colleague and an expert at their browsers, over a copy of the finished study."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import person
from tests.survey_server.results.conftest import Survey, finished

__all__ = ["finished"]
ROLES = {"pingjia": Role.EVALUATOR, "fuhe": Role.EVALUATOR, "zhuanjia": Role.REVIEWER}


@dataclass(frozen=True)
class Staffed:
    """The finished study with its people, and the cookie of each."""

    settings: Settings
    cookies: Mapping[str, str]


@pytest.fixture(scope="session")
def staffed(finished: Survey, tmp_path_factory: pytest.TempPathFactory) -> Staffed:
    folder = tmp_path_factory.mktemp("staffed")
    settings = copied(finished.services.settings, folder)
    app = create_app(settings, SteppingClock(), wake=lambda: None)
    services: Services = app.extensions["zoufang"]
    cookies = {}
    for name, role in ROLES.items():
        person(services, role, username=name)
        cookie = browser(app, name).get_cookie("session")
        assert cookie is not None
        cookies[name] = cookie.value
    services.database.dispose()
    return Staffed(settings, cookies)


def copied(settings: Settings, folder: Path) -> Settings:
    """Settings of a copy of the database."""
    copy = folder / "zoufang.db"
    with closing(sqlite3.connect(settings.folder / "zoufang.db")) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return settings.model_copy(update={"data": folder, "database_url": f"sqlite:///{copy}"})


@pytest.fixture
def office(staffed: Staffed, finished: Survey, clock: SteppingClock, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The office on Tuesday, 2026-09-01, with a database of its own."""
    app: Flask = create_app(copied(staffed.settings, tmp_path), clock, wake=lambda: None)
    services: Services = app.extensions["zoufang"]
    study_id = finished.drawn.study.id
    clients = {name: signed_in(app, cookie) for name, cookie in staffed.cookies.items()}
    yield SimpleNamespace(
        app=app,
        services=services,
        study_id=study_id,
        root=f"/studies/{study_id}",
        clock=clock,
        client=clients["pingjia"],
        colleague=clients["fuhe"],
        expert=clients["zhuanjia"],
    )
    services.database.dispose()


def signed_in(app: Flask, cookie: str) -> FlaskClient:
    client = browser(app)
    client.set_cookie("session", cookie)
    return client


def later(office: SimpleNamespace, days: int) -> None:
    """Days go by, and the evaluator signs in anew."""
    office.clock.advance(days=days)
    office.client = browser(office.app, "pingjia")
