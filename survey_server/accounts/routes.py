"""Pages for signing in and out, and who makes a request."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, current_app, g, jsonify, render_template, request
from werkzeug.wrappers import Response

from survey_server.accounts import passkeys, second_factor, service, sessions, signing_in
from survey_server.accounts.models import Device, LoginSession
from survey_server.accounts.tokens import TOKEN_PREFIX
from survey_server.actors import ANYBODY_KNOWN, EVALUATORS, Actor
from survey_server.console.routing import ANYONE, action, actor, handler, local_address, see_other, services, view
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services, Work

pages = Blueprint(
    "accounts", __name__, template_folder="templates", static_folder="static", static_url_path="/static/accounts"
)
COOKIE = "session"
SETTING_UP = frozenset(
    f"accounts.{name}"
    for name in ("show_account", "sign_out", "offer_app", "accept_app", "ask_for_new_passkey", "add_passkey")
)
"""What an owner may do before a second factor is there, where the installation demands one."""


@view(pages, "/sign-in", who=ANYONE)
def sign_in_page(work: Work) -> str:
    """The page for user name and password, or for the second factor where the password was right."""
    waiting = _waiting(work)
    return render_template(
        "accounts/second_factor.html" if waiting else "accounts/sign_in.html",
        next=local_address(request.args.get("next")),
        empty=not service.any_person(work),
        passkeys=bool(passkeys.host(work.settings)) and (not waiting or _has_passkey(work, waiting)),
        app=waiting is not None and second_factor.authenticator_of(work, waiting.person_id) is not None,
    )


@handler(pages, "/sign-in", methods=["POST"], who=ANYONE)
def sign_in(services: Services, _actor: Actor) -> Response:
    """Open a session and go on: to the second factor where there is one. Nobody is signed in by another site's form."""
    if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        raise ZoufangError(Problem.FOREIGN_ORIGIN)
    typed, going = request.form, local_address(request.form.get("next"))
    secret = signing_in.sign_in(
        services,
        typed.get("username", ""),
        typed.get("password", ""),
        address=request.remote_addr or "",
        browser=_browser(),
    )
    with services.read() as work:
        waiting = sessions.waiting_session(work, secret)
    return _with_cookie(_to_sign_in(going) if waiting else see_other(going), secret)


@handler(pages, "/sign-in/code", methods=["POST"], who=ANYONE)
def sign_in_by_code(services: Services, _actor: Actor) -> Response:
    """The second factor: a code of the app, or a recovery code."""
    with services.read() as work:
        waiting = _waiting(work)
    if waiting is None:
        raise ZoufangError(Problem.SIGN_IN_NEEDED)
    second_factor.prove_by_code(services, waiting, request.form.get("code", "")[:64])
    return see_other(local_address(request.form.get("next")))


@action(pages, "/sign-in/again", who=ANYONE)
def sign_in_again(work: Work) -> Response:
    """Give the waiting session up, to sign in as somebody else."""
    waiting = _waiting(work)
    if waiting is not None:
        work.session.get_one(LoginSession, waiting.id).ended_at = work.now
    return see_other("/sign-in")


@view(pages, "/sign-in/passkey", who=ANYONE)
def ask_for_passkey(work: Work) -> Response:
    """A challenge for a passkey: alone, or as second factor where a session waits."""
    return jsonify(passkeys.request(work, _waiting(work)))


@action(pages, "/sign-in/passkey", who=ANYONE)
def sign_in_by_passkey(work: Work) -> Response:
    """The passkey that was shown."""
    sent = _sent()
    state, credential = str(sent.get("state", "")), sent.get("credential")
    secret = passkeys.prove(work, _waiting(work), state, credential, _browser())
    response = jsonify(next=local_address(str(sent.get("next", ""))))
    return _with_cookie(response, secret) if secret else response


@action(pages, "/sign-out", who=ANYBODY_KNOWN)
def sign_out(work: Work) -> Response:
    """End the session."""
    service.sign_out(work)
    response = see_other("/sign-in")
    response.delete_cookie(COOKIE)
    return response


@view(pages, "/password", who=ANYONE)
def new_password_page(_work: Work) -> str:
    """The page behind a one-time link; its secret stands after the # and never reaches a log."""
    return render_template("accounts/new_password.html")


@handler(pages, "/password", methods=["POST"], who=ANYONE)
def set_new_password(services: Services, _actor: Actor) -> Response:
    """Set the password of the link's person."""
    typed = request.form
    signing_in.reset_password(
        services, typed.get("link", "").strip(), typed.get("password", ""), request.remote_addr or ""
    )
    return see_other("/sign-in")


@view(pages, "/setup", who=ANYONE)
def first_owner_page(work: Work) -> Response | str:
    """The page that makes the first owner; there is none once there is anybody."""
    if service.any_person(work):
        return see_other("/sign-in")
    return render_template("accounts/first_owner.html")


@handler(pages, "/setup", methods=["POST"], who=ANYONE)
def make_first_owner(services: Services, _actor: Actor) -> Response:
    """Make the first owner with the secret that the server printed at its start."""
    link, *typed = (request.form.get(name, "") for name in ("link", "username", "name", "password"))
    signing_in.make_first_owner(services, link.strip(), *typed, address=request.remote_addr or "")
    return see_other("/sign-in")


def authenticate(services: Services) -> Actor | None:
    """Who makes this request: by a phone's bearer secret, or by a session's cookie."""
    bearer = request.headers.get("Authorization", "")
    with services.read() as work:
        if bearer.startswith("Bearer "):
            secret = bearer.removeprefix("Bearer ")
            found = None if secret.startswith(TOKEN_PREFIX) else service.actor_of_device(work, secret)
            return _seen(work, found, Device, found.device_id if found else None)
        secret = request.cookies.get(COOKIE, "")
        found = service.actor_of_session(work, secret) if secret else None
        return _seen(work, found, LoginSession, found.session_id if found else None)


@pages.before_app_request
def demand_second_factor() -> Response | None:
    """Where the installation asks for it, an owner or evaluator does nothing before a second factor is set up."""
    if not services().settings.require_second_factor or not _needs_factor(request.endpoint or ""):
        return None
    if actor().may(EVALUATORS) and g.get("factor") == "":
        if request.method == "GET":
            return see_other("/account")
        raise ZoufangError(Problem.SECOND_FACTOR_NEEDED)
    return None


def _needs_factor(endpoint: str) -> bool:
    """Whether a page waits until a second factor is set up: all do but those that set it up, or belong to nobody."""
    guarded = current_app.view_functions.get(endpoint)
    return getattr(guarded, "who", None) is not None and endpoint not in SETTING_UP


def _seen(work: Work, found: Actor | None, table: type[LoginSession | Device], row_id: Any) -> Actor | None:  # noqa: ANN401 - an id, or none where nobody was found
    """The same, remembered as seen now and then."""
    if found is None:
        return None
    row = work.session.get_one(table, row_id)
    if isinstance(row, LoginSession):
        g.factor = row.factor
    if sessions.is_stale(work, row.seen_at):
        sessions.note_seen(work.services, table, row_id)
    return found


def _waiting(work: Work) -> LoginSession | None:
    secret = request.cookies.get(COOKIE, "")
    return sessions.waiting_session(work, secret) if secret else None


def _has_passkey(work: Work, waiting: LoginSession) -> bool:
    return bool(passkeys.passkeys_of(work, waiting.person_id))


def _browser() -> str:
    return sessions.browser_of(request.headers.get("User-Agent", ""))


def _sent() -> dict[str, Any]:
    sent = request.get_json(silent=True)
    return sent if isinstance(sent, dict) else {}


def _to_sign_in(going: str) -> Response:
    return see_other(f"/sign-in?{urlencode({'next': going})}")


def _with_cookie(response: Response, secret: str) -> Response:
    settings = services().settings
    response.set_cookie(
        COOKIE,
        secret,
        max_age=settings.session_hours * 3600,
        httponly=True,
        secure=settings.secure,
        samesite="Lax",
    )
    return response
