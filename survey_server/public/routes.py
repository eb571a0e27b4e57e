"""The respondent's pages behind a printed code, and the staff pages where the codes are made."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import force_locale, get_locale
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS, PUBLIC, Actor
from survey_server.audit.service import record
from survey_server.console.problems import respond, sentence
from survey_server.console.qr import svg
from survey_server.console.routing import ANYONE, action, handler, see_other, view
from survey_server.errors import Problem, ZoufangError
from survey_server.public import codes
from survey_server.public.devices import remember_device, require_room
from survey_server.public.interview import Interview, Sitting, begin, form_of
from survey_server.public.items import code_of, direction_of, items_of
from survey_server.public.screens import plan_of
from survey_server.public.subjects import Subject, has_answered, presets, printable_cases, subject_of
from survey_server.rights.withdrawal import code_of_answers, code_of_case
from survey_server.studies import forms, service
from survey_server.studies.models import Purpose, Study
from survey_server.submissions.service import receive
from survey_server.work import Services, Work


class Pages(Blueprint):
    """The room's pages; its style is asked for by its digest, so that a phone fetches it once."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:  # noqa: ARG002 - Flask's signature
        """A year, in seconds."""
        return YEAR


YEAR = 365 * 24 * 3600
STYLE = Path(__file__).with_name("static") / "public.css"
pages = Pages("public", __name__, template_folder="templates", static_folder="static", static_url_path="/static/public")
STYLE_DIGEST = sha256(STYLE.read_bytes()).hexdigest()[:12]
MAX_BODY = 64 * 1024
MAX_PARTS = 300
LOCALES = {"zh": "zh_Hans_CN", "en": "en"}
PLACE_PURPOSES = (Purpose.PUBLIC, Purpose.TRAINING)
RECEIPT_LENGTH = 8


@view(pages, "/q/<token>", who=ANYONE)
def open_code(work: Work, token: str) -> Response:
    """The first screen; a household that has answered is thanked instead."""
    subject = subject_of(work, token)
    if subject.case_id is not None and has_answered(work, subject):
        return _thanks(subject, subject.number, code_of_case(work, subject.case_id))
    interview = begin(subject, work.now, _language_of(subject))
    sitting = _sitting(work, subject, interview)
    page = _screen(work.services, sitting.changed(screen=sitting.after(-1) or 0), {})
    return remember_device(page, secure=work.settings.secure)


@handler(pages, "/q/<token>", methods=["POST"], who=ANYONE)
def answer(services: Services, _actor: Actor, token: str) -> Response:
    """Take a screen's answers: show it again with what is wrong, the next one, or hand in after the last."""
    request.max_content_length = request.max_form_memory_size = MAX_BODY
    request.max_form_parts = MAX_PARTS
    with services.read(PUBLIC) as work:
        subject = subject_of(work, token)
        if has_answered(work, subject):
            return see_other(url_for("public.open_code", token=token))
        interview = Interview.unseal(work.vault, token, request.form.get("state", ""))
        sitting = _sitting(work, subject, interview).with_answers(request.form)
    if "language" in request.form:
        return _screen(services, _in_language(sitting, request.form["language"]), {})
    if "back" in request.form:
        here = sitting.before(interview.screen)
        return _screen(services, sitting.changed(screen=here or 0), {})
    return _go_on(services, sitting)


@view(pages, "/q/<token>/thanks/<receipt>", who=ANYONE)
def thank(work: Work, token: str, receipt: str) -> Response:
    """Thanks, with the number under which the answers were taken."""
    subject = subject_of(work, token)
    return _thanks(subject, subject.number, receipt[:RECEIPT_LENGTH])


@pages.errorhandler(ZoufangError)
def show_problem(error: ZoufangError) -> Response:
    """Respondents get a page of their own: large words, and no door to the staff's rooms."""
    if not request.path.startswith("/q/"):
        return respond(error)
    kind = error.problem.value
    page = render_template(
        "public/problem.html",
        title=sentence(kind.title, error.fields),
        remedy=sentence(kind.remedy, error.fields),
        number=kind.number,
        **frame("", None),
    )
    return Response(page, kind.status, error.headers, content_type="text/html; charset=utf-8")


@view(pages, "/studies/<uuid:study_id>/codes", who=EVALUATORS)
def show_codes(work: Work, study_id: uuid.UUID) -> str:
    """The places where codes hang, and what can be printed."""
    study = service.study_of(work, study_id)
    cases = printable_cases(work, study_id)
    places = service.places(work, study_id)
    return render_template(
        "public/codes.html",
        study=study,
        households=len(cases),
        places=[(place, codes.place_address(work, place)) for place in places],
        svg=svg,
        counties=sorted({case.county for case in cases} | {place.county for place in places if place.county}),
        purposes=PLACE_PURPOSES,
        published={form.purpose for form in forms.forms_of(work, study_id)},
        Purpose=Purpose,
    )


@action(pages, "/studies/<uuid:study_id>/places", who=EVALUATORS)
def add_place(work: Work, study_id: uuid.UUID) -> Response:
    """A new place or training session."""
    study = service.study_of(work, study_id)
    purpose = Purpose.TRAINING if request.form.get("purpose") == Purpose.TRAINING.value else Purpose.PUBLIC
    label, county = request.form.get("label", "")[:100], request.form.get("county", "")[:50]
    service.add_place(work, study, label=label, county=county, purpose=purpose)
    return see_other(url_for("public.show_codes", study_id=study_id))


@handler(pages, "/studies/<uuid:study_id>/codes.pdf", methods=["GET"], who=EVALUATORS)
def print_codes(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The codes to print; that they were made is recorded, for each opens a questionnaire."""
    with services.read(actor) as work:
        sheets = codes.sheets(work, service.study_of(work, study_id))
    pdf = codes.typeset(sheets)
    with services.write(actor) as work:
        counts = {"households": len(sheets.labels), "places": len(sheets.posters)}
        record(work, "codes.print", "study", study_id, study_id=study_id, **counts)
    response = Response(pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = "inline; filename=codes.pdf"
    return response


def _go_on(services: Services, sitting: Sitting) -> Response:
    here = sitting.interview.screen
    errors = sitting.faults(here)
    if errors:
        return _screen(services, sitting, errors)
    following = sitting.after(here)
    if following is not None:
        return _screen(services, sitting.changed(screen=following), {})
    unfinished = sitting.first_fault()
    if unfinished is not None:
        return _screen(services, sitting.changed(screen=unfinished), sitting.faults(unfinished))
    return _hand_in(services, sitting)


def _hand_in(services: Services, sitting: Sitting) -> Response:
    subject = sitting.subject
    if subject.place_id is not None:
        with services.write(PUBLIC) as work:
            require_room(work, subject.token)
    try:
        receive(
            services,
            PUBLIC,
            subject.study.id,
            sitting.filled.xml,
            {},
            channel=subject.channel,
            case_id=subject.case_id,
            place_id=subject.place_id,
        )
    except ZoufangError as error:
        # Sent before from this very page: the first one stands, and its sender sees the same thanks.
        if error.problem is not Problem.INSTANCE_CONFLICT:
            raise
    if subject.case_id is not None:
        return see_other(url_for("public.open_code", token=subject.token))
    with services.read(PUBLIC) as work:
        receipt = code_of_answers(work, sitting.interview.instance_id)
    return see_other(url_for("public.thank", token=subject.token, receipt=receipt))


def _sitting(work: Work, subject: Subject, interview: Interview) -> Sitting:
    form = form_of(work, subject, interview)
    return Sitting(subject, form, interview, work.now, work.settings.timezone)


def _language_of(subject: Subject) -> str:
    form = forms.definition_of(subject.form)
    wanted = request.args.get("language", "")
    return wanted if wanted in form.languages else form.default_language


def _in_language(sitting: Sitting, wanted: str) -> Sitting:
    known = forms.definition_of(sitting.form).languages
    return sitting.changed(language=wanted) if wanted in known else sitting


def _screen(services: Services, sitting: Sitting, errors: Mapping[str, str]) -> Response:
    form = forms.definition_of(sitting.form)
    language, here = sitting.interview.language, sitting.interview.screen
    title = sitting.screen.title
    with _locale(language):
        page = render_template(
            "public/screen.html",
            items=list(items_of(sitting, errors)),
            errors=errors,
            heading=sitting.filled.label(title.name, language) if title else "",
            form_title=form.title,
            first=sitting.before(here) is None,
            last=sitting.is_last(),
            step=here + 1,
            steps=len(sitting.plan.screens) + 1,
            state=sitting.interview.seal(services.vault, sitting.subject.token),
            languages=[name for name in form.languages if name != language] if len(form.languages) > 1 else [],
            code_of=code_of,
            **frame(language, sitting.subject.study),
        )
    return make_response(page)


def _thanks(subject: Subject, number: str, code: str) -> Response:
    form = forms.definition_of(subject.form)
    language = _language_of(subject)
    closing = plan_of(form, presets(form, subject.number)).closing
    with _locale(language):
        page = render_template(
            "public/thanks.html",
            number=number,
            code=code,
            household=subject.case_id is not None,
            closing=[note.label[language].plain for note in closing if language in note.label],
            form_title=form.title,
            **frame(language, subject.study),
        )
    return make_response(page)


def frame(language: str, study: Study | None) -> dict[str, object]:
    """What every page of a respondent needs."""
    return {
        "language_code": code_of(language),
        "direction": direction_of(language),
        "study": study,
        "style": STYLE_DIGEST,
        "dial": "".join(sign for sign in (study.hotline if study else "") if sign.isdigit() or sign == "+"),
    }


def _locale(language: str):  # noqa: ANN202 - a context manager of Flask-Babel
    return force_locale(LOCALES.get(code_of(language), str(get_locale())))
