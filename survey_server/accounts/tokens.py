"""Tokens of the API: what a program may read, of which studies and counties, until when."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from sqlmodel import col, select

from survey_server.accounts import limits, sessions
from survey_server.accounts.limits import Budget
from survey_server.accounts.models import ApiToken, Person
from survey_server.actors import Actor, Grant
from survey_server.audit.service import record
from survey_server.crypto import digest_secret, new_secret
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Services, Work

TOKEN_PREFIX = "zf_"  # noqa: S105 - how a token begins, so that it is told from a phone's secret
MOST_DAYS = 366
MOST_LETTERS = 80


class Scope(StrEnum):
    """What a token may read."""

    STUDIES = "studies:read"
    CASES = "cases:read"
    PROGRESS = "progress:read"
    RESULTS = "results:read"
    SMALL_CELLS = "small-cells:read"
    """With progress or results: cells under 5 too, which are else suppressed."""
    SUBMISSIONS = "submissions:read"
    ANSWERS = "answers:read"
    """With submissions: the coded answers that their questionnaires mark as not personal."""
    PEOPLE = "people:read"
    AUDIT = "audit:read"


@dataclass(frozen=True)
class Bearer:
    """A program that showed a token: as whom it reads, and what it may."""

    actor: Actor
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether the token has this scope."""
        return scope in self.scopes


def make_token(
    work: Work, *, name: str, scopes: Collection[Scope], days: int, reach: Collection[Grant] | None = None
) -> str:
    """The secret of a new token, shown once; raises INVALID_FIELD. ``reach`` None: everything."""
    if not name.strip() or not scopes or not 1 <= days <= MOST_DAYS or reach == []:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Token"), why=N_("name, scopes or days are missing"))
    secret = TOKEN_PREFIX + new_secret()
    token = ApiToken(
        digest=digest_secret(secret),
        name=name.strip()[:MOST_LETTERS],
        scopes=sorted(scopes),
        reach=None if reach is None else [_written(grant) for grant in reach],
        made_by=work.session.get_one(Person, work.actor.id).id,
        created_at=work.now,
        expires_at=work.now + dt.timedelta(days=days),
    )
    work.session.add(token)
    record(work, "token.make", "token", token.id, scopes=token.scopes, days=days)
    return secret


def tokens(work: Work) -> Sequence[ApiToken]:
    """Every token, newest first."""
    return work.session.exec(select(ApiToken).order_by(col(ApiToken.created_at).desc())).all()


def end_token(work: Work, token_id: uuid.UUID) -> None:
    """The token is good no more; raises NOT_FOUND."""
    token = work.session.get_one(ApiToken, token_id)
    token.ended_at = token.ended_at or work.now
    record(work, "token.end", "token", token_id)


def grants_of(token: ApiToken) -> tuple[Grant, ...] | None:
    """The parts of the data that a token reaches; None: everything."""
    if token.reach is None:
        return None
    return tuple(Grant(_study(part["study"]), part["county"], part["town"]) for part in token.reach)


def admit(services: Services, secret: str, address: str | None) -> Bearer:
    """Who shows this token, one request poorer; raises TOKEN_UNKNOWN, TOO_MANY_TRIES.

    A token ends with its time, when an owner ends it, and when who made it has left.
    """
    with services.read() as work:
        token = _standing(work, secret)
    if token is None:
        _refuse(services, address)
    with services.write() as work:
        budget = Budget("api", size=services.settings.api_requests_per_minute, seconds=60)
        limits.spend(work, budget, str(token.id))
        if sessions.is_stale(work, token.used_at):
            work.session.get_one(ApiToken, token.id).used_at = work.now
    actor = Actor("token", token.id, token.name, reach=grants_of(token))
    return Bearer(actor, frozenset(map(Scope, token.scopes)))


def _standing(work: Work, secret: str) -> ApiToken | None:
    query = (
        select(ApiToken)
        .join(Person, col(Person.id) == ApiToken.made_by)
        .where(
            ApiToken.digest == digest_secret(secret),
            col(ApiToken.ended_at).is_(None),
            ApiToken.expires_at > work.now,
            col(Person.active),
        )
    )
    return work.session.exec(query).first()


def _refuse(services: Services, address: str | None) -> NoReturn:
    tried = limits.TOKEN, limits.outside(address)
    with services.read() as work:
        limits.require(work, tried)
    with services.write() as work:
        limits.fail(work, tried)
    raise ZoufangError(Problem.TOKEN_UNKNOWN)


def _written(grant: Grant) -> dict[str, str]:
    return {"study": str(grant.study_id or ""), "county": grant.county, "town": grant.town}


def _study(text: str) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None
