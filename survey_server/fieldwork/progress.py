"""How the fieldwork stands, counted by the database."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import col

from analysis.report.disclosure import suppress_small
from survey_server.accounts.models import Person
from survey_server.audit.service import events_of, record
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case, Status
from survey_server.fieldwork.service import attempts_of, case_of, facts_of
from survey_server.privacy.service import mask_name, mask_number
from survey_server.rosters.models import Household
from survey_server.work import Work

PAGE = 200


@dataclass(frozen=True)
class StratumProgress:
    """One stratum's counts of released cases."""

    county: str
    category_name: str
    released: int
    attempted: int
    complete: int
    partial: int
    refused: int
    open: int


@dataclass(frozen=True)
class Counted:
    """A line of the table of progress; None stands for a count that is not shown."""

    county: str
    category_name: str
    counts: tuple[int | None, ...]


@dataclass(frozen=True)
class ProgressTable:
    """Strata and their total; ``hidden`` says how many counts are not shown."""

    lines: Sequence[Counted]
    total: tuple[int | None, ...]
    hidden: int = 0


def table_of(strata: Sequence[StratumProgress], *, guarded: bool) -> ProgressTable:
    """The counts of the strata; ``guarded``, those under 5 and what would give them away are not shown."""
    lines = [astuple(stratum) for stratum in strata]
    counts = pd.DataFrame([line[2:] for line in lines])
    counts.loc[len(lines)] = counts.sum()
    hidden = (
        suppress_small(counts)
        if guarded and lines
        else pd.DataFrame(data=False, index=counts.index, columns=counts.columns)
    )
    shown = [
        tuple(None if hide else int(value) for value, hide in zip(row, mask, strict=True))
        for row, mask in zip(counts.to_numpy(), hidden.to_numpy(), strict=True)
    ]
    rows = [Counted(line[0], line[1], cells) for line, cells in zip(lines, shown, strict=False)]
    return ProgressTable(rows, shown[-1], int(hidden.to_numpy().sum()))


def by_stratum(work: Work, study_id: uuid.UUID) -> list[StratumProgress]:
    """Counts by county and category."""

    def count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    query = (
        sa.select(
            col(Case.county),
            sa.func.max(Household.category_name),
            sa.func.count(),
            count(col(Case.attempts) > 0),
            count(col(Case.outcome_class) == "complete"),
            count(col(Case.outcome_class) == "partial"),
            count(col(Case.outcome_class) == "refusal"),
            count(col(Case.status) != Status.DONE.value),
        )
        .join(Household, col(Household.id) == Case.household_id)
        .where(col(Case.study_id) == study_id, col(Case.released_at).is_not(None))
        .group_by(Case.county, Case.category)
        .order_by(Case.county, Case.category)
    )
    return [StratumProgress(*row) for row in work.session.execute(query)]


def withdrawn(work: Work, study_id: uuid.UUID) -> int:
    """How many of the released households withdrew; they stand among the refusals (AAPOR 2.11)."""
    query = (
        sa.select(sa.func.count())
        .select_from(Case)
        .where(col(Case.study_id) == study_id, col(Case.released_at).is_not(None), col(Case.withdrawn_at).is_not(None))
    )
    return work.session.execute(query).scalar_one()


def lines(work: Work, study_id: uuid.UUID, *, county: str, status: str, interviewer: str) -> list[dict[str, Any]]:
    """The first cases of a choice, without personal facts."""
    query = (
        sa.select(Case, Household, col(Person.name))
        .join(Household, col(Household.id) == Case.household_id)
        .join(Person, col(Person.id) == Case.interviewer_id, isouter=True)
        .where(col(Case.study_id) == study_id, col(Case.released_at).is_not(None))
        .order_by(Household.county, Household.town, Household.village, Case.sample_id)
        .limit(PAGE)
    )
    if county:
        query = query.where(col(Case.county) == county)
    if status:
        query = query.where(col(Case.status) == status)
    if interviewer == "nobody":
        query = query.where(col(Case.interviewer_id).is_(None))
    return [{"case": case, "home": home, "interviewer": name} for case, home, name in work.session.execute(query)]


def case_page(work: Work, study_id: uuid.UUID, case_id: uuid.UUID) -> dict[str, Any]:
    """One household: roster facts masked, attempts, what was done. That it was looked at is recorded."""
    case = case_of(work, case_id)
    if case.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    fact = facts_of(work, study_id, [case.id])[0]
    record(work, "case.view", "case", case.id, study_id=study_id)
    return {
        "case": case,
        "home": fact.household,
        "name": mask_name(fact.name),
        "phones": [mask_number(number) for number in fact.phones],
        "attempts": attempts_of(work, case.id),
        "events": events_of(work, "case", case.id),
    }
