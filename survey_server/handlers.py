"""What follows from what: the handlers of the outbox, and the queue that wakes the worker.

huey only says "look into the outbox"; the outbox's table is the truth (see :mod:`survey_server.outbox`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from huey import Huey, PostgresHuey, SqliteHuey, crontab

from survey_server import outbox
from survey_server.desk.telephony import DIAL, handle_dial
from survey_server.exports.making import EXPIRE, MAKE, expire_export, make_export
from survey_server.findings.collecting import handle_marked
from survey_server.imports.taking import TAKE, handle_take
from survey_server.operations.chores import each_minute
from survey_server.reports.unlinking import handle_withdrawal
from survey_server.rights.erasing import ERASE, handle_erase
from survey_server.rights.withdrawal import WITHDRAWN
from survey_server.rosters.service import READ, handle_read
from survey_server.submissions.service import MARKED
from survey_server.work import Services

HANDLERS: Mapping[str, outbox.Handler] = {
    TAKE: handle_take,
    READ: handle_read,
    MAKE: make_export,
    EXPIRE: expire_export,
    MARKED: handle_marked,
    ERASE: handle_erase,
    DIAL: handle_dial,
    WITHDRAWN: handle_withdrawal,
}


def drain(services: Services) -> int:
    """Handle everything that is due, here and now; returns how many rows were handled well."""
    return outbox.drain(services, HANDLERS)


def open_queue(services: Services) -> tuple[Huey, Callable[[], Any]]:
    """The queue of an installation, and the function that wakes its worker."""
    huey = _huey(services)

    @huey.task(name="drain")
    def drain_now() -> int:
        return drain(services)

    @huey.periodic_task(crontab(minute="*"), name="every-minute")
    def every_minute() -> int:
        done = drain(services)
        each_minute(services)
        return done

    return huey, drain_now


def _huey(services: Services) -> Huey:
    settings = services.settings
    if services.database.is_sqlite:
        return SqliteHuey("zoufang", filename=str(settings.folder / "wake.db"), results=False)
    dsn = settings.url.replace("postgresql+psycopg://", "postgresql://")
    return PostgresHuey("zoufang", dsn=dsn, table_prefix="wake", results=False)
