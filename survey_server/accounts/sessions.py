"""Sessions of browsers and phones: opened, seen, listed and ended."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.accounts.models import Device, LoginSession
from survey_server.accounts.people import managed
from survey_server.audit.service import record
from survey_server.crypto import digest_secret, new_secret
from survey_server.work import Services, Work

SEEN_EVERY = dt.timedelta(minutes=5)
WAITING_LIFE = dt.timedelta(minutes=10)
KEPT = dt.timedelta(days=30)
"""How long a session that ended is still listed."""

# The first that is found names the browser: most of them call themselves Chrome and Safari too.
BROWSERS = (
    ("MicroMessenger/", "微信"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class Place:
    """Where somebody is signed in: a browser or a phone."""

    id: uuid.UUID
    name: str
    since: dt.datetime
    seen_at: dt.datetime | None
    ended_at: dt.datetime | None
    here: bool = False


def browser_of(user_agent: str) -> str:
    """A few words such as ``Chrome 126, Windows``; what is not known is left out."""
    known = next((found for sign, name in BROWSERS if (found := _version(user_agent, sign, name))), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return ", ".join(filter(None, (known, system)))


def open_session(work: Work, person_id: uuid.UUID, browser: str, *, factor: str = "", waiting: bool = False) -> str:
    """A new session's secret. One that waits for a second factor speaks for nobody until then, and not for long."""
    secret = new_secret()
    work.session.add(
        LoginSession(
            digest=digest_secret(secret),
            person_id=person_id,
            created_at=work.now,
            expires_at=work.now + (WAITING_LIFE if waiting else _life(work)),
            seen_at=work.now,
            browser=browser,
            waiting=waiting,
            factor=factor,
        )
    )
    record(work, "session.wait" if waiting else "session.begin", "person", person_id)
    return secret


def waiting_session(work: Work, secret: str) -> LoginSession | None:
    """The session of this secret, if its password was right and its second factor is still to come."""
    query = select(LoginSession).where(
        LoginSession.digest == digest_secret(secret),
        col(LoginSession.waiting).is_(True),
        col(LoginSession.ended_at).is_(None),
        LoginSession.expires_at > work.now,
    )
    return work.session.exec(query).first()


def let_in(work: Work, session_id: uuid.UUID, factor: str) -> None:
    """The second factor came: from now on the session speaks for its person."""
    session = work.session.get_one(LoginSession, session_id)
    session.waiting, session.factor, session.expires_at = False, factor, work.now + _life(work)
    record(work, "session.begin", "person", session.person_id, factor=factor)


def note_seen(services: Services, table: type[LoginSession | Device], row_id: uuid.UUID) -> None:
    """Remember that it is in use; called where the last time was more than five minutes ago."""
    with services.write() as work:
        query = sa.update(table).where(col(table.id) == row_id).values(seen_at=work.now)
        work.session.execute(query)


def is_stale(work: Work, seen_at: dt.datetime | None) -> bool:
    """Whether it is time to remember again that it is in use."""
    return seen_at is None or seen_at <= work.now - SEEN_EVERY


def browsers_of(work: Work, person_id: uuid.UUID) -> list[Place]:
    """The browsers in which a person is or lately was signed in, those at work first."""
    query = (
        select(LoginSession)
        .where(
            LoginSession.person_id == person_id,
            col(LoginSession.waiting).is_(False),
            LoginSession.expires_at > work.now - KEPT,
        )
        .order_by(col(LoginSession.created_at).desc())
        .limit(100)
    )
    return _at_work_first(
        Place(row.id, row.browser, row.created_at, row.seen_at, _end(work, row), row.id == work.actor.session_id)
        for row in work.session.exec(query)
    )


def phones_of(work: Work, person_id: uuid.UUID) -> list[Place]:
    """The phones bound to a person, those at work first."""
    query = select(Device).where(Device.person_id == person_id).order_by(col(Device.created_at).desc())
    return _at_work_first(
        Place(row.id, row.name, row.created_at, row.seen_at, row.ended_at, row.id == work.actor.device_id)
        for row in work.session.exec(query)
    )


def end_session(work: Work, person_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """End one browser of a person; raises NOT_FOUND, NOT_ALLOWED."""
    require_power_over(work, person_id)
    _end_all(work, LoginSession, person_id, col(LoginSession.id) == session_id)
    record(work, "session.end", "person", person_id, session=str(session_id))


def end_phone(work: Work, person_id: uuid.UUID, device_id: uuid.UUID) -> None:
    """End one phone of a person; raises NOT_FOUND, NOT_ALLOWED."""
    require_power_over(work, person_id)
    _end_all(work, Device, person_id, col(Device.id) == device_id)
    record(work, "phone.end", "device", device_id, person=str(person_id))


def end_others(work: Work, person_id: uuid.UUID) -> None:
    """End every browser of a person but the one that asks."""
    others = col(LoginSession.id).is_distinct_from(work.actor.session_id)
    _end_all(work, LoginSession, person_id, others)
    record(work, "session.end_others", "person", person_id)


def end_everything(work: Work, person_id: uuid.UUID) -> None:
    """End every browser and phone of a person but the one that asks; raises NOT_ALLOWED."""
    require_power_over(work, person_id)
    end_others(work, person_id)
    _end_all(work, Device, person_id)


def require_power_over(work: Work, person_id: uuid.UUID) -> None:
    """Everybody over themselves, else whoever manages the person; raises NOT_FOUND, NOT_ALLOWED."""
    if person_id != work.actor.id:
        managed(work, person_id)


def _end_all(
    work: Work, table: type[LoginSession | Device], person_id: uuid.UUID, *which: sa.ColumnElement[bool]
) -> None:
    """Whatever ended before keeps its time."""
    chosen = sa.update(table).where(col(table.person_id) == person_id, col(table.ended_at).is_(None), *which)
    work.session.execute(chosen.values(ended_at=work.now))


def _at_work_first(found: Iterable[Place]) -> list[Place]:
    return sorted(found, key=lambda place: (place.ended_at is not None, not place.here))


def _end(work: Work, row: LoginSession) -> dt.datetime | None:
    return row.ended_at or (row.expires_at if row.expires_at <= work.now else None)


def _life(work: Work) -> dt.timedelta:
    return dt.timedelta(hours=work.settings.session_hours)


def _version(user_agent: str, sign: str, name: str) -> str:
    found = re.search(re.escape(sign) + r"(\d{1,4})", user_agent)
    return f"{name} {found[1]}" if found else ""
