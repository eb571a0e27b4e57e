"""The chain over the record: what makes a change, a removal or another order noticeable.

An event gets a keyed code (HMAC) in the transaction that writes it, and a link soon afterwards: ``hash`` = SHA-256 of
the hash before it and the event's canonical JSON, its id and code included. Links are appended by one process at a
time, in an order of their own, so that writers never wait for each other: an event that commits late gets a later
link, and none is skipped. Until its link is there (a minute at most), an event is held by its code alone.

Who can write into the database can recompute hashes, but no codes, and not the heads that were signed and kept
elsewhere (:mod:`survey_server.audit.heads`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from survey_server.audit.models import Event, EventLink
from survey_server.crypto import Vault
from survey_server.work import Services, Work

START = bytes(32)
"""What stands before the first link."""
AT_ONCE = 500
LOOK_BACK = 100_000
"""Ids behind the newest link among which a late event is looked for each minute; a thorough look takes all."""
CONTENT = (
    "at",
    "actor_kind",
    "actor_id",
    "device_id",
    "session_id",
    "action",
    "subject_kind",
    "subject_id",
    "study_id",
    "details",
)


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one way to write JSON down: keys sorted, no blanks, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def code_of(vault: Vault, event: Any) -> bytes:  # noqa: ANN401 - an Event, or a row with its columns
    """The keyed code of an event: of everything but the id, which the database gives later."""
    return vault.event_mac(canonical(content_of(event)))


def content_of(event: Any) -> dict[str, Any]:  # noqa: ANN401 - likewise
    """What an event says, as plain JSON."""
    return {name: _plain(getattr(event, name)) for name in CONTENT}


def line_of(event: Any) -> dict[str, Any]:  # noqa: ANN401 - likewise
    """What a link covers: the event with its id and its code."""
    return {"id": event.id, "mac": event.mac.hex() if event.mac else None, **content_of(event)}


def hash_after(before: bytes, line: Mapping[str, Any]) -> bytes:
    """The hash of the next link."""
    return hashlib.sha256(before + canonical(line)).digest()


def link_events(services: Services, look_back: int | None = LOOK_BACK) -> int:
    """Give a link to every event that has none, some at a time; returns how many. None looks through all events.

    They are looked for before the turn to write is taken, so that nobody waits for the search.
    """
    if look_back is not None and services.database.is_sqlite:
        look_back = 0  # one writer: nothing commits late
    linked = 0
    while waiting := _unlinked(services, look_back):
        linked += _link(services, waiting)
    return linked


def newest_link(work: Work) -> tuple[int, int, bytes]:
    """Number, event and hash of the newest link; zeros where there is none."""
    query = sa.select(col(EventLink.seq), col(EventLink.event_id), col(EventLink.hash))
    row = work.session.execute(query.order_by(col(EventLink.seq).desc()).limit(1)).first()
    return (row.seq, row.event_id, row.hash) if row else (0, 0, START)


def linked_lines(work: Work) -> Iterator[tuple[int, bytes, int, Any]]:
    """Every link in its order with its event (None where that is gone): number, hash, event's id, event."""
    query = (
        sa.select(col(EventLink.seq), col(EventLink.hash), col(EventLink.event_id), *_columns())
        .outerjoin_from(EventLink, Event, col(Event.id) == EventLink.event_id)
        .order_by(col(EventLink.seq))
        .execution_options(yield_per=2_000)
    )
    with work.session.execute(query) as rows:  # closed also where the reader stops at the first fault
        for row in rows:
            yield row.seq, row.hash, row.event_id, row if row.id is not None else None


def _columns() -> list[Any]:
    return [col(getattr(Event, name)) for name in ("id", *CONTENT, "mac")]


def _has_no_link() -> sa.ColumnElement[bool]:
    return ~sa.select(col(EventLink.event_id)).where(col(EventLink.event_id) == Event.id).exists()


def _unlinked(services: Services, look_back: int | None) -> list[int]:
    with services.read() as work:
        query = sa.select(col(Event.id)).where(_has_no_link()).order_by(col(Event.id)).limit(AT_ONCE)
        if look_back is not None:
            query = query.where(col(Event.id) > newest_link(work)[1] - look_back)
        return list(work.session.execute(query).scalars())


def _link(services: Services, waiting: Sequence[int]) -> int:
    with services.write() as work:
        if not services.database.is_sqlite:  # SQLite has one writer
            work.session.execute(sa.text("LOCK TABLE event_link IN EXCLUSIVE MODE"))
        query = sa.select(*_columns()).where(col(Event.id).in_(waiting), _has_no_link()).order_by(col(Event.id))
        links = list(_links(newest_link(work), work.session.execute(query)))
        if links:
            work.session.execute(sa.insert(EventLink), links)
    return len(links)


def _links(newest: tuple[int, int, bytes], events: Iterable[Any]) -> Iterator[dict[str, Any]]:
    seq, _, before = newest
    for number, event in enumerate(events, start=seq + 1):
        before = hash_after(before, line_of(event))
        yield {"seq": number, "event_id": event.id, "hash": before}


def _plain(value: Any) -> Any:  # noqa: ANN401 - any column's value
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    return value if value is None or isinstance(value, str | int | dict) else str(value)
