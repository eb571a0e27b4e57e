"""20 rates in 30 domains with their standard errors, from 10,000 to 10 million rows: ours beside svy, samplics and R.

Every measurement is a process of its own: the best of up to three runs, and the most memory that it held, its rows
among it. Rows in memory are there before the clock starts; from Parquet the reading is counted. Answers are
invented, in 24 strata; villages cross all domains.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from tests.performance.measurement import Measurement
from tests.performance.peers.clock import ITEMS
from tests.performance.peers.environment import ROOT, NotMadeError, python_of_peers

VILLAGES = {10_000: 240, 100_000: 1_200, 1_000_000: 2_400, 10_000_000: 4_800}
STRATA, DOMAINS = 24, 30
KINDS = ("clusters", "elements")
ENOUGH_SECONDS = 900
MEMORY_MIB = 2048
GOALS = {(1_000_000, "clusters"): 0.4, (10_000_000, "clusters"): 4.0, (10_000_000, "elements"): 4.0}
LARGEST = {"svy": 1_000_000, "samplics": 10_000, "R survey": 1_000_000}
PEERS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True)
class Reading:
    """What a process told."""

    seconds: float
    mib: float


def measure(folder: Path) -> Iterator[Measurement]:
    """Seconds and MiB of each program at each size; what could not be run is said in words."""
    yield Measurement("load of the machine before", os.getloadavg()[0], "")
    peers, missing = found_peers()
    for why in missing:
        yield Measurement(why, 0, "runs")
    for rows in VILLAGES:
        for kind in KINDS:
            path = written(folder, rows, kind)
            yield from measured(peers, path, rows, kind)
            path.unlink()


def measured(peers: dict[str, list[str]], path: Path, rows: int, kind: str) -> Iterator[Measurement]:
    """All programs on one file: those of others first, as ours is held to one of them."""
    theirs: dict[str, Reading] = {}
    for name, words in peers.items():
        if rows <= LARGEST[name]:
            try:
                theirs[name] = run(words, path, kind)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                yield Measurement(f"{rows:,} rows, {kind}: {name} gave up ({type(error).__name__})", 0, "runs")
    limit = GOALS.get((rows, kind))
    if rows == min(VILLAGES) and "svy" in theirs:
        limit = theirs["svy"].seconds
    memory = MEMORY_MIB if rows == max(VILLAGES) else None
    ours = [sys.executable, "-m", "tests.performance.peers.ours"]
    for where in ("memory", "parquet"):
        reading = run([*ours, where], path, kind)
        name = f"{rows:,} rows, {kind}: ours, {'in memory' if where == 'memory' else 'from Parquet, with reading'}"
        yield Measurement(name, reading.seconds, "s", at_most=limit)
        yield Measurement(f"{name}, peak", reading.mib, "MiB", at_most=memory)
    for name, reading in theirs.items():
        yield Measurement(f"{rows:,} rows, {kind}: {name}", reading.seconds, "s")
        yield Measurement(f"{rows:,} rows, {kind}: {name}, peak", reading.mib, "MiB")


def run(words: list[str], path: Path, kind: str) -> Reading:
    """One program on one file. Raises CalledProcessError where it fails."""
    source = csv_of(path) if words[0].endswith("Rscript") else path
    done = subprocess.run(
        [*words, str(source), kind], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=ENOUGH_SECONDS
    )
    return Reading(**json.loads(done.stdout.splitlines()[-1]))


def found_peers() -> tuple[dict[str, list[str]], list[str]]:
    """The programs of others that are here, by name, and for each that is not why."""
    peers: dict[str, list[str]] = {}
    missing = []
    try:
        python = str(python_of_peers())
        for name in ("svy", "samplics"):
            peers[name] = [python, "-m", f"tests.performance.peers.{name}_rates"]
    except NotMadeError as error:
        missing.append(f"svy and samplics: their environment could not be made ({error})")
    rscript = shutil.which("Rscript")
    if rscript and has_survey(rscript):
        peers["R survey"] = [rscript, str(PEERS / "survey_rates.R")]
    else:
        missing.append("R survey: there is no Rscript with the package survey")
    return peers, missing


def has_survey(rscript: str) -> bool:
    """Whether R has the package survey."""
    return subprocess.run([rscript, "-e", "library(survey)"], capture_output=True, check=False).returncode == 0


def written(folder: Path, rows: int, kind: str) -> Path:
    """Invented answers as a Parquet file."""
    rng = np.random.default_rng(rows)
    columns = {"stratum": rng.integers(0, STRATA, rows).astype(np.int16)}
    if kind == "clusters":
        village = rng.integers(0, VILLAGES[rows], rows, dtype=np.int32)
        columns = {"psu": village, "stratum": (village % STRATA).astype(np.int16)}
    else:
        columns["N"] = 12 * np.bincount(columns["stratum"])[columns["stratum"]]
    columns |= {"w": rng.uniform(1, 3, rows), "domain": rng.integers(0, DOMAINS, rows).astype(np.int16)}
    columns |= {item: rng.random(rows, np.float32) < 0.5 + at / 45 for at, item in enumerate(ITEMS)}
    path = folder / f"{kind}-{rows}.parquet"
    duckdb.from_df(pd.DataFrame(columns)).write_parquet(str(path))
    return path


def csv_of(path: Path) -> Path:
    """The same rows as R reads them."""
    made = path.with_suffix(".csv")
    duckdb.read_parquet(str(path)).write_csv(str(made))
    return made
