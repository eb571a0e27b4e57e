"""The strata of a study's frame: county × category, how many units each has, and in which villages they live."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import col

from sampling import half_width
from survey_server.rosters.models import Household
from survey_server.work import Work

STRATA = ["county", "category"]
NOWHERE = "（未填）"
"""Stands for a town or village that the roster left blank: a frame's codes are never empty."""
Key = tuple[str, str]


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
    def field(self) -> str:
        """As the fields of a page name it."""
        return f"{self.county}|{self.category}"

    @property
    def census(self) -> bool:
        """Whether everybody is taken."""
        return self.take >= self.population

    @property
    def half_width(self) -> float:
        """Half the width of a 95 % interval at a rate of one half, as a fraction; 0 for a census."""
        if not self.take or self.census:
            return 0.0
        return half_width(self.take, population=self.population)

    def taking(self, take: int, reserve: int) -> Stratum:
        """The same stratum with a take, and no more in reserve than are left."""
        return replace(self, take=take, reserve=max(0, min(reserve, self.population - take)))


def strata_of(work: Work, study_id: uuid.UUID) -> list[Stratum]:
    """The strata of a study's frame, counted by the database from its index alone."""
    strata = (col(Household.county), col(Household.category))
    mine = col(Household.study_id) == study_id
    counts = sa.select(*strata, sa.func.count().label("units")).where(mine).group_by(*strata).subquery()

    def of_one(fact: Any) -> Any:  # noqa: ANN401 - SQLModel types a column as its value
        """What every unit of the stratum shares."""
        one = sa.select(col(fact)).where(mine, strata[0] == counts.c.county, strata[1] == counts.c.category)
        return one.limit(1).correlate(counts).scalar_subquery()

    query = sa.select(
        counts.c.county, counts.c.category, of_one(Household.category_name), of_one(Household.unit), counts.c.units
    ).order_by(counts.c.county, counts.c.category)
    return [Stratum(*row) for row in work.session.execute(query)]


def villages_of(work: Work, study_id: uuid.UUID) -> dict[Key, list[int]]:
    """How many units each village of each stratum has, counted by the database."""
    place = (Household.county, Household.category, Household.town, Household.village)
    query = (
        sa.select(col(Household.county), col(Household.category), sa.func.count())
        .where(col(Household.study_id) == study_id)
        .group_by(*place)
        .order_by(*place)
    )
    found: dict[Key, list[int]] = {}
    for county, category, count in work.session.execute(query):
        found.setdefault((county, category), []).append(count)
    return found


def frame_table(work: Work, study_id: uuid.UUID, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """The frame as published: unit_id, strata and the ``columns`` of FACTS that a method needs, no personal fact.

    In the order of unit_id.
    """
    facts: dict[str, Any] = {"unit_id": Household.unit_id, "county": Household.county, "category": Household.category}
    facts |= {name: FACTS[name] for name in columns}
    query = (
        sa.select(*(col(fact).label(name) for name, fact in facts.items()))
        .where(col(Household.study_id) == study_id)
        .order_by(Household.unit_id)
    )
    table = pd.DataFrame.from_records(work.session.execute(query).all(), columns=list(facts))
    if "persons" in table:
        table["persons"] = table["persons"].fillna(1).clip(lower=1).astype(int)
    if {"town", "village"} <= set(table):
        table["village"] = _filled(table["town"]) + "／" + _filled(table["village"])
        table["town"] = _filled(table["town"])
    return table


FACTS: dict[str, Any] = {"town": Household.town, "village": Household.village, "persons": Household.persons}


def _filled(places: pd.Series) -> pd.Series:
    return places.str.normalize("NFC").str.strip().replace("", NOWHERE)
