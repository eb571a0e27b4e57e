"""The front page and health."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, current_app, jsonify, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from survey_server.actors import INTERVIEWERS, OFFICE, OPERATORS, Role
from survey_server.console.routing import ANYONE, actor, see_other, view
from survey_server.errors import N_
from survey_server.work import Work

ROLE_NAMES = {
    Role.OWNER: N_("Owner"),
    Role.EVALUATOR: N_("Evaluator"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.REVIEWER: N_("Reviewer"),
    Role.OBSERVER: N_("Client's observer"),
    Role.INTERVIEWER: N_("Interviewer"),
    Role.OPERATOR: N_("Phone operator"),
}

pages = Blueprint(
    "console",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/static/console",
)


@view(pages, "/", who=ANYONE)
def front(_work: Work) -> Response:
    """Send everybody to where their work is."""
    return see_other(first_page())


def first_page() -> str:
    """The address where this person's work begins."""
    if actor().may(OFFICE):
        return url_for("studies.list_studies")
    if actor().may(OPERATORS):
        return url_for("desk.show_desk")
    if actor().may(INTERVIEWERS):
        return "/visit/"
    return url_for("accounts.sign_in_page")


@view(pages, "/healthz", who=ANYONE)
def healthz(work: Work) -> Response:
    """Whether the server and its database answer."""
    work.session.execute(sa.text("SELECT 1"))
    return jsonify(status="ok")


def install(app: Flask) -> None:
    """What every template may ask."""
    asked: dict[str, Any] = {"actor": actor, "may": _may, "may_open": may_open, "role_name": _role_name}
    app.jinja_env.globals.update(asked)
    app.register_blueprint(pages)


def may_open(endpoint: str) -> bool:
    """Whether the reader may open this page; links to others are not shown."""
    who = vars(current_app.view_functions[endpoint])["who"]
    return who is None or actor().may(who)


def _may(*names: str) -> bool:
    return actor().may(frozenset(map(Role, names)))


def _role_name(role: Role) -> str:
    return gettext(ROLE_NAMES[role])
