"""Pages of a study's end."""

from __future__ import annotations

import json
import uuid

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS, OWNERS, REVIEWERS, Actor
from survey_server.closing import service
from survey_server.closing.bundle import SHORTEST
from survey_server.closing.models import Closing
from survey_server.closing.printing import certificate_pdf
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import Problem, ZoufangError
from survey_server.privacy.reasons import OPENING, Reason, reason_given
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

pages = Blueprint("closing", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/closing", who=EVALUATORS)
def show_closing(work: Work, study_id: uuid.UUID) -> str:
    """How to close a study; after that, its certificate and the figures that stay."""
    study = study_of(work, study_id)
    closing = service.closing_of(work, study_id)
    if closing is not None:
        return render_template("closing/closed.html", study=study, closing=closing)
    return render_template(
        "closing/close.html",
        study=study,
        counts=service.counts_of(work, study_id),
        bundle=service.bundle_made(work, study_id),
        shortest=SHORTEST,
    )


@handler(pages, "/studies/<uuid:study_id>/closing/bundle", methods=["POST"], who=OWNERS)
def make_bundle(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The bundle for the client; its passphrase is kept nowhere."""
    with services.read(actor) as work:
        bundle = service.bundle_of(work, study_of(work, study_id), request.form.get("passphrase", ""))
    with services.write(actor) as work:
        service.note_bundle(work, study_of(work, study_id), bundle)
    return _file(bundle, "application/octet-stream", "study.zoufang-bundle")


@handler(pages, "/studies/<uuid:study_id>/closing/clues", methods=["POST"], who=REVIEWERS)
def hand_clues_over(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The clues for the person whom the client named, by one of the named few; its passphrase is kept nowhere."""

    def why() -> Reason:
        return reason_given(OPENING, request.form.get("reason", ""), request.form.get("words", ""))

    with services.write(actor) as work:
        study = study_of(work, study_id)
        sealed = service.clues_of_study(work, study, request.form.get("passphrase", ""), why)
    return _file(sealed, "application/octet-stream", "clues.zoufang-bundle")


@action(pages, "/studies/<uuid:study_id>/closing", who=OWNERS)
def close(work: Work, study_id: uuid.UUID) -> Response:
    """Destroy the keys."""
    service.close_study(work, study_of(work, study_id), name=request.form.get("name", ""))
    return see_other(f"/studies/{study_id}/closing")


@view(pages, "/studies/<uuid:study_id>/closing/certificate.json", who=EVALUATORS)
def certificate_json(work: Work, study_id: uuid.UUID) -> Response:
    """The certificate of destruction with its signature."""
    closing = _closing(work, study_id)
    stated = {"certificate": closing.certificate, "signature": closing.signature}
    return _file(json.dumps(stated, ensure_ascii=False, indent=1).encode(), "application/json", "destruction.json")


@view(pages, "/studies/<uuid:study_id>/closing/certificate.pdf", who=EVALUATORS)
def certificate_print(work: Work, study_id: uuid.UUID) -> Response:
    """The same for print."""
    pdf = certificate_pdf(_closing(work, study_id), work.settings.timezone)
    return _file(pdf, "application/pdf", "destruction.pdf")


def _closing(work: Work, study_id: uuid.UUID) -> Closing:
    study_of(work, study_id)
    closing = service.closing_of(work, study_id)
    if closing is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return closing


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, content_type=kind, headers=headers)
