"""The parts of a study that are scored by themselves: the whole, each county, each programme (低保, 特困, …).

A part is named by its key: "" for the whole, a county by its name, a programme by # and the code of its category.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from survey_server.errors import Problem, ZoufangError
from survey_server.results.service import Results

MARK = "#"


@dataclass(frozen=True)
class Part:
    """One part: its key, its name for people, and the group of the results that it is (empty: all)."""

    key: str = ""
    name: str = ""
    county: str = ""
    category: str = ""


def counties_in(results: Results) -> Sequence[Part]:
    """The counties of a study."""
    return [Part(county, county, county=county) for county in results.counties]


def programmes_in(results: Results) -> Sequence[Part]:
    """The programmes of a study, in the order of the code list."""
    return [Part(f"{MARK}{code}", name, category=code) for code, name in results.categories]


def part_of(results: Results, key: str) -> Part:
    """The part of this key; raises NOT_FOUND for one that the study has not."""
    for part in (Part(), *counties_in(results), *programmes_in(results)):
        if part.key == key:
            return part
    raise ZoufangError(Problem.NOT_FOUND)
