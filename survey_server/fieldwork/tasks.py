"""Task lists to print: whom each interviewer visits, village by village; names masked unless opened with a reason."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import gettext
from sqlmodel import col, select

from survey_server.accounts.models import Person
from survey_server.audit.service import record
from survey_server.console.typesetting import typeset
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case, Status
from survey_server.fieldwork.service import CaseFacts, facts_of
from survey_server.privacy.service import mask_name
from survey_server.rosters.models import Household
from survey_server.samples.strata import NOWHERE
from survey_server.studies.models import Study
from survey_server.work import Work

TEMPLATE = Path(__file__).with_name("tasks.typ")
MOST = 3_000
"""So many households at most in one file: about 200 sheets."""


@dataclass(frozen=True)
class VillageTasks:
    """What is to be done in one village."""

    county: str
    town: str
    village: str
    given: int
    open: int
    unshared: int
    interviewers: str


def villages(work: Work, study_id: uuid.UUID) -> list[VillageTasks]:
    """Every village with households that were given out, in the order of towns."""
    place = [col(part) for part in (Household.county, Household.town, Household.village)]
    is_open = sa.func.sum(sa.case((col(Case.status) != Status.DONE.value, 1), else_=0))
    query = (
        sa.select(*place, col(Person.name), sa.func.count(), is_open)
        .join(Household, col(Household.id) == Case.household_id)
        .join(Person, col(Person.id) == Case.interviewer_id, isouter=True)
        .where(col(Case.study_id) == study_id, col(Case.released_at).is_not(None))
        .group_by(*place, col(Person.name))
        .order_by(*place)
    )
    return [_village(key, list(rows)) for key, rows in groupby(work.session.execute(query), key=lambda row: row[:3])]


def _village(key: Sequence[str], rows: Sequence[Any]) -> VillageTasks:
    names = "、".join(row[3] for row in rows if row[3])
    county, town, village = key
    return VillageTasks(
        county,
        town or NOWHERE,
        village or NOWHERE,
        given=sum(row[4] for row in rows),
        open=sum(row[5] for row in rows),
        unshared=sum(row[5] for row in rows if not row[3]),
        interviewers=names,
    )


def by_town(lines: Iterable[VillageTasks]) -> list[tuple[str, str, list[VillageTasks]]]:
    """The villages of each town."""
    return [(county, town, list(inside)) for (county, town), inside in groupby(lines, key=lambda v: (v.county, v.town))]


def task_lists(work: Work, study: Study, *, by: str, person_id: uuid.UUID | None = None) -> bytes:
    """The PDF with masked names and no telephone. Raises STATE_CONFLICT where there is nothing to print."""
    lists = _lists(work, study, by, person_id)
    record(work, "tasks.print", "study", study.id, study_id=study.id, households=sum(len(facts) for _, facts in lists))
    return typeset_lists(work, study, _heads(), [(name, _masked(facts)) for name, facts in lists], opened=False)


def open_task_lists(work: Work, study: Study, reason: str, *, by: str, person_id: uuid.UUID | None = None) -> bytes:
    """The PDF with names, addresses and telephones, for a reason that is recorded. Raises INVALID_FIELD without one."""
    if not reason.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Reason"), why=N_("it is empty"))
    lists = _lists(work, study, by, person_id)
    details = {"households": sum(len(facts) for _, facts in lists), "reason": reason.strip()}
    record(work, "tasks.open", "study", study.id, study_id=study.id, **details)
    return typeset_lists(work, study, _heads(), [(name, _open(facts)) for name, facts in lists], opened=True)


def _lists(work: Work, study: Study, by: str, person_id: uuid.UUID | None) -> list[tuple[str, list[CaseFacts]]]:
    query = select(Case.id).where(Case.study_id == study.id, col(Case.released_at).is_not(None))
    query = query.where(Case.status != Status.DONE.value, col(Case.withdrawn_at).is_(None))
    if person_id is not None:
        query = query.where(Case.interviewer_id == person_id)
    case_ids = work.session.exec(query.limit(MOST)).all()
    if not case_ids:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("no open household is to be printed"))
    names = {row.id: row.name for row in work.session.execute(sa.select(col(Person.id), col(Person.name)))}
    facts = facts_of(work, study.id, case_ids)

    def heading(fact: CaseFacts) -> str:
        if by == "village":
            return _place(fact)
        return names.get(fact.case.interviewer_id) or gettext("nobody yet")  # type: ignore[arg-type]

    facts.sort(key=lambda fact: (heading(fact), _place(fact), fact.case.sample_id))
    return [(name, list(inside)) for name, inside in groupby(facts, key=heading)]


def _place(fact: CaseFacts) -> str:
    home = fact.household
    return " ".join((home.county, home.town or NOWHERE, home.village or NOWHERE))


def _masked(facts: Sequence[CaseFacts]) -> list[list[str]]:
    return [[fact.case.sample_id, _place(fact), mask_name(fact.name), "", "", "", ""] for fact in facts]


def _open(facts: Sequence[CaseFacts]) -> list[list[str]]:
    return [
        [
            fact.case.sample_id,
            " ".join((_place(fact), fact.address)).strip(),
            fact.name,
            "、".join(fact.phones[:2]),
            "",
            "",
            "",
        ]
        for fact in facts
    ]


def typeset_lists(
    work: Work,
    study: Study,
    heads: Sequence[str],
    lists: Sequence[tuple[str, Sequence[Sequence[str]]]],
    *,
    opened: bool,
) -> bytes:
    """Lists of seven columns as a PDF, each on a sheet of its own; one that names people in full says so."""
    data = {
        "title": gettext("Task list"),
        "study": study.name + (f"（{gettext('Practice')}）" if study.practice else ""),
        "about": gettext("Names in full: keep it on you, give it back, do not copy it.") if opened else "",
        "date": f"{work.now.astimezone(ZoneInfo(work.settings.timezone)):%Y-%m-%d}",
        "heads": list(heads),
        "lists": [
            {"name": name, "count": gettext("%(count)s households", count=len(rows)), "rows": rows}
            for name, rows in lists
        ],
    }
    return typeset(TEMPLATE, data)


def _heads() -> list[str]:
    tries = [gettext("Try %(number)s", number=number) for number in (1, 2, 3)]
    return [gettext("Sample number"), gettext("Place"), gettext("Name"), gettext("Telephone"), *tries]
