"""What somebody wishes of a sample, read from the fields of the designer: bounded, and wrong ones named.

People type per cent; here everything is a fraction.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from survey_server.errors import N_, Problem, ZoufangError


class How(StrEnum):
    """How the number of households comes about."""

    PRECISION = "precision"
    RELATIVE = "relative"
    RATIO = "ratio"
    CONTRACT = "contract"
    DISCOVERY = "discovery"
    COMPARISON = "comparison"
    CENSUS = "census"


class Share(StrEnum):
    """How the number is shared among the strata; the names of ``sampling.allocate``."""

    PROPORTIONAL = "proportional"
    EQUAL = "equal"
    SQRT = "sqrt"
    POWER = "power"
    NEYMAN = "neyman"
    COST = "cost"


class Way(StrEnum):
    """How households are chosen; all but ``villages`` are names of ``sampling.methods``."""

    SRS = "srs"
    SYSTEMATIC = "systematic"
    PARETO = "pareto"
    SAMPFORD = "sampford"
    PIVOTAL = "pivotal_pps"
    VILLAGES = "villages"


class Meeting(StrEnum):
    """What last study's households are to this one."""

    NONE = "none"
    AVOID = "avoid"
    OVERLAP = "overlap"


@dataclass(frozen=True)
class Field:
    """A number that is typed: its name, what stands there first, its bounds as typed, by what it is divided.

    An empty default may stay empty.
    """

    label: str
    default: str
    low: float
    high: float
    over: float = 1.0


FIELDS: Mapping[str, Field] = {
    "precision": Field(N_("Precision, ± percentage points"), "5", 0.1, 50, 100),
    "county_precision": Field(N_("In every county, ± percentage points"), "", 0.1, 50, 100),
    "category_precision": Field(N_("In every category, ± percentage points"), "", 0.1, 50, 100),
    "relative": Field(N_("Precision, ± per cent of the rate itself"), "10", 0.1, 99, 100),
    "ratio": Field(N_("Share of every stratum, per cent"), "5", 0.01, 100, 100),
    "total": Field(N_("Completed interviews that the contract asks for"), "400", 1, 10_000_000),
    "rate": Field(N_("Wrong ones among all, per cent"), "1", 0.001, 99, 100),
    "first": Field(N_("Rate of the one group, per cent"), "80", 0.1, 99.9, 100),
    "second": Field(N_("Rate of the other group, per cent"), "90", 0.1, 99.9, 100),
    "power": Field(N_("Chance to see the difference, per cent"), "80", 1, 99.9, 100),
    "level": Field(N_("Confidence, per cent"), "95", 50, 99.9, 100),
    "expected": Field(N_("Expected rate, per cent"), "50", 0.1, 99.9, 100),
    "response": Field(N_("Expected response, per cent"), "100", 1, 100, 100),
    "minimum": Field(N_("At least in each stratum"), "30", 1, 1_000_000),
    "maximum": Field(N_("At most in each stratum"), "", 1, 10_000_000),
    "exponent": Field(N_("Power between 0 (equal) and 1 (proportional)"), "0.5", 0, 1),
    "village_take": Field(N_("Households in each village"), "5", 1, 1000),
    "icc": Field(N_("Likeness within a village (intra-class correlation)"), "0.05", 0, 1),
    "reserve": Field(N_("Reserve, per cent of the sample"), "20", 0, 300, 100),
    "visits_per_day": Field(N_("Visits of one interviewer a day"), "8", 0.1, 200),
    "cost_per_visit": Field(N_("Cost of a visit, yuan"), "0", 0, 1_000_000),
    "cost_per_day": Field(N_("Cost of an interviewer's day, yuan"), "0", 0, 1_000_000),
    "attempts": Field(N_("Tries before a reserve is given out"), "3", 0, 20),
    "overlap": Field(N_("Share to be met again, per cent"), "30", 0, 100, 100),
}
STRATUM_FIELDS: Mapping[str, Field] = {
    "rate": Field(N_("Expected rate, per cent"), "", 0.1, 99.9, 100),
    "cost": Field(N_("Cost of a household, as a multiple"), "", 0.01, 1_000_000),
}
CHOICES: Mapping[str, tuple[str, type[StrEnum]]] = {
    "how": (N_("How many"), How),
    "share": (N_("Shared by"), Share),
    "way": (N_("Chosen by"), Way),
    "meeting": (N_("Households of an earlier study"), Meeting),
}
GROUPS = ("county", "category")


@dataclass(frozen=True)
class Wish:
    """A wish as it was typed, and what it means.

    ``rates`` and ``costs`` are the expected rate (a fraction) and the cost of one household, by the field of a stratum.
    """

    typed: Mapping[str, str]
    numbers: Mapping[str, float]
    how: How
    share: Share
    way: Way
    meeting: Meeting
    groups: str
    last: uuid.UUID | None
    rates: Mapping[str, float]
    costs: Mapping[str, float]

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Wish:
        """From fields; what is missing has its default. Raises INVALID_FIELD naming the field."""
        typed = {name: given.get(name, field.default).strip()[:40] for name, field in FIELDS.items()}
        typed |= {name: given.get(name) or next(iter(kinds)).value for name, (_, kinds) in CHOICES.items()}
        typed["groups"] = GROUPS[given.get("groups") == GROUPS[1]]
        typed["last"] = given.get("last", "")[:40]
        numbers = {name: _number(text, FIELDS[name]) for name, text in typed.items() if name in FIELDS and text}
        missing = [field.label for name, field in FIELDS.items() if field.default and name not in numbers]
        if missing:
            raise ZoufangError(Problem.INVALID_FIELD, field=missing[0], why=N_("type a number"))
        chosen: dict[str, Any] = {name: _choice(typed[name], *kinds) for name, kinds in CHOICES.items()}
        by_stratum = {name: _by_stratum(given, name) for name in STRATUM_FIELDS}
        typed |= {f"{name}|{key}": text for name, texts in by_stratum.items() for key, text in texts.items()}
        rates, costs = (
            {key: _number(text, STRATUM_FIELDS[name]) for key, text in by_stratum[name].items()}
            for name in STRATUM_FIELDS
        )
        return cls(
            typed, numbers, **chosen, groups=typed["groups"], last=_study(typed["last"]), rates=rates, costs=costs
        )

    def __getitem__(self, name: str) -> float:
        """A number by the name of its field; KeyError where it was left empty."""
        return self.numbers[name]

    def whole(self, name: str) -> int:
        """A number of households, days or tries, rounded up."""
        return math.ceil(self.numbers[name])

    @property
    def minimum(self) -> int:
        """The least that a stratum gives."""
        return self.whole("minimum")

    @property
    def maximum(self) -> int | None:
        """The most that a stratum gives, where somebody said so."""
        return self.whole("maximum") if "maximum" in self.numbers else None


def typed_number(text: str, label: str, low: float = 0, high: float = 100_000_000) -> float:
    """A number that was typed into a field; raises INVALID_FIELD naming it."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        why = N_("type a number") if math.isnan(number) else N_("this number is too small or too large")
        raise ZoufangError(Problem.INVALID_FIELD, field=label, why=why)
    return number


def _by_stratum(given: Mapping[str, str], name: str) -> dict[str, str]:
    """What was typed for single strata, by the stratum's field."""
    prefix = f"{name}|"
    found = {key.removeprefix(prefix): text.strip()[:40] for key, text in given.items() if key.startswith(prefix)}
    return {key: text for key, text in found.items() if text}


def _number(text: str, field: Field) -> float:
    return typed_number(text, field.label, field.low, field.high) / field.over


def _choice(text: str, label: str, kinds: type[StrEnum]) -> StrEnum:
    try:
        return kinds(text)
    except ValueError:
        raise ZoufangError(Problem.INVALID_FIELD, field=label, why=N_("choose one of the list")) from None


def _study(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Households of an earlier study"), why=N_("choose one of the list")
        ) from None
