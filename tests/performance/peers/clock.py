"""How every program in the comparison is timed: alike, in a process of its own, by the standard library alone."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.performance.measurement import peak_memory_mib, timed

RUNS = 3
ENOUGH_SECONDS = 10.0
ITEMS = [f"y{number}" for number in range(20)]


def told(work: Callable[[], object]) -> None:
    """Run `work` up to three times, as long as it is quick, and print the best time and the peak of memory."""
    best, spent = float("inf"), 0.0
    for _ in range(RUNS):
        _, seconds = timed(work)
        best, spent = min(best, seconds), spent + seconds
        if spent > ENOUGH_SECONDS:
            break
    print(json.dumps({"seconds": best, "mib": peak_memory_mib()}))  # noqa: T201 - to our parent
