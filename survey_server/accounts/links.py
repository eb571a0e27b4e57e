"""One-time links: each is good once, for one purpose, for a day. Only digests are kept."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import col

from survey_server.accounts import limits
from survey_server.accounts.models import LinkPurpose, OneTimeLink, Person
from survey_server.audit.service import record
from survey_server.crypto import digest_secret, new_secret
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services, Work

LINK_LIFE = dt.timedelta(hours=24)
FIRST_OWNER = uuid.UUID(int=0)
Found = TypeVar("Found")


def new_link(work: Work, person_id: uuid.UUID, purpose: LinkPurpose) -> str:
    """The secret of a new link for this person; raises NOT_FOUND where there is none."""
    work.session.get_one(Person, person_id)
    secret = new_secret()
    work.session.add(
        OneTimeLink(
            digest=digest_secret(secret),
            purpose=purpose.value,
            person_id=person_id,
            created_at=work.now,
            expires_at=work.now + LINK_LIFE,
        )
    )
    return secret


def password_address(work: Work, person_id: uuid.UUID) -> str:
    """Where this person sets a new password; the secret stands after the #, so that no log of requests holds it."""
    secret = new_link(work, person_id, LinkPurpose.PASSWORD)
    record(work, "password.link", "person", person_id)
    return f"{work.settings.public_url}/password#{secret}"


def use_link(work: Work, secret: str, purpose: LinkPurpose) -> uuid.UUID:
    """The person of a link that nobody used yet; used from now on. Raises LINK_USED."""
    query = (
        sa.update(OneTimeLink)
        .where(
            col(OneTimeLink.digest) == digest_secret(secret),
            col(OneTimeLink.purpose) == purpose.value,
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.expires_at) > work.now,
        )
        .values(used_at=work.now)
        .returning(col(OneTimeLink.person_id))
    )
    found = work.session.execute(query).scalar()
    if found is None:
        raise ZoufangError(Problem.LINK_USED)
    return found


def limited(services: Services, address: str | None, follow: Callable[[Work], Found]) -> Found:
    """Follow a link in a transaction of its own; whoever keeps trying wrong ones has to wait.

    A right link always opens, whoever else tried from the same address.
    """
    try:
        with services.write() as work:
            return follow(work)
    except ZoufangError as error:
        if error.problem is Problem.LINK_USED:
            _note_failure(services, address)
        raise


def first_address(work: Work) -> str:
    """Where the first owner is made; its secret stands after the #, so that no log of requests holds it.

    Every process of an installation knows the secret by its keys; it is good until there is somebody.
    """
    return f"{work.settings.public_url}/setup#{work.vault.token('first-owner', FIRST_OWNER)}"


def is_first_secret(work: Work, secret: str) -> bool:
    """Whether this is the secret of :func:`first_address`."""
    return work.vault.read_token("first-owner", secret) == FIRST_OWNER


def _note_failure(services: Services, address: str | None) -> None:
    tried = limits.ONE_TIME_LINK, limits.outside(address)
    with services.read() as work:
        limits.require(work, tried)
    with services.write() as work:
        limits.fail(work, tried)
