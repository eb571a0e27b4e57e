"""Visits handed in by 1, 8 and 32 phones at once, over HTTP, to the server as it is run.

The server is ``python -m survey_server serve`` in processes of its own, the database is durable (SQLite with full
sync; PostgreSQL as it comes, which is checked), every submission has a fresh instanceID, and what the database
holds afterwards is counted against what was answered with a receipt. The phones share the machine with the
server, which costs it some of its pace.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.error import URLError

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.accounts.service import create_person, join_phone, new_phone_link
from survey_server.actors import Role
from survey_server.config import Settings
from survey_server.db import migrate
from survey_server.demo.respondent import Respondent
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import facts_of
from survey_server.studies.forms import current_form, rules_of
from survey_server.studies.models import Purpose
from survey_server.submissions.models import Submission
from survey_server.work import Services
from tests.performance.load import Order, Outcome
from tests.performance.measurement import Measurement
from tests.support.installation import MASTER_KEY
from tests.support.postgres import Postgres, running_postgres
from tests.support.studies import PASSWORD, make_study

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = (1, 8, 32)
HOUSEHOLDS = 400
SECONDS = 10.0
WARM_UP_SECONDS = 3.0
START_SECONDS = 60.0
PLACEHOLDER = str(uuid.UUID(int=0))
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class Goal:
    """What is held to at so many clients: submissions per second, and milliseconds that 95 in 100 keep."""

    clients: int
    per_second: float
    p95: float | None = None


def measure(folder: Path) -> Iterator[Measurement]:
    """Submissions per second and how long one takes, on SQLite and on PostgreSQL."""
    yield Measurement("load of the machine before", os.getloadavg()[0], "")
    sqlite = Settings(data=folder / "sqlite", master_key=MASTER_KEY, port=free_port())
    yield from measure_installation("SQLite", sqlite, Goal(8, 150))
    with running_postgres() as server:
        demand_durability(server)
        server.execute("CREATE DATABASE {}", "bench")
        settings = {"data": folder / "postgresql", "database_url": server.url("bench"), "master_key": MASTER_KEY}
        workers = max(2, os.cpu_count() or 1)
        postgresql = Settings(**settings, port=free_port(), workers=workers)
        yield from measure_installation("PostgreSQL", postgresql, Goal(32, 300, p95=150))


def measure_installation(name: str, settings: Settings, goal: Goal) -> Iterator[Measurement]:
    """One kind of database with each number of clients, and that nothing which was answered is missing."""
    migrate(settings)
    services = Services.open(settings)
    order = prepare(services)
    with serving(settings):
        accepted = len(run_load(settings, order, 8, WARM_UP_SECONDS).latencies)
        for clients in CLIENTS:
            outcome = run_load(settings, order, clients, SECONDS)
            accepted += len(outcome.latencies)
            yield from told(f"{name}, {clients} clients", outcome, goal if goal.clients == clients else None)
    with services.read() as work:
        kept = work.session.execute(sa.select(sa.func.count(col(Submission.id)))).scalar_one()
    services.database.dispose()
    yield Measurement(f"{name}, receipts without a submission", accepted - kept, "", at_most=0)


def told(what: str, outcome: Outcome, goal: Goal | None) -> Iterator[Measurement]:
    """An outcome as measurements, held to the goal where there is one."""
    if outcome.refused:
        raise RuntimeError(f"{what}: {len(outcome.refused)} submissions were refused: {set(outcome.refused)}")
    pace = len(outcome.latencies) / outcome.seconds
    yield Measurement(what, pace, "submissions/s", at_least=goal.per_second if goal else None)
    cuts = statistics.quantiles(outcome.latencies, n=100, method="inclusive")
    for percent in (50, 95, 99):
        limit = goal.p95 if goal and percent == 95 else None
        yield Measurement(f"{what}, p{percent}", cuts[percent - 1] * 1000, "ms", at_most=limit)


def prepare(services: Services) -> Order:
    """A study with drawn households, a phone for each client, and a finished visit for each household."""
    drawn = make_study(services, {("柳湾县", "1"): HOUSEHOLDS // 2, ("白水县", "3"): HOUSEHOLDS // 2})
    with services.write() as work:
        person = create_person(work, username="visitor", name="visitor", password=PASSWORD, roles=[Role.INTERVIEWER])
        tokens = [join_phone(work, new_phone_link(work, person.id), "bench")[0] for _ in range(max(CLIENTS))]
    visits = list(finished_visits(services, drawn.study.id))
    settings = services.settings
    return Order(settings.host, settings.port, tokens, visits, PLACEHOLDER, SECONDS)


def finished_visits(services: Services, study_id: uuid.UUID) -> Iterator[tuple[str, str]]:
    """The id of each case with the answers of an invented respondent."""
    with services.read() as work:
        form = current_form(work, study_id, Purpose.VISIT)
        cases = work.session.exec(select(Case.id).where(Case.study_id == study_id)).all()
        facts = facts_of(work, study_id, cases)
    if form is None:
        raise RuntimeError("the study has no questionnaire for visits")
    rules = rules_of(form)
    (household,) = [question.name for question in rules.form.by_metric("case_id")]
    for fact in facts:
        respondent = Respondent(rules, {"households.csv": [fact.as_item()]}, fact.case.sample_id)
        filled = respondent.answer({household: fact.case.sample_id}, f"uuid:{PLACEHOLDER}")
        yield str(fact.case.id), filled.xml.decode()


def run_load(settings: Settings, order: Order, clients: int, seconds: float) -> Outcome:
    """So many clients for so long, in a process of their own."""
    changed = {**asdict(order), "tokens": order.tokens[:clients], "seconds": seconds}
    path = settings.folder / "order.json"
    path.write_text(json.dumps(changed, ensure_ascii=False), "utf-8")
    words = [sys.executable, "-m", "tests.performance.load", str(path)]
    done = subprocess.run(
        words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + START_SECONDS
    )
    return Outcome(**json.loads(done.stdout))


@contextmanager
def serving(settings: Settings) -> Iterator[None]:
    """The server at work as its users run it, stopped at the end."""
    environment = {f"ZOUFANG_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    words = [sys.executable, "-m", "survey_server", "serve"]
    server = subprocess.Popen(words, cwd=ROOT, env={**os.environ, **environment}, stdout=sys.stderr)
    try:
        wait_until_healthy(server, f"{settings.public_url}/healthz")
        yield
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def wait_until_healthy(server: subprocess.Popen[bytes], url: str) -> None:
    """Return as soon as the server answers; raises RuntimeError where it ends or takes too long."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with status {server.returncode}")
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the server did not answer within {START_SECONDS:.0f} s")


def demand_durability(server: Postgres) -> None:
    """Refuse to measure a PostgreSQL that may lose what it has confirmed."""
    engine = sa.create_engine(server.url("postgres"))
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        for name in DURABLE:
            value = cursor.execute(f"SHOW {name}").fetchone()[0]
            if value != "on":
                raise RuntimeError(f"PostgreSQL is not durable: {name} is {value}")
    engine.dispose()


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]
