"""Pages of milestones (工作进度) and of drafts sent for comment (征求意见)."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_server.accounts.service import names_of
from survey_server.actors import EVALUATORS, Actor
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import N_
from survey_server.studies.service import study_of
from survey_server.work import Services, Work
from survey_server.workpapers import comments, milestones, sheets
from survey_server.workpapers.files import XLSX, handed_out
from survey_server.workpapers.service import calendar_of, day_past, day_typed, guide, open_study, said_of, today

pages = Blueprint("milestones", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/milestones", who=EVALUATORS)
def show_milestones(work: Work, study_id: uuid.UUID) -> str:
    """The plan, how far it is, the drafts that were sent, and every comment."""
    steps, sent = milestones.steps_of(work, study_id), comments.sent_of(work, study_id)
    people = {comment.decided_by for one in sent for comment in one.comments if comment.decided_by}
    calendar, day = calendar_of(work), today(work)
    return render_template(
        "workpapers/milestones.html",
        study=study_of(work, study_id),
        steps=steps,
        done=sum(step.row.done_on is not None for step in steps),
        offered=[
            title for title in guide("milestones")["milestones"] if title not in {step.row.title for step in steps}
        ],
        sent=sent,
        undecided=sum(not comment.decision for one in sent for comment in one.comments),
        decisions=comments.DECISIONS,
        people=names_of(work, people),
        today=day,
        due=calendar.after(day, comments.WORKING_DAYS),
        said=said_of(calendar, day),
    )


@action(pages, "/studies/<uuid:study_id>/milestones", who=EVALUATORS)
def plan(work: Work, study_id: uuid.UUID) -> Response:
    """Plan or move a step."""
    open_study(work, study_id)
    day = day_typed(work, request.form.get("planned_on", ""), N_("Planned on"))
    milestones.plan(work, study_id, request.form.get("title", ""), day)
    return _back(study_id)


@action(pages, "/studies/<uuid:study_id>/milestones/<uuid:milestone_id>", who=EVALUATORS)
def finish(work: Work, study_id: uuid.UUID, milestone_id: uuid.UUID) -> Response:
    """A step is done, or not after all, or taken out."""
    if "remove" in request.form:
        milestones.remove(work, study_id, milestone_id)
    else:
        milestones.finish(work, study_id, milestone_id, None if "undo" in request.form else _day(work, "done_on"))
    return _back(study_id)


@action(pages, "/studies/<uuid:study_id>/drafts", who=EVALUATORS)
def send_draft(work: Work, study_id: uuid.UUID) -> Response:
    """Note that a draft was sent."""
    units = request.form.get("units", "").splitlines()
    comments.send_draft(work, study_id, request.form.get("draft", ""), units, _day(work, "sent_on"))
    return _back(study_id, "drafts")


@action(pages, "/studies/<uuid:study_id>/drafts/<uuid:sending_id>", who=EVALUATORS)
def log_comment(work: Work, study_id: uuid.UUID, sending_id: uuid.UUID) -> Response:
    """Keep a comment, or that there is none."""
    day = _day(work, "received_on")
    if "none" in request.form:
        comments.note_no_comment(work, study_id, sending_id, day)
    else:
        part, text = request.form.get("part", ""), request.form.get("text", "")
        comments.log_comment(work, study_id, sending_id, part=part, text=text, day=day)
    return _back(study_id, "drafts")


@action(pages, "/studies/<uuid:study_id>/comments/<uuid:comment_id>", who=EVALUATORS)
def decide(work: Work, study_id: uuid.UUID, comment_id: uuid.UUID) -> Response:
    """Say what became of a comment."""
    comments.decide(work, study_id, comment_id, request.form.get("decision", ""), request.form.get("answer", ""))
    return _back(study_id, "drafts")


@handler(pages, "/studies/<uuid:study_id>/comments.xlsx", methods=["GET"], who=EVALUATORS)
def download(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The log of comments."""
    with services.read(actor) as work:
        study, sent = study_of(work, study_id), comments.sent_of(work, study_id)
        people = {comment.decided_by for one in sent for comment in one.comments if comment.decided_by}
        content = sheets.comments_book(study, sent, names_of(work, people))
    return handed_out(services, actor, study_id, content, XLSX, f"{study.name}-征求意见情况.xlsx")


def _day(work: Work, name: str) -> dt.date:
    return day_past(work, request.form.get(name, ""), N_("Date"))


def _back(study_id: uuid.UUID, anchor: str = "") -> Response:
    return see_other(url_for("milestones.show_milestones", study_id=study_id, _anchor=anchor or None))
