"""From a draw to cases: who is given out, and the release of reserves (备用样本)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from sampling import Draw as DrawnSample
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.rosters.models import Household
from survey_server.rosters.service import forget_files
from survey_server.samples.service import Key, draw_sample
from survey_server.studies.models import Study
from survey_server.work import Work

AT_ONCE = 5_000


def draw_cases(
    work: Work,
    study: Study,
    *,
    takes: Mapping[Key, int],
    reserves: Mapping[Key, int],
    seed: str = "",
    seed_source: str = "",
) -> int:
    """Draw the study's sample and make its cases; returns how many. Raises what ``draw_sample`` raises."""
    drawn = draw_sample(work, study, takes=takes, reserves=reserves, seed=seed, seed_source=seed_source)
    forget_files(work, study.id)  # the uploaded lists hold full ID numbers, and nothing needs them any more
    return _make_cases(work, study, drawn)


def release_reserves(work: Work, study: Study, key: Key, count: int, reason: str) -> list[Case]:
    """Give out a stratum's next reserves in their order, for a reason; raises INVALID_FIELD, STATE_CONFLICT."""
    if not reason.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Reason"), why=N_("it is empty"))
    if count < 1:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("How many"), why=N_("type a number"))
    query = (
        select(Case)
        .where(
            Case.study_id == study.id,
            Case.county == key[0],
            Case.category == key[1],
            Case.role == "reserve",
            col(Case.released_at).is_(None),
        )
        .order_by(col(Case.draw_order))
        .limit(count)
    )
    cases = list(work.session.exec(query).all())
    if len(cases) < count:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this stratum has not so many reserves left"))
    for case in cases:
        case.released_at = work.now
    record(
        work,
        "reserve.release",
        "study",
        study.id,
        study_id=study.id,
        stratum=list(key),
        cases=[case.sample_id for case in cases],
        reason=reason.strip(),
    )
    return cases


def _make_cases(work: Work, study: Study, drawn: DrawnSample) -> int:
    """One case a drawn unit. Main and reserve share one numbering, so that a number tells nothing."""
    sample = drawn.sample
    households = _households(work, study.id, sample["unit_id"].tolist())
    width = max(4, len(str(len(sample))))
    units: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()} for row in sample.sort_values("ticket").to_dict("records")
    ]
    rows = [
        Case(
            study_id=study.id,
            household_id=households[unit["unit_id"]].id,
            sample_id=f"A-{number:0{width}d}",
            stratum=f"{unit['county']}|{unit['category']}",
            county=unit["county"],
            town=households[unit["unit_id"]].town,
            category=unit["category"],
            role=unit["role"],
            draw_order=unit["order"],
            population=drawn.frame.populations[unit["county"], unit["category"]],
            probability=unit["probability"] if unit["role"] == "main" else None,
            released_at=work.now if unit["role"] == "main" else None,
        ).model_dump()
        for number, unit in enumerate(units, start=1)
    ]
    work.session.execute(sa.insert(Case), rows)
    return len(rows)


def _households(work: Work, study_id: uuid.UUID, unit_ids: list[str]) -> dict[str, sa.Row[tuple[str, uuid.UUID, str]]]:
    found: dict[str, sa.Row[tuple[str, uuid.UUID, str]]] = {}
    for start in range(0, len(unit_ids), AT_ONCE):
        query = sa.select(col(Household.unit_id), col(Household.id), col(Household.town)).where(
            col(Household.study_id) == study_id,
            col(Household.unit_id).in_(unit_ids[start : start + AT_ONCE]),
        )
        found.update((row.unit_id, row) for row in work.session.execute(query))
    return found
