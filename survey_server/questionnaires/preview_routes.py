"""The pages that show a questionnaire as each respondent will see it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from mobile_forms.translations import text_direction
from survey_server.actors import EVALUATORS, Actor
from survey_server.console.headers import POLICY
from survey_server.console.routing import handler, view
from survey_server.errors import Problem, ZoufangError
from survey_server.public.interview import Interview, Sitting, begin
from survey_server.public.showing import frame, screen_page
from survey_server.questionnaires import drafts, paper, preview
from survey_server.questionnaires.routes import named, pages
from survey_server.questionnaires.service import before, shown_xform
from survey_server.studies.forms import definition_of
from survey_server.studies.models import FormVersion, Study
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

SIZES = {"normal": 10.5, "large": 16.0}
KINDS = ("phone", "page", "desk")
PROGRAMS = ("phone", "desk")
# Our own pages may show a preview in a frame; nobody else may.
FRAMED = POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
ENGINE = FRAMED.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
SHOWING = POLICY + "; frame-src 'self'"


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/preview", who=EVALUATORS)
def show_preview(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """A frame of the size of a phone with the questionnaire in it, and the way to every other channel."""
    study, form = _found(work, study_id, version_id)
    trial = preview.tried(study, form)
    languages = definition_of(trial).languages
    purpose = drafts.purpose_of(form)
    kind = request.args.get("as", preview.FRAMES[purpose])
    language = request.args.get("language", "")
    page = render_template(
        "questionnaires/preview.html",
        study=study,
        form=form,
        title=definition_of(trial).title,
        named=named(form),
        is_draft=drafts.is_draft(form),
        purpose=purpose,
        kind=kind if kind in KINDS else "phone",
        form_languages=languages if len(languages) > 1 else (),
        shown_in=language if language in languages else definition_of(trial).default_language,
        direction=text_direction,
        earlier=next(iter(before(work, form)), None),
    )
    return _under(page, SHOWING)


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/try/<kind>", who=EVALUATORS)
def try_form(work: Work, study_id: uuid.UUID, version_id: uuid.UUID, kind: str) -> Response:
    """The phone's or the desk's own program over this form, without storing anything."""
    study, form = _found(work, study_id, version_id)
    if kind not in PROGRAMS:
        raise ZoufangError(Problem.NOT_FOUND)
    page = render_template(
        "questionnaires/try.html",
        study=study,
        form=form,
        title=definition_of(preview.tried(study, form)).title,
        kind=kind,
        lists=list(preview.lists_of(shown_xform(study, form))),
        program=preview.program(kind),
        number=preview.NUMBER,
        asked=request.args.get("language", ""),
    )
    return _under(page, ENGINE)


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/try/form.xml", who=EVALUATORS)
def try_xform(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """The form that is tried."""
    study, form = _found(work, study_id, version_id)
    return Response(shown_xform(study, form), content_type="text/xml; charset=utf-8")


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/try/lists/<name>", who=EVALUATORS)
def try_list(work: Work, study_id: uuid.UUID, version_id: uuid.UUID, name: str) -> Response:
    """A list that the form reads, with one invented row."""
    study, form = _found(work, study_id, version_id)
    content = preview.list_file(study, form, name)
    if content is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return Response(content, content_type="text/csv; charset=utf-8")


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/try/page", who=EVALUATORS)
def try_page(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """The respondent's first page."""
    study, form = _found(work, study_id, version_id)
    subject = preview.subject_of(study, form)
    languages = definition_of(subject.form).languages
    asked = request.args.get("language", "")
    language = asked if asked in languages else definition_of(subject.form).default_language
    interview = begin(subject, work.now, language)
    sitting = Sitting(subject, subject.form, interview, work.now, work.settings.timezone)
    return _screen(work.services, sitting.changed(screen=sitting.after(-1) or 0), {})


@handler(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/try/page", methods=["POST"], who=EVALUATORS)
def try_next_page(services: Services, actor: Actor, study_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """The respondent's next page; after the last one, thanks, and nothing is handed in."""
    with services.read(actor) as work:
        study, form = _found(work, study_id, version_id)
        subject = preview.subject_of(study, form)
        interview = Interview.unseal(work.vault, subject.token, request.form.get("state", ""))
        sitting = Sitting(subject, subject.form, interview, work.now, work.settings.timezone)
    sitting = sitting.with_answers(request.form)
    if "add" in request.form or "remove" in request.form:
        changed = sitting.with_row() if "add" in request.form else sitting.without_row(request.form["remove"])
        return _screen(services, changed, {})
    if request.form.get("language") in definition_of(subject.form).languages:
        return _screen(services, sitting.changed(language=request.form["language"]), {})
    here = sitting.interview.screen
    if "back" in request.form:
        return _screen(services, sitting.changed(screen=sitting.before(here) or 0), {})
    errors = sitting.faults(here)
    following = here if errors else sitting.after(here)
    if following is None:
        page = render_template("questionnaires/tried.html", **frame(sitting.interview.language, study))
        return _under(page, FRAMED)
    return _screen(services, sitting.changed(screen=following), errors)


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/paper.pdf", who=EVALUATORS)
def print_paper(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """The questionnaire on paper; ``?size=large`` in large print, ``?language=`` in another of its languages."""
    study, form = _found(work, study_id, version_id)
    definition = definition_of(preview.tried(study, form))
    asked = request.args.get("language", "")
    language = asked if asked in definition.languages else definition.default_language
    size = SIZES.get(request.args.get("size", ""), SIZES["normal"])
    response = Response(paper.print_form(study, definition, language, size=size), content_type="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=f"{definition.form_id}.pdf")
    return response


def _found(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> tuple[Study, FormVersion]:
    return study_of(work, study_id), drafts.form_of(work, study_id, version_id)


def _screen(services: Services, sitting: Sitting, errors: Mapping[str, str]) -> Response:
    """One of the respondent's pages, as respondents get it."""
    response = screen_page(services, sitting, errors)
    response.headers["Content-Security-Policy"] = FRAMED
    return response


def _under(page: str, policy: str) -> Response:
    response = make_response(page)
    response.headers["Content-Security-Policy"] = policy
    return response
