"""Designs and draws: from the frame to cases, with the certificate that lets anybody draw again."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import sqlalchemy as sa
from sqlmodel import col, select

from sampling import Draw as DrawnSample
from sampling import (
    Frame,
    SampleDesign,
    SamplingError,
    Seed,
    allocate,
    draw,
    half_width,
    sample_size,
)
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.rosters.models import Household
from survey_server.samples.models import Draw
from survey_server.studies.models import Study
from survey_server.studies.service import lock_definitions
from survey_server.work import Work

STRATA = ["county", "category"]
Key = tuple[str, str]
WHY = {
    "take_exceeds_stratum": N_("more households are asked for than the stratum has"),
    "take_not_positive": N_("each stratum needs at least one household, else it is left out of the rates"),
    "stratum_without_take": N_("each stratum needs at least one household, else it is left out of the rates"),
    "seed_empty": N_("the seed is empty"),
    "total_too_large": N_("more households are asked for than the roster has"),
    "total_too_small": N_("fewer households are asked for than there are strata"),
}


@dataclass(frozen=True)
class Stratum:
    """One stratum of the frame: county × category, how many units it has and what one unit is (户 or 人)."""

    county: str
    category: str
    category_name: str
    unit: str
    population: int
    take: int = 0
    reserve: int = 0

    @property
    def key(self) -> Key:
        """As the sampling package names it."""
        return (self.county, self.category)

    @property
    def half_width(self) -> float:
        """Half the width of a 95 % interval at a rate of one half, as a fraction; 0 for a census."""
        if not self.take or self.take >= self.population:
            return 0.0
        return half_width(self.take, population=self.population)


def strata_of(work: Work, study_id: uuid.UUID) -> list[Stratum]:
    """The strata of a study's frame, counted by the database."""
    query = (
        sa.select(
            col(Household.county),
            col(Household.category),
            sa.func.max(Household.category_name),
            sa.func.max(Household.unit),
            sa.func.count(),
        )
        .where(col(Household.study_id) == study_id)
        .group_by(Household.county, Household.category)
        .order_by(Household.county, Household.category)
    )
    return [Stratum(*row) for row in work.session.execute(query)]


def propose(strata: list[Stratum], *, precision: float, minimum: int, reserve_share: float) -> list[Stratum]:
    """A take for each stratum: enough in all for ``precision`` (a fraction), shared by size, at least ``minimum``.

    Raises DESIGN_IMPOSSIBLE.
    """
    populations = {stratum.key: stratum.population for stratum in strata}
    if not populations:
        return []
    try:
        wanted = sample_size(precision, population=sum(populations.values())).issue
        floor = sum(min(minimum, population) for population in populations.values())
        takes = allocate(populations, max(wanted, floor), minimum=minimum)
    except SamplingError as error:
        raise _impossible(error) from error
    return [_with(stratum, takes[stratum.key], reserve_share) for stratum in strata]


def frame_table(work: Work, study_id: uuid.UUID) -> pd.DataFrame:
    """The frame as published: unit_id and strata, no personal fact, in the order of unit_id."""
    query = (
        sa.select(col(Household.unit_id), col(Household.county), col(Household.category))
        .where(col(Household.study_id) == study_id)
        .order_by(Household.unit_id)
    )
    rows = work.session.execute(query).all()
    return pd.DataFrame.from_records(rows, columns=["unit_id", *STRATA])


def draw_of(work: Work, study_id: uuid.UUID) -> Draw | None:
    """The study's draw, where there is one."""
    return work.session.exec(select(Draw).where(Draw.study_id == study_id)).first()


def draw_sample(
    work: Work,
    study: Study,
    *,
    takes: Mapping[Key, int],
    reserves: Mapping[Key, int],
    seed: str = "",
    seed_source: str = "",
) -> DrawnSample:
    """Draw once and lock the definitions. An empty seed is replaced by a random one.

    Raises DESIGN_IMPOSSIBLE, or STATE_CONFLICT where a sample was drawn before.
    """
    if draw_of(work, study.id) is not None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the sample of this study was drawn already"))
    try:
        design = SampleDesign(take=dict(takes), reserve=dict(reserves))
        frame = Frame.from_table(frame_table(work, study.id), unit_id="unit_id", strata=STRATA)
        drawn = draw(frame, design, seed=_seed(seed, seed_source))
    except SamplingError as error:
        raise _impossible(error) from error
    certificate = drawn.certificate
    row = Draw(
        study_id=study.id,
        design=design.to_json(),
        seed=drawn.seed.value,
        certificate=certificate,
        drawn_at=work.now,
    )
    work.session.add(row)
    lock_definitions(work, study)
    digest = certificate["frame"]["digest"]
    record(work, "sample.draw", "study", study.id, study_id=study.id, digest=digest, units=len(drawn.sample))
    return drawn


def _seed(seed: str, source: str) -> Seed:
    if seed.strip():
        return Seed(seed.strip(), source=source.strip())
    return Seed(secrets.token_hex(8), source="random, made by this server at the draw")


def _with(stratum: Stratum, take: int, reserve_share: float) -> Stratum:
    reserve = min(round(take * reserve_share), stratum.population - take)
    return Stratum(
        stratum.county,
        stratum.category,
        stratum.category_name,
        stratum.unit,
        stratum.population,
        take,
        reserve,
    )


def _impossible(error: SamplingError) -> ZoufangError:
    strata = error.fields.get("strata")
    named = "、".join("·".join(key) for key in strata[:5]) if isinstance(strata, (list, tuple)) else ""
    why = WHY.get(error.code, str(error))
    return ZoufangError(Problem.DESIGN_IMPOSSIBLE, why=why, strata=named)
