"""Pages of the papers asked of counties (资料清单)."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_server.accounts.service import names_of
from survey_server.actors import EVALUATORS, Actor
from survey_server.console.routing import action, handler, see_other, view
from survey_server.scores.papers import MOST_BYTES
from survey_server.studies.service import study_of
from survey_server.work import Services, Work
from survey_server.workpapers import documents, sheets
from survey_server.workpapers.files import BYTES, XLSX, attachment, handed_out, uploaded
from survey_server.workpapers.service import counties_of, guide

pages = Blueprint("documents", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/documents", who=EVALUATORS)
def show_documents(work: Work, study_id: uuid.UUID) -> str:
    """Counties against papers, and the form that asks for more."""
    return render_template(
        "workpapers/documents.html",
        study=study_of(work, study_id),
        requests=documents.requests_of(work, study_id),
        counties=counties_of(work, study_id),
        template=guide("documents"),
        status=documents.STATUS,
    )


@view(pages, "/studies/<uuid:study_id>/documents/county", who=EVALUATORS)
def show_county(work: Work, study_id: uuid.UUID) -> str:
    """What was asked of one county, to mark what arrives."""
    county = request.args.get("county", "")
    requests = documents.requests_of(work, study_id, county)
    people = {one.row.person_id for one in requests.asked if one.row.person_id}
    return render_template(
        "workpapers/county.html",
        study=study_of(work, study_id),
        county=county,
        requests=requests,
        status=documents.STATUS,
        people=names_of(work, people),
    )


@action(pages, "/studies/<uuid:study_id>/documents", who=EVALUATORS)
def ask(work: Work, study_id: uuid.UUID) -> Response:
    """Ask counties for papers."""
    titles = [*request.form.getlist("title"), *request.form.get("more", "").splitlines()]
    days = request.form.get("days", "")
    counties = request.form.get("counties", "").splitlines()
    count, due = documents.ask(work, study_id, counties, titles, int(days) if days.isdecimal() else 0)
    return see_other(url_for("documents.show_documents", study_id=study_id, asked=count, due=due.isoformat()))


@handler(pages, "/studies/<uuid:study_id>/documents/<uuid:document_id>", methods=["POST"], who=EVALUATORS)
def mark(services: Services, actor: Actor, study_id: uuid.UUID, document_id: uuid.UUID) -> Response:
    """Say how a paper stands, or keep a file of it."""
    name, content = uploaded("file", MOST_BYTES)
    with services.write(actor) as work:
        row = documents.document_of(work, study_id, document_id)
        if name:
            documents.take_file(work, study_id, document_id, name, content)
        else:
            status, reason = request.form.get("status", ""), request.form.get("reason", "")
            documents.mark(work, study_id, document_id, status, reason)
        county, number = row.county, row.number
    return see_other(url_for("documents.show_county", study_id=study_id, county=county, _anchor=number))


@handler(pages, "/studies/<uuid:study_id>/documents/files/<uuid:document_file_id>", methods=["GET"], who=EVALUATORS)
def take_file(services: Services, actor: Actor, study_id: uuid.UUID, document_file_id: uuid.UUID) -> Response:
    """Hand a file out, as a download alone: it came from outside."""
    with services.write(actor) as work:
        row, file, content = documents.read_file(work, study_id, document_file_id)
        name = f"{row.county}-{row.number}-{file.file_name}"
    return attachment(content, BYTES, name)


@action(pages, "/studies/<uuid:study_id>/documents/files/<uuid:document_file_id>/evidence", who=EVALUATORS)
def use_as_evidence(work: Work, study_id: uuid.UUID, document_file_id: uuid.UUID) -> Response:
    """The file becomes a numbered paper of the evidence."""
    documents.as_evidence(work, study_id, document_file_id)
    return see_other(url_for("score_tables.show_evidence", study_id=study_id))


@handler(pages, "/studies/<uuid:study_id>/documents.xlsx", methods=["GET"], who=EVALUATORS)
def download(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The list to send: of one county, or of all."""
    county = request.args.get("county", "")
    with services.read(actor) as work:
        study = study_of(work, study_id)
        requests = documents.requests_of(work, study_id, county)
        content = sheets.requests_book(study, requests, county=county)
    name = f"{study.name}-资料清单{f'-{county}' if county else ''}.xlsx"
    return handed_out(services, actor, study_id, content, XLSX, name)
