"""The whole application with a room more, whose pages try what every page is promised."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from types import FunctionType

import pytest
import sqlalchemy as sa
from flask import Blueprint, Flask
from werkzeug.wrappers import Response

from survey_server.actors import ANYBODY_KNOWN, Actor
from survey_server.app import create_app
from survey_server.audit.models import Event
from survey_server.audit.service import record
from survey_server.config import Settings
from survey_server.console.routing import ANYONE, action, disclosure, handler, services, view
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services, Work
from tests.support.installation import SteppingClock

PERSONAL = "13900001111"
SEEN = "X-Events-Seen-Before-The-Answer"
trial = Blueprint("trial", __name__)


@view(trial, "/trial/look", who=ANYONE)
def look(work: Work) -> str:
    record(work, "trial", "trial", 1)
    work.session.flush()
    return "looked"


@action(trial, "/trial/change", who=ANYONE)
def change(work: Work) -> str:
    record(work, "trial", "trial", 1)
    return "changed"


@action(trial, "/trial/change-as-somebody", who=ANYBODY_KNOWN)
def change_as_somebody(work: Work) -> str:
    record(work, "trial", "trial", 1)
    return "changed"


@action(trial, "/trial/change-and-refuse", who=ANYONE)
def change_and_refuse(work: Work) -> str:
    record(work, "trial", "trial", 1)
    work.session.flush()
    raise ZoufangError(Problem.STATE_CONFLICT, why="no")


@action(trial, "/trial/change-and-break", who=ANYONE)
def change_and_break(work: Work) -> str:
    record(work, "trial", "trial", 1)
    work.session.flush()
    raise RuntimeError(PERSONAL)


@disclosure(trial, "/trial/disclose", who=ANYONE)
def disclose(work: Work) -> str:
    record(work, "trial", "trial", 1)
    return "disclosed"


@action(trial, "/trial/forget/<uuid:trial_id>", who=ANYONE)
def forget(_work: Work, trial_id: uuid.UUID) -> str:
    return str(trial_id)


@disclosure(trial, "/trial/forget-to-tell/<uuid:trial_id>", who=ANYONE)
def forget_to_tell(_work: Work, trial_id: uuid.UUID) -> str:
    return str(trial_id)


@handler(trial, "/trial/handle", methods=["POST"], who=ANYONE)
def handle(services: Services, actor: Actor) -> str:
    with services.write(actor) as work:
        record(work, "trial", "trial", 1)
    return actor.kind


def fail(_work: Work) -> str:
    raise ZoufangError(Problem.FORM_UNKNOWN, form="<visit> & more", version="7")


def break_down(_work: Work) -> str:
    raise RuntimeError(PERSONAL)


for number, place in enumerate(("/trial", "/trial/api", "/openrosa/trial")):
    for function in (fail, break_down):
        page = FunctionType(function.__code__, globals(), f"{function.__name__}_{number}")
        view(trial, f"{place}/{function.__name__}", who=ANYONE)(page)


@trial.after_request
def tell_what_is_kept(response: Response) -> Response:
    """Another transaction looks before the answer goes out."""
    response.headers[SEEN] = str(kept(services()))
    return response


def kept(services: Services) -> int:
    """How many trial events are in the database."""
    with services.read() as work:
        query = sa.select(sa.func.count()).where(Event.action == "trial")
        return work.session.execute(query).scalar_one()


@pytest.fixture
def app(sqlite_settings: Settings, clock: SteppingClock) -> Iterator[Flask]:
    """The application with the room."""
    made = create_app(sqlite_settings, clock, wake=lambda: None)
    made.register_blueprint(trial)
    yield made
    made.extensions["zoufang"].database.dispose()
