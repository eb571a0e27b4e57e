"""Pages of a study: list, overview, settings."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from analysis.indicators import tables
from survey_server.actors import EVALUATORS, OFFICE, Grant
from survey_server.console.routing import action, see_other, view
from survey_server.errors import Problem, ZoufangError
from survey_server.studies import forms, service
from survey_server.work import Work

pages = Blueprint("studies", __name__, template_folder="templates")
SETTINGS = ("name", "client", "company", "hotline", "indicator_table")
REMINDED_BEFORE = dt.timedelta(days=30)
"""How long before the end of its time a study is marked."""


@view(pages, "/studies", who=OFFICE)
def list_studies(work: Work) -> str:
    """Every study."""
    return render_template(
        "studies/list.html", studies=service.studies(work), tables=tables(), soon=work.now + REMINDED_BEFORE
    )


@action(pages, "/studies", who=EVALUATORS)
def add_study(work: Work) -> Response:
    """A new study with the shipped questionnaires."""
    if not work.actor.reaches(Grant()):
        raise ZoufangError(Problem.NOT_ALLOWED)  # it would lie outside of what its maker reaches
    typed = {name: request.form.get(name, "") for name in SETTINGS}
    study = service.create_study(work, practice="practice" in request.form, **typed)
    forms.publish_shipped(work, study)
    return see_other(f"/studies/{study.id}")


@view(pages, "/studies/<uuid:study_id>", who=OFFICE)
def show_study(work: Work, study_id: uuid.UUID) -> str:
    """Overview and settings of a study."""
    study = service.study_of(work, study_id)
    return render_template("studies/show.html", study=study, tables=tables())


@action(pages, "/studies/<uuid:study_id>", who=EVALUATORS)
def save_settings(work: Work, study_id: uuid.UUID) -> Response:
    """Change the settings."""
    study = service.study_of(work, study_id)
    typed = {name: request.form.get(name, "") for name in SETTINGS}
    service.change_settings(work, study, reason=request.form.get("reason", ""), **typed)
    return see_other(f"/studies/{study_id}")
