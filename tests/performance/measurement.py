"""What a benchmark tells."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Measurement:
    """A number with its unit, and the goal that it is held to where there is one."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool:
        """Whether the goal is met; without a goal it is."""
        fits_above = self.at_most is None or self.value <= self.at_most
        return fits_above and (self.at_least is None or self.value >= self.at_least)

    @property
    def reading(self) -> str:
        """The number as people read it, with three digits that count."""
        return f"{readable(self.value)} {self.unit}"

    @property
    def goal(self) -> str:
        """The goal as people read it."""
        bounds = ("≤", self.at_most), ("≥", self.at_least)
        return " ".join(f"{sign} {readable(bound)} {self.unit}" for sign, bound in bounds if bound is not None)

    @property
    def verdict(self) -> str:
        """Whether the goal is met, as a sign; nothing without a goal."""
        if not self.goal:
            return ""
        return "✓" if self.met else "✗"


def readable(value: float) -> str:
    """A number with three digits that count, and none of its whole part lost."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def peak_memory_mib() -> float:
    """The most memory that this process has held, in MiB; Windows does not tell."""
    import resource  # noqa: PLC0415 - not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What ``work`` gives, and the seconds that it took."""
    began = time.perf_counter()
    made = work()
    return made, time.perf_counter() - began
