"""Samples from 400,000, 5 million and 20 million households: ours beside svy and samplics, with the memory of each.

Every measurement is a process of its own: the best of up to three runs, and the most memory that it held, the roster
among it. Twenty-five strata; sizes are persons. Ours checks the roster and can prove its sample, the others cannot;
ours by size is Pareto πps, theirs systematic. Twenty million come from Parquet and are never in memory together.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from tests.performance.measurement import Measurement
from tests.performance.peers.environment import ROOT, NotMadeError, python_of_peers

STRATA = 25
TAKES = {400_000: 80, 5_000_000: 800}
WHOLE_NATION = 20_000_000
ENOUGH_SECONDS = 120
TICKETS_SECONDS, STREAM_MIB = 8, 500


def measure(folder: Path) -> Iterator[Measurement]:
    """Seconds and MiB of each program at each size."""
    yield Measurement("load of the machine before", os.getloadavg()[0], "")
    peers: dict[str, str] = {}
    try:
        peers = dict.fromkeys(("svy", "samplics"), str(python_of_peers()))
    except NotMadeError as error:
        yield Measurement(f"svy and samplics: their environment could not be made ({error})", 0, "runs")
    for rows, take in TAKES.items():
        path = written(folder, rows)
        for what, said in (("stratified", "stratified simple sample"), ("pps", "by size")):
            yield from told(f"{rows:,} rows, {said}: ours", sys.executable, "our", what, path, take)
            for name, python in peers.items():
                yield from told(f"{rows:,} rows, {said}: {name}", python, name, what, path, take)
        yield from told(
            f"{rows:,} rows, with digest and certificate: ours", sys.executable, "our", "certified", path, take
        )
        limit = TICKETS_SECONDS if rows == max(TAKES) else None
        yield from told(f"{rows:,} tickets: ours", sys.executable, "our", "tickets", path, take, seconds=limit)
        path.unlink()
    path = written(folder, WHOLE_NATION)
    for what, said in (("streamed", "simple sample"), ("streamed_pps", "by size")):
        name = f"{WHOLE_NATION:,} rows from Parquet, {said} with certificate: ours"
        yield from told(name, sys.executable, "our", what, path, max(TAKES.values()), mib=STREAM_MIB)


def told(
    name: str,
    python: str,
    whose: str,
    what: str,
    path: Path,
    take: int,
    *,
    seconds: float | None = None,
    mib: float | None = None,
) -> Iterator[Measurement]:
    """Time and memory of one program on one file; in words where one of the others does not end in time."""
    words = [python, "-m", f"tests.performance.peers.{whose}_draws", what, str(path), str(take)]
    patience = None if whose == "our" else ENOUGH_SECONDS
    try:
        done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=patience)
    except subprocess.TimeoutExpired:
        yield Measurement(f"{name}: stopped after", ENOUGH_SECONDS, "s")
        return
    reading = json.loads(done.stdout.splitlines()[-1])
    yield Measurement(name, reading["seconds"], "s", at_most=seconds)
    yield Measurement(f"{name}, peak", reading["mib"], "MiB", at_most=mib)


def written(folder: Path, rows: int) -> Path:
    """An invented roster as a Parquet file, its households in no order."""
    path = folder / f"roster-{rows}.parquet"
    households = (
        f"SELECT 'HH' || lpad(((i * 7919 + 13) % {rows})::VARCHAR, 9, '0') AS id, "
        f"'县' || (i % {STRATA}) AS stratum, (1 + i % 8)::INTEGER AS persons FROM range({rows}) AS each(i)"
    )
    with duckdb.connect() as database:
        database.execute(f"COPY ({households}) TO '{path}' (FORMAT parquet)")
    return path
