"""Workbooks of many rows, the report of a ten-county study, and the results page of 50,000 submissions.

The study of the page is invented and written into the database in sets, sealed as the server seals, with an event a
submission in the record; then the page is asked for as a browser asks, over the application: in a process that was
just started, after one more submission, and again. What the worker does for it each minute is timed apart.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlmodel import select

from analysis.report.workbook import Column, sheet_from_frame, write_workbook
from survey_server.accounts.routes import COOKIE
from survey_server.accounts.service import create_person
from survey_server.accounts.signing_in import sign_in
from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.audit.models import Event
from survey_server.audit.service import record
from survey_server.config import Settings
from survey_server.crypto import StudyCipher
from survey_server.db import migrate, new_id
from survey_server.fieldwork.models import Case, Status
from survey_server.privacy.service import cipher_of
from survey_server.results.kept import keep_large
from survey_server.results.measures import TAGS
from survey_server.rosters.models import Household
from survey_server.studies.forms import publish_shipped
from survey_server.studies.models import FormVersion, Purpose
from survey_server.studies.service import create_study
from survey_server.submissions.models import Submission
from survey_server.work import Services
from tests.performance.measurement import Measurement, timed
from tests.support.installation import MASTER_KEY
from tests.support.studies import PASSWORD

MOMENT = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
CATEGORIES = {"1": "城市低保", "2": "农村低保", "3": "特困人员", "4": "临时救助"}
WORDS = ("审批再快些", "公示看不到", "补贴有点少", "工作人员态度好", "希望多走访", "")
BATCH = 10_000


def measure(folder: Path) -> Iterator[Measurement]:
    """Seconds and milliseconds."""
    for rows, columns, limit in ((20_000, 50, 3.0), (100_000, 20, 5.0)):
        content, seconds = timed(lambda rows=rows, columns=columns: workbook(rows, columns))
        yield Measurement(f"{rows:,} × {columns} to .xlsx", seconds, "s", at_most=limit)
        yield Measurement(f"{rows:,} × {columns} to .xlsx, size", len(content) / 2**20, "MiB")
    yield from of_report(folder / "report")
    yield from of_page(folder / "page")


def of_report(folder: Path) -> Iterator[Measurement]:
    """Ten counties of 400 submissions each, as Word and as PDF."""
    client, study_id, _ = site(folder, counties=10, people=4_000)
    for kind in ("docx", "pdf"):
        answer, seconds = timed(lambda kind=kind: client.get(f"/studies/{study_id}/report/survey.{kind}"))
        demand(answer.status_code, f"report.{kind}")
        yield Measurement(f"report of ten counties, .{kind}", seconds, "s", at_most=10.0)


def of_page(folder: Path) -> Iterator[Measurement]:
    """50,000 submissions of 20 counties."""
    client, study_id, services = site(folder, counties=20, people=50_000)
    what = "results page, 50,000 submissions"
    yield Measurement(f"{what}: the worker computes it", timed(lambda: keep_large(services))[1], "s")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as new:
        first = new.submit(first_page, folder, study_id).result()
    yield Measurement(f"{what}: first of a process", first * 1000, "ms", at_most=500)
    address = f"/studies/{study_id}/results"
    again = min(show(client, address) for _ in range(5))
    yield Measurement(f"{what}: kept", again * 1000, "ms", at_most=500)
    with services.write() as work:
        record(work, "submission.receive", "study", study_id, study_id=study_id)
    yield Measurement(f"{what}: after one more submission", show(client, address) * 1000, "ms", at_most=500)


def first_page(folder: Path, study_id: uuid.UUID) -> float:
    """Seconds until the page, in a process that has shown nothing yet; the application stands and somebody is in."""
    app = create_app(Settings(data=folder, master_key=MASTER_KEY), wake=lambda: None)
    client = app.test_client()
    client.set_cookie(COOKIE, sign_in(app.extensions["zoufang"], "owner", PASSWORD))
    return show(client, f"/studies/{study_id}/results")


def show(client: FlaskClient, address: str) -> float:
    """Seconds until the page."""
    answer, seconds = timed(lambda: client.get(address))
    demand(answer.status_code, address)
    return seconds


def workbook(rows: int, columns: int) -> bytes:
    """Answers as they are exported: numbers, a few texts."""
    rng = np.random.default_rng(rows)
    frame = pd.DataFrame({f"q{at}": rng.integers(1, 6, rows) for at in range(columns - 2)})
    frame["county"] = [f"第{at % 20}县" for at in range(rows)]
    frame["weight"] = rng.uniform(1, 30, rows)
    kinds = [Column(name, "integer") for name in frame.columns[:-2]]
    sheet = sheet_from_frame("原始数据", frame, [*kinds, Column("county"), Column("weight", "number", digits=6)])
    return write_workbook([sheet])


def site(folder: Path, *, counties: int, people: int):
    """An installation on SQLite with the study of :func:`invent`."""
    settings = Settings(data=folder, master_key=MASTER_KEY)
    migrate(settings)
    app = create_app(settings, wake=lambda: None)
    services: Services = app.extensions["zoufang"]
    with services.write() as work:
        create_person(work, username="owner", name="owner", password=PASSWORD, roles=[Role.OWNER])
    study_id = invent(services, counties=counties, people=people)
    client = app.test_client()
    client.set_cookie(COOKIE, sign_in(services, "owner", PASSWORD))
    return client, study_id, services


def invent(services: Services, *, counties: int, people: int) -> uuid.UUID:
    """A study of which everybody answered a visit, written in sets."""
    with services.write() as work:
        study = create_study(work, name="测速", client="某民政局", company="某公司", hotline="000-1234567")
        publish_shipped(work, study)
        study.locked_at = MOMENT
        work.session.flush()
        visits = FormVersion.study_id == study.id, FormVersion.purpose == Purpose.VISIT.value
        form, cipher = work.session.exec(select(FormVersion.id).where(*visits)).one(), cipher_of(work, study.id)
        codes = np.random.default_rng(people).integers(1, 6, (people, len(TAGS))).astype(str).tolist()
        for start in range(0, people, BATCH):
            numbers = range(start, min(start + BATCH, people))
            rows = [facts(number, counties, study.id, form, cipher, codes[number]) for number in numbers]
            for place, table in enumerate((Household, Case, Submission, Event)):
                work.session.execute(sa.insert(table), [row[place] for row in rows])
        return study.id


def facts(
    number: int, counties: int, study_id: uuid.UUID, form: uuid.UUID, cipher: StudyCipher, codes: list[str]
) -> tuple[dict[str, object], ...]:
    """A household, its case, its answers, and the event of their arrival."""
    household, case, submission = new_id(), new_id(), new_id()
    county, category = f"第{number % counties + 1}县", str(number % 4 + 1)
    place = {"study_id": study_id, "county": county, "town": f"第{number % 90}镇", "category": category}
    sample, shared = f"S{number:06d}", {"outcome": "F11", "outcome_class": "complete"}
    tags = dict(zip(TAGS, codes, strict=True)) | {"improve": "1 3" if number % 3 == 0 else ""}
    content = {"values": {"j3_open": WORDS[number % len(WORDS)]}, "tags": tags}
    return (
        place
        | {"id": household, "unit_id": sample, "unit": "户", "village": f"第{number % 900}村", "area": "农村"}
        | {"category_name": CATEGORIES[category], "categories": [], "sources": [], "personal": b""},
        place
        | shared
        | {"id": case, "household_id": household, "sample_id": sample, "stratum": f"{county}|{category}"}
        | {"role": "main", "draw_order": number, "population": 5_000, "probability": 0.1, "released_at": MOMENT}
        | {"status": Status.DONE.value, "outcome_channel": "visit", "attempts": 1},
        shared
        | {"id": submission, "study_id": study_id, "form_version_id": form, "case_id": case, "channel": "visit"}
        | {"instance_id": f"uuid:{submission}", "received_at": MOMENT, "headline": True, "flags": [], "missing": []}
        | {"fingerprint": "", "xml": b"", "clues": False, "unusable": ""}
        | {"answers": cipher.seal(submission, json.dumps(content, ensure_ascii=False).encode())},
        {"at": MOMENT, "actor_kind": "device", "action": "submission.receive", "subject_kind": "submission"}
        | {"subject_id": str(submission), "study_id": study_id, "details": {}},
    )


def demand(status: int, what: str) -> None:
    """Refuse to time a page that did not answer well."""
    if status != 200:
        raise RuntimeError(f"{what} answered {status}")
