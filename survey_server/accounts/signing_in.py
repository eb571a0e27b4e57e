"""Signing in: by password and second factor, or by a passkey alone; the first owner; a new password by a link."""

from __future__ import annotations

from survey_server.accounts import limits, links, second_factor, sessions
from survey_server.accounts.models import LinkPurpose, Person
from survey_server.accounts.passwords import NOBODY, hash_password, matches, require_own, set_password
from survey_server.accounts.service import any_person, by_username, create_person
from survey_server.actors import PUBLIC, Actor, Role
from survey_server.audit.service import record
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services, Work

MOST_LETTERS = 100


def sign_in(services: Services, username: str, password: str, *, address: str = "", browser: str = "") -> str:
    """Check a password and open a session, which waits where a second factor is to come; returns its secret.

    The slow hash runs outside a transaction. Raises SIGN_IN_FAILED, TOO_MANY_TRIES.
    """
    username = username.strip().lower()[:MOST_LETTERS]
    from_there = limits.SIGN_IN_ADDRESS, limits.outside(address)
    with services.write() as work:
        limits.require(work, from_there)
        limits.attempt(work, limits.SIGN_IN_NAME, username)
        person = by_username(work, username)
    right = matches(person.password_hash if person else NOBODY, password)
    let_in = person is not None and right and person.active
    with services.write(Actor("person", person.id) if person is not None and let_in else PUBLIC) as work:
        if person is not None and let_in:
            waiting = second_factor.has_one(work, person.id)
            limits.forgive(work, (limits.SIGN_IN_NAME, username))
            return sessions.open_session(work, person.id, browser, waiting=waiting)
        limits.fail(work, from_there)
        record(work, "session.refuse", "person", person.id if person else "")
    raise ZoufangError(Problem.SIGN_IN_FAILED)


def change_password(services: Services, actor: Actor, current: str, new: str) -> None:
    """Set one's own password; every other browser is ended. Raises INVALID_FIELD, TOO_MANY_TRIES."""
    person = require_own(services, actor, current)
    hashed = hash_password(new, person.username)
    with services.write(actor) as work:
        set_password(work, person.id, hashed)
        sessions.end_others(work, person.id)


def reset_password(services: Services, secret: str, new: str, address: str) -> None:
    """Set the password of a one-time link's person, and end every browser of theirs; raises LINK_USED, INVALID_FIELD.

    The second factor stays as it is. A password that is refused leaves the link good.
    """

    def follow(work: Work) -> None:
        person_id = links.use_link(work, secret, LinkPurpose.PASSWORD)
        set_password(work, person_id, hash_password(new, work.session.get_one(Person, person_id).username))
        sessions.end_others(work, person_id)

    links.limited(services, address, follow)


def make_first_owner(services: Services, secret: str, username: str, name: str, password: str, *, address: str) -> None:
    """The first person of an installation, an owner; raises LINK_USED once there is anybody, INVALID_FIELD."""

    def follow(work: Work) -> None:
        if any_person(work) or not links.is_first_secret(work, secret):
            raise ZoufangError(Problem.LINK_USED)
        create_person(work, username=username, name=name, password=password, roles=[Role.OWNER])

    links.limited(services, address, follow)
