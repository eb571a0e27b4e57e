"""The second factor: codes of an authenticator app (TOTP, RFC 6238) and recovery codes."""

from __future__ import annotations

import base64
import hmac
import secrets
import string
import unicodedata
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from pyotp import random_base32
from pyotp.totp import TOTP
from sqlmodel import col, func, select

from survey_server.accounts import limits, sessions
from survey_server.accounts.models import Authenticator, LoginSession, Passkey, Person, RecoveryCode
from survey_server.audit.service import record
from survey_server.crypto import SealBrokenError, digest_secret
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Services, Work

ISSUER = "Zoufang"
STEP = 30
"""Seconds for which a code holds; the one before and the one after are taken too, for clocks differ."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 10


@dataclass(frozen=True)
class Offer:
    """A secret that an app may take: in the QR code's address, to be typed, and sealed for the way back."""

    address: str
    secret: str
    sealed: str


def has_one(work: Work, person_id: uuid.UUID | None) -> bool:
    """Whether a person has an authenticator app or a passkey."""
    kinds = [sa.exists().where(col(table.person_id) == person_id) for table in (Authenticator, Passkey)]
    return bool(work.session.execute(sa.select(sa.or_(*kinds))).scalar())


def authenticator_of(work: Work, person_id: uuid.UUID) -> Authenticator | None:
    """The authenticator app of a person."""
    return work.session.get(Authenticator, person_id)


def recovery_codes_left(work: Work, person_id: uuid.UUID) -> int:
    """How many recovery codes are not used yet."""
    query = select(func.count()).select_from(RecoveryCode)
    return work.session.exec(
        query.where(RecoveryCode.person_id == person_id, col(RecoveryCode.used_at).is_(None))
    ).one()


def offer(work: Work, person: Person) -> Offer:
    """A new secret for an authenticator app; nothing is kept until a code of it comes back."""
    secret = random_base32()
    address = TOTP(secret).provisioning_uri(name=person.username, issuer_name=ISSUER)
    return Offer(address, secret, work.vault.seal_state(_purpose(person.id), secret.encode()))


def reoffer(work: Work, person: Person, sealed: str) -> Offer:
    """The offer that was made before, for a second try; raises STATE_CONFLICT where it is not ours."""
    secret = _open(work, person.id, sealed)
    address = TOTP(secret).provisioning_uri(name=person.username, issuer_name=ISSUER)
    return Offer(address, secret, sealed)


def accept(work: Work, person_id: uuid.UUID, sealed: str, code: str) -> list[str]:
    """Keep the offered secret, for a code of it came back; returns new recovery codes. Other browsers are ended.

    Raises SECOND_FACTOR_WRONG, STATE_CONFLICT.
    """
    step = _step_of(_open(work, person_id, sealed), code, work)
    if step is None:
        raise ZoufangError(Problem.SECOND_FACTOR_WRONG)
    work.session.execute(sa.delete(Authenticator).where(col(Authenticator.person_id) == person_id))
    work.session.add(Authenticator(person_id=person_id, sealed=sealed, last_step=step, created_at=work.now))
    record(work, "second_factor.add", "person", person_id, kind="totp")
    strengthen(work, person_id, "totp")
    return new_recovery_codes(work, person_id)


def strengthen(work: Work, person_id: uuid.UUID, factor: str) -> None:
    """The browser that just proved a second factor counts as proved; the others sign in anew, with it."""
    if work.actor.session_id is not None:
        work.session.get_one(LoginSession, work.actor.session_id).factor = factor
    sessions.end_others(work, person_id)


def new_recovery_codes(work: Work, person_id: uuid.UUID) -> list[str]:
    """Ten codes in place of the old ones, to be shown once; raises STATE_CONFLICT without a factor to stand for."""
    if not has_one(work, person_id):
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("set up an app or a passkey first"))
    codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    work.session.execute(sa.delete(RecoveryCode).where(col(RecoveryCode.person_id) == person_id))
    work.session.add_all([RecoveryCode(person_id=person_id, digest=digest_secret(code)) for code in codes])
    record(work, "recovery_codes.make", "person", person_id)
    return ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes]


def remove_authenticator(work: Work, person_id: uuid.UUID) -> None:
    """Forget the authenticator app."""
    work.session.execute(sa.delete(Authenticator).where(col(Authenticator.person_id) == person_id))
    record(work, "second_factor.remove", "person", person_id, kind="totp")


def remove_all(work: Work, person_id: uuid.UUID) -> None:
    """For somebody who lost everything: no app, no passkey, no recovery code, and no browser signed in."""
    for table in (Authenticator, Passkey, RecoveryCode):
        work.session.execute(sa.delete(table).where(col(table.person_id) == person_id))
    record(work, "second_factor.remove", "person", person_id, kind="all")
    sessions.end_others(work, person_id)


def prove_by_code(services: Services, session: LoginSession, code: str) -> None:
    """Let a waiting session in by a code of the app or a recovery code; raises SECOND_FACTOR_WRONG, TOO_MANY_TRIES."""
    tried = limits.SECOND_FACTOR, str(session.person_id)
    with services.write() as work:
        limits.attempt(work, *tried)
        factor = _spend(work, session.person_id, code)
        if factor:
            limits.forgive(work, tried)
            sessions.let_in(work, session.id, factor)
        else:
            record(work, "session.refuse", "person", session.person_id)
    if not factor:
        raise ZoufangError(Problem.SECOND_FACTOR_WRONG)


def _spend(work: Work, person_id: uuid.UUID, code: str) -> str:
    """The kind of factor that this code proves, now used; empty where it proves none."""
    plain = _typed(code)
    if plain.isdigit():
        return "totp" if _spend_step(work, person_id, plain) else ""
    query = (
        sa.update(RecoveryCode)
        .where(
            col(RecoveryCode.person_id) == person_id,
            col(RecoveryCode.digest) == digest_secret(plain),
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=work.now)
        .returning(col(RecoveryCode.id))
    )
    return "recovery" if work.session.execute(query).first() else ""


def _spend_step(work: Work, person_id: uuid.UUID, code: str) -> bool:
    """Each code is good once: the step must be later than the last one (RFC 6238, 5.2)."""
    held = authenticator_of(work, person_id)
    step = _step_of(_open(work, person_id, held.sealed), code, work) if held else None
    if step is None:
        return False
    newer = sa.update(Authenticator).where(
        col(Authenticator.person_id) == person_id, col(Authenticator.last_step) < step
    )
    spent = work.session.execute(newer.values(last_step=step).returning(col(Authenticator.person_id)))
    return spent.first() is not None


def _step_of(secret: str, code: str, work: Work) -> int | None:
    """The step of time whose code this is, now or one away."""
    totp, now = TOTP(secret, interval=STEP), int(work.now.timestamp()) // STEP
    near = (now, now - 1, now + 1)
    return next((step for step in near if hmac.compare_digest(totp.generate_otp(step), _typed(code))), None)


def _typed(code: str) -> str:
    """A code without what people type between: blanks, dashes, the wide digits (１２３) of a Chinese keyboard."""
    narrow = unicodedata.normalize("NFKC", code).upper()
    return "".join(sign for sign in narrow if sign in string.ascii_uppercase + string.digits)


def _open(work: Work, person_id: uuid.UUID, sealed: str) -> str:
    try:
        return work.vault.open_state(_purpose(person_id), sealed).decode()
    except SealBrokenError as error:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the code on the page is out of date")) from error


def _purpose(person_id: uuid.UUID) -> str:
    return f"totp/{person_id}"
