"""From a wish to numbers: what each stratum gives, and what that costs and tells.

Pure: strata and wishes in, a plan out. All that a page shows while somebody types is computed here.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sampling import (
    AllocationError,
    Precision,
    SampleDesign,
    allocate,
    allocate_for_precision,
    comparison_size,
    design_effect,
    discovery_size,
    domains,
    half_width,
    relative_sample_size,
    sample_size,
    size_by_ratio,
)
from survey_server.samples.strata import Key, Stratum
from survey_server.samples.villages import Walk, village_design, walks
from survey_server.samples.wishes import How, Share, Way, Wish

Takes = dict[Key, int]
Villages = Mapping[Key, Sequence[int]]


@dataclass(frozen=True)
class Frame:
    """What is known of a frame before anything is drawn."""

    strata: Sequence[Stratum]
    villages: Villages = field(default_factory=dict)

    @property
    def populations(self) -> Takes:
        """Units by stratum."""
        return {stratum.key: stratum.population for stratum in self.strata}


@dataclass(frozen=True)
class Plan:
    """A wish with its numbers. ``wanted`` is the size before the least of each stratum raised it."""

    wish: Wish
    strata: Sequence[Stratum]
    walks: Mapping[Key, Walk]
    wanted: int

    @property
    def population(self) -> int:
        """Units on the roster."""
        return sum(stratum.population for stratum in self.strata)

    @property
    def households(self) -> int:
        """Units to be given out."""
        return sum(stratum.take for stratum in self.strata)

    @property
    def reserve(self) -> int:
        """Units in reserve."""
        return sum(stratum.reserve for stratum in self.strata)

    @property
    def completes(self) -> int:
        """Interviews expected."""
        return math.floor(self.households * self.wish["response"] + 1e-9)

    @property
    def days(self) -> int:
        """Interviewer days."""
        return math.ceil(self.households / self.wish["visits_per_day"])

    @property
    def cost(self) -> float:
        """Yuan; 0 where nobody said what things cost."""
        return self.households * self.wish["cost_per_visit"] + self.days * self.wish["cost_per_day"]

    @property
    def deff(self) -> float:
        """The design effect of interviewing by villages; 1 otherwise."""
        if self.wish.way is not Way.VILLAGES:
            return 1.0
        return design_effect(max(1.0, self.wish["village_take"]), self.wish["icc"])

    def half_width(self, stratum: Stratum) -> float:
        """Half the width of the interval in one stratum, a fraction; 0 for a census."""
        if stratum.census and self.wish["response"] == 1:
            return 0.0
        completes = max(stratum.take * self.wish["response"], 1e-9)
        expected = self.expected(stratum)
        width = half_width(
            completes,
            level=self.wish["level"],
            expected=expected,
            population=stratum.population,
            deff=self.deff_in(stratum),
        )
        return min(width, 1.0)

    def deff_in(self, stratum: Stratum) -> float:
        """The design effect in one stratum: of what is truly taken in a village; 1 where every village is taken."""
        walk = self.walks.get(stratum.key)
        if walk is None or walk.villages == walk.of:
            return 1.0
        return design_effect(float(walk.take), self.wish["icc"])

    def expected(self, stratum: Stratum) -> float:
        """The rate that is expected in a stratum, a fraction."""
        return self.wish.rates.get(stratum.field, self.wish["expected"])

    def joined(self, strata: Sequence[Stratum]) -> float:
        """Half the width in a domain of strata: the strata's errors add up as squares, by their shares."""
        whole = sum(stratum.population for stratum in strata)
        parts = (stratum.population / whole * self.half_width(stratum) for stratum in strata)
        return min(math.sqrt(math.fsum(part * part for part in parts)), 1.0)

    @property
    def overall(self) -> float:
        """Half the width for the whole study."""
        return self.joined(self.strata)

    def domains(self, position: int) -> dict[str, list[Stratum]]:
        """The strata by county (0) or category (1), by the name that people read."""
        found: dict[str, list[Stratum]] = {}
        for stratum in self.strata:
            found.setdefault((stratum.county, stratum.category_name)[position], []).append(stratum)
        return found

    @property
    def design(self) -> SampleDesign:
        """What is drawn. Raises DesignError naming the strata whose numbers cannot be."""
        if self.wish.way is Way.VILLAGES:
            return village_design(self.walks, {stratum.key: stratum.reserve for stratum in self.strata})
        takes = {stratum.key: stratum.take for stratum in self.strata}
        reserves = {stratum.key: stratum.reserve for stratum in self.strata}
        return SampleDesign(take=takes, reserve=reserves, method=self.wish.way.value)


def plan(frame: Frame, wish: Wish) -> Plan:
    """The numbers that a wish asks for. Raises SamplingError naming the strata where that cannot be."""
    wanted, takes = takes_for(frame.populations, wish)
    made = plan_of(frame, wish, takes, wanted=wanted)
    aim = _aim(wish)
    return made if aim is None or made.overall <= aim else _enough(frame, wish, made, aim)


def _aim(wish: Wish) -> float | None:
    """The half-width that the study as a whole is to have, where the wish is one of precision."""
    if wish.how is How.PRECISION:
        return wish["precision"]
    return wish["relative"] * wish["expected"] if wish.how is How.RELATIVE else None


def _enough(frame: Frame, wish: Wish, made: Plan, aim: float) -> Plan:
    """The fewest households, shared as wished, that reach the aim: small strata taken whole cost it precision.

    Where not even the most that the strata may give reaches it, that most.
    """
    most = sum(min(wish.maximum or population, population) for population in frame.populations.values())

    def of(total: int) -> Plan:
        return plan_of(frame, wish, _shared(frame.populations, total, wish), wanted=made.wanted)

    total = bisect_left(range(most), 1, lo=made.households, key=lambda size: of(size).overall <= aim)
    return of(total)


def plan_of(
    frame: Frame, wish: Wish, takes: Mapping[Key, int], reserves: Mapping[Key, int] | None = None, *, wanted: int = 0
) -> Plan:
    """The plan of certain numbers, typed by hand or computed; without ``reserves`` the wish's share of each take."""
    if reserves is None:
        reserves = {key: round(take * wish["reserve"]) for key, take in takes.items()}
    strata = [stratum.taking(takes[stratum.key], reserves[stratum.key]) for stratum in frame.strata]
    stage = wish.way is Way.VILLAGES
    _refuse_too_many(strata)
    walk = walks(takes, frame.villages, wish.whole("village_take")) if stage else {}
    return Plan(wish, strata, walk, wanted or sum(takes.values()))


def takes_for(populations: Mapping[Key, int], wish: Wish) -> tuple[int, Takes]:
    """How many were wished for, and each stratum's take. Raises SamplingError."""
    if wish.how is How.CENSUS:
        return sum(populations.values()), dict(populations)
    if wish.how is How.RATIO:
        takes = size_by_ratio(populations, wish["ratio"], minimum=wish.minimum)
        return math.ceil(sum(populations.values()) * wish["ratio"] - 1e-9), takes
    if wish.how is How.COMPARISON:
        return _compared(populations, wish)
    if wish.how is How.PRECISION and {"county_precision", "category_precision"} & set(wish.numbers):
        return _precise(populations, wish)
    wanted = _total(sum(populations.values()), wish)
    floor = sum(min(wish.minimum, population) for population in populations.values())
    total = wanted if wish.how is How.CONTRACT else max(wanted, min(floor, sum(populations.values())))
    return wanted, _shared(populations, total, wish)


def _total(population: int, wish: Wish) -> int:
    """The size for the study as a whole."""
    facts = {name: wish[name] for name in ("level", "response")}
    deff = design_effect(wish["village_take"], wish["icc"]) if wish.way is Way.VILLAGES else 1.0
    if wish.how is How.PRECISION:
        return sample_size(
            wish["precision"], expected=wish["expected"], population=population, deff=deff, **facts
        ).issue
    if wish.how is How.RELATIVE:
        return relative_sample_size(
            wish["relative"], expected=wish["expected"], population=population, deff=deff, **facts
        ).issue
    if wish.how is How.DISCOVERY:
        looked = discovery_size(round(wish["rate"], 9), population=population, level=wish["level"])
        return min(population, math.ceil(looked / wish["response"] - 1e-9))
    return math.ceil(wish.whole("total") / wish["response"] - 1e-9)


def _shared(populations: Mapping[Key, int], total: int, wish: Wish) -> Takes:
    fields = {key: "|".join(key) for key in populations}
    spread = {
        key: math.sqrt(p * (1 - p)) for key in populations for p in [wish.rates.get(fields[key], wish["expected"])]
    }
    given = wish.share in (Share.NEYMAN, Share.COST)
    return allocate(
        populations,
        total,
        wish.share.value,
        deviations=spread if given else None,
        costs={key: wish.costs.get(fields[key], 1.0) for key in populations} if wish.share is Share.COST else None,
        power=wish["exponent"],
        minimum=wish.minimum,
        maximum=wish.maximum,
    )


def _compared(populations: Mapping[Key, int], wish: Wish) -> tuple[int, Takes]:
    """Each county, or category, large enough to be told apart from another."""
    deff = design_effect(wish["village_take"], wish["icc"]) if wish.way is Way.VILLAGES else 1.0
    sizes = comparison_size(
        wish["first"], wish["second"], level=wish["level"], power=wish["power"], deff=deff, response=wish["response"]
    )
    each = max(size.issue for size in sizes)
    groups = domains(populations, 0 if wish.groups == "county" else 1)
    takes: Takes = {}
    for keys in groups.values():
        inside = {key: populations[key] for key in keys}
        if each > sum(inside.values()):
            raise AllocationError("group_too_small", "a group has fewer units than the comparison needs", strata=keys)
        floor = sum(min(wish.minimum, population) for population in inside.values())
        takes |= _shared(inside, max(each, floor), wish)
    return each * len(groups), {key: takes[key] for key in populations}


def _precise(populations: Mapping[Key, int], wish: Wish) -> tuple[int, Takes]:
    """The fewest households that are precise enough for the study, every county and every category at once."""
    deff = design_effect(wish["village_take"], wish["icc"]) if wish.way is Way.VILLAGES else 1.0
    facts: dict[str, Any] = {"expected": wish["expected"], "level": wish["level"], "deff": deff}
    wanted = [Precision(wish["precision"], **facts)]
    for position, name in enumerate(("county_precision", "category_precision")):
        if name in wish.numbers:
            inside = domains(populations, position)
            wanted += [Precision(wish[name], strata=keys, name=part, **facts) for part, keys in inside.items()]
    found = allocate_for_precision(populations, wanted, minimum=max(2, wish.minimum), maximum=wish.maximum).takes
    takes = {key: min(populations[key], math.ceil(take / wish["response"] - 1e-9)) for key, take in found.items()}
    return sum(takes.values()), takes


def _refuse_too_many(strata: Sequence[Stratum]) -> None:
    small = [stratum.key for stratum in strata if stratum.take > stratum.population]
    if small:
        raise AllocationError("take_exceeds_stratum", "a take is more than its stratum has", strata=small)
    empty = [stratum.key for stratum in strata if stratum.take < 1]
    if empty:
        raise AllocationError("take_not_positive", "a stratum gives nothing", strata=empty)
