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
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
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
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Work

CHALLENGE_LIFE = dt.timedelta(minutes=5)
CHALLENGE_BYTES = 32
NAME = "Zoufang 走访"


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


def register(work: Work, person_id: uuid.UUID, state: str, credential: Any, name: str) -> None:  # noqa: ANN401 - whatever was sent
    """Keep a new passkey; the person's other browsers are ended. Raises PASSKEY_UNUSABLE."""
    with _refusing(Problem.PASSKEY_UNUSABLE):
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=_open(work, f"register/{person_id}", state),
            expected_rp_id=_host(work),
            expected_origin=work.settings.public_url,
        )
    if _of_credential(work, made.credential_id):
        raise ZoufangError(Problem.PASSKEY_UNUSABLE)
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


def prove(work: Work, waiting: LoginSession | None, state: str, credential: Any, browser: str) -> str:  # noqa: ANN401 - whatever was sent
    """Let the waiting session in, or open one where the passkey came alone; the secret of a new one, else empty.

    A passkey alone is two factors: who has it, and who unlocked it. Raises PASSKEY_REFUSED.
    """
    with _refusing(Problem.PASSKEY_REFUSED):
        challenge = _open(work, _purpose(waiting), state)
        passkey = _of_credential(work, base64url_to_bytes(credential["id"]))
        if passkey is None or (waiting is not None and waiting.person_id != passkey.person_id):
            raise ZoufangError(Problem.PASSKEY_REFUSED)
        shown = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_host(work),
            expected_origin=work.settings.public_url,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=waiting is None,
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


def _of_credential(work: Work, credential_id: bytes) -> Passkey | None:
    """The passkey of somebody who still works here; locked, for its counter goes on."""
    query = (
        select(Passkey)
        .join(Person, col(Person.id) == Passkey.person_id)
        .where(Passkey.credential_id == credential_id, col(Person.active))
    )
    return work.session.exec(query.with_for_update(of=Passkey)).first()


def _descriptors(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in passkeys]


def _host(work: Work) -> str:
    name = host(work.settings)
    if not name:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("passkeys need a server that is reached by a name"))
    return name


@contextmanager
def _refusing(problem: Problem) -> Generator[None]:
    """What does not hold is this problem. The library is handed what was sent, which may be anything at all."""
    try:
        yield
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ZoufangError(problem) from error


def _purpose(waiting: LoginSession | None) -> str:
    return f"prove/{waiting.id if waiting else 'alone'}"


def _seal(work: Work, purpose: str, challenge: bytes) -> str:
    until = (work.now + CHALLENGE_LIFE).timestamp()
    return work.vault.seal_state(f"passkey/{purpose}", json.dumps([challenge.hex(), until]).encode())


def _open(work: Work, purpose: str, state: str) -> bytes:
    """The challenge of this state, now used; raises ValueError for one that is old, foreign or used."""
    challenge, until = json.loads(work.vault.open_state(f"passkey/{purpose}", state))
    if until < work.now.timestamp() or not limits.once(work, "challenge", challenge, CHALLENGE_LIFE):
        raise ValueError("the challenge is out of date or was used")
    return bytes.fromhex(challenge)
