"""``bootstrap.py bench [NAME ...]``: measure, print the table, and write it to RESULTS.md.

A benchmark is a module ``bench_NAME.py`` beside this file with a function ``measure(folder)`` that yields
:class:`~tests.performance.measurement.Measurement`. Each runs in a process of its own, so that its peak memory
is its own. A run replaces the sections of RESULTS.md that it measured.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.performance.measurement import Measurement

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "RESULTS.md"
ALONE = "--alone"


def main(words: list[str]) -> int:
    """Run the benchmarks named, or all; returns 1 where one failed or missed its goal."""
    if words[:1] == [ALONE]:
        measure_here(words[1])
        return 0
    known = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    if unknown := sorted(set(words) - set(known)):
        raise SystemExit(f"bench: no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    verdicts = [run(name) for name in words or known]
    return 0 if all(verdicts) else 1


def run(name: str) -> bool:
    """Run one benchmark, print and keep its table; whether it ran and met every goal."""
    words = [sys.executable, "-m", "tests.performance.runner", ALONE, name]
    done = subprocess.run(words, cwd=FOLDER.parents[1], stdout=subprocess.PIPE, text=True, check=False)
    measured = [Measurement(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")]
    Console().print(as_table(name, measured))
    if done.returncode:
        return False
    when = dt.datetime.now(dt.UTC)
    old = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    RESULTS.write_text(replace_section(old, name, as_section(name, measured, when, machine())), "utf-8")
    return all(one.met for one in measured)


def measure_here(name: str) -> None:
    """Run one benchmark in this process and print each measurement as a line of JSON."""
    benchmark = importlib.import_module(f"tests.performance.bench_{name}")
    with tempfile.TemporaryDirectory(prefix="zoufang-bench-") as folder:
        for measurement in benchmark.measure(Path(folder)):
            print(json.dumps(asdict(measurement), ensure_ascii=False), flush=True)  # noqa: T201 - to our parent


def as_table(name: str, measured: list[Measurement]) -> Table:
    """The measurements as a table for a terminal."""
    table = Table("what", "measured", "goal", "", title=name)
    for one in measured:
        table.add_row(one.what, one.reading, one.goal, one.verdict)
    return table


def as_section(name: str, measured: list[Measurement], when: dt.datetime, place: str) -> str:
    """The measurements as a section of RESULTS.md."""
    rows = [f"| {one.what} | {one.reading} | {one.goal} | {one.verdict} |" for one in measured]
    head = [f"## {name}", "", f"{when:%Y-%m-%d %H:%M} UTC, {place}", ""]
    return "\n".join([*head, "| what | measured | goal | |", "| --- | ---: | ---: | --- |", *rows, ""])


def replace_section(text: str, name: str, section: str) -> str:
    """``text`` of RESULTS.md with the section ``name`` put in or put anew; sections stay in order of name."""
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    kept = {part.splitlines()[0].removeprefix("## "): part.strip() + "\n" for part in parts}
    kept[name] = section
    title = "# What was measured\n\nBy `python3 bootstrap.py bench`, on the machine that each section names.\n"
    return "\n".join([title, *(kept[key] for key in sorted(kept))])


def machine() -> str:
    """The machine in one line: processor, cores, memory, system, Python."""
    cores, memory = os.cpu_count(), memory_gib()
    system = f"{platform.system()} {platform.release()}"
    return f"{processor()}, {cores} cores, {memory:.0f} GiB, {system}, Python {platform.python_version()}"


def processor() -> str:
    """The processor's name."""
    information = Path("/proc/cpuinfo")
    text = information.read_text("utf-8") if information.exists() else ""
    named = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return named[1] if named else platform.processor() or platform.machine()


def memory_gib() -> float:
    """The machine's memory in GiB, 0 where the system does not tell."""
    if not hasattr(os, "sysconf"):
        return 0.0
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
