"""QR pages: how many a second and how many bytes, and how long 500 labels take to print."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from survey_server.app import create_app
from survey_server.console.qr import Correction, svg
from survey_server.public import codes
from survey_server.public.codes import SHEETS, Kind, Paper, Printed
from survey_server.public.subjects import CASE
from survey_server.studies.service import study_of
from tests.performance.measurement import Measurement
from tests.support.databases import migrate
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import make_study

SECONDS = 5.0
LABELS = 500


def measure(folder: Path) -> Iterator[Measurement]:
    """Pages through the application in one thread; labels from address to PDF."""
    url = f"sqlite:///{folder / 'zoufang.db'}"
    migrate(url, folder)
    app = create_app(make_settings(url, folder), SteppingClock(), wake=lambda: None)
    services = app.extensions["zoufang"]
    drawn = make_study(services, {("甲县", "1"): 4}, take={("甲县", "1"): 3}, reserve=1)
    address = f"/q/{services.vault.token(CASE, drawn.main[0].id)}"
    visitor, headers = app.test_client(), {"Accept-Encoding": "gzip"}
    yield Measurement("load of the machine before", os.getloadavg()[0], "")
    first = visitor.get(address, headers=headers)
    began, worked, pages = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < SECONDS:
        assert visitor.get(address, headers=headers).status_code == 200
        pages += 1
    rate = pages / (time.perf_counter() - began)
    yield Measurement("first page, time of the processor", 1000 * (time.process_time() - worked) / pages, "ms")
    yield Measurement("first page, compressed, style included", len(first.data) / 1024, "KiB", at_most=30)
    yield Measurement("first pages, one thread", rate, "a second", at_least=50)
    with app.test_request_context(), services.read() as work:
        words = codes.printed(work, study_of(work, drawn.study.id), Kind.LABELS).words
    began, worked = time.perf_counter(), time.process_time()
    addresses = [f"https://survey.example.cn/q/{one:04d}uZaBV5CcDtmRUcE4OIF0BcUzq_ue3VYRVoQ" for one in range(LABELS)]
    papers = tuple(Paper("A-0001", svg(one, Correction.PAPER), "ACDEF-34679", "k3x9-2mfa") for one in addresses)
    codes.typeset(Printed(Kind.LABELS, papers, words, SHEETS["24"]))
    yield Measurement(f"{LABELS} labels, from address to PDF", time.perf_counter() - began, "s", at_most=3)
    yield Measurement(f"{LABELS} labels, time of the processor", time.process_time() - worked, "s")
    services.database.dispose()
