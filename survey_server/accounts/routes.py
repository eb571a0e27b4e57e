"""Pages for signing in, people and phones."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from survey_server.accounts import service
from survey_server.accounts.models import Person
from survey_server.actors import ANYBODY_KNOWN, EVALUATORS, OWNERS, Actor, Role
from survey_server.console.qr import svg
from survey_server.console.routing import ANYONE, action, handler, local_address, see_other, view
from survey_server.work import Services, Work

pages = Blueprint("accounts", __name__, template_folder="templates")
COOKIE = "session"


@view(pages, "/sign-in", who=ANYONE)
def sign_in_page(work: Work) -> str:
    """The page for user name and password."""
    return render_template(
        "accounts/sign_in.html", next=local_address(request.args.get("next")), empty=not service.any_person(work)
    )


@handler(pages, "/sign-in", methods=["POST"], who=ANYONE)
def sign_in(services: Services, _actor: Actor) -> Response:
    """Open a session and go on."""
    secret = service.sign_in(services, request.form.get("username", ""), request.form.get("password", ""))
    response = see_other(local_address(request.form.get("next")))
    response.set_cookie(
        COOKIE,
        secret,
        max_age=services.settings.session_hours * 3600,
        httponly=True,
        secure=services.settings.secure,
        samesite="Lax",
    )
    return response


@action(pages, "/sign-out", who=ANYBODY_KNOWN)
def sign_out(work: Work) -> Response:
    """End the session."""
    service.sign_out(work)
    response = see_other("/sign-in")
    response.delete_cookie(COOKIE)
    return response


@view(pages, "/people", who=EVALUATORS)
def list_people(work: Work) -> str:
    """Everybody who works here."""
    return render_template("accounts/people.html", people=service.people(work), roles=list(Role), typed={})


@action(pages, "/people", who=OWNERS)
def add_person(work: Work) -> Response:
    """A new person."""
    service.create_person(
        work,
        username=request.form.get("username", ""),
        name=request.form.get("name", ""),
        password=request.form.get("password", ""),
        staff_no=request.form.get("staff_no", ""),
        roles=[Role(value) for value in request.form.getlist("roles") if value in set(Role)],
    )
    return see_other("/people")


@view(pages, "/people/<uuid:person_id>", who=EVALUATORS)
def show_person(work: Work, person_id: uuid.UUID) -> str:
    """A person and their phones."""
    person = work.session.get_one(Person, person_id)
    return render_template(
        "accounts/person.html", person=person, devices=service.devices_of(work, person_id), link=None
    )


@action(pages, "/people/<uuid:person_id>/phone-link", who=EVALUATORS)
def make_phone_link(work: Work, person_id: uuid.UUID) -> str:
    """Show, once, the QR code that signs a phone in."""
    secret = service.new_phone_link(work, person_id)
    link = f"{work.settings.public_url}/visit/#join={secret}"
    return render_template(
        "accounts/person.html",
        person=work.session.get_one(Person, person_id),
        devices=service.devices_of(work, person_id),
        link=link,
        qr=svg(link),
    )


@action(pages, "/devices/<uuid:device_id>/end", who=EVALUATORS)
def end_device(work: Work, device_id: uuid.UUID) -> Response:
    """End a lost phone."""
    service.end_device(work, device_id)
    return see_other(local_address(request.form.get("back"), "/people"))


def authenticate(services: Services) -> Actor | None:
    """Who makes this request: by a phone's bearer secret, or by a session's cookie."""
    bearer = request.headers.get("Authorization", "")
    with services.read() as work:
        if bearer.startswith("Bearer "):
            return service.actor_of_device(work, bearer.removeprefix("Bearer "))
        secret = request.cookies.get(COOKIE)
        return service.actor_of_session(work, secret) if secret else None
