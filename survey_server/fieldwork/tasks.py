"""Task lists to print: whom each interviewer visits, village by village; names masked unless opened with a reason."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import fmean
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
from survey_server.fieldwork.village_map import Village as MapVillage
from survey_server.fieldwork.village_map import village_map
from survey_server.privacy.service import mask_name
from survey_server.rosters.models import Household
from survey_server.samples.strata import NOWHERE
from survey_server.studies.models import Study
from survey_server.work import Work

TEMPLATE = Path(__file__).with_name("tasks.typ")
MOST = 3_000
"""So many households at most in one file: about 200 sheets."""


Lists = Sequence[tuple[str, Sequence[CaseFacts]]]


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
    rows = [(name, _masked(facts)) for name, facts in lists]
    return typeset_lists(work, study, _heads(), rows, opened=False, maps=_maps(lists, by))


def open_task_lists(work: Work, study: Study, reason: str, *, by: str, person_id: uuid.UUID | None = None) -> bytes:
    """The PDF with names, addresses and telephones, for a reason that is recorded. Raises INVALID_FIELD without one."""
    if not reason.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Reason"), why=N_("it is empty"))
    lists = _lists(work, study, by, person_id)
    details = {"households": sum(len(facts) for _, facts in lists), "reason": reason.strip()}
    record(work, "tasks.open", "study", study.id, study_id=study.id, **details)
    rows = [(name, _open(facts)) for name, facts in lists]
    return typeset_lists(work, study, _heads(), rows, opened=True, maps=_maps(lists, by))


def _lists(work: Work, study: Study, by: str, person_id: uuid.UUID | None) -> Lists:
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


def _maps(lists: Lists, by: str) -> list[str]:
    """Before each list the map of its villages, an SVG; of lists by village, one before the first of each town.

    Empty where no household of it has coordinates.
    """
    if by != "village":
        return [_map(facts) for _, facts in lists]
    everything = sorted((fact for _, facts in lists for fact in facts), key=_town)
    of_town = {town: list(inside) for town, inside in groupby(everything, key=_town)}
    return [_map(of_town.pop(_town(facts[0]), [])) for _, facts in lists]


def _map(facts: Sequence[CaseFacts]) -> str:
    ordered = sorted(facts, key=_place)
    found = [_village_on_map(list(inside)) for _, inside in groupby(ordered, key=_place)]
    known = [village for village in found if village is not None]
    return village_map(known, gettext("N (north)")) if known else ""


def _village_on_map(facts: Sequence[CaseFacts]) -> MapVillage | None:
    """A village at the mean of its households, to a hundred metres: the dot is to show a village and not a home."""
    known = [spot for fact in facts if (spot := _spot(fact)) is not None]
    if not known:
        return None
    lon, lat = (round(fmean(degrees), 3) for degrees in zip(*known, strict=True))
    return MapVillage(facts[0].household.village or NOWHERE, len(facts), lon, lat)


def _spot(fact: CaseFacts) -> tuple[float, float] | None:
    """Longitude and latitude of a household, where the roster says them."""
    lon, lat = fact.personal.get("lon"), fact.personal.get("lat")
    return (float(lon), float(lat)) if isinstance(lon, int | float) and isinstance(lat, int | float) else None


def _town(fact: CaseFacts) -> tuple[str, str]:
    return fact.household.county, fact.household.town


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
    maps: Sequence[str] = (),
) -> bytes:
    """Lists of seven columns as a PDF, each on a sheet of its own, its map (an SVG, or empty) before it.

    One that names people in full says so.
    """
    data = {
        "title": gettext("Task list"),
        "study": study.name + (f"（{gettext('Practice')}）" if study.practice else ""),
        "about": gettext("Names in full: keep it on you, give it back, do not copy it.") if opened else "",
        "date": f"{work.now.astimezone(ZoneInfo(work.settings.timezone)):%Y-%m-%d}",
        "heads": list(heads),
        "map": gettext("Map of villages"),
        "legend": gettext("A dot is a village, the number its households on the list; north is up."),
        "lists": [
            {"name": name, "count": gettext("%(count)s households", count=len(rows)), "rows": rows, "map": drawn}
            for (name, rows), drawn in zip(lists, maps or [""] * len(lists), strict=True)
        ],
    }
    return typeset(TEMPLATE, data)


def _heads() -> list[str]:
    tries = [gettext("Try %(number)s", number=number) for number in (1, 2, 3)]
    return [gettext("Sample number"), gettext("Place"), gettext("Name"), gettext("Telephone"), *tries]
