"""Classes: the office's pages with the sign-in list, and the page where trainees sign in by themselves."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from survey_server.accounts import limits
from survey_server.actors import EVALUATORS, PUBLIC, Actor
from survey_server.audit.service import record
from survey_server.console.problems import sentence
from survey_server.console.qr import svg
from survey_server.console.routing import ANYONE, action, disclosure, handler, see_other, view
from survey_server.errors import Problem, ZoufangError
from survey_server.public import classes, codes
from survey_server.public.classes import ClassLine
from survey_server.public.devices import device_name, remember_device
from survey_server.public.routes import MAX_BODY, show_problem
from survey_server.public.showing import frame, packed
from survey_server.public.subjects import printable_cases
from survey_server.studies import forms
from survey_server.studies.models import Purpose
from survey_server.studies.service import places, study_of
from survey_server.work import Services, Work

pages = Blueprint("classes", __name__, template_folder="templates")
pages.register_error_handler(ZoufangError, show_problem)
LANGUAGE = "中文(zh)"


@view(pages, "/studies/<uuid:study_id>/classes", who=EVALUATORS)
def show_classes(work: Work, study_id: uuid.UUID) -> str:
    """The classes with their attendance, and the rate of all."""
    return render_template(
        "public/classes.html",
        study=study_of(work, study_id),
        lines=classes.classes_of(work, study_id),
        together=classes.attendance_of(work, study_id),
        counties=sorted(
            {case.county for case in printable_cases(work, study_id)}
            | {place.county for place in places(work, study_id) if place.county}
        ),
        published=forms.current_form(work, study_id, Purpose.TRAINING) is not None,
    )


@action(pages, "/studies/<uuid:study_id>/classes", who=EVALUATORS)
def make_class(work: Work, study_id: uuid.UUID) -> Answer:
    """A new class."""
    label, county = request.form.get("label", "")[:100], request.form.get("county", "")[:50]
    made = classes.make_class(work, study_id, label, county, request.form.get("held_on", "")[:20])
    return see_other(url_for("classes.show_class", study_id=study_id, class_id=made.id))


@disclosure(pages, "/studies/<uuid:study_id>/classes/<uuid:class_id>", who=EVALUATORS)
def show_class(work: Work, study_id: uuid.UUID, class_id: uuid.UUID) -> str:
    """The sign-in list; who looked at it is recorded."""
    line = classes.class_of(work, study_id, class_id)
    return render_template(
        "public/class.html",
        study=study_of(work, study_id),
        line=line,
        trainees=classes.trainees_of(work, study_id, class_id),
        address=classes.sign_in_address(work, line.training),
        rating=codes.place_address(work, line.place),
        svg=svg,
    )


@action(pages, "/studies/<uuid:study_id>/classes/<uuid:class_id>/enrol", who=EVALUATORS)
def enrol(work: Work, study_id: uuid.UUID, class_id: uuid.UUID) -> Answer:
    """Put the people of a list into the class."""
    upload = request.files.get("list")
    content = upload.stream.read() if upload else b""
    classes.enrol(work, study_id, class_id, (upload.filename or "list.xlsx") if upload else "list.xlsx", content)
    return see_other(url_for("classes.show_class", study_id=study_id, class_id=class_id))


@action(pages, "/studies/<uuid:study_id>/classes/<uuid:class_id>/mark", who=EVALUATORS)
def mark(work: Work, study_id: uuid.UUID, class_id: uuid.UUID) -> Answer:
    """Who was there, as it was ticked."""
    ticked = request.form.getlist("present", type=uuid.UUID)
    classes.mark(work, study_id, class_id, frozenset(ticked))
    return see_other(url_for("classes.show_class", study_id=study_id, class_id=class_id))


@handler(pages, "/studies/<uuid:study_id>/classes/<uuid:class_id>/poster.pdf", methods=["GET"], who=EVALUATORS)
def print_poster(services: Services, actor: Actor, study_id: uuid.UUID, class_id: uuid.UUID) -> Answer:
    """The poster by which the class signs in."""
    with services.write(actor) as work:
        poster = codes.class_poster(work, study_of(work, study_id), class_id)
        record(work, "codes.print", "study", study_id, study_id=study_id, kind=poster.kind.value, codes=1)
    response = Response(codes.typeset(poster), content_type="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="class.pdf"'
    return response


@view(pages, "/q/sign-in/<token>", who=ANYONE)
def ask_name(work: Work, token: str) -> Answer:
    """Name, and where two have the same the end of the telephone number."""
    page = _page(work, classes.class_behind(work, token))
    return remember_device(page, secure=work.settings.secure)


@handler(pages, "/q/sign-in/<token>", methods=["POST"], who=ANYONE)
def sign_in(services: Services, _actor: Actor, token: str) -> Answer:
    """Sign in; a name that is not on the list is said beside its field, and after many the device has to wait."""
    request.max_content_length = request.max_form_memory_size = MAX_BODY
    name, tail = request.form.get("name", "")[:60], request.form.get("tail", "")[:10]
    tried = (limits.TOKEN, f"{token}/{device_name()}")
    with services.write(PUBLIC) as work:
        line = classes.class_behind(work, token)
        limits.require(work, tried)
        try:
            classes.sign_in(work, line, name, tail)
        except ZoufangError as error:
            if error.problem is not Problem.NOT_ENROLLED:
                raise
            limits.fail(work, tried)
            kind = error.problem.value
            page = _page(
                work, line, name=name, tail=tail, error=f"{sentence(kind.title, {})} {sentence(kind.remedy, {})}"
            )
            page.status_code = 422
            return page
    return see_other(url_for("classes.signed_in", token=token))


@view(pages, "/q/sign-in/<token>/done", who=ANYONE)
def signed_in(work: Work, token: str) -> Answer:
    """It is done; the way to rate the class, which asks for no name."""
    line = classes.class_behind(work, token)
    open_now = forms.current_form(work, line.training.study_id, Purpose.TRAINING) is not None
    rating = codes.place_address(work, line.place) if open_now else ""
    study = study_of(work, line.training.study_id)
    return packed(render_template("public/signed_in.html", line=line, rating=rating, **frame(LANGUAGE, study)))


def _page(work: Work, line: ClassLine, **values: str) -> Answer:
    study = study_of(work, line.training.study_id)
    given = {"name": "", "tail": "", "error": ""} | values
    return packed(render_template("public/sign_in.html", line=line, **given, **frame(LANGUAGE, study)))
