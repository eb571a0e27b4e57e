"""Pages of a study's report: what the outline says, a person's own words, and the files."""

from __future__ import annotations

import uuid
from urllib.parse import quote

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS, Actor
from survey_server.audit.service import record
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import N_
from survey_server.reports import service
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KIND_NAMES = {
    service.SURVEY: N_("Survey report"),
    service.EVALUATION: N_("Evaluation report"),
    service.INTERVIEW: N_("Interview report"),
}
FILE_NAMES = {service.SURVEY: "问卷调查报告", service.EVALUATION: "绩效评价报告", service.INTERVIEW: "访谈报告"}
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
pages = Blueprint("reports", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/report", who=EVALUATORS)
def show_report(work: Work, study_id: uuid.UUID) -> str:
    """The outline with a box for each place of a person's own words."""
    kind = request.args.get("kind", service.SURVEY)
    return render_template(
        "reports/show.html",
        study=study_of(work, study_id),
        kind=kind,
        kinds={each: gettext(KIND_NAMES[each]) for each in service.KINDS},
        outline=service.outline_of(work, kind),
        texts=service.texts_of(work, study_id, kind),
        filled=service.filler_of(work, study_id),
    )


@action(pages, "/studies/<uuid:study_id>/report/<kind>", who=EVALUATORS)
def write_report(work: Work, study_id: uuid.UUID, kind: str) -> Response:
    """Keep what was written."""
    study_of(work, study_id)
    service.outline_of(work, kind)
    for place, text in request.form.items():
        service.write_text(work, study_id, kind, place, text)
    record(work, "report.save", "study", study_id, study_id=study_id, kind=kind)
    return see_other(url_for("reports.show_report", study_id=study_id, kind=kind, saved=1))


@handler(pages, "/studies/<uuid:study_id>/report/<kind>.docx", methods=["GET"], who=EVALUATORS)
def download_word(services: Services, actor: Actor, study_id: uuid.UUID, kind: str) -> Response:
    """The report for Word."""
    with services.read(actor) as work:
        name, made = _name(work, study_id, kind), service.word_of(work, study_id, kind)
    return _file(services, actor, study_id, made, DOCX, f"{name}.docx")


@handler(pages, "/studies/<uuid:study_id>/report/<kind>.pdf", methods=["GET"], who=EVALUATORS)
def download_pdf(services: Services, actor: Actor, study_id: uuid.UUID, kind: str) -> Response:
    """The report for print."""
    with services.read(actor) as work:
        name, made = _name(work, study_id, kind), service.pdf_of(work, study_id, kind)
    return _file(services, actor, study_id, made, "application/pdf", f"{name}.pdf")


@handler(pages, "/studies/<uuid:study_id>/report/tables.xlsx", methods=["GET"], who=EVALUATORS)
def download_tables(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The common tables, a sheet each."""
    with services.read(actor) as work:
        name, made = study_of(work, study_id).name, service.tables_of(work, study_id)
    return _file(services, actor, study_id, made, XLSX, f"{name}-常用表.xlsx")


def _name(work: Work, study_id: uuid.UUID, kind: str) -> str:
    return f"{study_of(work, study_id).name}-{FILE_NAMES.get(kind, kind)}"


def _file(services: Services, actor: Actor, study_id: uuid.UUID, content: bytes, kind: str, name: str) -> Response:
    with services.write(actor) as work:
        record(work, "results.report", "study", study_id, study_id=study_id, kind=kind)
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(content, content_type=kind, headers={"Content-Disposition": disposition})
