"""Pages of exports: what can be asked for, how far it is, and the file; and studies that come as an archive."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS, OWNERS, Actor
from survey_server.audit.service import record
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.exports import service
from survey_server.exports.bringing import bring_in
from survey_server.exports.making import KINDS
from survey_server.exports.models import ArchiveOrigin
from survey_server.exports.workbook import LABELS
from survey_server.results.deidentify import Removed
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

pages = Blueprint("exports", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/exports", who=EVALUATORS)
def show_exports(work: Work, study_id: uuid.UUID) -> str:
    """What can be taken, and what was asked for."""
    study = study_of(work, study_id)
    asked = service.mine(work, study_id)
    return render_template(
        "exports/show.html",
        study=study,
        kinds={name: (gettext(kind.label), kind.worded) for name, kind in KINDS.items()},
        asked=asked,
        removed={export.id: Removed(**export.removed).text for export in asked if export.removed},
        under_way=any(export.is_under_way for export in asked),
        origin=work.session.get(ArchiveOrigin, study_id),
        now=work.now,
        feed=f"{work.settings.public_url}/api/odata/{study_id}/",
    )


@action(pages, "/studies/<uuid:study_id>/exports", who=EVALUATORS)
def ask(work: Work, study_id: uuid.UUID) -> Response:
    """Have a file made."""
    service.ask(work, study_id, request.form.get("kind", ""), request.form.get("words", LABELS))
    return see_other(url_for("exports.show_exports", study_id=study_id))


@handler(pages, "/studies/<uuid:study_id>/exports/<uuid:export_id>", methods=["GET"], who=EVALUATORS)
def fetch(services: Services, actor: Actor, study_id: uuid.UUID, export_id: uuid.UUID) -> Response:
    """The file, for whoever asked for it; that it was fetched is recorded."""
    with services.read(actor) as work:
        export, content = service.content_of(work, study_id, export_id)
        practice = "practice-" if study_of(work, study_id).practice else ""
    with services.write(actor) as work:
        record(work, "results.export", "export", export_id, study_id=study_id, file=export.kind, bytes=len(content))
    kind = KINDS[export.kind]
    headers = {
        "Content-Disposition": f'attachment; filename="{practice}{kind.name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, content_type=kind.mimetype, headers=headers)


@view(pages, "/archives", who=OWNERS)
def show_archives(work: Work) -> str:
    """Where an archive of another installation is brought in."""
    return render_template("exports/archives.html", most=work.settings.max_upload_bytes // 1024**2)


@action(pages, "/archives", who=OWNERS)
def bring(work: Work) -> Response:
    """Make a study of an archive."""
    file = request.files.get("archive")
    if file is None or not file.filename:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Archive"), why=N_("choose a file"))
    brought = bring_in(work, file.read())
    return see_other(url_for("exports.show_exports", study_id=brought.study.id))
