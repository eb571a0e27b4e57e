"""From a draw to cases: who is given out; reserves are released in :mod:`survey_server.fieldwork.releasing`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from sampling import Draw as DrawnSample
from sampling import SampleDesign, Seed
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.releasing import release_reserves
from survey_server.privacy.bureaus import remember
from survey_server.rosters.models import Household
from survey_server.rosters.service import forget_files
from survey_server.samples.service import Key, draw_design, draw_sample
from survey_server.studies.models import Study
from survey_server.work import Work

__all__ = ["draw_cases", "draw_cases_by", "release_reserves"]
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


def draw_cases_by(work: Work, study: Study, design: SampleDesign, seed: Seed, wish: Mapping[str, str]) -> int:
    """Draw by a design of the designer and make its cases; returns how many. Raises what ``draw_design`` raises."""
    drawn = draw_design(work, study, design, seed, wish)
    forget_files(work, study.id)
    return _make_cases(work, study, drawn)


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
    indexes = {home.id: home.id_index for home in households.values()}
    if not study.practice:
        remember(work, study.client, study.id, [(row["id"], indexes[row["household_id"]]) for row in rows])
    return len(rows)


def _households(work: Work, study_id: uuid.UUID, unit_ids: list[str]) -> dict[str, sa.Row[Any]]:
    found: dict[str, sa.Row[Any]] = {}
    for start in range(0, len(unit_ids), AT_ONCE):
        query = sa.select(
            col(Household.unit_id), col(Household.id), col(Household.town), col(Household.id_index)
        ).where(
            col(Household.study_id) == study_id,
            col(Household.unit_id).in_(unit_ids[start : start + AT_ONCE]),
        )
        found.update((row.unit_id, row) for row in work.session.execute(query))
    return found
