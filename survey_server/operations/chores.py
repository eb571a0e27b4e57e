"""What the worker does by itself: each minute it links the record; each day it signs, verifies and tidies up.

Each chore leaves a row that says when it was last done and whether it went well, which ``zoufang doctor`` and the
metrics read. A machine that slept does what is due when it wakes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
import structlog
from sqlmodel import Field, SQLModel

from survey_server.audit.chain import link_events
from survey_server.audit.heads import heads_file, read_heads, write_head
from survey_server.audit.verifying import verify
from survey_server.db import UtcDateTime
from survey_server.desk.queue import enrol_all
from survey_server.desk.quotas import count_all
from survey_server.desk.recordings import delete_due
from survey_server.operations.sweeping import sweep
from survey_server.results.kept import keep_large
from survey_server.work import Services, Work

log = structlog.get_logger()

HEARTBEAT = "heartbeat"
HEAD = "audit.head"
VERIFY = "audit.verify"
SWEEP = "blobs.sweep"
RECORDINGS = "recordings.delete"
BACKUP = "backup"
DAILY = dt.timedelta(hours=24)
AGAIN_AFTER_FAILURE = dt.timedelta(hours=1)


class Chore(SQLModel, table=True):
    """When something was last done, whether it went well, and figures about it."""

    __tablename__ = "chore"

    name: str = Field(primary_key=True)
    done_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    well: bool
    details: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)


def each_minute(services: Services) -> None:
    """Everything that is due now; what fails is told in the log and tried again, and stops nothing else."""
    link_events(services)
    enrol_all(services)
    count_all(services)
    for name, do in DAILY_CHORES.items():
        if is_due(services, name):
            do_chore(services, name, do)
    note(services, HEARTBEAT, well=True)
    keep_large(services)


def is_due(services: Services, name: str) -> bool:
    """Whether a daily chore was not done for a day, or failed an hour ago."""
    with services.read() as work:
        row = work.session.get(Chore, name)
        return row is None or work.now - row.done_at >= (DAILY if row.well else AGAIN_AFTER_FAILURE)


def do_chore(services: Services, name: str, do: Callable[[Services], Mapping[str, object]]) -> None:
    """Do one and write down how it went; its figures have ``fault`` where something is wrong."""
    try:
        said = do(services)
    except Exception as error:
        log.exception("chore.failed", chore=name)
        said = {"fault": type(error).__name__}
    note(services, name, well="fault" not in said, **said)


def note(services: Services, name: str, *, well: bool, **details: object) -> None:
    """Write down that something was done."""
    with services.write() as work:
        work.session.merge(Chore(name=name, done_at=work.now, well=well, details=details))


def chore_of(work: Work, name: str) -> Chore | None:
    """When something was last done; None: never."""
    return work.session.get(Chore, name)


def sign_daily(services: Services) -> Mapping[str, object]:
    """Link whatever has no link, however late it came, and sign the head."""
    link_events(services, None)
    return {"count": write_head(services).count}


def verify_daily(services: Services) -> Mapping[str, object]:
    """Walk the whole record, against the heads of this machine."""
    path = heads_file(services.settings)
    verdict = verify(services, read_heads(path) if path.exists() else [])
    if verdict.found is None:
        return {"count": verdict.count}
    log.error("audit.broken", fault=verdict.found.fault.name, seq=verdict.found.seq, event=verdict.found.event)
    return {"count": verdict.count, "fault": verdict.found.fault.name, "seq": verdict.found.seq}


def sweep_daily(services: Services) -> Mapping[str, object]:
    """Remove files that no row names."""
    return {"swept": len(sweep(services))}


DAILY_CHORES: Mapping[str, Callable[[Services], Mapping[str, object]]] = {
    HEAD: sign_daily,
    VERIFY: verify_daily,
    SWEEP: sweep_daily,
    RECORDINGS: delete_due,
}
