"""Fifty operators on the telephone: 20,000 cases, ten minutes of calling on PostgreSQL, one operator killed.

The operators work in two processes with connections of their own (as the server runs on two cores), each in a
thread; a clock of the simulation runs six times as fast as a real one, so that six times as many cases are asked for
in a second as people would. "Next case" is the whole transaction: look, take, record, commit. What is rendered and
sent to the browser is not in it. One more operator is in a process that is killed in the middle of an interview.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlmodel import col

from survey_server.actors import Role
from survey_server.config import Settings
from survey_server.db import migrate
from survey_server.desk import board, drafts, queue, service
from survey_server.desk.rules import NO_ANSWER
from survey_server.fieldwork.calls import Call as KeptCall
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import case_of
from survey_server.privacy.service import cipher_of
from survey_server.rosters.models import Household
from survey_server.studies.models import Purpose
from survey_server.work import Services
from tests.performance.bench_submissions import demand_durability
from tests.performance.calls import Call, Order, Told, operator
from tests.performance.measurement import Measurement
from tests.support.installation import MASTER_KEY
from tests.support.postgres import running_postgres
from tests.support.studies import DrawnStudy, filled, make_study, person
from tests.survey_server.desk.interviews import INTERVIEW

ROOT = Path(__file__).resolve().parents[2]
BEGINS = dt.datetime(2026, 9, 1, 2, 0, tzinfo=dt.UTC)  # ten in the morning of a working day in Shanghai
PROCESSES = 2
END_SECONDS = 120.0
GOAL_MS = 50
MOST_TAKEN = 300


@dataclass(frozen=True)
class Size:
    """How large a simulation is; ``minutes`` by its own clock."""

    operators: int = 50
    cases: int = 20_000
    appointments: int = 100
    minutes: float = 10.0
    speed: float = 6.0


@dataclass(frozen=True)
class Found:
    """What a simulation showed; ``kept`` and ``known`` are the killed operator's drafts before and after."""

    told: Told
    seconds: float
    twice: int
    lost: int
    missed: int
    kept: int
    known: int
    taken_over: bool


def measure(folder: Path) -> Iterator[Measurement]:
    """Next cases, and what must never happen."""
    with running_postgres() as server:
        demand_durability(server)
        server.execute("CREATE DATABASE {}", "bench")
        size = Size()
        found = simulate(Settings(data=folder, database_url=server.url("bench"), master_key=MASTER_KEY), size)
    yield from told(found, size)


def told(found: Found, size: Size) -> Iterator[Measurement]:
    """What was found, held to its goals."""
    cuts = statistics.quantiles(found.told.waits, n=100, method="inclusive")
    late = [call.late for call in found.told.calls if call.late is not None]
    yield Measurement(f"{size.operators} operators, {size.cases:,} cases: calls", len(found.told.calls), "")
    yield Measurement("next cases in a second", len(found.told.waits) / found.seconds, "")
    yield Measurement("next case, p50", cuts[49] * 1000, "ms")
    yield Measurement("next case, p95", cuts[94] * 1000, "ms", at_most=GOAL_MS)
    yield Measurement("next case, p99", cuts[98] * 1000, "ms")
    yield Measurement("cases in two hands at once", found.twice, "", at_most=0)
    yield Measurement("calls without their outcome in the database", found.lost, "", at_most=0)
    yield Measurement("appointments kept", len(late), "", at_least=1)
    yield Measurement("appointments missed by more than 15 minutes", found.missed, "", at_most=0)
    yield Measurement("the latest appointment", max(late, default=0.0), "simulated minutes", at_most=15)
    yield Measurement("saved states that a killed operator lost", found.kept - found.known, "", at_most=0)
    yield Measurement("its case taken by another", int(found.taken_over), "", at_least=1)


def simulate(settings: Settings, size: Size) -> Found:
    """Migrate, invent, call, kill one, and count what the database holds against what was told."""
    migrate(settings)
    services = Services.open(settings, lambda: BEGINS)
    drawn = prepare(services, size.cases, size.appointments, size.minutes)
    people = [str(person(services, Role.OPERATOR, username=f"o{n}").id) for n in range(size.operators + 1)]
    order = _order(services, drawn, size)
    services.database.dispose()
    began = time.perf_counter()
    lines, parts = _run(order, people, size)
    seconds = time.perf_counter() - began
    told = Told(
        [Call(**call) for part in parts for call in part["calls"]], [w for part in parts for w in part["waits"]]
    )
    case_id, kept = json.loads(lines[-1])
    return _count(replace(order, starts=time.time()), told, seconds, people[0], uuid.UUID(case_id), kept)


def prepare(services: Services, cases: int, appointments: int, minutes: float = 10.0) -> DrawnStudy:
    """A study of so many households at the desk, some with an appointment within the next minutes."""
    drawn = make_study(services, {("柳湾县", "1"): 5})
    first, study = drawn.main[0], drawn.study
    common = first.model_dump(exclude={"id", "household_id", "sample_id", "draw_order"})
    with services.write() as work:
        cipher, home = cipher_of(work, study.id), work.session.get_one(Household, first.household_id)
        facts = json.dumps({"name": "甲", "phones": ["19000000001"], "address": "某路", "amount": 728}).encode()
        homes = [_copy(home, work.vault.index("phone", f"190{n:08d}"), n) for n in range(100, cases + 95)]
        rows = [
            Case(household_id=one.id, sample_id=f"X-{n:05d}", draw_order=n, **common)
            for n, one in enumerate(homes, start=6)
        ]
        for one in homes:
            one.personal = cipher.seal(one.id, facts)
        for n, case in enumerate(rows[:: max(1, len(rows) // appointments)][:appointments]):
            case.due_at, case.status = work.now + dt.timedelta(minutes=minutes * n / appointments), "appointment"
        work.session.execute(sa.insert(Household), [one.model_dump() for one in homes])
        work.session.execute(sa.insert(Case), [one.model_dump() for one in rows])
    queue.enrol_all(services)
    return drawn


def _copy(home: Household, index: bytes, number: int) -> Household:
    return Household(
        **home.model_dump(exclude={"id", "unit_id", "phone_index"}), unit_id=f"x{number}", phone_index=index
    )


def _run(order: Order, people: Sequence[str], size: Size) -> tuple[list[str], list[dict[str, Any]]]:
    """Everybody at once, one killed at half time: what that one had said, and what the others tell."""
    shares = [people[n:-1:PROCESSES] for n in range(PROCESSES)]
    with ExitStack() as running:
        victim = running.enter_context(_process(replace(order, people=people[-1:]), "--vanish"))
        others = [running.enter_context(_process(replace(order, people=share))) for share in shares]
        starts = time.time()
        for process in (victim, *others):
            _pipe(process.stdin).write(f"{starts}\n")
            _pipe(process.stdin).flush()
        threading.Event().wait(size.minutes * 60 / size.speed / 2)
        victim.kill()
        said = [line for line in _pipe(victim.stdout).read().splitlines() if line.endswith("]")]
        victim.wait()
        heard = [json.loads(_pipe(process.stdout).read()) for process in others]
        if any(process.wait(END_SECONDS) for process in others):
            raise RuntimeError("operators failed; what went wrong stands above")
    return said, heard


@contextmanager
def _process(order: Order, *words: str) -> Generator[subprocess.Popen[str]]:
    """Operators in a process of their own, ready to begin; ended with the block."""
    path = Path(order.data) / f"{uuid.uuid4()}.json"
    path.write_text(json.dumps(asdict(order), ensure_ascii=False), "utf-8")
    called = [sys.executable, "-m", "tests.performance.calls", *words, str(path)]
    process = subprocess.Popen(called, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if _pipe(process.stdout).readline() != "ready\n":
            raise RuntimeError("an operator's process did not start")
        yield process
    finally:
        process.kill()
        process.wait()
        _pipe(process.stdin).close()
        _pipe(process.stdout).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _count(order: Order, told: Told, seconds: float, person_id: str, case_id: uuid.UUID, kept: int) -> Found:
    """What the database holds, against what was told; then somebody goes on with the killed one's interview."""
    services, ends = order.services(), order.ends
    with services.read() as work:
        query = sa.select(col(KeptCall.case_id), col(KeptCall.outcome)).where(col(KeptCall.outcome).is_not(None))
        in_database = Counter((str(row.case_id), row.outcome) for row in work.session.execute(query))
        overdue = sa.select(sa.func.count()).select_from(Case).where(col(Case.due_at) < ends - board.TOLERANCE)
        missed = work.session.execute(overdue).scalar_one()
        draft = drafts.draft_of(work, case_of(work, case_id))
    lost = Counter((call.case, call.outcome) for call in told.calls) - in_database
    later = replace(order, begins=(ends + queue.LOCK + dt.timedelta(minutes=1)).isoformat(), starts=time.time())
    services.database.dispose()
    taken_over = _take_over(later, person_id, case_id)
    known = 0 if draft is None else draft[0].count
    late = sum(call.late is not None and call.late > 15 for call in told.calls)
    return Found(told, seconds, _twice(told.calls), lost.total(), missed + late, kept, known, taken_over)


def _take_over(order: Order, person_id: str, case_id: uuid.UUID) -> bool:
    """Whether somebody who goes on calling gets the killed operator's case, without being told of it."""
    services, actor = order.services(), operator(person_id)
    taken = None
    for _ in range(MOST_TAKEN):
        with services.write(actor) as work:
            taken = queue.take_next(work)
            if taken is None or taken.id == case_id:
                break
            service.close_call(work, taken, service.Ending(NO_ANSWER))
    services.database.dispose()
    return taken is not None and taken.id == case_id


def _twice(calls: Sequence[Call]) -> int:
    """How often a case was taken while another operator held it."""
    ordered = sorted(calls, key=lambda call: (call.case, call.taken))
    return sum(one.case == two.case and two.taken < one.ended for one, two in pairwise(ordered))


def _order(services: Services, drawn: DrawnStudy, size: Size) -> Order:
    case = drawn.main[0]
    form = filled(services, drawn.study, case, INTERVIEW, Purpose.PHONE)
    settings = services.settings
    return Order(
        data=str(settings.folder),
        database_url=settings.url,
        master_key=MASTER_KEY,
        people=[],
        begins=BEGINS.isoformat(),
        speed=size.speed,
        minutes=size.minutes,
        xml=form.xml.decode(),
        placeholder=form.instance_id.removeprefix("uuid:"),
        sample_id=case.sample_id,
    )
