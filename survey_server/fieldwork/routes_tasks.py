"""Task lists: where there is something to do, and the sheets to print."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, render_template, request

from survey_server.accounts.people import workers
from survey_server.actors import SUPERVISORS, Role
from survey_server.console.routing import disclosure, view
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork import tasks
from survey_server.studies.service import study_of
from survey_server.work import Work

pages = Blueprint("tasks", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/tasks", who=SUPERVISORS)
def show_tasks(work: Work, study_id: uuid.UUID) -> str:
    """Towns and villages with their counts, and what can be printed."""
    lines = tasks.villages(work, study_id)
    return render_template(
        "fieldwork/tasks.html",
        study=study_of(work, study_id),
        towns=tasks.by_town(lines),
        given=sum(line.given for line in lines),
        open=sum(line.open for line in lines),
        unshared=sum(line.unshared for line in lines),
        interviewers=[member.person for member in workers(work, Role.INTERVIEWER)],
    )


@disclosure(pages, "/studies/<uuid:study_id>/tasks.pdf", who=SUPERVISORS)
def print_tasks(work: Work, study_id: uuid.UUID) -> Response:
    """The sheets with masked names."""
    return _pdf(tasks.task_lists(work, study_of(work, study_id), by=_by(), person_id=_person()))


@disclosure(pages, "/studies/<uuid:study_id>/tasks-open.pdf", who=SUPERVISORS)
def print_open_tasks(work: Work, study_id: uuid.UUID) -> Response:
    """The sheets with names, addresses and telephones; the reason is recorded."""
    reason = request.args.get("reason", "")[:200]
    return _pdf(tasks.open_task_lists(work, study_of(work, study_id), reason, by=_by(), person_id=_person()))


def _by() -> str:
    return "village" if request.args.get("by") == "village" else "interviewer"


def _person() -> uuid.UUID | None:
    text = request.args.get("person", "")
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise ZoufangError(Problem.NOT_FOUND) from None


def _pdf(content: bytes) -> Response:
    response = Response(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = 'attachment; filename="tasks.pdf"'
    return response
