"""The office's page of printed codes: what is printed and how it looks, last days and quotas, cancelled codes."""

from __future__ import annotations

import uuid

from flask import Response, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from survey_server.actors import EVALUATORS, Actor
from survey_server.audit.service import record
from survey_server.console.qr import svg
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import Problem, ZoufangError
from survey_server.public import codes, terms
from survey_server.public.codes import KIND_NAMES, OF_HOUSEHOLDS, SHEETS, Kind, LabelSheet
from survey_server.public.routes import pages
from survey_server.public.subjects import printable_cases
from survey_server.studies import forms, service
from survey_server.studies.models import Purpose
from survey_server.work import Services, Work

ALL = "all"


@view(pages, "/studies/<uuid:study_id>/codes", who=EVALUATORS)
def show_codes(work: Work, study_id: uuid.UUID) -> str:
    """What can be printed, the places where codes hang, and how long codes open."""
    study = service.study_of(work, study_id)
    cases, places = printable_cases(work, study_id), service.places(work, study_id)
    replaced = terms.replacements(work, study_id)
    held, answers = terms.codes_of(work, study_id), terms.answers_by_place(work, study_id)
    kinds = [kind for kind in KIND_NAMES if kind is not Kind.CLASS and (cases if kind in OF_HOUSEHOLDS else places)]
    return render_template(
        "public/codes.html",
        study=study,
        households=len(cases),
        places=[
            (place, codes.place_address(work, place), held.get(place.id), answers.get(place.id, 0)) for place in places
        ],
        kinds=kinds,
        kind_names=KIND_NAMES,
        kind=_kind() if _kind() in kinds else (kinds[0] if kinds else None),
        sheet=_sheet(),
        sheets=SHEETS.values(),
        terms=terms.terms_of(work, study_id),
        letter="\n".join(codes.letter_of(work, study)),
        revoked=terms.revoked_codes(work, study_id),
        replaced=[case.sample_id for case in cases if case.id in replaced],
        svg=svg,
        counties=sorted({case.county for case in cases} | {place.county for place in places if place.county}),
        published={form.purpose for form in forms.forms_of(work, study_id)},
        Purpose=Purpose,
        Kind=Kind,
    )


@action(pages, "/studies/<uuid:study_id>/places", who=EVALUATORS)
def add_place(work: Work, study_id: uuid.UUID) -> Answer:
    """A new place or training session."""
    study = terms.open_study(work, study_id)
    purpose = Purpose.TRAINING if request.form.get("purpose") == Purpose.TRAINING.value else Purpose.PUBLIC
    label, county = request.form.get("label", "")[:100], request.form.get("county", "")[:50]
    service.add_place(work, study, label=label, county=county, purpose=purpose)
    return _back(study_id)


@handler(pages, "/studies/<uuid:study_id>/codes.pdf", methods=["GET"], who=EVALUATORS)
def print_codes(services: Services, actor: Actor, study_id: uuid.UUID) -> Answer:
    """The codes to print; that they were made is recorded, for each opens a questionnaire."""
    kind = _kind()
    with services.write(actor) as work:
        study = service.study_of(work, study_id)
        terms.keep_codes(work, study)
        sheets = codes.printed(work, study, kind, _sheet(), number=request.args.get("number", "")[:20])
        record(work, "codes.print", "study", study_id, study_id=study_id, kind=kind.value, codes=len(sheets.papers))
    return _pdf(codes.typeset(sheets), f"{kind.value}.pdf")


@handler(pages, "/studies/<uuid:study_id>/codes.png", methods=["GET"], who=EVALUATORS)
def preview_codes(services: Services, actor: Actor, study_id: uuid.UUID) -> Answer:
    """How the first page will look, with made-up numbers."""
    with services.read(actor) as work:
        sheets = codes.specimen(work, service.study_of(work, study_id), _kind(), _sheet())
    return Response(codes.picture(sheets), content_type="image/png")


@action(pages, "/studies/<uuid:study_id>/codes/terms", who=EVALUATORS)
def save_terms(work: Work, study_id: uuid.UUID) -> Answer:
    """The last day and the quota of the study's codes, or of one place's."""
    closes_on, quota = request.form.get("closes_on", "")[:20], request.form.get("quota", "")[:20]
    place = request.form.get("place", "")
    if place:
        terms.set_place_terms(work, study_id, _id(place), closes_on, quota)
    else:
        terms.set_terms(work, study_id, closes_on, quota)
    return _back(study_id)


@action(pages, "/studies/<uuid:study_id>/codes/letter", who=EVALUATORS)
def save_letter(work: Work, study_id: uuid.UUID) -> Answer:
    """The words of the letter; empty brings the shipped ones back."""
    terms.set_letter(work, study_id, request.form.get("letter", ""))
    return see_other(url_for("public.show_codes", study_id=study_id, what=Kind.LETTERS.value))


@action(pages, "/studies/<uuid:study_id>/codes/revoke", who=EVALUATORS)
def revoke_codes(work: Work, study_id: uuid.UUID) -> Answer:
    """One code, or all, open nothing from now on."""
    if request.form.get("which") == ALL:
        terms.revoke_all(work, study_id)
    else:
        terms.revoke(work, study_id, request.form.get("number", "")[:20])
    return _back(study_id)


@action(pages, "/studies/<uuid:study_id>/codes/restore", who=EVALUATORS)
def restore_code(work: Work, study_id: uuid.UUID) -> Answer:
    """A cancelled code opens again."""
    terms.restore(work, study_id, _id(request.form.get("code", "")))
    return _back(study_id)


@action(pages, "/studies/<uuid:study_id>/codes/replace", who=EVALUATORS)
def replace_code(work: Work, study_id: uuid.UUID) -> Answer:
    """A household whose code was cancelled gets another."""
    terms.replace(work, study_id, _id(request.form.get("code", "")))
    return see_other(url_for("public.show_codes", study_id=study_id) + "#revoke")


def _back(study_id: uuid.UUID) -> Answer:
    return see_other(url_for("public.show_codes", study_id=study_id))


def _kind() -> Kind:
    wanted = request.args.get("what", "")
    return Kind(wanted) if wanted in {kind.value for kind in Kind if kind is not Kind.CLASS} else Kind.LABELS


def _sheet() -> LabelSheet:
    return SHEETS.get(request.args.get("sheet", ""), SHEETS["10"])


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise ZoufangError(Problem.NOT_FOUND) from error


def _pdf(content: bytes, name: str) -> Response:
    response = Response(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
