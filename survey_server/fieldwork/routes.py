"""Pages of the fieldwork: progress, cases, who visits whom."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from survey_server.accounts.people import workers
from survey_server.actors import OFFICE, REVIEWERS, SUPERVISORS, Role
from survey_server.console.routing import action, disclosure, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork import progress, service
from survey_server.studies.service import study_of
from survey_server.work import Work

pages = Blueprint("fieldwork", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/progress", who=OFFICE)
def show_progress(work: Work, study_id: uuid.UUID) -> str:
    """How far the fieldwork is, in counts only; an observer is shown none that is too small."""
    guarded = not work.actor.may(REVIEWERS)
    table = progress.table_of(progress.by_stratum(work, study_id), guarded=guarded)
    return render_template("fieldwork/progress.html", study=study_of(work, study_id), table=table)


@view(pages, "/studies/<uuid:study_id>/cases", who=REVIEWERS)
def show_cases(work: Work, study_id: uuid.UUID) -> str:
    """What is done, what is not, and whose it is."""
    wish = {name: request.args.get(name, "") for name in ("county", "status", "interviewer")}
    return render_template(
        "fieldwork/cases.html",
        study=study_of(work, study_id),
        strata=progress.by_stratum(work, study_id),
        withdrawn=progress.withdrawn(work, study_id),
        lines=progress.lines(work, study_id, **wish),
        interviewers=[member.person for member in workers(work, Role.INTERVIEWER)],
        wish=wish,
        limit=progress.PAGE,
    )


@action(pages, "/studies/<uuid:study_id>/cases/share", who=SUPERVISORS)
def share(work: Work, study_id: uuid.UUID) -> Response:
    """Share the cases that nobody has among interviewers, by village."""
    study_of(work, study_id)
    people = [_interviewer(work, value) for value in request.form.getlist("person")]
    if people:
        service.assign_evenly(work, study_id, people)
    return see_other(f"/studies/{study_id}/cases")


@action(pages, "/studies/<uuid:study_id>/cases/assign", who=SUPERVISORS)
def assign(work: Work, study_id: uuid.UUID) -> Response:
    """Give chosen cases to one interviewer."""
    study_of(work, study_id)
    chosen = [_id(value) for value in request.form.getlist("case")]
    person = request.form.get("person", "")
    service.assign(work, study_id, chosen, _interviewer(work, person) if person else None)
    return see_other(f"/studies/{study_id}/cases")


@disclosure(pages, "/studies/<uuid:study_id>/cases/<uuid:case_id>", who=REVIEWERS)
def show_case(work: Work, study_id: uuid.UUID, case_id: uuid.UUID) -> str:
    """Everything about one household in one place."""
    return render_template(
        "fieldwork/case.html",
        study=study_of(work, study_id),
        **progress.case_page(work, study_id, case_id),
    )


def _interviewer(work: Work, text: str) -> uuid.UUID:
    person_id = _id(text)
    if person_id not in {member.person.id for member in workers(work, Role.INTERVIEWER)}:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Interviewer"), why=N_("choose one of the list"))
    return person_id


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ZoufangError(Problem.NOT_FOUND) from None
