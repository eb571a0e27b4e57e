"""The page of what came in and needs somebody's eye."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template

from survey_server.actors import REVIEWERS
from survey_server.console.routing import view
from survey_server.studies.service import study_of
from survey_server.submissions.arrivals import PAGE, arrivals_of
from survey_server.work import Work

pages = Blueprint("submissions", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/arrivals", who=REVIEWERS)
def show_arrivals(work: Work, study_id: uuid.UUID) -> str:
    """Records that wait for files, and records that break a rule, with question and rule and no answer."""
    study = study_of(work, study_id)
    return render_template("submissions/arrivals.html", study=study, arrivals=arrivals_of(work, study_id), page=PAGE)
