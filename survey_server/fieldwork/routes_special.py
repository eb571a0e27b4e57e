"""Pages of the draws for purposes of their own: risk, people who were missed, back-checks."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as Redirect

from sampling import Seed
from survey_server.actors import EVALUATORS, Actor
from survey_server.console.routing import action, disclosure, handler, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork import special
from survey_server.fieldwork.lists import MAX_FILE, persons_in
from survey_server.samples.service import seed_of
from survey_server.samples.wishes import typed_number
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

pages = Blueprint("special", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/special", who=EVALUATORS)
def show_special(work: Work, study_id: uuid.UUID) -> str:
    """What was drawn apart from the rates, and what can be."""
    return render_template(
        "fieldwork/special.html",
        study=study_of(work, study_id),
        draws=special.draws_of(work, study_id),
        purposes=special.PURPOSES,
        reasons=special.REASONS,
    )


@handler(pages, "/studies/<uuid:study_id>/special/risk", methods=["POST"], who=EVALUATORS)
def draw_risk(services: Services, actor: Actor, study_id: uuid.UUID) -> Redirect:
    """Compare the frame with the lists that were sent, and draw."""
    dead, relatives = (_numbers(name) for name in ("dead", "relatives"))
    with services.write(actor) as work:
        study = study_of(work, study_id)
        special.draw_risk(work, study, _take(), dead=dead, relatives=relatives, seed=_seed())
    return see_other(f"/studies/{study_id}/special")


@handler(pages, "/studies/<uuid:study_id>/special/missed", methods=["POST"], who=EVALUATORS)
def draw_missed(services: Services, actor: Actor, study_id: uuid.UUID) -> Redirect:
    """Draw among the persons of a list who receive nothing."""
    with services.read(actor) as work:
        study_of(work, study_id)
    file = request.files.get("list")
    if file is None or not file.filename:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("List of persons"), why=N_("no file was chosen"))
    persons = persons_in(file.filename[-120:], file.stream.read(MAX_FILE + 1))
    with services.write(actor) as work:
        special.draw_missed(work, study_of(work, study_id), _take(), persons, _seed())
    return see_other(f"/studies/{study_id}/special")


@action(pages, "/studies/<uuid:study_id>/special/checks", who=EVALUATORS)
def draw_checks(work: Work, study_id: uuid.UUID) -> Redirect:
    """Draw interviews to be asked a second time."""
    study = study_of(work, study_id)
    share = typed_number(request.form.get("share", ""), N_("Share of each interviewer's interviews, per cent"), 1, 100)
    special.draw_checks(work, study, share / 100)
    return see_other(f"/studies/{study_id}/special")


@disclosure(pages, "/studies/<uuid:study_id>/special/<uuid:draw_id>.pdf", who=EVALUATORS)
def print_draw(work: Work, study_id: uuid.UUID, draw_id: uuid.UUID) -> Response:
    """The list with masked names."""
    return _pdf(special.print_draw(work, study_of(work, study_id), draw_id))


@disclosure(pages, "/studies/<uuid:study_id>/special/<uuid:draw_id>-open.pdf", who=EVALUATORS)
def open_draw(work: Work, study_id: uuid.UUID, draw_id: uuid.UUID) -> Response:
    """The list with names, telephones and reasons; why it was opened is recorded."""
    reason = request.args.get("reason", "")[:200]
    return _pdf(special.open_draw(work, study_of(work, study_id), draw_id, reason))


def _numbers(name: str) -> set[str]:
    """The identity numbers of a list, where one was sent."""
    file = request.files.get(name)
    if file is None or not file.filename:
        return set()
    return set(persons_in(file.filename[-120:], file.stream.read(MAX_FILE + 1))["id_number"])


def _take() -> int:
    return int(typed_number(request.form.get("take", ""), N_("How many"), 1, 1_000_000))


def _seed() -> Seed:
    return seed_of(request.form.get("seed", ""), request.form.get("seed_source", ""))


def _pdf(content: bytes) -> Response:
    response = Response(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = 'attachment; filename="list.pdf"'
    return response
