"""Cards in the office, the page behind a card's code, and complaints."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import Blueprint, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS, OWNERS, PUBLIC, SUPERVISORS, Actor
from survey_server.audit.service import record
from survey_server.cards import complaints, printing, service
from survey_server.cards.pictures import MOST_LETTER_BYTES, Picture
from survey_server.console.routing import ANYONE, action, disclosure, handler, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.public.routes import frame, show_problem
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

pages = Blueprint(
    "cards", __name__, template_folder="templates", static_folder="static", static_url_path="/static/cards"
)
pages.register_error_handler(ZoufangError, show_problem)
LANGUAGE = "中文(zh)"
MAX_BODY = 16 * 1024


@view(pages, "/studies/<uuid:study_id>/cards", who=SUPERVISORS)
def show_cards(work: Work, study_id: uuid.UUID) -> str:
    """Who has a card, until when, and the client's letter."""
    study = study_of(work, study_id)
    return render_template(
        "cards/cards.html",
        study=study,
        cards=[(issued, service.address_of(work, issued.card)) for issued in service.cards_of(work, study)],
        bearers=service.card_bearers(work),
        letter=service.letter_of(work, study_id),
        today=service.today(work),
        last=service.today(work) + service.LONGEST,
    )


@action(pages, "/studies/<uuid:study_id>/cards", who=SUPERVISORS)
def issue_card(work: Work, study_id: uuid.UUID) -> Response:
    """A new card."""
    study, until = study_of(work, study_id), _day(request.form.get("valid_until", ""))
    service.issue(work, study, _person(), _uploaded("photo"), until)
    return see_other(url_for("cards.show_cards", study_id=study_id))


@action(pages, "/studies/<uuid:study_id>/cards/<uuid:card_id>/revoke", who=SUPERVISORS)
def revoke_card(work: Work, study_id: uuid.UUID, card_id: uuid.UUID) -> Response:
    """End a card."""
    service.revoke(work, study_id, card_id)
    return see_other(url_for("cards.show_cards", study_id=study_id))


@handler(pages, "/studies/<uuid:study_id>/cards.pdf", methods=["GET"], who=SUPERVISORS)
def print_cards(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The valid cards to print; that they were is recorded."""
    with services.read(actor) as work:
        data = printing.sheets(work, study_of(work, study_id))
    content = printing.pdf(data)
    with services.write(actor) as work:
        record(work, "card.print", "study", study_id, study_id=study_id, cards=len(data["cards"]))
    response = Response(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = "inline; filename=cards.pdf"
    response.headers["Cache-Control"] = "no-store"
    return response


@action(pages, "/studies/<uuid:study_id>/letter", who=EVALUATORS)
def add_letter(work: Work, study_id: uuid.UUID) -> Response:
    """The client's letter."""
    service.add_letter(work, study_of(work, study_id), _uploaded("letter"))
    return see_other(url_for("cards.show_cards", study_id=study_id))


@disclosure(pages, "/complaints", who=OWNERS)
def list_complaints(work: Work) -> str:
    """What citizens wrote, the new ones first."""
    return render_template("cards/complaints.html", complaints=complaints.complaints(work))


@action(pages, "/complaints/<uuid:complaint_id>/answer", who=OWNERS)
def answer_complaint(work: Work, complaint_id: uuid.UUID) -> Response:
    """Say what was done about it."""
    complaints.answer(work, complaint_id, request.form.get("answer", ""))
    return see_other(url_for("cards.list_complaints"))


@handler(pages, "/q/card/<token>", methods=["GET"], who=ANYONE)
def check_card(services: Services, _actor: Actor, token: str) -> Response:
    """Who this is, for whom they work, until when; or plainly that the card is worth nothing."""
    with services.read(PUBLIC) as work:
        issued = service.shown(work, token)
        letter = service.letter_of(work, issued.study.id) is not None
    return _public("cards/card.html", issued, token=token, letter=letter)


@handler(pages, "/q/card/<token>/photo", methods=["GET"], who=ANYONE)
def show_photo(services: Services, _actor: Actor, token: str) -> Response:
    """The photograph of a valid card."""
    with services.read(PUBLIC) as work:
        issued = service.shown(work, token)
        if not issued.is_valid:
            raise ZoufangError(Problem.NOT_FOUND)
        return _file(service.photo_of(work, issued.card), "photo")


@handler(pages, "/q/card/<token>/letter", methods=["GET"], who=ANYONE)
def show_letter(services: Services, _actor: Actor, token: str) -> Response:
    """The client's letter."""
    with services.read(PUBLIC) as work:
        issued = service.shown(work, token)
        if not issued.is_valid:
            raise ZoufangError(Problem.NOT_FOUND)
        return _file(service.letter_picture(work, issued.study.id), "letter")


@handler(pages, "/q/card/<token>/complaints", methods=["POST"], who=ANYONE)
def complain(services: Services, _actor: Actor, token: str) -> Response:
    """Keep what a citizen wrote."""
    request.max_content_length = request.max_form_memory_size = MAX_BODY
    words, contact = request.form.get("words", ""), request.form.get("contact", "")
    with services.write(PUBLIC) as work:
        issued = service.shown(work, token)
        receipt = complaints.complain(work, issued, words, contact, request.remote_addr)
    return see_other(url_for("cards.show_receipt", token=receipt))


@handler(pages, "/q/complaint/<token>", methods=["GET"], who=ANYONE)
def show_receipt(services: Services, _actor: Actor, token: str) -> Response:
    """That it was received, and the answer once there is one; what was written is not shown again."""
    with services.read(PUBLIC) as work:
        told = complaints.told_by(work, token)
    page = make_response(render_template("cards/receipt.html", told=told, **frame(LANGUAGE, told.study)))
    page.headers["Cache-Control"] = "no-store"
    return page


def _public(template: str, issued: service.Issued, **values: object) -> Response:
    page = make_response(render_template(template, issued=issued, **values, **frame(LANGUAGE, issued.study)))
    page.headers["Cache-Control"] = "no-store"
    return page


def _file(picture: Picture, name: str) -> Response:
    """As what it was found to be, never as what it might be taken for."""
    response = Response(picture.content, content_type=picture.content_type)
    way = "attachment" if picture.kind == "pdf" else "inline"
    response.headers["Content-Disposition"] = f"{way}; filename={name}.{picture.kind}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _uploaded(name: str) -> bytes:
    """The file's bytes, never many more than may be kept; raises INVALID_FIELD where none was chosen."""
    file = request.files.get(name)
    if file is None or not file.filename:
        raise ZoufangError(Problem.INVALID_FIELD, field=FIELDS[name], why=N_("no file was chosen"))
    return file.stream.read(MOST_LETTER_BYTES + 1)


FIELDS = {"photo": N_("Photograph"), "letter": N_("The client's letter")}


def _person() -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get("person", ""))
    except ValueError:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Person"), why=N_("choose one of the list")) from None


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Valid until"), why=N_("type a date")) from None
