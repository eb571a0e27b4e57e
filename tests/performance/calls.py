"""Operators who call: ``python -m tests.performance.calls ORDER.json``, in a process of their own.

The clock of the simulation starts at one moment for every process and runs ``speed`` times as fast as a real one;
what an operator and a household say takes its time by that clock, what the server does takes its real time. A
process says that it is ready, is told the start, and tells the result as JSON on standard output. With ``--vanish``
one operator takes a case, dials, keeps a draft and goes on keeping longer ones, a line on standard output for each
that was kept, until somebody kills the process.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from survey_server.actors import Actor, Role, reach_of
from survey_server.config import Settings
from survey_server.desk import drafts, numbers, queue, service
from survey_server.desk.rules import APPOINTMENT
from survey_server.fieldwork.service import case_of
from survey_server.studies.forms import current_form
from survey_server.studies.models import Channel, FormVersion, Purpose
from survey_server.submissions.service import receive
from survey_server.work import Services, Work

OUTCOMES: Mapping[str, tuple[float, float]] = {
    "T17": (0.46, 40),
    "T1": (0.20, 240),
    APPOINTMENT: (0.09, 60),
    "T10": (0.08, 25),
    "T18": (0.06, 35),
    "T4": (0.05, 45),
    "T7": (0.02, 50),
    "T5": (0.02, 45),
    "T8": (0.01, 60),
    "T11": (0.01, 90),
}
"""Share of the calls, and seconds that one takes: invented, in the proportions of a roster of recipients."""
SAVES = 5
"""Drafts kept in one interview."""


@dataclass(frozen=True)
class Order:
    """Who calls where: ``xml`` is a finished interview, with a placeholder for its instanceID and its household."""

    data: str
    database_url: str
    master_key: str
    people: Sequence[str]
    begins: str
    speed: float
    minutes: float
    xml: str
    placeholder: str
    sample_id: str
    starts: float = 0.0

    def moment(self) -> dt.datetime:
        """The time of the simulation."""
        passed = dt.timedelta(seconds=(time.time() - self.starts) * self.speed)
        return dt.datetime.fromisoformat(self.begins) + passed

    @property
    def ends(self) -> dt.datetime:
        """When nobody takes another case."""
        return dt.datetime.fromisoformat(self.begins) + dt.timedelta(minutes=self.minutes)

    def services(self) -> Services:
        """A server of its own over the same database."""
        given: dict[str, Any] = {"database_url": self.database_url, "master_key": self.master_key}
        return Services.open(Settings(data=Path(self.data), **given), self.moment)


@dataclass
class Call:
    """A case in somebody's hand: from when to when (seconds since 1970), what came of it, minutes after its time."""

    case: str
    person: str
    taken: float
    ended: float = 0.0
    outcome: str = ""
    late: float | None = None


@dataclass
class Told:
    """What operators tell: their calls, and the seconds that each "next case" took."""

    calls: list[Call] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


def operator(person_id: str) -> Actor:
    """A person at the desk."""
    roles = frozenset({Role.OPERATOR})
    return Actor("person", uuid.UUID(person_id), "operator", "K01", roles, reach=reach_of(roles, ()))


def call_all(services: Services, order: Order) -> Told:
    """Everybody calls until the time is over; what was begun is ended."""
    told = Told()
    failures: list[BaseException] = []

    def at_work(person_id: str) -> None:
        try:
            _call(services, order, operator(person_id), told)
        except BaseException as error:  # noqa: BLE001 - raised below, where it is seen
            failures.append(error)

    threads = [threading.Thread(target=at_work, args=(person_id,)) for person_id in order.people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return told


def vanish(services: Services, order: Order) -> None:
    """Take a case and keep ever longer drafts of its interview."""
    actor = operator(order.people[0])
    with services.write(actor) as work:
        case = queue.take_next(work)
        assert case is not None
        numbers.dial(work, case)
    for count in itertools.count(1):
        with services.write(actor) as work:
            drafts.keep_draft(work, case_of(work, case.id), _form(work, case.study_id), _draft(str(case.id), count))
        print(json.dumps([str(case.id), count]), flush=True)  # noqa: T201 - to our parent
        _wait(order, 5)


def _call(services: Services, order: Order, actor: Actor, told: Told) -> None:
    chance = random.Random(str(actor.id))
    _wait(order, chance.uniform(0, 30))
    while order.moment() < order.ends:
        began = time.perf_counter()
        with services.write(actor) as work:
            case = queue.take_next(work)
        told.waits.append(time.perf_counter() - began)
        if case is None:
            _wait(order, 5)
            continue
        call = Call(str(case.id), str(actor.id), time.time())
        if case.due_at is not None:
            call.late = (order.moment() - case.due_at) / dt.timedelta(minutes=1)
        told.calls.append(call)
        with services.write(actor) as work:
            numbers.dial(work, case_of(work, case.id))
        call.outcome, seconds = _outcome(chance)
        if call.outcome == "T1":
            _interview(services, order, actor, call, seconds)
        else:
            _wait(order, chance.expovariate(1 / seconds))
            _close(services, order, actor, call, chance)


def _close(services: Services, order: Order, actor: Actor, call: Call, chance: random.Random) -> None:
    due = dt.timedelta(minutes=chance.uniform(1, 6)) if call.outcome == APPOINTMENT else None
    call.ended = time.time()
    with services.write(actor) as work:
        ending = service.Ending(call.outcome, None if due is None else work.now + due)
        service.close_call(work, case_of(work, uuid.UUID(call.case)), ending)
    _wait(order, chance.uniform(2, 10))


def _interview(services: Services, order: Order, actor: Actor, call: Call, seconds: float) -> None:
    case_id, instance = uuid.UUID(call.case), str(uuid.uuid4())
    with services.read(actor) as work:
        case = case_of(work, case_id)
    for count in range(1, SAVES + 1):
        _wait(order, seconds / SAVES)
        with services.write(actor) as work:
            drafts.keep_draft(work, case_of(work, case_id), _form(work, case.study_id), _draft(instance, count))
    xml = order.xml.replace(order.placeholder, instance).replace(order.sample_id, case.sample_id)
    call.ended = time.time()
    receive(services, actor, case.study_id, xml.encode(), {}, channel=Channel.PHONE, case_id=case_id)
    with services.write(actor) as work:
        service.after_interview(work, case_of(work, case_id))


def _form(work: Work, study_id: uuid.UUID) -> FormVersion:
    form = current_form(work, study_id, Purpose.PHONE)
    assert form is not None
    return form


def _draft(instance: str, count: int) -> bytes:
    entry = {"path": "/data/t3_id", "act": "set", "value": "1", "time": 0.0}
    return json.dumps({"head": {"instanceId": f"uuid:{instance}"}, "journal": [entry] * count}).encode()


def _outcome(chance: random.Random) -> tuple[str, float]:
    (code,) = chance.choices(list(OUTCOMES), [share for share, _ in OUTCOMES.values()])
    return code, OUTCOMES[code][1]


def _wait(order: Order, seconds: float) -> None:
    """What people do takes so many seconds of the simulation."""
    threading.Event().wait(seconds / order.speed)


def main(words: Sequence[str]) -> None:
    """Do what the order says."""
    order = Order(**json.loads(Path(words[-1]).read_text("utf-8")))
    print("ready", flush=True)  # noqa: T201 - to our parent
    order = replace(order, starts=float(sys.stdin.readline()))
    services = order.services()
    if "--vanish" in words:
        vanish(services, order)
    print(json.dumps(asdict(call_all(services, order))))  # noqa: T201 - to our parent
    services.database.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
