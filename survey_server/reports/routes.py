"""Pages of a study's report: what the outline says, a person's own words, and the files."""

from __future__ import annotations

import uuid
from urllib.parse import quote

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS, Actor
from survey_server.audit.service import record
from survey_server.console.routing import action, handler, see_other, view
from survey_server.reports import service
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
pages = Blueprint("reports", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/report", who=EVALUATORS)
def show_report(work: Work, study_id: uuid.UUID) -> str:
    """The outline with a box for each place of a person's own words."""
    return render_template(
        "reports/show.html",
        study=study_of(work, study_id),
        outline=service.outline_of(work),
        texts=service.texts_of(work, study_id),
        filled=service.filler_of(work, study_id),
    )


@action(pages, "/studies/<uuid:study_id>/report", who=EVALUATORS)
def write_report(work: Work, study_id: uuid.UUID) -> Response:
    """Keep what was written."""
    study_of(work, study_id)
    for place, text in request.form.items():
        service.write_text(work, study_id, place, text)
    record(work, "report.save", "study", study_id, study_id=study_id)
    return see_other(url_for("reports.show_report", study_id=study_id, saved=1))


@handler(pages, "/studies/<uuid:study_id>/report.docx", methods=["GET"], who=EVALUATORS)
def download_word(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The report for Word."""
    with services.read(actor) as work:
        name, made = study_of(work, study_id).name, service.word_of(work, study_id)
    return _file(services, actor, study_id, made, DOCX, f"{name}-调查报告.docx")


@handler(pages, "/studies/<uuid:study_id>/report.pdf", methods=["GET"], who=EVALUATORS)
def download_pdf(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The report for print."""
    with services.read(actor) as work:
        name, made = study_of(work, study_id).name, service.pdf_of(work, study_id)
    return _file(services, actor, study_id, made, "application/pdf", f"{name}-调查报告.pdf")


def _file(services: Services, actor: Actor, study_id: uuid.UUID, content: bytes, kind: str, name: str) -> Response:
    with services.write(actor) as work:
        record(work, "results.report", "study", study_id, study_id=study_id, kind=kind)
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(content, content_type=kind, headers={"Content-Disposition": disposition})
