"""An installation with invented data, and a token that reads all of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from survey_server.accounts.tokens import Scope, make_token
from survey_server.actors import Actor, Role
from survey_server.app import create_app
from survey_server.studies.models import Channel
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import NOBODY_HOME, REFUSED_AT_THE_DOOR, filled, make_study, person


@pytest.fixture(scope="session")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The whole application over a study of two counties with some answers."""
    folder = tmp_path_factory.mktemp("contract")
    path = folder / "zoufang.db"
    shutil.copyfile(sqlite_template, path)
    settings = make_settings(f"sqlite:///{path}", folder).model_copy(update={"api_requests_per_minute": 100_000})
    made = create_app(settings, SteppingClock(), wake=lambda: None)
    services: Services = made.extensions["zoufang"]
    visitor = person(services, Role.INTERVIEWER)
    drawn = make_study(services, {("甲县", "1"): 6, ("乙县", "3"): 6}, reserve=0)
    for case, answers in zip(drawn.main, (NOBODY_HOME, REFUSED_AT_THE_DOOR, NOBODY_HOME), strict=False):
        xml = filled(services, drawn.study, case, answers).xml
        receive(services, visitor, drawn.study.id, xml, {}, channel=Channel.VISIT, case_id=case.id)
    yield made
    services.database.dispose()


@pytest.fixture(scope="session")
def owner(app: Flask) -> Actor:
    """Who makes the tokens."""
    return person(app.extensions["zoufang"], Role.OWNER)


@pytest.fixture(scope="session")
def token(app: Flask, owner: Actor) -> str:
    """A token that may read everything."""
    services: Services = app.extensions["zoufang"]
    with services.write(owner) as work:
        return make_token(work, name="contract", scopes=list(Scope), days=30)
