"""The draw from a city's roster, shaped like 巴中: 386,000 低保 and 14,200 特困 over five counties."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from sampling import Frame, SampleDesign, draw, verify
from tests.performance.measurement import Measurement, peak_memory_mib, timed

COUNTIES = ("511902", "511903", "511921", "511922", "511923")
HOUSEHOLDS = {"低保": 386_000, "特困": 14_200}
TAKEN_PER_STRATUM = 200
RESERVES_PER_STRATUM = 100


def measure(folder: Path) -> Iterator[Measurement]:
    """Seconds from the table to the frame, to the sample, to its certificate, and to the proof of it."""
    roster = city()
    yield Measurement("rows of the roster", len(roster), "rows")
    frame, seconds = timed(lambda: Frame.from_table(roster, unit_id="household", strata=["county", "category"]))
    yield Measurement("roster checked and made a frame", seconds, "s")
    design = SampleDesign(take=TAKEN_PER_STRATUM, reserve=RESERVES_PER_STRATUM)
    drawn, seconds = timed(lambda: draw(frame, design, seed="2026-09-01"))
    yield Measurement(f"{len(drawn.sample):,} drawn by tickets", seconds, "s")
    certificate, seconds = timed(lambda: drawn.certificate)
    yield Measurement("certificate with the digest of the frame", seconds, "s")
    _, seconds = timed(lambda: verify(roster, certificate))
    yield Measurement("drawn again from roster and certificate", seconds, "s")
    yield Measurement("peak memory", peak_memory_mib(), "MiB")


def city() -> pd.DataFrame:
    """The roster: a row per household, the counties in turn."""
    category = np.repeat(list(HOUSEHOLDS), list(HOUSEHOLDS.values()))
    numbers = np.arange(len(category))
    return pd.DataFrame(
        {
            "household": [f"HH{number:07d}" for number in numbers],
            "county": np.array(COUNTIES)[numbers % len(COUNTIES)],
            "category": category,
        }
    )
