"""The respondent's pages behind a printed code."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_server.accounts import limits
from survey_server.actors import PUBLIC, Actor
from survey_server.console.problems import respond, sentence
from survey_server.console.routing import ANYONE, handler, see_other, view
from survey_server.errors import ZoufangError
from survey_server.public import terms
from survey_server.public.answering import hand_in, take_pictures
from survey_server.public.devices import device_name, remember_device
from survey_server.public.interview import Interview, Sitting, begin, form_of
from survey_server.public.showing import frame, packed, screen_page, thanks_page
from survey_server.public.subjects import Subject, has_answered, subject_of
from survey_server.rights.withdrawal import code_of_case
from survey_server.studies import forms
from survey_server.work import Services, Work


class Pages(Blueprint):
    """The room's pages; its style is asked for by its digest, so that a phone fetches it once."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:  # noqa: ARG002 - Flask's signature
        """A year, in seconds."""
        return YEAR


YEAR = 365 * 24 * 3600
pages = Pages("public", __name__, template_folder="templates", static_folder="static", static_url_path="/static/public")
MAX_BODY = 64 * 1024
MAX_PICTURE_BODY = 12 * 1024 * 1024
MAX_PARTS = 300
RECEIPT_LENGTH = 8


@view(pages, "/q/<token>", who=ANYONE)
def open_code(work: Work, token: str) -> Response:
    """The first screen; a household that has answered is thanked instead."""
    subject = subject_of(work, token)
    if subject.case_id is not None and has_answered(work, subject):
        return thanks_page(subject, _language_of(subject), subject.number, code_of_case(work, subject.case_id))
    terms.require_open(work, subject)
    interview = begin(subject, work.now, _language_of(subject))
    sitting = _sitting(work, subject, interview)
    page = screen_page(work.services, sitting.changed(screen=sitting.after(-1) or 0), {}, opened=True)
    return remember_device(page, secure=work.settings.secure)


@handler(pages, "/q/<token>", methods=["POST"], who=ANYONE)
def answer(services: Services, _actor: Actor, token: str) -> Response:
    """Take a screen's answers: show it again with what is wrong, the next one, or hand in after the last."""
    with_files = request.mimetype == "multipart/form-data"
    request.max_content_length = MAX_PICTURE_BODY if with_files else MAX_BODY
    # of a body with files, what the parser holds at once counts too: its piece of 64 KiB and what is left of the last
    request.max_form_memory_size = MAX_BODY * (4 if with_files else 1)
    request.max_form_parts = MAX_PARTS
    with services.read(PUBLIC) as work:
        subject = subject_of(work, token)
        if has_answered(work, subject):
            return see_other(url_for("public.open_code", token=token))
        interview = Interview.unseal(work.vault, token, request.form.get("state", ""))
        terms.require_open(work, subject, interview.began)
        before = _sitting(work, subject, interview)
        if "resume" in request.form:
            return screen_page(services, before, {})
        asked = frozenset(name for _, name, _ in before.asked)
        sitting = before.with_answers(request.form)
    if "helper" in request.form:
        sitting = sitting.changed(helped="helped" in request.form)
    sitting, refused = take_pictures(services, sitting)
    return _pressed(services, sitting, asked, refused)


def _pressed(services: Services, sitting: Sitting, asked: frozenset[str], refused: dict[str, str]) -> Response:
    """What the button that was pressed asks for."""
    if "language" in request.form:
        return screen_page(services, _in_language(sitting, request.form["language"]), {})
    if "add" in request.form:
        return screen_page(services, sitting.with_row(), {})
    if "remove" in request.form:
        return screen_page(services, sitting.without_row(request.form["remove"]), {})
    if "back" in request.form:
        here = sitting.before(sitting.interview.screen)
        return screen_page(services, sitting.changed(screen=here or 0), {})
    return _go_on(services, sitting, asked, refused)


@view(pages, "/q/<token>/thanks/<receipt>", who=ANYONE)
def thank(work: Work, token: str, receipt: str) -> Response:
    """Thanks, with the number under which the answers were taken."""
    subject = subject_of(work, token)
    return thanks_page(subject, _language_of(subject), subject.number, receipt[:RECEIPT_LENGTH])


@view(pages, "/q/", who=ANYONE)
def ask_code(work: Work) -> Response:
    """For a phone that cannot scan: the ten signs that stand beside every code."""
    page = packed(render_template("public/type_code.html", typed="", **frame("", None)))
    return remember_device(page, secure=work.settings.secure)


@handler(pages, "/q/", methods=["POST"], who=ANYONE)
def find_code(services: Services, _actor: Actor) -> Response:
    """Open the questionnaire behind a typed code; after many wrong ones the device has to wait."""
    request.max_content_length = request.max_form_memory_size = MAX_BODY
    typed, tried = request.form.get("typed", "")[:40], (limits.TOKEN, f"typed/{device_name()}")
    with services.read(PUBLIC) as work:
        limits.require(work, tried)
        try:
            return see_other(url_for("public.open_code", token=terms.token_of_typed(work, typed)))
        except ZoufangError as problem:
            words = problem
    with services.write(PUBLIC) as work:
        limits.fail(work, tried)
    kind = words.problem.value
    error = f"{sentence(kind.title, words.fields)} {sentence(kind.remedy, words.fields)}"
    page = packed(render_template("public/type_code.html", typed=typed, error=error, **frame("", None)))
    page.status_code = kind.status
    return page


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


def _go_on(services: Services, sitting: Sitting, asked: frozenset[str], refused: dict[str, str]) -> Response:
    sitting = sitting.without_empty_rows()
    here = sitting.interview.screen
    errors = sitting.faults(here) | refused
    if sitting.opens_more(asked):
        return screen_page(services, sitting, refused)
    if errors:
        return screen_page(services, sitting, errors)
    following = sitting.after(here)
    if following is not None:
        return screen_page(services, sitting.changed(screen=following), {})
    unfinished = sitting.first_fault()
    if unfinished is not None:
        return screen_page(services, sitting.changed(screen=unfinished), sitting.faults(unfinished))
    return see_other(hand_in(services, sitting))


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
