"""Pages of the interviews (访谈)."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS, Actor
from survey_server.console.routing import action, disclosure, handler, see_other, view
from survey_server.errors import N_
from survey_server.studies.service import study_of
from survey_server.work import Services, Work
from survey_server.workpapers import interviews, sheets
from survey_server.workpapers.files import XLSX, handed_out
from survey_server.workpapers.interviews import Answer, Held
from survey_server.workpapers.service import counties_of, day_past

pages = Blueprint("interviews", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/interviews", who=EVALUATORS)
def show_interviews(work: Work, study_id: uuid.UUID) -> str:
    """Who was spoken to, where and when."""
    return render_template(
        "workpapers/interviews.html",
        study=study_of(work, study_id),
        rows=interviews.interviews_of(work, study_id),
        roles=interviews.roles(),
    )


@view(pages, "/studies/<uuid:study_id>/interviews/new", who=EVALUATORS)
def begin_interview(work: Work, study_id: uuid.UUID) -> str:
    """The outline, empty."""
    return render_template("workpapers/interview.html", row=None, answers={}, **_outline(work, study_id))


@action(pages, "/studies/<uuid:study_id>/interviews", who=EVALUATORS)
def add_interview(work: Work, study_id: uuid.UUID) -> Response:
    """Keep a new interview."""
    interviews.add_interview(work, study_id, _held(work), _answers())
    return see_other(url_for("interviews.show_interviews", study_id=study_id))


@disclosure(pages, "/studies/<uuid:study_id>/interviews/<uuid:interview_id>", who=EVALUATORS)
def show_interview(work: Work, study_id: uuid.UUID, interview_id: uuid.UUID) -> str:
    """The words of one interview, to read and to correct."""
    row = interviews.interview_of(work, study_id, interview_id)
    answers = {answer.topic: answer for answer in interviews.read_interview(work, row)}
    return render_template("workpapers/interview.html", row=row, answers=answers, **_outline(work, study_id))


@action(pages, "/studies/<uuid:study_id>/interviews/<uuid:interview_id>", who=EVALUATORS)
def change_interview(work: Work, study_id: uuid.UUID, interview_id: uuid.UUID) -> Response:
    """Keep what was corrected."""
    row = interviews.interview_of(work, study_id, interview_id)
    interviews.change_interview(work, row, _held(work), _answers())
    return see_other(url_for("interviews.show_interviews", study_id=study_id))


@handler(pages, "/studies/<uuid:study_id>/interviews.xlsx", methods=["GET"], who=EVALUATORS)
def download(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The list of interviews, without what was said."""
    with services.read(actor) as work:
        study = study_of(work, study_id)
        content = sheets.interviews_book(study, interviews.interviews_of(work, study_id))
    return handed_out(services, actor, study_id, content, XLSX, f"{study.name}-访谈清单.xlsx")


def _outline(work: Work, study_id: uuid.UUID) -> dict[str, object]:
    return {
        "study": study_of(work, study_id),
        "counties": counties_of(work, study_id),
        "roles": interviews.roles(),
        "topics": interviews.topics(),
        "me": work.actor.name,
    }


def _held(work: Work) -> Held:
    form = request.form
    return Held(
        county=form.get("county", ""),
        role=form.get("role", ""),
        unit=form.get("unit", ""),
        held_on=day_past(work, form.get("held_on", ""), N_("Date")),
        place=form.get("place", ""),
        interviewers=form.get("interviewers", ""),
    )


def _answers() -> list[Answer]:
    form = request.form
    return [
        Answer(code, form.get(f"words.{code}", "").strip(), " ".join(form.get(f"point.{code}", "").split()))
        for code in interviews.topics()
    ]
