"""What can go wrong when a sample is planned or drawn.

    SamplingError
    ├── FrameError        the roster: each problem with its rows
    ├── DesignError       the design, or a design that this frame cannot carry
    ├── SizeError         a sample size that cannot be computed
    ├── AllocationError   a wish about strata that cannot be met
    ├── ReleaseError      reserves released against the rules
    └── CertificateError  a certificate that cannot be read, or does not agree with its roster

Every error has a stable `code` and structured `fields`, so that a server can say it in the user's
language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Stratum = tuple[str, ...]

_SHOWN = 10


class SamplingError(ValueError):
    """Base of all that this package refuses: a stable `code`, and `fields` with what the message names."""

    def __init__(self, code: str, message: str, **fields: object) -> None:
        super().__init__(message)
        self.code = code
        self.fields = fields


@dataclass(frozen=True)
class FrameProblem:
    """One kind of problem in one column, with the 1-based numbers of the data rows that show it."""

    code: str
    column: str
    rows: tuple[int, ...]
    says: str

    def __str__(self) -> str:
        where = f" ({listed_rows(self.rows)})" if self.rows else ""
        return f"column {self.column!r} {self.says}{where}"


class FrameError(SamplingError):
    """A roster that cannot be a frame: all `problems` found; `code` and `rows` are the first's."""

    def __init__(self, problems: Sequence[FrameProblem]) -> None:
        self.problems = tuple(problems)
        self.rows = self.problems[0].rows
        super().__init__(
            self.problems[0].code,
            "the roster cannot be a sampling frame: " + "; ".join(map(str, self.problems)),
            rows=self.rows,
            column=self.problems[0].column,
        )


class _StratumError(SamplingError):
    """An error about certain strata, which `strata` names."""

    def __init__(self, code: str, message: str, *, strata: Sequence[Stratum] = (), **fields: object) -> None:
        self.strata = tuple(strata)
        named = f" ({listed_strata(self.strata)})" if self.strata else ""
        super().__init__(code, message + named, strata=self.strata, **fields)


class DesignError(_StratumError):
    """A design that means nothing, or that this frame cannot carry."""


class AllocationError(_StratumError):
    """A wish about strata that cannot be met."""


class ReleaseError(_StratumError):
    """Reserves released against the rules."""


class SizeError(SamplingError):
    """A sample size that cannot be computed; `fields` name the argument."""


class CertificateError(SamplingError):
    """The first difference between a certificate and what it speaks of: place, stated, found."""

    def __init__(self, code: str, message: str, *, place: str, stated: object = None, found: object = None) -> None:
        super().__init__(code, f"{place}: {message}", place=place, stated=stated, found=found)
        self.place = place
        self.stated = stated
        self.found = found


def listed_rows(rows: Sequence[int]) -> str:
    """Row numbers as people read them: the first ten, then how many more."""
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"row{'s' if len(rows) > 1 else ''} " + ", ".join(map(str, rows[:_SHOWN])) + more


def listed_strata(strata: Sequence[Stratum]) -> str:
    """Strata as people read them: the parts of each joined by a bar, the first ten."""
    more = f" and {len(strata) - _SHOWN} more" if len(strata) > _SHOWN else ""
    return ", ".join(stratum_name(stratum) for stratum in strata[:_SHOWN]) + more


def stratum_name(stratum: Stratum) -> str:
    """The stratum in one line; the whole frame, where it has no strata, is called `all`."""
    return "|".join(stratum) if stratum else "all"
