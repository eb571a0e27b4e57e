"""Whether the record is as it was written: every link, every event, every head."""

from __future__ import annotations

import hmac
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from survey_server.audit.chain import (
    START,
    canonical,
    code_of,
    hash_after,
    line_of,
    link_events,
    linked_lines,
)
from survey_server.audit.heads import Head, head_from, sign_head
from survey_server.errors import N_
from survey_server.keyring import public_keys
from survey_server.work import Services, Work

FORMAT = "zoufang-audit/1"
LONGEST_LINE = 1_000_000


class Fault(Enum):
    """What can be wrong with a record, in words."""

    EVENT_CHANGED = N_("event %(event)s was changed, or was not written by this system")
    EVENT_REMOVED = N_("event %(event)s (link %(seq)s) was removed")
    LINK_REMOVED = N_("link %(seq)s was removed")
    ORDER_CHANGED = N_("at link %(seq)s (event %(event)s) the chain does not go on: order, id or link was changed")
    TAIL_REMOVED = N_("the newest events were removed: there were %(seq)s when the head was signed")
    HEAD_DIFFERS = N_("the chain was written anew: link %(seq)s is not the one that a signed head names")
    HEAD_FORGED = N_("a head over %(seq)s links was not signed by a key of this installation")
    UNREADABLE = N_("line %(seq)s cannot be read")


REMEDY = N_(
    "Stop changing anything and keep a copy of the database as it is. Compare with the last backup and with the heads "
    "kept elsewhere, and find out who could write into the database since the last good head."
)


@dataclass(frozen=True)
class Found:
    """The first thing that is wrong; ``seq`` is the number of the link, ``event`` the id of the event."""

    fault: Fault
    seq: int
    event: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What a verification saw."""

    count: int
    hash: bytes
    heads: int
    found: Found | None = None


Line = tuple[int, bytes, int, Mapping[str, Any] | None]
"""Number of the link, its hash, the event's id, and what the link covers (None: the event is gone)."""


class _BrokenError(Exception):
    def __init__(self, fault: Fault, seq: int, event: int | None = None) -> None:
        super().__init__(fault.name)
        self.found = Found(fault, seq, event)


def verify(services: Services, heads: Sequence[Head]) -> Verdict:
    """Walk the whole record of this installation, and hold it against its own keys and the signed ``heads``.

    What has no link yet is given one first, so that nothing escapes.
    """
    link_events(services, None)
    with services.read() as work:
        return check(_checked_lines(work), heads, public_keys(work.session))


def check(lines: Iterable[Line], heads: Sequence[Head], known: Mapping[str, bytes] | None) -> Verdict:
    """Walk links in their order; ``known`` keys sign heads (None: each head is held against the key that it names)."""
    seq, before = 0, START
    try:
        for seq, before in _held_against(heads, known, _walk(lines)):  # noqa: B007 - the last one is told
            pass
    except _BrokenError as broken:
        return Verdict(seq, before, len(heads), broken.found)
    return Verdict(seq, before, len(heads))


def _held_against(
    heads: Sequence[Head], known: Mapping[str, bytes] | None, links: Iterable[tuple[int, bytes]]
) -> Iterator[tuple[int, bytes]]:
    """Good links that agree with every signed head; raises at the first head that does not."""
    at: defaultdict[int, set[bytes]] = defaultdict(set)
    for head in heads:
        if not head.is_signed(known):
            raise _BrokenError(Fault.HEAD_FORGED, head.count)
        at[head.count].add(head.hash)
    seq = 0
    for seq, stored in links:
        if seq in at and at[seq] != {stored}:
            raise _BrokenError(Fault.HEAD_DIFFERS, seq)
        yield seq, stored
    if max(at, default=0) > seq:
        raise _BrokenError(Fault.TAIL_REMOVED, max(at))


def _walk(lines: Iterable[Line]) -> Iterator[tuple[int, bytes]]:
    """Number and hash of each good link; raises at the first bad one."""
    expected, before = 1, START
    for seq, stored, event_id, line in lines:
        if seq != expected:
            raise _BrokenError(Fault.LINK_REMOVED, expected)
        if line is None:
            raise _BrokenError(Fault.EVENT_REMOVED, seq, event_id)
        if hash_after(before, line) != stored:
            raise _BrokenError(Fault.ORDER_CHANGED, seq, event_id)
        yield seq, stored
        expected, before = seq + 1, stored


def _checked_lines(work: Work) -> Iterator[Line]:
    """The links of the database; an event whose code is wrong is told before its link is."""
    keyed = False
    for seq, stored, event_id, event in linked_lines(work):
        if event is not None:
            keyed = keyed or event.mac is not None
            _check_code(work, event, seq, keyed=keyed)
        yield seq, stored, event_id, None if event is None else line_of(event)


def _check_code(work: Work, event: Any, seq: int, *, keyed: bool) -> None:  # noqa: ANN401 - a row of events
    """Only events from before the first one with a code may have none."""
    right = hmac.compare_digest(code_of(work.vault, event), event.mac) if event.mac else not keyed
    if not right:
        raise _BrokenError(Fault.EVENT_CHANGED, seq, event.id)


# -- a file that is kept apart ---------------------------------------------------------------------------


def export(services: Services, target: Path) -> Head:
    """Write the whole record to a file that can be verified alone: a line each, and the signed head at the end."""
    partial = target.with_name(target.name + ".part")
    with services.read() as work, partial.open("w", encoding="utf-8") as file:
        head = sign_head(work, services.vault)
        _write(file, {"format": FORMAT, "exported_at": work.now.isoformat()})
        for seq, stored, _, event in linked_lines(work):
            if seq <= head.count:
                _write(file, {"seq": seq, "hash": stored.hex(), "event": None if event is None else line_of(event)})
        _write(file, head.as_json())
    partial.replace(target)
    return head


def verify_file(source: Path, heads: Sequence[Head]) -> Verdict:
    """Walk an exported file; each head is held against the key that it names, which a person compares."""
    with source.open(encoding="utf-8") as file:
        lines = _parsed(file)
        try:
            opening = next(lines, {})
        except _BrokenError as broken:
            return Verdict(0, START, len(heads), broken.found)
        if opening.get("format") != FORMAT:
            return Verdict(0, START, len(heads), Found(Fault.UNREADABLE, 1))
        return check(_exported(lines), heads, None)


def _exported(lines: Iterator[dict[str, Any]]) -> Iterator[Line]:
    """The links in a file, whose last line must be their signed head."""
    last, before = 0, START
    for line in lines:
        try:
            if "signature" in line:
                _check_end(head_from(line), last, before)
                return
            last, before = int(line["seq"]), bytes.fromhex(line["hash"])
            event = line["event"]
            yield last, before, event["id"] if event else 0, event
        except (KeyError, TypeError, ValueError) as error:
            raise _BrokenError(Fault.UNREADABLE, last + 2) from error
    raise _BrokenError(Fault.UNREADABLE, last + 2)


def _check_end(head: Head, last: int, before: bytes) -> None:
    if not head.is_signed(None):
        raise _BrokenError(Fault.HEAD_FORGED, head.count)
    if head.count > last:
        raise _BrokenError(Fault.TAIL_REMOVED, head.count)
    if (head.count, head.hash) != (last, before):
        raise _BrokenError(Fault.HEAD_DIFFERS, head.count)


def _parsed(file: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - a text file
    number = 0
    while text := file.readline(LONGEST_LINE):
        number += 1
        try:
            line = json.loads(text)
        except ValueError as error:
            raise _BrokenError(Fault.UNREADABLE, number) from error
        if not isinstance(line, dict):
            raise _BrokenError(Fault.UNREADABLE, number)
        yield line


def _write(file: Any, line: Mapping[str, Any]) -> None:  # noqa: ANN401 - a text file
    file.write(canonical(line).decode() + "\n")
