"""The owner's view of the record: filtered, a page at a time, newest first."""

from __future__ import annotations

import csv
import datetime as dt
import io
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from survey_server.accounts.models import Person
from survey_server.audit.models import Event
from survey_server.audit.words import actor_name, details_text, sentence, subject_name
from survey_server.errors import N_
from survey_server.fieldwork.models import Case
from survey_server.studies.models import Study
from survey_server.work import Work

PAGE = 50
MOST_ROWS = 100_000
HEADINGS = (
    N_("Number"),
    N_("When"),
    N_("Who"),
    N_("How they came"),
    N_("Phone"),
    N_("Session"),
    N_("Act"),
    N_("Code of the act"),
    N_("On what"),
    N_("Its number"),
    N_("Study"),
    N_("Why"),
    N_("More"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Wish:
    """What of the record is asked for; blank: all of it. ``before`` is the id after which the last page ended."""

    person: uuid.UUID | None = None
    study: uuid.UUID | None = None
    action: str = ""
    subject: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    before: int | None = None


@dataclass(frozen=True)
class Line:
    """An event with the names of what it names."""

    event: Event
    who: str
    how: str
    what: str
    on: str
    study: str
    reason: str
    more: str


def lines(work: Work, wish: Wish, size: int = PAGE) -> list[Line]:
    """The newest events that were asked for; a page and four look-ups, whatever the length of the record."""
    events = work.session.exec(_query(work, wish).limit(size)).all()
    people = _names(work, Person, (event.actor_id for event in events))
    studies = _names(work, Study, (event.study_id for event in events))
    subjects = _subjects(work, events)
    return [_line(event, people, studies, subjects) for event in events]


def actions(work: Work) -> list[str]:
    """The actions that are in the record."""
    return sorted(work.session.exec(select(Event.action).distinct()).all())


def as_csv(found: Iterable[Line], zone: ZoneInfo) -> Iterator[str]:
    """The lines for a spreadsheet, with the mark by which Excel knows UTF-8; no cell is taken for a formula."""
    yield "\ufeff" + _row(map(gettext, HEADINGS))
    for line in found:
        event = line.event
        at = event.at.astimezone(zone).isoformat(timespec="seconds")
        by = (event.id, at, line.who, line.how, event.device_id or "", event.session_id or "")
        yield _row((*by, line.what, event.action, line.on, event.subject_id, line.study, line.reason, line.more))


def _query(work: Work, wish: Wish) -> SelectOfScalar[Event]:
    query = select(Event).order_by(col(Event.id).desc())
    zone = ZoneInfo(work.settings.timezone)
    conditions = {
        "person": lambda value: col(Event.actor_id) == value,
        "study": lambda value: col(Event.study_id) == value,
        "action": lambda value: col(Event.action) == value,
        "subject": lambda value: col(Event.subject_id).in_(_subject_ids(work, value)),
        "since": lambda value: col(Event.at) >= dt.datetime.combine(value, dt.time(), zone),
        "until": lambda value: col(Event.at) < dt.datetime.combine(value + dt.timedelta(days=1), dt.time(), zone),
        "before": lambda value: col(Event.id) < value,
    }
    for name, condition in conditions.items():
        value = getattr(wish, name)
        if value:
            query = query.where(condition(value))
    return query


def _subject_ids(work: Work, typed: str) -> list[str]:
    """An id as it was typed, or the households that have this sample number."""
    cases = work.session.exec(select(Case.id).where(Case.sample_id == typed).limit(100)).all()
    return [typed, *map(str, cases)]


def _names(work: Work, table: type[Person | Study], keys: Iterable[uuid.UUID | None]) -> dict[Any, str]:
    wanted = {key for key in keys if key is not None}
    found = work.session.exec(select(table).where(col(table.id).in_(wanted))).all() if wanted else []
    return {row.id: row.name for row in found}


def _subjects(work: Work, events: Iterable[Event]) -> dict[str, str]:
    """Sample numbers of households, and names of the people who work here; never who is asked."""
    wanted: dict[str, set[uuid.UUID]] = {"case": set(), "person": set()}
    for event in events:
        if event.subject_kind in wanted:
            wanted[event.subject_kind] |= _ids(event.subject_id)
    names = {str(key): name for key, name in _names(work, Person, wanted["person"]).items()}
    cases = select(Case.id, Case.sample_id).where(col(Case.id).in_(wanted["case"]))
    return names | {str(key): sample_id for key, sample_id in work.session.exec(cases)}


def _ids(text: str) -> set[uuid.UUID]:
    try:
        return {uuid.UUID(text)}
    except ValueError:
        return set()


def _line(event: Event, people: Mapping[Any, str], studies: Mapping[Any, str], subjects: Mapping[str, str]) -> Line:
    named = subjects.get(event.subject_id, event.subject_id[:8])
    return Line(
        event=event,
        who=people.get(event.actor_id, actor_name(event.actor_kind)),
        how=actor_name(event.actor_kind) if event.actor_id else "",
        what=sentence(event.action),
        on=f"{subject_name(event.subject_kind)} {named}",
        study=studies.get(event.study_id, ""),
        reason=str(event.details.get("reason", "")),
        more=details_text({name: value for name, value in event.details.items() if name != "reason"}),
    )


def _row(cells: Iterable[object]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([_harmless(str(cell)) for cell in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
