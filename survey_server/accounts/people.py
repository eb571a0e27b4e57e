"""People (人员): their roles, what they may reach, and who manages whom.

An owner manages everybody. Evaluators and supervisors manage who works in the field (访员、坐席), each as far as their
own reach goes, and give away no more than they have.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.accounts.models import Device, LoginSession, OneTimeLink, Person, PersonGrant, PersonRole
from survey_server.accounts.service import create_person, grants_of, people, people_with
from survey_server.actors import (
    EVALUATORS,
    FIELDWORKERS,
    INTERVIEWERS,
    OWNERS,
    SUPERVISORS,
    Actor,
    Grant,
    Role,
    reach_of,
)
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.studies.models import Study
from survey_server.work import Work

MOST_LETTERS = 100
WHOLE_STUDIES = EVALUATORS
WHOLE_COUNTIES = frozenset({Role.OBSERVER})


@dataclass(frozen=True)
class Member:
    """A person with their roles and grants."""

    person: Person
    roles: frozenset[Role]
    grants: Sequence[PersonGrant]

    @property
    def parts(self) -> tuple[Grant, ...]:
        """The parts of the data that were granted."""
        return tuple(grant.as_grant for grant in self.grants)

    @property
    def is_fieldworker(self) -> bool:
        """Whether this is an interviewer or operator and nothing else."""
        return bool(self.roles) and self.roles <= FIELDWORKERS

    @property
    def reach(self) -> tuple[Grant, ...] | None:
        """What every query of this person is held to; None: everything."""
        return reach_of(self.roles, self.parts)


def members(work: Work) -> list[Member]:
    """Everybody whom the actor may see, by user name."""
    grants: dict[uuid.UUID, list[PersonGrant]] = {}
    for grant in work.session.exec(select(PersonGrant).order_by(PersonGrant.county, PersonGrant.town)).all():
        grants.setdefault(grant.person_id, []).append(grant)
    everybody = [Member(person, frozenset(roles), grants.get(person.id, [])) for person, roles in people(work)]
    return [member for member in everybody if may_see(work.actor, member)]


def member_of(work: Work, person_id: uuid.UUID) -> Member:
    """A person whom the actor may see; raises NOT_FOUND."""
    person = work.session.get(Person, person_id)
    if person is None:
        raise ZoufangError(Problem.NOT_FOUND)
    roles = work.session.exec(select(PersonRole).where(PersonRole.person_id == person_id)).all()
    grants = work.session.exec(
        select(PersonGrant).where(PersonGrant.person_id == person_id).order_by(PersonGrant.county, PersonGrant.town)
    ).all()
    member = Member(person, frozenset(row.as_role for row in roles), grants)
    if not may_see(work.actor, member):
        raise ZoufangError(Problem.NOT_FOUND)
    return member


def names_of(work: Work, person_ids: Collection[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """The names of people by their ids, for whoever may see what they did."""
    rows = work.session.exec(select(Person.id, Person.name).where(col(Person.id).in_(set(person_ids) - {None})))
    return dict(rows.all())


def managed(work: Work, person_id: uuid.UUID) -> Member:
    """A person whom the actor manages; raises NOT_FOUND, or NOT_ALLOWED for one who may only be seen."""
    member = member_of(work, person_id)
    if not may_manage(work.actor, member):
        raise ZoufangError(Problem.NOT_ALLOWED)
    return member


def may_see(actor: Actor, member: Member) -> bool:
    """Who reaches everything sees everybody; others see who works in the field where they reach."""
    if actor.reach is None:
        return True
    return member.is_fieldworker and (member.reach is None or any(map(actor.touches, member.reach)))


def may_manage(actor: Actor, member: Member) -> bool:
    """An owner manages everybody; others who works in the field, and nowhere else than where they reach."""
    if actor.may(OWNERS):
        return True
    if not actor.may(SUPERVISORS) or not member.is_fieldworker:
        return False
    return actor.reach is None or (bool(member.grants) and all(map(actor.reaches, member.parts)))


def workers(work: Work, role: Role) -> list[Member]:
    """The active people with a role whom the actor may see, so that work can be given to them."""
    active = {person.id for person in people_with(work, role)}
    return [member for member in members(work) if member.person.id in active]


def add_member(
    work: Work,
    *,
    username: str,
    name: str,
    password: str,
    staff_no: str,
    roles: Collection[Role],
    part: Grant | None = None,
) -> Person:
    """A new person with roles and a first grant; raises INVALID_FIELD, NOT_ALLOWED, NOT_FOUND."""
    if part is not None:
        _require_whole(work, part)
    _require_may_give(work.actor, roles, [part] if part else [])
    person = create_person(work, username=username, name=name, password=password, staff_no=staff_no, roles=roles)
    work.session.flush()
    if part is not None:
        _add_grant(work, person.id, part)
    return person


def change_member(work: Work, person_id: uuid.UUID, *, name: str, staff_no: str, roles: Collection[Role]) -> None:
    """Change name, staff number and roles; raises INVALID_FIELD, NOT_ALLOWED, STATE_CONFLICT, NOT_FOUND."""
    member = managed(work, person_id)
    if not name.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Name"), why=N_("it is empty"))
    wanted = frozenset(roles)
    _require_may_give(work.actor, wanted, member.parts)
    if Role.OWNER in member.roles - wanted:
        _require_another_owner(work, member)
    member.person.name, member.person.staff_no = name.strip()[:MOST_LETTERS], staff_no.strip()[:MOST_LETTERS]
    work.session.add(member.person)
    _set_roles(work, member, wanted)
    record(work, "person.change", "person", person_id, roles=sorted(wanted))


def grant(work: Work, person_id: uuid.UUID, part: Grant) -> None:
    """Let a person reach a part of the data; raises INVALID_FIELD, NOT_ALLOWED, NOT_FOUND."""
    member = managed(work, person_id)
    _require_whole(work, part)
    _require_may_give(work.actor, member.roles, [*member.parts, part])
    if part not in member.parts:
        _add_grant(work, person_id, part)


def take_back(work: Work, person_id: uuid.UUID, grant_id: uuid.UUID) -> None:
    """Take a grant back; raises NOT_FOUND, NOT_ALLOWED.

    Who manages an area cannot take the last one back: the person would be out of the area, or would reach everything.
    """
    member = managed(work, person_id)
    row = next((row for row in member.grants if row.id == grant_id), None)
    if row is None:
        raise ZoufangError(Problem.NOT_FOUND)
    _require_may_give(work.actor, member.roles, [kept.as_grant for kept in member.grants if kept is not row])
    part = row.as_grant
    work.session.delete(row)
    record(work, "person.take_back", "person", person_id, study_id=part.study_id, county=part.county, town=part.town)


def deactivate(work: Work, person_id: uuid.UUID) -> None:
    """Somebody left: every session, phone and link of theirs ends now, and stays ended if they come back.

    Raises STATE_CONFLICT for oneself and for the last owner.
    """
    member = managed(work, person_id)
    if person_id == work.actor.id:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("you cannot deactivate yourself"))
    if Role.OWNER in member.roles:
        _require_another_owner(work, member)
    member.person.active = False
    work.session.add(member.person)
    for table in (LoginSession, Device):
        mine = (col(table.person_id) == person_id) & col(table.ended_at).is_(None)
        work.session.execute(sa.update(table).where(mine).values(ended_at=work.now))
    unused = (col(OneTimeLink.person_id) == person_id) & col(OneTimeLink.used_at).is_(None)
    work.session.execute(sa.update(OneTimeLink).where(unused).values(used_at=work.now))
    record(work, "person.deactivate", "person", person_id)


def reactivate(work: Work, person_id: uuid.UUID) -> None:
    """Somebody is back; they sign in anew."""
    member = managed(work, person_id)
    member.person.active = True
    work.session.add(member.person)
    record(work, "person.reactivate", "person", person_id)


def managed_device(work: Work, device_id: uuid.UUID) -> Device:
    """A phone of somebody whom the actor manages; raises NOT_FOUND, NOT_ALLOWED."""
    device = work.session.get(Device, device_id)
    if device is None:
        raise ZoufangError(Problem.NOT_FOUND)
    managed(work, device.person_id)
    return device


def givable_roles(actor: Actor) -> list[Role]:
    """The roles that the actor may give."""
    return [role for role in Role if actor.may(OWNERS) or role in FIELDWORKERS]


def reach_of_interviewer(work: Work, person_id: uuid.UUID) -> tuple[Grant, ...] | None:
    """What the phone of this person is held to; None: everything."""
    return reach_of(INTERVIEWERS, grants_of(work, person_id))


def _require_whole(work: Work, part: Grant) -> None:
    """A town lies in its county, and the study is there; raises INVALID_FIELD, NOT_FOUND."""
    if part.town and not part.county:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("County"), why=N_("a town needs its county"))
    if part.study_id is not None and work.session.get(Study, part.study_id) is None:
        raise ZoufangError(Problem.NOT_FOUND)


def _add_grant(work: Work, person_id: uuid.UUID, part: Grant) -> None:
    row = PersonGrant(person_id=person_id, study_id=part.study_id, county=part.county, town=part.town)
    work.session.add(row)
    record(work, "person.grant", "person", person_id, study_id=part.study_id, county=part.county, town=part.town)


def _require_may_give(actor: Actor, roles: Iterable[Role], parts: Sequence[Grant]) -> None:
    """Nobody gives away what they do not have, and grants fit the roles; raises NOT_ALLOWED, INVALID_FIELD."""
    wanted = frozenset(roles)
    if not wanted <= set(givable_roles(actor)) or not all(map(actor.reaches, parts)):
        raise ZoufangError(Problem.NOT_ALLOWED)
    if actor.reach is not None and not parts:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("County"), why=N_("choose one within your own area"))
    if wanted & WHOLE_STUDIES and any(part.county for part in parts):
        why = N_("an evaluator works on whole studies; leave county and town empty, or give the role of supervisor")
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("County"), why=why)
    if wanted & WHOLE_COUNTIES and any(part.town for part in parts):
        why = N_("an observer sees figures of whole counties; leave the town empty")
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Town"), why=why)


def _require_another_owner(work: Work, member: Member) -> None:
    owners = {person.id for person in people_with(work, Role.OWNER)}
    if not owners - {member.person.id}:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("somebody must stay owner; make another person owner first"))


def _set_roles(work: Work, member: Member, wanted: frozenset[Role]) -> None:
    for role in member.roles - wanted:
        work.session.delete(work.session.get_one(PersonRole, (member.person.id, role.value)))
    for role in wanted - member.roles:
        work.session.add(PersonRole(person_id=member.person.id, role=role.value))
