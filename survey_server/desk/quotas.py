"""Quotas (配额): how many complete interviews are wanted of a group, how many there are, and what follows.

A quota on a roster column is counted by the database; one on an answer is counted from the opened answers, each
minute, in the background. Whatever the channel, a complete interview counts.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import Quota
from survey_server.fieldwork.models import Case
from survey_server.privacy.service import cipher_of
from survey_server.rosters.models import Household
from survey_server.studies.models import Study
from survey_server.submissions.models import Submission
from survey_server.work import Services, Work

ANSWER = "answer:"
ROSTER: Mapping[str, Any] = MappingProxyType(
    {"county": col(Case.county), "town": col(Case.town), "category": col(Case.category), "area": col(Household.area)}
)
OF_CASE = frozenset({"county", "town", "category"})
"""Columns that a case has itself; the others stand in its household."""
MOST_QUOTAS = 200


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for: so many of a group, and whether calls stop when it is full."""

    field: str
    value: str
    target: int
    stops: bool = True


def quotas_of(work: Work, study_id: uuid.UUID) -> Sequence[Quota]:
    """A study's quotas, by their column and value."""
    query = select(Quota).where(Quota.study_id == study_id).order_by(col(Quota.field), col(Quota.value))
    return work.session.exec(query).all()


def quotas_by_study(work: Work, study_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Quota]]:
    """The quotas of several studies."""
    found: dict[uuid.UUID, list[Quota]] = {}
    for quota in work.session.exec(select(Quota).where(col(Quota.study_id).in_(study_ids))):
        found.setdefault(quota.study_id, []).append(quota)
    return found


def keep_quotas(work: Work, study: Study, wanted: Sequence[Wanted]) -> None:
    """Replace a study's quotas, and count them; raises INVALID_FIELD and STUDY_CLOSED."""
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    _check(wanted)
    work.session.execute(sa.delete(Quota).where(col(Quota.study_id) == study.id))
    quotas = [Quota(study_id=study.id, **vars(each)) for each in wanted]
    work.session.add_all(quotas)
    work.session.flush()
    count(work, study.id)
    record(work, "quota.change", "study", study.id, study_id=study.id, quotas=len(quotas))


def count(work: Work, study_id: uuid.UUID) -> None:
    """Count every quota of a study anew."""
    quotas = quotas_of(work, study_id)
    found = _from_roster(work, study_id, {quota.field for quota in quotas if not quota.field.startswith(ANSWER)})
    asked = {quota.field for quota in quotas if quota.field.startswith(ANSWER)}
    if asked:
        found |= _from_answers(work, study_id, asked)
    for quota in quotas:
        quota.done = found.get((quota.field, quota.value), 0)
        quota.counted_at = work.now
        work.session.add(quota)


def count_all(services: Services) -> None:
    """Count the quotas of every open study that has some; done each minute."""
    with services.read() as work:
        query = sa.select(col(Quota.study_id)).distinct()
        study_ids = list(work.session.execute(query.join(Study).where(col(Study.closed_at).is_(None))).scalars())
    for study_id in study_ids:
        with services.write() as work:
            count(work, study_id)


def full(quotas: Iterable[Quota]) -> list[Quota]:
    """The quotas that are met."""
    return [quota for quota in quotas if quota.done >= quota.target]


def to_mind(quotas: Iterable[Quota]) -> list[Quota]:
    """The quotas that are met and that the operator has to mind: nobody else stops calls for them."""
    return [quota for quota in full(quotas) if not quota.stops or quota.field not in ROSTER]


def is_open(quotas: Iterable[Quota]) -> sa.ColumnElement[bool]:
    """A condition on Case and Household: in no group that is full and stops."""
    met = [quota for quota in full(quotas) if quota.stops and quota.field in ROSTER]
    return sa.and_(sa.true(), *(ROSTER[quota.field] != quota.value for quota in met))


def need(study_id: uuid.UUID, quotas: Iterable[Quota]) -> sa.ColumnElement[float]:
    """How much a case of a study is wanted: the largest share still missing among its groups, 0 without quotas."""
    open_ones = [quota for quota in quotas if quota.field in ROSTER and quota.done < quota.target]
    ranked = sorted(open_ones, key=lambda quota: quota.done / quota.target)
    theirs = col(Case.study_id) == study_id
    whens = [(sa.and_(theirs, ROSTER[quota.field] == quota.value), 1 - quota.done / quota.target) for quota in ranked]
    return sa.case(*whens, else_=0.0) if whens else sa.literal(0.0)


def _from_roster(work: Work, study_id: uuid.UUID, fields: Iterable[str]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for field in fields:  # at most four columns
        column = ROSTER[field]
        query = (
            sa.select(column, sa.func.count())
            .select_from(Case)
            .join(Household, col(Household.id) == Case.household_id)
            .where(col(Case.study_id) == study_id, col(Case.outcome_class) == "complete")
            .group_by(column)
        )
        found |= {(field, value): counted for value, counted in work.session.execute(query)}
    return found


def _from_answers(work: Work, study_id: uuid.UUID, fields: Iterable[str]) -> dict[tuple[str, str], int]:
    names = {field: field.removeprefix(ANSWER) for field in fields}
    corrected = sa.select(col(Submission.corrects)).where(
        col(Submission.study_id) == study_id, col(Submission.corrects).is_not(None)
    )
    query = select(Submission).where(
        Submission.study_id == study_id,
        Submission.outcome_class == "complete",
        Submission.unusable == "",
        col(Submission.withdrawn_at).is_(None),
        col(Submission.instance_id).not_in(corrected),
    )
    cipher = cipher_of(work, study_id)
    tally: Counter[tuple[str, str]] = Counter()
    for row in work.session.exec(query):
        answers = json.loads(cipher.open(row.id, row.answers))["values"]
        tally.update((field, str(answers[name])) for field, name in names.items() if name in answers)
    return dict(tally)


def _check(wanted: Sequence[Wanted]) -> None:
    keys = [(each.field, each.value) for each in wanted]
    field = N_("Quota")
    if len(wanted) > MOST_QUOTAS or len(set(keys)) < len(keys):
        raise ZoufangError(
            Problem.INVALID_FIELD, field=field, why=N_("a group stands there twice, or there are too many")
        )
    for each in wanted:
        known = each.field in ROSTER or (each.field.startswith(ANSWER) and len(each.field) > len(ANSWER))
        if not known or not each.value or not 0 < each.target <= 1_000_000:
            raise ZoufangError(Problem.INVALID_FIELD, field=field, why=N_("name a column, a value and a number"))
