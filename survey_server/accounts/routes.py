"""Pages for signing in and out, and who makes a request."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from survey_server.accounts import service
from survey_server.actors import ANYBODY_KNOWN, Actor
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


def authenticate(services: Services) -> Actor | None:
    """Who makes this request: by a phone's bearer secret, or by a session's cookie."""
    bearer = request.headers.get("Authorization", "")
    with services.read() as work:
        if bearer.startswith("Bearer "):
            return service.actor_of_device(work, bearer.removeprefix("Bearer "))
        secret = request.cookies.get(COOKIE)
        return service.actor_of_session(work, secret) if secret else None
