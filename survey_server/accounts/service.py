"""Signing in and out; people; phones."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.accounts.links import new_link, use_link
from survey_server.accounts.models import Device, LinkPurpose, LoginSession, Person, PersonGrant, PersonRole
from survey_server.accounts.passwords import hash_password
from survey_server.actors import INTERVIEWERS, Actor, Grant, Role, reach_of
from survey_server.audit.service import record
from survey_server.crypto import digest_secret, new_secret
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Work


def create_person(
    work: Work, *, username: str, name: str, password: str, roles: Iterable[Role], staff_no: str = ""
) -> Person:
    """A new person; raises INVALID_FIELD for a name in use or a short password."""
    username = username.strip().lower()
    if not username or by_username(work, username):
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("User name"), why=N_("it is empty or in use already"))
    person = Person(
        username=username,
        name=name.strip() or username,
        staff_no=staff_no.strip(),
        password_hash=hash_password(password, username),
        created_at=work.now,
    )
    work.session.add(person)
    work.session.flush()
    for role in sorted(set(roles)):
        work.session.add(PersonRole(person_id=person.id, role=role.value))
    record(work, "person.create", "person", person.id, roles=sorted(roles))
    return person


def people(work: Work) -> Sequence[tuple[Person, list[Role]]]:
    """Everybody, with their roles."""
    roles: dict[uuid.UUID, list[Role]] = {}
    for row in work.session.exec(select(PersonRole)).all():
        roles.setdefault(row.person_id, []).append(row.as_role)
    everybody = work.session.exec(select(Person).order_by(Person.username)).all()
    return [(person, sorted(roles.get(person.id, []))) for person in everybody]


def names_of(work: Work, person_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What these people are called."""
    rows = work.session.exec(select(Person.id, Person.name).where(col(Person.id).in_(person_ids))).all()
    return {person_id: name for person_id, name in rows}  # noqa: C416 - rows are no pairs to a type checker


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
    stands = col(LoginSession.expires_at) > work.now, col(LoginSession.waiting).is_(False)
    found = _speaker(work, LoginSession, secret, *stands)
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
    secret = new_link(work, person_id, LinkPurpose.PHONE)
    record(work, "phone.link", "person", person_id)
    return secret


def join_phone(work: Work, secret: str, device_name: str) -> tuple[str, Person]:
    """Bind a phone to the person of a one-time link; returns the phone's secret. Raises LINK_USED."""
    person_id = use_link(work, secret, LinkPurpose.PHONE)
    device_secret = new_secret()
    device = Device(
        digest=digest_secret(device_secret),
        person_id=person_id,
        name="".join(filter(str.isprintable, device_name))[:80],
        created_at=work.now,
    )
    work.session.add(device)
    record(work, "phone.join", "device", device.id, person=str(person_id))
    return device_secret, work.session.get_one(Person, person_id)


def devices_of(work: Work, person_id: uuid.UUID) -> Sequence[Device]:
    """The phones bound to a person, newest first."""
    query = select(Device).where(Device.person_id == person_id).order_by(col(Device.created_at).desc())
    return work.session.exec(query).all()


def end_device(work: Work, device_id: uuid.UUID) -> None:
    """A lost phone speaks for nobody any more."""
    device = work.session.get_one(Device, device_id)
    device.ended_at = device.ended_at or work.now
    record(work, "phone.end", "device", device_id, person=str(device.person_id))


def person_named(work: Work, username: str) -> Person:
    """The person who signs in by this name; raises INVALID_FIELD where there is none."""
    found = by_username(work, username.strip().lower())
    if found is None:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("User name"), why=N_("nobody has it"))
    return found


def by_username(work: Work, username: str) -> Person | None:
    """The person who signs in by this name."""
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
