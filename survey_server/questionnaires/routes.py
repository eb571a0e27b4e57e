"""Questionnaires of a study: what is published, what is being written, and how a workbook becomes a version."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from mobile_forms.catalog import shipped
from survey_server.actors import EVALUATORS, Actor
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.questionnaires import drafts, service
from survey_server.questionnaires.checking import check
from survey_server.questionnaires.service import publish_draft
from survey_server.studies import forms
from survey_server.studies.models import FormVersion, Purpose
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

pages = Blueprint(
    "questionnaires",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/static/questionnaires",
)
MAX_WORKBOOK = 5 * 1024 * 1024
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@view(pages, "/studies/<uuid:study_id>/forms", who=EVALUATORS)
def show_forms(work: Work, study_id: uuid.UUID) -> str:
    """What is published, and what is being written."""
    study = study_of(work, study_id)
    published, kept = forms.forms_of(work, study_id), drafts.drafts_of(work, study_id)
    return render_template(
        "questionnaires/list.html",
        study=study,
        forms=published,
        current={form.id for form in published if forms.current_form(work, study_id, Purpose(form.purpose)) is form},
        drafts=kept,
        uploaders=drafts.uploaders_of(work, kept),
        purpose_of=drafts.purpose_of,
        purposes=list(Purpose),
        shipped=shipped(),
    )


@action(pages, "/studies/<uuid:study_id>/forms", who=EVALUATORS)
def upload_form(work: Work, study_id: uuid.UUID) -> Response:
    """Keep a workbook as a draft, or publish the shipped questionnaires again with the settings as they are now."""
    study = study_of(work, study_id)
    upload = request.files.get("workbook")
    if not upload or not upload.filename:
        forms.publish_shipped(work, study, reason=request.form.get("reason", ""))
        return see_other(url_for("questionnaires.show_forms", study_id=study_id))
    workbook = uploaded_workbook()
    purpose = _purpose(request.form.get("purpose", ""))
    draft = drafts.keep_draft(work, study, purpose, upload.filename, workbook)
    return see_other(url_for("questionnaires.show_draft", study_id=study_id, version_id=draft.id))


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/draft", who=EVALUATORS)
def show_draft(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> str:
    """A draft with everything that was found, its previews, and the way to publish it."""
    study = study_of(work, study_id)
    draft = drafts.draft_of(work, study_id, version_id)
    earlier = service.before(work, draft)
    return render_template(
        "questionnaires/draft.html",
        study=study,
        draft=draft,
        checked=check(study, draft),
        purpose=drafts.purpose_of(draft),
        uploader=drafts.uploaders_of(work, [draft]).get(draft.id, ""),
        earlier=earlier[0] if earlier else None,
        reading=forms.reading_language(),
    )


@handler(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/publish", methods=["POST"], who=EVALUATORS)
def publish(services: Services, actor: Actor, study_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """Publish a draft."""
    typed = {name: request.form.get(name, "") for name in ("reason", "against")}
    publish_draft(services, actor, study_id, version_id, **typed)
    return see_other(url_for("questionnaires.show_forms", study_id=study_id))


@action(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/discard", who=EVALUATORS)
def discard(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """Throw a draft away."""
    study_of(work, study_id)
    drafts.discard(work, drafts.draft_of(work, study_id, version_id))
    return see_other(url_for("questionnaires.show_forms", study_id=study_id))


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>.xlsx", who=EVALUATORS)
def download_workbook(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """The workbook as it was uploaded."""
    study_of(work, study_id)
    form = drafts.form_of(work, study_id, version_id)
    return as_file(form.workbook, form.title if drafts.is_draft(form) else f"{form.form_id}.xlsx")


@view(pages, "/studies/<uuid:study_id>/forms/shipped/<form_id>.xlsx", who=EVALUATORS)
def download_shipped(work: Work, study_id: uuid.UUID, form_id: str) -> Response:
    """A questionnaire that comes with the system, to be changed in Excel."""
    study_of(work, study_id)
    form = service.shipped_form(form_id)
    return as_file(form.read(), form.filename)


def uploaded_workbook() -> bytes:
    """The uploaded file named ``workbook``; raises TOO_LARGE, INVALID_FIELD."""
    upload = request.files.get("workbook")
    if not upload or not upload.filename:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("XLSForm workbook"), why=N_("choose a file"))
    content = upload.read(MAX_WORKBOOK + 1)
    if len(content) > MAX_WORKBOOK:
        raise ZoufangError(Problem.TOO_LARGE, limit=MAX_WORKBOOK // 2**20)
    return content


def as_file(content: bytes, name: str, mimetype: str = EXCEL) -> Response:
    """An answer that a browser saves under ``name``."""
    response = Response(content, mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def named(form: FormVersion) -> str:
    """A version by its number, a draft by its file."""
    return form.title if drafts.is_draft(form) else form.version


def _purpose(text: str) -> Purpose:
    if text not in set(Purpose):
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("What it is for"), why=N_("choose one of the list"))
    return Purpose(text)
