"""A city's rosters, shaped like 巴中's: 400,200 rows in forty township files become the frame of a study.

The import runs in a fresh process on a fresh SQLite database, as the command line runs it: files read, rows
judged, persons collapsed to households, lists merged, everything personal sealed and stored.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from survey_server.config import Settings
from survey_server.db import migrate
from survey_server.demo.rosters import city
from survey_server.rosters.prepare import Source
from survey_server.rosters.service import import_files
from survey_server.studies.service import create_study
from survey_server.work import Services
from tests.performance.measurement import Measurement, peak_memory_mib, timed
from tests.support.installation import MASTER_KEY

ROOT = Path(__file__).resolve().parents[2]
ROWS = 400_200
SECONDS, MEMORY_MIB = 60, 600


def measure(folder: Path) -> Iterator[Measurement]:
    """Write the files, import them in a process of its own, and tell what it said."""
    files = city(folder / "city")
    yield Measurement("load of the machine before", os.getloadavg()[0], "")
    done = subprocess.run(
        [sys.executable, "-m", "tests.performance.bench_import", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    yield Measurement("files", len(files), "files")
    yield Measurement("rows", told["rows"], "rows", at_least=ROWS)
    yield Measurement("households and persons in the frame", told["units"], "units")
    yield Measurement("import", told["seconds"], "s", at_most=SECONDS)
    yield Measurement("pace", told["rows"] / told["seconds"], "rows/s", at_least=ROWS / SECONDS)
    yield Measurement("peak memory", told["peak"], "MiB", at_most=MEMORY_MIB)


def import_city(folder: Path) -> dict[str, float]:
    """Import the city's files into a new installation; rows, units, seconds and MiB."""
    settings = Settings(data=folder / "installation", master_key=MASTER_KEY)
    migrate(settings)
    services = Services.open(settings)
    with services.write() as work:
        study = create_study(work, name="柳江市社会救助绩效评价", client="柳江市民政局", company="某某社会评价中心")
    sources = [Source(path.name, path.read_bytes) for path in sorted((folder / "city").iterdir())]
    done, seconds = timed(lambda: import_files(services, study.id, sources))
    services.database.dispose()
    report = done.report
    return {"rows": report["rows"], "units": report["units"], "seconds": seconds, "peak": peak_memory_mib()}


if __name__ == "__main__":
    print(json.dumps(import_city(Path(sys.argv[1]))))  # noqa: T201 - to our parent
