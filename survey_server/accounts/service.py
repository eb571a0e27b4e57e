"""Signing in and out; people; phones."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlmodel import col, select

from survey_server.accounts.models import Device, LoginSession, OneTimeLink, Person, PersonGrant, PersonRole
from survey_server.actors import INTERVIEWERS, Actor, Grant, Role, reach_of
from survey_server.audit.service import record
from survey_server.crypto import digest_secret, new_secret
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Services, Work

MIN_PASSWORD = 10
FREE_FAILURES = 5
LINK_LIFE = dt.timedelta(hours=24)
_hasher = PasswordHasher()
_NOBODY = _hasher.hash(new_secret())


def create_person(
    work: Work, *, username: str, name: str, password: str, roles: Iterable[Role], staff_no: str = ""
) -> Person:
    """A new person; raises INVALID_FIELD for a name in use or a short password."""
    username = username.strip().lower()
    if not username or _by_username(work, username):
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("User name"), why=N_("it is empty or in use already"))
    person = Person(
        username=username,
        name=name.strip() or username,
        staff_no=staff_no.strip(),
        password_hash=hash_password(password),
        created_at=work.now,
    )
    work.session.add(person)
    work.session.flush()
    for role in sorted(set(roles)):
        work.session.add(PersonRole(person_id=person.id, role=role.value))
    record(work, "person.create", "person", person.id, roles=sorted(roles))
    return person


def hash_password(password: str) -> str:
    """argon2id of a password that is long enough; raises INVALID_FIELD."""
    if len(password) < MIN_PASSWORD:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Password"), why=N_("it needs at least 10 characters"))
    return _hasher.hash(password)


def people(work: Work) -> Sequence[tuple[Person, list[Role]]]:
    """Everybody, with their roles."""
    roles: dict[uuid.UUID, list[Role]] = {}
    for row in work.session.exec(select(PersonRole)).all():
        roles.setdefault(row.person_id, []).append(row.as_role)
    everybody = work.session.exec(select(Person).order_by(Person.username)).all()
    return [(person, sorted(roles.get(person.id, []))) for person in everybody]


def people_with(work: Work, role: Role) -> Sequence[Person]:
    """The active people with a role, by name."""
    query = (
        select(Person)
        .join(PersonRole, col(PersonRole.person_id) == Person.id)
        .where(PersonRole.role == role.value, col(Person.active).is_(True))
    )
    return work.session.exec(query.order_by(Person.staff_no, Person.name)).all()


def any_person(work: Work) -> bool:
    """Whether anybody exists yet."""
    return work.session.exec(select(Person.id).limit(1)).first() is not None


def sign_in(services: Services, username: str, password: str) -> str:
    """Check a password and open a session; returns its secret. The slow hash runs outside a transaction."""
    with services.read() as work:
        person = _by_username(work, username.strip().lower())
        now = work.now
    if person and person.locked_until and person.locked_until > now:
        seconds = int((person.locked_until - now).total_seconds()) + 1
        raise ZoufangError(Problem.TOO_MANY_TRIES, seconds=seconds)
    right = _matches(person.password_hash if person else _NOBODY, password)
    if person is None:
        raise ZoufangError(Problem.SIGN_IN_FAILED)
    if not right or not person.active:
        _note_failure(services, person.id)
        raise ZoufangError(Problem.SIGN_IN_FAILED)
    return _open_session(services, person.id)


def sign_out(work: Work) -> None:
    """End the session that speaks."""
    if work.actor.session_id is not None:
        work.session.get_one(LoginSession, work.actor.session_id).ended_at = work.now
        record(work, "session.end", "person", work.actor.id)


def grants_of(work: Work, person_id: uuid.UUID | None) -> tuple[Grant, ...]:
    """The parts of the data that were granted to a person."""
    rows = work.session.exec(select(PersonGrant).where(PersonGrant.person_id == person_id)).all()
    return tuple(row.as_grant for row in rows)


def actor_of_session(work: Work, secret: str) -> Actor | None:
    """Who speaks with this session's secret; None where it ended."""
    found = _speaker(work, LoginSession, secret, col(LoginSession.expires_at) > work.now)
    if found is None:
        return None
    reach = reach_of(found.actor.roles, grants_of(work, found.actor.id))
    return replace(found.actor, session_id=found.id, reach=reach)


def actor_of_device(work: Work, secret: str) -> Actor | None:
    """Who speaks with this phone's secret; None where it was ended. A lost phone is an interviewer's, never more."""
    found = _speaker(work, Device, secret)
    if found is None:
        return None
    roles = found.actor.roles & INTERVIEWERS
    reach = reach_of(roles, grants_of(work, found.actor.id))
    return replace(found.actor, kind="device", device_id=found.id, roles=roles, reach=reach)


def new_phone_link(work: Work, person_id: uuid.UUID) -> str:
    """A secret for the QR code that signs one phone in as this person."""
    work.session.get_one(Person, person_id)
    secret = new_secret()
    work.session.add(
        OneTimeLink(
            digest=digest_secret(secret),
            person_id=person_id,
            created_at=work.now,
            expires_at=work.now + LINK_LIFE,
        )
    )
    record(work, "phone.link", "person", person_id)
    return secret


def join_phone(work: Work, secret: str, device_name: str) -> tuple[str, Person]:
    """Bind a phone to the person of a one-time link; returns the phone's secret. Raises LINK_USED."""
    query = select(OneTimeLink).where(OneTimeLink.digest == digest_secret(secret)).with_for_update()
    link = work.session.exec(query).first()
    if link is None or link.used_at is not None or link.expires_at <= work.now:
        raise ZoufangError(Problem.LINK_USED)
    link.used_at = work.now
    device_secret = new_secret()
    device = Device(
        digest=digest_secret(device_secret),
        person_id=link.person_id,
        name="".join(filter(str.isprintable, device_name))[:80],
        created_at=work.now,
    )
    work.session.add(device)
    record(work, "phone.join", "device", device.id, person=str(link.person_id))
    return device_secret, work.session.get_one(Person, link.person_id)


def devices_of(work: Work, person_id: uuid.UUID) -> Sequence[Device]:
    """The phones bound to a person, newest first."""
    query = select(Device).where(Device.person_id == person_id).order_by(col(Device.created_at).desc())
    return work.session.exec(query).all()


def end_device(work: Work, device_id: uuid.UUID) -> None:
    """A lost phone speaks for nobody any more."""
    device = work.session.get_one(Device, device_id)
    device.ended_at = device.ended_at or work.now
    record(work, "phone.end", "device", device_id, person=str(device.person_id))


def _by_username(work: Work, username: str) -> Person | None:
    return work.session.exec(select(Person).where(Person.username == username)).first()


@dataclass(frozen=True)
class _Speaker:
    """A session or phone by its id, and the person for whom it speaks."""

    id: uuid.UUID
    actor: Actor


def _speaker(
    work: Work, kind: type[LoginSession | Device], secret: str, *conditions: sa.ColumnElement[bool]
) -> _Speaker | None:
    """Found with the person and the roles in one query, for every request asks this."""
    query = (
        sa.select(col(kind.id), col(Person.id), col(Person.name), col(Person.staff_no), col(PersonRole.role))
        .join(Person, col(Person.id) == kind.person_id)
        .outerjoin(PersonRole, col(PersonRole.person_id) == Person.id)
        .where(
            col(kind.digest) == digest_secret(secret),
            col(kind.ended_at).is_(None),
            col(Person.active).is_(True),
            *conditions,
        )
    )
    rows = work.session.execute(query).all()
    if not rows:
        return None
    speaker_id, person_id, name, staff_no, _role = rows[0]
    roles = frozenset(Role(role) for *_, role in rows if role is not None)
    return _Speaker(speaker_id, Actor("person", person_id, name, staff_no, roles))


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _note_failure(services: Services, person_id: uuid.UUID) -> None:
    """After a few free tries each failure doubles the wait."""
    with services.write() as work:
        person = work.session.get_one(Person, person_id)
        person.failures += 1
        if person.failures >= FREE_FAILURES:
            wait = min(2 ** (person.failures - FREE_FAILURES), 3600)
            person.locked_until = work.now + dt.timedelta(seconds=wait)
        record(work, "session.refuse", "person", person_id)


def _open_session(services: Services, person_id: uuid.UUID) -> str:
    secret = new_secret()
    with services.write() as work:
        person = work.session.get_one(Person, person_id)
        person.failures, person.locked_until = 0, None
        life = dt.timedelta(hours=services.settings.session_hours)
        work.session.add(
            LoginSession(
                digest=digest_secret(secret),
                person_id=person_id,
                created_at=work.now,
                expires_at=work.now + life,
            )
        )
        record(work, "session.begin", "person", person_id)
    return secret
