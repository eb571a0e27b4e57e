"""How a sample is drawn: how many of each stratum, how many in reserve, by which method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from sampling.errors import DesignError, Stratum
from sampling.methods import METHODS
from sampling.tickets import SPAN, checked_stage

Take = int | Literal["all"]
MAX_TAKE = 100_000_000


@dataclass(frozen=True)
class Stage:
    """A stage of clusters: how many are taken within each stratum (first stage) or cluster, and how.

    `take` is one number, `"all"`, or a mapping by stratum; a cluster with fewer parts gives what it has.
    """

    take: Take | Mapping[Any, Take]
    method: str = "pareto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "take", _frozen(self.take))
        _check_numbers(self.take, "take", 1)
        _check_method(self.method)

    def __reduce__(self) -> tuple[Callable[[Mapping[str, Any]], Stage], tuple[dict[str, Any]]]:
        """Copied and pickled by way of JSON."""
        return Stage.from_json, (self.to_json(),)

    def take_in(self, stratum: Stratum, clusters: int) -> int:
        """How many of so many clusters are taken in a stratum. Raises DesignError when the mapping forgets it."""
        if isinstance(self.take, Mapping) and stratum not in self.take:
            raise DesignError("stratum_without_take", "a stage has no take for the stratum", strata=[stratum])
        number = self.take[stratum] if isinstance(self.take, Mapping) else self.take
        return clusters if number == "all" else int(number)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"take": _listed(self.take), "method": self.method}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Stage:
        """The inverse of `to_json`."""
        values: dict[str, Any] = {"take": _unlisted(data["take"]), "method": data["method"]}
        return cls(**values)


@dataclass(frozen=True)
class SampleDesign:
    """A sample design, frozen; `to_json` and `from_json` are inverse to each other.

    `take` is how many units are drawn: one number for every stratum, or a mapping from a stratum (the value of a
    single strata column, or a tuple) to its number; `"all"` takes a stratum whole. `reserve` is how many ordered
    substitutes follow, likewise; a stratum that has fewer left gives what it has.
    `method` names how (see `sampling.methods`): `srs` simple random, `pareto` with probability proportional to size,
    and others. `stage` enters the ticket, and `shift` (0 ≤ shift < 2**52) is its start, one for
    all strata or a mapping: see `sampling.tickets` and `sampling.coordination`.
    `stages` are the stages of clusters before this one, one for each cluster column of the frame; `take` and
    `reserve` are then per cluster of the last of them, and tickets of units have the stage that follows theirs.
    Raises DesignError naming the strata when a number is not positive.
    """

    take: Take | Mapping[Any, Take]
    reserve: int | Mapping[Any, int] = 0
    method: str = "srs"
    stage: int = 1
    shift: int | Mapping[Any, int] = 0
    stages: tuple[Stage, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "take", _frozen(self.take))
        object.__setattr__(self, "reserve", _frozen(self.reserve))
        _check_numbers(self.take, "take", 1)
        _check_numbers(self.reserve, "reserve", 0)
        checked_stage(self.stage)
        _check_method(self.method)
        object.__setattr__(self, "stages", tuple(self.stages))
        object.__setattr__(self, "shift", _frozen(self.shift))
        _check_shift(self.shift)

    def __reduce__(self) -> tuple[Callable[[Mapping[str, Any]], SampleDesign], tuple[dict[str, Any]]]:
        """Copied and pickled by way of JSON."""
        return SampleDesign.from_json, (self.to_json(),)

    def takes(self, populations: Mapping[Stratum, int]) -> dict[Stratum, int]:
        """How many units each stratum of a frame gives.

        Raises DesignError naming the strata that the design forgets, that the frame lacks, or that
        are too small.
        """
        wanted = _of_strata(self.take, populations, "take")
        takes = {key: populations[key] if number == "all" else int(number) for key, number in wanted.items()}
        small = [key for key in populations if takes[key] > populations[key]]
        if small:
            first = small[0]
            raise DesignError(
                "take_exceeds_stratum",
                f"the take of {takes[first]} is more than the {populations[first]} units that the stratum has; "
                'take fewer, or "all"',
                strata=small,
            )
        return takes

    def reserves(self, populations: Mapping[Stratum, int]) -> dict[Stratum, int]:
        """How many reserves each stratum of a frame is asked for. Raises DesignError as `takes` does."""
        if isinstance(self.reserve, Mapping):
            unknown = [key for key in self.reserve if key not in populations]
            _refuse_unknown(unknown, "reserve")
            return {key: self.reserve.get(key, 0) for key in populations}
        return dict.fromkeys(populations, self.reserve)

    def shifts(self, populations: Mapping[Stratum, int]) -> dict[Stratum, int]:
        """Each stratum's start shift; 0 where a mapping does not name it."""
        if isinstance(self.shift, Mapping):
            return {key: self.shift.get(key, 0) for key in populations}
        return dict.fromkeys(populations, self.shift)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; mappings as lists of [stratum, number], sorted."""
        return {
            "take": _listed(self.take),
            "reserve": _listed(self.reserve),
            "method": self.method,
            "stage": self.stage,
            "shift": _listed(self.shift),
            "stages": [stage.to_json() for stage in self.stages],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SampleDesign:
        """The inverse of `to_json`. Raises DesignError when the JSON is not of that shape."""
        try:
            values: dict[str, Any] = {name: data[name] for name in ("method", "stage")}
            values |= {name: _unlisted(data[name]) for name in ("take", "reserve", "shift")}
            values["stages"] = tuple(Stage.from_json(stage) for stage in data.get("stages", ()))
        except DesignError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise DesignError("design_json", "this JSON is not a sample design") from error
        return cls(**values)


def _check_shift(shift: object) -> None:
    numbers = shift.values() if isinstance(shift, Mapping) else [shift]
    if not all(isinstance(number, int) and not isinstance(number, bool) and 0 <= number < SPAN for number in numbers):
        raise DesignError("shift", "a start shift must be a whole number from 0 to 2**52 - 1")


def _check_method(method: object) -> None:
    if method not in METHODS:
        raise DesignError("method", f"there is no method {method!r}; choose from {', '.join(METHODS)}")


def stratum_key(key: object) -> Stratum:
    """A stratum as the frame names it: a tuple of texts, whole numbers in decimal."""
    return tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)


def _frozen(numbers: object) -> object:
    if not isinstance(numbers, Mapping):
        return _plain(numbers)
    named = {stratum_key(key): _plain(number) for key, number in numbers.items()}
    if len(named) < len(numbers):
        raise DesignError("stratum_twice", "the same stratum is named twice")
    return MappingProxyType(named)


def _plain(number: object) -> object:
    """A whole number of numpy's, as a table hands it on, is one of Python's."""
    return int(number) if isinstance(number, np.integer) else number


def _check_numbers(numbers: object, what: str, least: int) -> None:
    pairs = numbers.items() if isinstance(numbers, Mapping) else [((), numbers)]
    bad = [key for key, number in pairs if not _is_number(number, least, all_allowed=what == "take")]
    if bad:
        named = bad if isinstance(numbers, Mapping) else ()
        raise DesignError(f"{what}_not_positive", f"the {what} must be a whole number from {least}", strata=named)
    if isinstance(numbers, Mapping) and not numbers and what == "take":
        raise DesignError("take_empty", "the design takes nothing from any stratum")


def _is_number(number: object, least: int, *, all_allowed: bool) -> bool:
    if isinstance(number, bool) or not isinstance(number, int):
        return all_allowed and number == "all"
    return least <= number <= MAX_TAKE


def _of_strata(
    numbers: Take | Mapping[Any, Take], populations: Mapping[Stratum, int], what: str
) -> dict[Stratum, Take]:
    if not isinstance(numbers, Mapping):
        return dict.fromkeys(populations, numbers)
    _refuse_unknown([key for key in numbers if key not in populations], what)
    forgotten = [key for key in populations if key not in numbers]
    if forgotten:
        raise DesignError("stratum_without_take", "the design has no take for strata of the frame", strata=forgotten)
    return {key: numbers[key] for key in populations}


def _refuse_unknown(strata: list[Stratum], what: str) -> None:
    if strata:
        raise DesignError("stratum_empty", f"the {what} names strata that the frame does not have", strata=strata)


def _listed(numbers: object) -> object:
    if isinstance(numbers, Mapping):
        return [[list(key), number] for key, number in sorted(numbers.items())]
    return numbers


def _unlisted(numbers: object) -> object:
    return {tuple(key): number for key, number in numbers} if isinstance(numbers, list) else numbers
