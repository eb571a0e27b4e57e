"""This study beside an earlier one of the same client: avoid its households, or meet a share of them again.

A household keeps its number in the frame, so that it keeps its ticket: households are matched by the keyed index of
their identity numbers, without opening one.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import sqlalchemy as sa
from sqlmodel import col, select

from sampling import SampleDesign, SamplingError, Seed, burden, overlap, shifts_to_avoid, shifts_to_overlap
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.rosters.models import Household
from survey_server.samples.impossible import impossible
from survey_server.samples.service import earlier_draws, redraw
from survey_server.samples.wishes import Meeting, Wish
from survey_server.studies.models import Study
from survey_server.work import Work

Units = Mapping[bytes, str]


def coordinate(work: Work, study: Study, design: SampleDesign, wish: Wish) -> tuple[SampleDesign, Seed]:
    """The design with the start of each stratum, and the earlier study's seed, which a coordinated draw shares.

    Raises DESIGN_IMPOSSIBLE where the methods cannot be coordinated, INVALID_FIELD where no earlier study is chosen.
    """
    last = next((drawn for other, drawn in earlier_draws(work, study.id) if other.id == wish.last), None)
    if last is None:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Earlier study of the same client"), why=N_("choose one of the list")
        )
    if design.stages or design.method not in ("srs", "pareto"):
        raise ZoufangError(Problem.DESIGN_IMPOSSIBLE, why=BY_TICKETS, strata="")
    matched = keep_numbers(work, study, last.study_id)
    again = redraw(work, last)
    try:
        if wish.meeting is Meeting.AVOID:
            shifts = shifts_to_avoid(again, released=_released(work, last.study_id))
        else:
            shifts = shifts_to_overlap(again, wish["overlap"], {key: _take(design, key) for key in again.chosen})
    except SamplingError as error:
        raise impossible(error) from error
    details = {"with": str(last.study_id), "how": wish.meeting.value, "matched": matched}
    record(work, "sample.coordinate", "study", study.id, study_id=study.id, **details)
    seed = Seed.from_json(last.certificate["seed"])
    return replace(design, shift=shifts), seed


BY_TICKETS = N_("only simple random samples and samples by size can avoid or meet an earlier one")


def keep_numbers(work: Work, study: Study, last_id: uuid.UUID) -> int:
    """Give every household that the earlier frame had its number there; returns how many. Nothing is opened."""
    before, mine = _numbers(work, last_id), _numbers(work, study.id)
    held = set(work.session.exec(select(Household.unit_id).where(Household.study_id == study.id)).all())
    again = {index: number for index, number in before.items() if index in mine}
    rows = [
        {"study": study.id, "held": mine[index], "number": number}
        for index, number in again.items()
        if number not in held  # a household that has this number already keeps it
    ]
    if rows:
        table = sa.inspect(Household).local_table
        mine_now = (table.c.study_id == sa.bindparam("study")) & (table.c.unit_id == sa.bindparam("held"))
        work.session.connection().execute(sa.update(table).where(mine_now).values(unit_id=sa.bindparam("number")), rows)
    return len(again)


def issued_units(work: Work, study_ids: list[uuid.UUID]) -> dict[uuid.UUID, pd.DataFrame]:
    """The households that each study asked, as tables with a column ``unit_id``: the keyed index where there is one."""
    query = (
        sa.select(col(Case.study_id), col(Household.id_index), col(Household.unit_id))
        .join(Household, col(Household.id) == Case.household_id)
        .where(col(Case.study_id).in_(study_ids), col(Case.released_at).is_not(None))
    )
    found: dict[uuid.UUID, list[str]] = {study_id: [] for study_id in study_ids}
    for study_id, index, unit_id in work.session.execute(query):
        found[study_id].append(bytes(index).hex() if index else unit_id)
    return {study_id: pd.DataFrame({"unit_id": sorted(set(units))}) for study_id, units in found.items()}


def burden_of(work: Work, studies: list[Study]) -> tuple[dict[int, int], pd.DataFrame]:
    """How many households were asked once, twice, …; and what each pair of studies shares."""
    names = {study.id: study.name for study in studies}
    samples = {names[key]: table for key, table in issued_units(work, list(names)).items()}
    times = burden(samples)["times"].value_counts().sort_index()
    return dict(zip(times.index.astype(int).tolist(), times.astype(int).tolist(), strict=True)), overlap(samples)


def _numbers(work: Work, study_id: uuid.UUID) -> Units:
    """Identity index → number in the frame, for those that stand there once."""
    query = sa.select(col(Household.id_index), col(Household.unit_id)).where(
        col(Household.study_id) == study_id, col(Household.id_index).is_not(None)
    )
    rows = [(bytes(index), unit_id) for index, unit_id in work.session.execute(query)]
    times = Counter(index for index, _ in rows)
    return {index: unit_id for index, unit_id in rows if times[index] == 1}


def _released(work: Work, study_id: uuid.UUID) -> dict[tuple[str, str], int]:
    """How many reserves of each stratum were given out."""
    query = (
        sa.select(col(Case.county), col(Case.category), sa.func.count())
        .where(col(Case.study_id) == study_id, col(Case.role) == "reserve", col(Case.released_at).is_not(None))
        .group_by(Case.county, Case.category)
    )
    return {(county, category): count for county, category, count in work.session.execute(query)}


def _take(design: SampleDesign, key: tuple[str, ...]) -> int:
    take = design.take
    return int(take.get(key, 0)) if isinstance(take, Mapping) else 0
