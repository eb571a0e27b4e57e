"""A small study with an interviewer, the office, and its whole application."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlmodel import col, select

from survey_server.actors import Actor, Role
from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.fieldwork.models import Case
from survey_server.studies.models import Study
from survey_server.submissions.models import Submission
from survey_server.work import Services
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import DrawnStudy, make_study, person
from tests.survey_server.results.conftest import Survey

COUNTS = {("柳湾县", "1"): 6}


@dataclass(frozen=True)
class Office:
    """An application over a small drawn study; everybody's password is the same."""

    app: Flask
    services: Services
    survey: Survey

    @property
    def study(self) -> Study:
        return self.survey.drawn.study

    def case(self, number: int = 0) -> Case:
        with self.services.read() as work:
            return work.session.get_one(Case, self.survey.drawn.main[number].id)

    def submission(self, number: int = 0) -> Submission:
        with self.services.read() as work:
            return work.session.exec(select(Submission).order_by(col(Submission.received_at))).all()[number]


def people(services: Services) -> Actor:
    """One person of each role that works at the pages; returns the interviewer."""
    for role in (Role.OWNER, Role.EVALUATOR, Role.REVIEWER):
        person(services, role)
    return person(services, Role.INTERVIEWER)


@pytest.fixture(scope="session")
def rights_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DrawnStudy, Actor]:
    """Made once: five questionnaires take seconds to compile."""
    path = tmp_path_factory.mktemp("rights") / "zoufang.db"
    shutil.copyfile(sqlite_template, path)
    services = Services.open(make_settings(f"sqlite:///{path}", path.parent), SteppingClock())
    drawn = make_study(services, COUNTS)
    interviewer = people(services)
    services.database.dispose()
    return path, drawn, interviewer


@pytest.fixture
def office(rights_template: tuple[Path, DrawnStudy, Actor], tmp_path: Path, clock: SteppingClock) -> Iterator[Office]:
    """On SQLite."""
    path = tmp_path / "rights.db"
    shutil.copyfile(rights_template[0], path)
    yield from _open(make_settings(f"sqlite:///{path}", tmp_path), clock, *rights_template[1:])


@pytest.fixture
def office_on_postgresql(postgresql_url: str, tmp_path: Path, clock: SteppingClock) -> Iterator[Office]:
    """On PostgreSQL."""
    yield from _open(make_settings(postgresql_url, tmp_path), clock, None, None)


def _open(
    settings: Settings, clock: SteppingClock, drawn: DrawnStudy | None, interviewer: Actor | None
) -> Iterator[Office]:
    app = create_app(settings, clock, wake=lambda: None)
    services: Services = app.extensions["zoufang"]
    found = drawn or make_study(services, COUNTS)
    actor = interviewer or people(services)
    yield Office(app, services, Survey(services, found, actor))
    services.database.dispose()
