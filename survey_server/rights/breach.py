"""If data leaks (泄露处置): who must be told what by when, what was disclosed to whom, and how to stop it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext
from sqlmodel import col, select

from survey_server.accounts.models import Device, LoginSession, Person
from survey_server.audit.models import Event
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.privacy.reasons import OPENING
from survey_server.work import Work

SHOWN: dict[str, str] = {
    "case.open": N_("a household was opened"),
    "case.view": N_("a household's page, masked"),
    "call.dial": N_("a number was dialled"),
    "clue.open": N_("a sealed clue was opened"),
    "phone.day": N_("the day's households on a phone"),
    "phone.households": N_("the list of households on a phone"),
    "results.export": N_("the workbook of results"),
    "results.trace": N_("the answers behind a figure"),
    "results.report": N_("the report"),
    "codes.print": N_("the QR codes for print"),
    "study.bundle": N_("the bundle for the client"),
}
"""Events that showed or handed out something, in words."""
MOST = 2_000


@dataclass(frozen=True)
class Disclosure:
    """One time that something was shown."""

    at: dt.datetime
    who: str
    what: str
    """An English msgid."""
    subject: str
    why: str


def disclosures(work: Work, since: str, until: str, person_id: uuid.UUID | None = None) -> list[Disclosure]:
    """What was shown to whom between two days (ISO 8601, both included), oldest first, at most 2,000.

    Raises INVALID_FIELD for what is no date.
    """
    start, end = _day(work, since), _day(work, until) + dt.timedelta(days=1)
    query = (
        select(Event, Person.name)
        .outerjoin(Person, col(Person.id) == col(Event.actor_id))
        .where(col(Event.action).in_(list(SHOWN)), Event.at >= start, Event.at < end)
        .order_by(col(Event.id))
        .limit(MOST)
    )
    if person_id is not None:
        query = query.where(Event.actor_id == person_id)
    rows = work.session.exec(query).all()
    numbers = _numbers(work, {event.subject_id for event, _ in rows if event.subject_kind == "case"})
    return [
        Disclosure(
            at=event.at,
            who=name or event.actor_kind,
            what=SHOWN[event.action],
            subject=numbers.get(event.subject_id, event.subject_id[:8]),
            why=_why(event),
        )
        for event, name in rows
    ]


def everybody(work: Work) -> Sequence[Person]:
    """Whom the page may be asked about."""
    return work.session.exec(select(Person).order_by(Person.name)).all()


def end_everything(work: Work, person_id: uuid.UUID) -> int:
    """End every session and every phone of a person; returns how many. Raises NOT_FOUND."""
    if work.session.get(Person, person_id) is None:
        raise ZoufangError(Problem.NOT_FOUND)
    ended = 0
    for table in (LoginSession, Device):
        result = work.session.execute(
            sa.update(table)
            .where(col(table.person_id) == person_id, col(table.ended_at).is_(None))
            .values(ended_at=work.now)
        )
        ended += result.rowcount if isinstance(result, sa.CursorResult) else 0
    record(work, "person.cut_off", "person", person_id, ended=ended)
    return ended


def _numbers(work: Work, ids: Collection[str]) -> dict[str, str]:
    """The printable numbers of cases."""
    query = select(Case.id, Case.sample_id).where(col(Case.id).in_([uuid.UUID(one) for one in ids]))
    return {str(case_id): number for case_id, number in work.session.exec(query).all()}


def _why(event: Event) -> str:
    reason = OPENING.get(str(event.details.get("reason", "")), "")
    return " · ".join(
        part for part in (gettext(reason) if reason else "", str(event.details.get("words") or "")) if part
    )


def _day(work: Work, text: str) -> dt.datetime:
    try:
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), ZoneInfo(work.settings.timezone))
    except ValueError:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Day"), why=N_("type a date")) from None
