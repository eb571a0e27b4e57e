"""Passkeys (WebAuthn, Level 2): registered by who is signed in, shown as second factor or in place of a password.

A challenge travels sealed through the page and is good once, for five minutes. Passkeys belong to a host name, so
none can be had where the server is reached by a bare number.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import webauthn
from sqlmodel import col, select
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from survey_server.accounts import limits, second_factor, sessions
from survey_server.accounts.models import LoginSession, Passkey, Person
from survey_server.audit.service import record
from survey_server.config import Settings
from survey_server.crypto import SealBrokenError
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Work

CHALLENGE_LIFE = dt.timedelta(minutes=5)
CHALLENGE_BYTES = 32
NAME = "Zoufang 走访"
Checked = TypeVar("Checked")


def host(settings: Settings) -> str:
    """The host name that passkeys belong to; empty where people come by a number, for then there can be none."""
    name = urlsplit(settings.public_url).hostname or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name
    return ""


def passkeys_of(work: Work, person_id: uuid.UUID) -> list[Passkey]:
    """The passkeys of a person, oldest first."""
    query = select(Passkey).where(Passkey.person_id == person_id).order_by(col(Passkey.created_at))
    return list(work.session.exec(query).all())


def registration(work: Work, person: Person) -> dict[str, Any]:
    """What the browser needs to make a passkey: ``options`` for its API, and ``state`` to send back."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    options = webauthn.generate_registration_options(
        rp_id=_host(work),
        rp_name=NAME,
        user_id=person.id.bytes,
        user_name=person.username,
        user_display_name=person.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_descriptors(passkeys_of(work, person.id)),
    )
    return {"options": options_to_json_dict(options), "state": _seal(work, f"register/{person.id}", challenge)}


def register(work: Work, person_id: uuid.UUID, state: str, credential: object, name: str) -> None:
    """Keep a new passkey; the person's other browsers are ended. Raises PASSKEY_REFUSED."""
    challenge = _open(work, f"register/{person_id}", state)
    made = _checked(
        lambda: webauthn.verify_registration_response(
            credential=_shaped(credential),
            expected_challenge=challenge,
            expected_rp_id=_host(work),
            expected_origin=work.settings.public_url,
        )
    )
    if work.session.exec(select(Passkey.id).where(Passkey.credential_id == made.credential_id)).first():
        raise ZoufangError(Problem.PASSKEY_REFUSED)
    work.session.add(
        Passkey(
            person_id=person_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name="".join(filter(str.isprintable, name)).strip()[:80],
            created_at=work.now,
        )
    )
    record(work, "second_factor.add", "person", person_id, kind="passkey")
    second_factor.strengthen(work, person_id, "passkey")


def request(work: Work, waiting: LoginSession | None) -> dict[str, Any]:
    """What the browser needs to show a passkey: of the person whose session waits, or of anybody."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    options = webauthn.generate_authentication_options(
        rp_id=_host(work),
        challenge=challenge,
        allow_credentials=_descriptors(passkeys_of(work, waiting.person_id)) if waiting else [],
        user_verification=UserVerificationRequirement.PREFERRED if waiting else UserVerificationRequirement.REQUIRED,
    )
    return {"options": options_to_json_dict(options), "state": _seal(work, _purpose(waiting), challenge)}


def prove(work: Work, waiting: LoginSession | None, state: str, credential: object, browser: str) -> str:
    """Let the waiting session in, or open one where the passkey came alone; the secret of a new one, else empty.

    A passkey alone is two factors: who has it, and who unlocked it. Raises PASSKEY_REFUSED.
    """
    challenge = _open(work, _purpose(waiting), state)
    shaped = _shaped(credential)
    passkey = _passkey(work, shaped)
    if waiting is not None and waiting.person_id != passkey.person_id:
        raise ZoufangError(Problem.PASSKEY_REFUSED)
    shown = _checked(
        lambda: webauthn.verify_authentication_response(
            credential=shaped,
            expected_challenge=challenge,
            expected_rp_id=_host(work),
            expected_origin=work.settings.public_url,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=waiting is None,
        )
    )
    passkey.sign_count, passkey.used_at = shown.new_sign_count, work.now
    if waiting is None:
        return sessions.open_session(work, passkey.person_id, browser, factor="passkey")
    sessions.let_in(work, waiting.id, "passkey")
    return ""


def remove(work: Work, person_id: uuid.UUID, passkey_id: uuid.UUID) -> None:
    """Forget a passkey; raises NOT_FOUND."""
    passkey = work.session.get_one(Passkey, passkey_id)
    if passkey.person_id != person_id:
        raise ZoufangError(Problem.NOT_FOUND)
    work.session.delete(passkey)
    record(work, "second_factor.remove", "person", person_id, kind="passkey")


def _passkey(work: Work, credential: dict[str, Any]) -> Passkey:
    """The passkey that is shown, of somebody who still works here; locked, for its counter goes on."""
    query = (
        select(Passkey)
        .join(Person, col(Person.id) == Passkey.person_id)
        .where(Passkey.credential_id == _checked(lambda: base64url_to_bytes(credential["id"])), col(Person.active))
    )
    found = work.session.exec(query.with_for_update(of=Passkey)).first()
    if found is None:
        raise ZoufangError(Problem.PASSKEY_REFUSED)
    return found


def _descriptors(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in passkeys]


def _host(work: Work) -> str:
    name = host(work.settings)
    if not name:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("passkeys need a server that is reached by a name"))
    return name


def _shaped(credential: object) -> dict[str, Any]:
    if not isinstance(credential, dict) or not isinstance(credential.get("id"), str):
        raise ZoufangError(Problem.PASSKEY_REFUSED)
    return credential


def _checked(check: Callable[[], Checked]) -> Checked:
    """What the library says, or PASSKEY_REFUSED; what it is handed may be anything at all."""
    try:
        return check()
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ZoufangError(Problem.PASSKEY_REFUSED) from error


def _purpose(waiting: LoginSession | None) -> str:
    return f"prove/{waiting.id if waiting else 'alone'}"


def _seal(work: Work, purpose: str, challenge: bytes) -> str:
    until = (work.now + CHALLENGE_LIFE).timestamp()
    return work.vault.seal_state(f"passkey/{purpose}", json.dumps([challenge.hex(), until]).encode())


def _open(work: Work, purpose: str, state: str) -> bytes:
    """The challenge of this state, now used; raises PASSKEY_REFUSED for one that is old, foreign or used."""
    try:
        challenge, until = json.loads(work.vault.open_state(f"passkey/{purpose}", state))
    except SealBrokenError as error:
        raise ZoufangError(Problem.PASSKEY_REFUSED) from error
    if until < work.now.timestamp() or not limits.once(work, "challenge", challenge, CHALLENGE_LIFE):
        raise ZoufangError(Problem.PASSKEY_REFUSED)
    return bytes.fromhex(challenge)
