"""The chain over the record: whole when nobody touched it, and broken at the right place when somebody did."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from survey_server.actors import Actor
from survey_server.audit.chain import canonical, hash_after, line_of, link_events, linked_lines
from survey_server.audit.heads import Head, HeadsUnreadableError, heads_file, read_heads, write_head
from survey_server.audit.service import record
from survey_server.audit.verifying import Fault, Found, export, verify, verify_file
from survey_server.keyring import renew_signature
from survey_server.work import Services
from tests.support.installation import SteppingClock, make_settings

PERSON, STUDY, SESSION, DEVICE = (uuid.UUID(int=number) for number in range(1, 5))
Tamper = Callable[[sa.Connection], object]


def act(services: Services, *numbers: int) -> None:
    """One event for each number, each in a transaction of its own."""
    who = Actor("person", PERSON, session_id=SESSION, device_id=DEVICE)
    for number in numbers:
        with services.write(who) as work:
            record(work, "trial", "case", number, study_id=STUDY, reason="核对", number=number, list=("一", "二"))


@pytest.fixture
def ten(services: Services) -> Services:
    """Ten events, linked, with a signed head."""
    act(services, *range(1, 11))
    link_events(services)
    write_head(services)
    return services


def heads(services: Services) -> list[Head]:
    return read_heads(heads_file(services.settings))


def tamper(services: Services, *statements: str) -> None:
    """Change rows as somebody does who owns the database: the triggers are dropped first."""
    with services.database.write() as session:
        connection = session.connection()
        if services.database.is_sqlite:
            for table in ("event", "event_link"):
                for act in ("update", "delete"):
                    connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {table}_no_{act}"))
        else:
            connection.execute(sa.text("ALTER TABLE event DISABLE TRIGGER USER"))
            connection.execute(sa.text("ALTER TABLE event_link DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(sa.text(statement))


def forge_chain(services: Services) -> None:
    """Compute every link anew, as somebody can who knows how the chain is made."""
    with services.read() as work:
        rows = [(seq, event) for seq, _, _, event in linked_lines(work) if event is not None]
    before, statements = bytes(32), ["DELETE FROM event_link"]
    for number, (_, event) in enumerate(rows, start=1):
        before = hash_after(before, line_of(event))
        blob = f"X'{before.hex()}'" if services.database.is_sqlite else f"'\\x{before.hex()}'"
        statements.append(f"INSERT INTO event_link (seq, event_id, hash) VALUES ({number}, {event.id}, {blob})")
    tamper(services, *statements)


def test_a_record_that_nobody_touched_verifies(ten: Services) -> None:
    verdict = verify(ten, heads(ten))
    assert (verdict.count, verdict.heads, verdict.found) == (10, 1, None)


def test_the_hash_is_sha256_of_the_one_before_and_the_canonical_event(ten: Services) -> None:
    with ten.read() as work:
        (_, first, _, event), (_, second, _, after) = list(linked_lines(work))[:2]
    said = canonical(line_of(event))
    assert first == hashlib.sha256(bytes(32) + said).digest()
    assert second == hashlib.sha256(first + canonical(line_of(after))).digest()
    told = json.loads(said)
    assert (told["actor_id"], told["session_id"], told["device_id"]) == (str(PERSON), str(SESSION), str(DEVICE))
    assert told["details"] == {"reason": "核对", "number": 1, "list": ["一", "二"]}


def test_the_database_itself_refuses_to_change_events_and_links(ten: Services) -> None:
    for statement in (
        "UPDATE event SET action = 'x'",
        "DELETE FROM event",
        "UPDATE event_link SET seq = seq + 100",
        "DELETE FROM event_link",
    ):
        with pytest.raises(DBAPIError, match="append-only"), ten.database.write() as session:
            session.connection().execute(sa.text(statement))


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE event SET action = 'other' WHERE id = 5", Found(Fault.EVENT_CHANGED, 5, 5)),
        ("""UPDATE event SET details = '{"number": 500}' WHERE id = 5""", Found(Fault.EVENT_CHANGED, 5, 5)),
        ("UPDATE event SET actor_id = NULL WHERE id = 5", Found(Fault.EVENT_CHANGED, 5, 5)),
        ("UPDATE event SET at = '2026-01-01 00:00:00' WHERE id = 5", Found(Fault.EVENT_CHANGED, 5, 5)),
        ("UPDATE event SET mac = NULL WHERE id = 5", Found(Fault.EVENT_CHANGED, 5, 5)),
        ("DELETE FROM event WHERE id = 5", Found(Fault.EVENT_REMOVED, 5, 5)),
        ("DELETE FROM event_link WHERE seq = 5", Found(Fault.LINK_REMOVED, 5)),
        ("UPDATE event_link SET hash = (SELECT hash FROM event_link WHERE seq = 4) WHERE seq = 5",
         Found(Fault.ORDER_CHANGED, 5, 5)),
    ],
)  # fmt: skip
def test_a_changed_or_removed_row_is_found_where_it_is(ten: Services, statement: str, found: Found) -> None:
    tamper(ten, statement)
    assert verify(ten, heads(ten)).found == found


def test_swapped_ids_are_found(ten: Services) -> None:
    swap = (
        "UPDATE event SET id = -1 WHERE id = 4",
        "UPDATE event SET id = 4 WHERE id = 7",
        "UPDATE event SET id = 7 WHERE id = -1",
    )
    tamper(ten, *swap)
    assert verify(ten, heads(ten)).found == Found(Fault.ORDER_CHANGED, 4, 4)


def test_swapped_links_are_found(ten: Services) -> None:
    tamper(
        ten,
        "UPDATE event_link SET seq = -1 WHERE seq = 4",
        "UPDATE event_link SET seq = 4 WHERE seq = 7",
        "UPDATE event_link SET seq = 7 WHERE seq = -1",
    )
    assert verify(ten, heads(ten)).found == Found(Fault.ORDER_CHANGED, 4, 7)


def test_a_removed_tail_is_found_against_a_head_even_where_nothing_else_tells(ten: Services) -> None:
    tamper(ten, "DELETE FROM event WHERE id > 7", "DELETE FROM event_link WHERE seq > 7")
    assert verify(ten, []).found is None
    assert verify(ten, heads(ten)).found == Found(Fault.TAIL_REMOVED, 10)


def test_a_tail_that_was_replaced_by_newer_events_is_found_against_a_head(ten: Services) -> None:
    tamper(ten, "DELETE FROM event WHERE id > 7", "DELETE FROM event_link WHERE seq > 7")
    act(ten, *range(11, 20))
    assert verify(ten, []).found is None
    assert verify(ten, heads(ten)).found == Found(Fault.HEAD_DIFFERS, 10)


def test_a_middle_that_was_removed_with_the_chain_written_anew_is_found_against_a_head(ten: Services) -> None:
    tamper(ten, "DELETE FROM event WHERE id IN (4, 5)", "DELETE FROM event_link WHERE event_id IN (4, 5)")
    forge_chain(ten)
    assert verify(ten, []).found is None
    assert verify(ten, heads(ten)).found == Found(Fault.TAIL_REMOVED, 10)


@pytest.mark.parametrize("mac", ["NULL", "mac"])
def test_an_inserted_row_is_found_linked_or_not_and_even_with_the_chain_written_anew(ten: Services, mac: str) -> None:
    columns = "at, actor_kind, action, subject_kind, subject_id, details"
    tamper(
        ten,
        f"INSERT INTO event ({columns}, mac) SELECT at, actor_kind, 'forged', subject_kind, subject_id, details, {mac} "
        "FROM event WHERE id = 3",
    )
    found = verify(ten, heads(ten)).found
    assert found is not None
    assert (found.fault, found.seq) == (Fault.EVENT_CHANGED, 11)
    forge_chain(ten)
    assert verify(ten, []).found == found


def test_a_row_that_was_changed_before_it_was_linked_is_found(services: Services) -> None:
    act(services, 1, 2, 3)
    tamper(services, "UPDATE event SET subject_id = '9' WHERE id = 2")
    assert verify(services, []).found == Found(Fault.EVENT_CHANGED, 2, 2)


def test_rows_from_before_there_was_a_chain_are_taken_as_they_are_and_held_from_then_on(services: Services) -> None:
    act(services, 1, 2)
    tamper(services, "UPDATE event SET mac = NULL")
    act(services, 3)
    assert verify(services, []).found is None
    tamper(services, "UPDATE event SET action = 'x' WHERE id = 1")
    assert verify(services, []).found == Found(Fault.ORDER_CHANGED, 1, 1)


@pytest.fixture
def on_postgresql(postgresql_url: str, tmp_path: Path, clock: SteppingClock) -> Iterator[Services]:
    """SQLite has one writer, so that nothing commits late there."""
    opened = Services.open(make_settings(postgresql_url, tmp_path), clock)
    yield opened
    opened.database.dispose()


def test_an_event_that_commits_late_gets_a_later_link_and_none_is_skipped(on_postgresql: Services) -> None:
    services = on_postgresql
    with services.write() as late:
        record(late, "late", "case", 1)
        late.session.flush()
        act(services, 2, 3)
        assert link_events(services) == 2
    assert link_events(services) == 1
    with services.read() as work:
        order = [event.action for *_, event in linked_lines(work)]
    assert order == ["trial", "trial", "late"]
    assert verify(services, []).found is None


def test_several_that_link_at_the_same_moment_make_one_chain(services: Services) -> None:
    act(services, *range(1, 31))
    threads = [threading.Thread(target=link_events, args=(services,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(services, []).count == 30


def test_more_events_than_are_linked_at_once_are_all_linked(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey_server.audit.chain.AT_ONCE", 7)
    act(services, *range(1, 31))
    assert link_events(services) == 30
    assert verify(services, []).count == 30


def test_a_head_that_was_changed_or_signed_by_a_stranger_is_found(ten: Services) -> None:
    (head,) = heads(ten)
    forged = Head({**head.body, "count": 8}, head.signature)
    assert verify(ten, [forged]).found == Found(Fault.HEAD_FORGED, 8)
    stranger = Head({**head.body, "key_id": "0" * 16}, head.signature)
    assert verify(ten, [stranger]).found == Found(Fault.HEAD_FORGED, 10)


def test_a_head_signed_before_the_signing_key_was_renewed_still_counts(ten: Services) -> None:
    with ten.write() as work:
        renew_signature(work.session, ten.vault.masters, work.now)
    renewed = Services.open(ten.settings, ten.clock)
    write_head(renewed)
    before, after = heads(ten)
    assert before.key_id != after.key_id
    assert verify(renewed, [before, after]).found is None
    renewed.database.dispose()


def test_a_file_of_heads_that_is_none_is_refused_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    path.write_text('\n{"format": "zoufang-audit-head/1"}\n', "utf-8")
    with pytest.raises(HeadsUnreadableError, match="line 2"):
        read_heads(path)


# -- the exported file, without any key ------------------------------------------------------------------


@pytest.fixture
def exported(ten: Services, tmp_path: Path) -> Path:
    path = tmp_path / "record.jsonl"
    export(ten, path)
    return path


def test_an_exported_record_verifies_alone_and_against_kept_heads(ten: Services, exported: Path) -> None:
    verdict = verify_file(exported, heads(ten))
    assert (verdict.count, verdict.heads, verdict.found) == (10, 1, None)


def edit(path: Path, change: Callable[[list[str]], object]) -> None:
    lines = path.read_text("utf-8").splitlines()
    change(lines)
    path.write_text("\n".join(lines) + "\n", "utf-8")


def swap(lines: list[str]) -> None:
    lines[4], lines[5] = lines[5], lines[4]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda lines: lines.__setitem__(5, lines[5].replace('"number":5', '"number":6')), (Fault.ORDER_CHANGED, 5)),
        (lambda lines: lines.pop(5), (Fault.LINK_REMOVED, 5)),
        (swap, (Fault.LINK_REMOVED, 4)),
        (lambda lines: lines.insert(5, lines[5]), (Fault.LINK_REMOVED, 6)),
        (lambda lines: lines.pop(10), (Fault.TAIL_REMOVED, 10)),
        (lambda lines: lines.pop(11), (Fault.UNREADABLE, 12)),
        (lambda lines: lines.__setitem__(11, lines[11].replace('"count":10', '"count":9')), (Fault.HEAD_FORGED, 9)),
        (lambda lines: lines.__setitem__(3, "{"), (Fault.UNREADABLE, 4)),
        (lambda lines: lines.__setitem__(3, "[]"), (Fault.UNREADABLE, 4)),
        (lambda lines: lines.__setitem__(3, "{}"), (Fault.UNREADABLE, 4)),
        (lambda lines: lines.pop(0), (Fault.UNREADABLE, 1)),
    ],
)  # fmt: skip
def test_a_tampered_file_is_found(
    exported: Path, change: Callable[[list[str]], object], found: tuple[Fault, int]
) -> None:
    edit(exported, change)
    verdict = verify_file(exported, [])
    assert verdict.found is not None
    assert (verdict.found.fault, verdict.found.seq) == found
