"""Everybody's own page (我的账号): where they are signed in, their password, their second factor."""

from __future__ import annotations

import uuid

from flask import jsonify, make_response, render_template, request
from werkzeug.wrappers import Response

from survey_server.accounts import links, passkeys, people, second_factor, sessions, signing_in
from survey_server.accounts.models import Person
from survey_server.accounts.passwords import require_own
from survey_server.accounts.routes import pages
from survey_server.accounts.second_factor import Offer
from survey_server.actors import ANYBODY_KNOWN, OWNERS, SUPERVISORS, Actor
from survey_server.console.qr import svg
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services, Work


@view(pages, "/account", who=ANYBODY_KNOWN)
def show_account(work: Work) -> str:
    """One's own browsers, phones, password and second factor."""
    me = _me(work)
    return render_template(
        "accounts/account.html",
        person=me,
        browsers=sessions.browsers_of(work, me.id),
        phones=sessions.phones_of(work, me.id),
        app=second_factor.authenticator_of(work, me.id),
        passkeys=passkeys.passkeys_of(work, me.id),
        can_have_passkeys=bool(passkeys.host(work.settings)),
        codes_left=second_factor.recovery_codes_left(work, me.id),
        demanded=work.settings.require_second_factor and not second_factor.has_one(work, me.id),
    )


@handler(pages, "/account/password", methods=["POST"], who=ANYBODY_KNOWN)
def change_password(services: Services, actor: Actor) -> Response:
    """A new password; other browsers are ended."""
    signing_in.change_password(services, actor, request.form.get("current", ""), request.form.get("password", ""))
    return see_other("/account")


@action(pages, "/account/sessions/end-others", who=ANYBODY_KNOWN)
def end_other_sessions(work: Work) -> Response:
    """Sign out everywhere but here."""
    sessions.end_others(work, _me(work).id)
    return see_other("/account")


@action(pages, "/account/sessions/<uuid:session_id>/end", who=ANYBODY_KNOWN)
def end_own_session(work: Work, session_id: uuid.UUID) -> Response:
    """Sign one browser out."""
    sessions.end_session(work, _me(work).id, session_id)
    return see_other("/account")


@action(pages, "/account/phones/<uuid:device_id>/end", who=ANYBODY_KNOWN)
def end_own_phone(work: Work, device_id: uuid.UUID) -> Response:
    """Sign a lost phone out."""
    sessions.end_phone(work, _me(work).id, device_id)
    return see_other("/account")


@view(pages, "/account/app", who=ANYBODY_KNOWN)
def offer_app(work: Work) -> Response:
    """A QR code for an authenticator app."""
    return _offer_page(second_factor.offer(work, _me(work)))


@action(pages, "/account/app", who=ANYBODY_KNOWN)
def accept_app(work: Work) -> Response:
    """The app's first code: keep its secret and show the recovery codes; the same QR code again where it is wrong."""
    me, sealed = _me(work), request.form.get("sealed", "")
    try:
        codes = second_factor.accept(work, me.id, sealed, request.form.get("code", ""))
    except ZoufangError as error:
        if error.problem is not Problem.SECOND_FACTOR_WRONG:
            raise
        return _offer_page(second_factor.reoffer(work, me, sealed), wrong=True)
    return _codes_page(codes)


@handler(pages, "/account/app/remove", methods=["POST"], who=ANYBODY_KNOWN)
def remove_app(services: Services, actor: Actor) -> Response:
    """Forget the app, after the password."""
    me = require_own(services, actor, request.form.get("password", ""))
    with services.write(actor) as work:
        second_factor.remove_authenticator(work, me.id)
    return see_other("/account")


@action(pages, "/account/recovery-codes", who=ANYBODY_KNOWN)
def make_recovery_codes(work: Work) -> Response:
    """Ten new codes in place of the old; raises STATE_CONFLICT without a second factor that they stand for."""
    return _codes_page(second_factor.new_recovery_codes(work, _me(work).id))


@view(pages, "/account/passkeys", who=ANYBODY_KNOWN)
def ask_for_new_passkey(work: Work) -> Response:
    """What the browser needs to make a passkey."""
    return jsonify(passkeys.registration(work, _me(work)))


@action(pages, "/account/passkeys", who=ANYBODY_KNOWN)
def add_passkey(work: Work) -> Response:
    """The passkey that the browser made."""
    sent = request.get_json(silent=True)
    typed = sent if isinstance(sent, dict) else {}
    state, name = str(typed.get("state", "")), str(typed.get("name", ""))
    passkeys.register(work, _me(work).id, state, typed.get("credential"), name)
    return jsonify(next="/account")


@handler(pages, "/account/passkeys/<uuid:passkey_id>/remove", methods=["POST"], who=ANYBODY_KNOWN)
def remove_passkey(services: Services, actor: Actor, passkey_id: uuid.UUID) -> Response:
    """Forget a passkey, after the password."""
    me = require_own(services, actor, request.form.get("password", ""))
    with services.write(actor) as work:
        passkeys.remove(work, me.id, passkey_id)
    return see_other("/account")


@view(pages, "/people/<uuid:person_id>/sign-in", who=SUPERVISORS)
def show_sign_in(work: Work, person_id: uuid.UUID) -> str:
    """Where somebody is signed in, and how they prove who they are."""
    return _sign_in_of(work, person_id)


@action(pages, "/people/<uuid:person_id>/sign-in/end", who=SUPERVISORS)
def end_everything(work: Work, person_id: uuid.UUID) -> Response:
    """Sign somebody out everywhere."""
    sessions.end_everything(work, person_id)
    return see_other(f"/people/{person_id}/sign-in")


@action(pages, "/people/<uuid:person_id>/sessions/<uuid:session_id>/end", who=SUPERVISORS)
def end_session(work: Work, person_id: uuid.UUID, session_id: uuid.UUID) -> Response:
    """Sign one browser of somebody out."""
    sessions.end_session(work, person_id, session_id)
    return see_other(f"/people/{person_id}/sign-in")


@action(pages, "/people/<uuid:person_id>/second-factor/remove", who=OWNERS)
def remove_second_factor(work: Work, person_id: uuid.UUID) -> Response:
    """For somebody who lost phone, keys and recovery codes."""
    second_factor.remove_all(work, people.managed(work, person_id).person.id)
    return see_other(f"/people/{person_id}/sign-in")


@action(pages, "/people/<uuid:person_id>/password-link", who=OWNERS)
def make_password_link(work: Work, person_id: uuid.UUID) -> Response:
    """Show, once, the link by which somebody sets a new password."""
    people.managed(work, person_id)
    return _unkept(_sign_in_of(work, person_id, link=links.password_address(work, person_id)))


def _sign_in_of(work: Work, person_id: uuid.UUID, link: str = "") -> str:
    member = people.member_of(work, person_id)
    return render_template(
        "accounts/person_sign_in.html",
        person=member.person,
        manageable=people.may_manage(work.actor, member),
        browsers=sessions.browsers_of(work, person_id),
        app=second_factor.authenticator_of(work, person_id),
        passkeys=passkeys.passkeys_of(work, person_id),
        codes_left=second_factor.recovery_codes_left(work, person_id),
        link=link,
    )


def _me(work: Work) -> Person:
    return work.session.get_one(Person, work.actor.id)


def _offer_page(offer: Offer, *, wrong: bool = False) -> Response:
    return _unkept(render_template("accounts/app.html", offer=offer, qr=svg(offer.address), wrong=wrong))


def _codes_page(codes: list[str]) -> Response:
    return _unkept(render_template("accounts/recovery_codes.html", codes=codes))


def _unkept(page: str) -> Response:
    """A page with a secret on it leaves nothing in the browser's cache."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response
