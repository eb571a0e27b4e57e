from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from survey_server.accounts.models import Person
from survey_server.audit.models import Event
from survey_server.audit.service import record
from survey_server.config import Settings
from survey_server.db import CommitFailedError
from survey_server.work import Services
from tests.support.installation import make_settings
from tests.support.postgres import Postgres


def add_person(services: Services, username: str) -> None:
    with services.write() as work:
        work.session.add(Person(username=username, name=username, password_hash="x", created_at=work.now))


def usernames(services: Services) -> list[str]:
    with services.read() as work:
        return sorted(work.session.exec(select(Person.username)).all())


def test_a_block_that_raises_leaves_nothing_behind(services: Services) -> None:
    def half_done() -> None:
        with services.write() as work:
            work.session.add(Person(username="gone", name="x", password_hash="x", created_at=work.now))
            work.session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    assert usernames(services) == []


def test_a_reader_keeps_nothing(services: Services) -> None:
    with services.read() as work:
        work.session.add(Person(username="gone", name="x", password_hash="x", created_at=work.now))
        work.session.flush()
    assert usernames(services) == []


def test_many_writers_at_once_all_get_through(services: Services) -> None:
    threads = [threading.Thread(target=add_person, args=(services, f"p{n:02d}")) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert usernames(services) == [f"p{n:02d}" for n in range(24)]


def test_moments_come_back_aware_and_equal_whatever_zone_they_were_given_in(services: Services) -> None:
    shanghai = dt.timezone(dt.timedelta(hours=8))
    moment = dt.datetime(2026, 9, 1, 9, 30, tzinfo=shanghai)
    with services.write() as work:
        work.session.add(Person(username="p", name="x", password_hash="x", created_at=moment))
    with services.read() as work:
        stored = work.session.exec(select(Person)).one().created_at
    assert stored == moment
    assert stored.utcoffset() == dt.timedelta(0)


def test_a_moment_without_zone_is_refused(services: Services) -> None:
    naive = dt.datetime(2026, 9, 1, 9, 30)  # noqa: DTZ001 - the fault that is tested
    with pytest.raises(sa.exc.StatementError, match="time zone"), services.write() as work:
        work.session.add(Person(username="p", name="x", password_hash="x", created_at=naive))


@pytest.mark.parametrize("change", ["UPDATE event SET action = 'other'", "DELETE FROM event"])
def test_the_record_can_only_be_added_to(services: Services, change: str) -> None:
    with services.write() as work:
        record(work, "study.create", "study", "1")
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), services.write() as work:
        work.session.execute(sa.text(change))
    with services.read() as work:
        assert [event.action for event in work.session.exec(select(Event)).all()] == ["study.create"]


def in_threads(*tasks: Callable[[], object]) -> None:
    """All at once, until the last is done."""
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)


def test_writers_who_wait_share_one_commit_and_each_takes_back_only_its_own(sqlite_settings: Settings) -> None:
    services = Services.open(sqlite_settings)
    commits: list[object] = []
    sa.event.listen(services.database.writer, "commit", commits.append)
    inside, go_on = threading.Event(), threading.Event()
    came_back: list[str] = []

    def first() -> None:
        with services.write() as work:
            work.session.add(Person(username="first", name="x", password_hash="x", created_at=work.now))
            inside.set()
            assert go_on.wait(timeout=30)

    def take_a_name_twice() -> None:
        with services.write() as work:
            work.session.add(Person(username="gone", name="x", password_hash="x", created_at=work.now))
            work.session.flush()
            work.session.add(Person(username="first", name="x", password_hash="x", created_at=work.now))

    def fails() -> None:
        with pytest.raises(sa.exc.IntegrityError):
            take_a_name_twice()

    def waits(username: str) -> None:
        add_person(services, username)
        came_back.append(username)

    def let_them_wait() -> None:
        assert inside.wait(timeout=30)
        others = [threading.Thread(target=task) for task in (fails, lambda: waits("second"), lambda: waits("third"))]
        for thread in others:
            thread.start()
        turns = services.database._turns
        while turns is not None and turns._waiting < len(others):
            others[0].join(timeout=0.01)
        assert came_back == []
        go_on.set()
        for thread in others:
            thread.join(timeout=30)

    in_threads(first, let_them_wait)
    assert usernames(services) == ["first", "second", "third"]
    assert sorted(came_back) == ["second", "third"]
    assert len(commits) == 1
    services.database.dispose()


def test_when_sqlite_gives_a_transaction_up_nobody_in_it_is_told_that_it_was_kept(sqlite_settings: Settings) -> None:
    services = Services.open(sqlite_settings)

    def given_up() -> None:
        with services.write() as work:
            work.session.add(Person(username="lost", name="x", password_hash="x", created_at=work.now))
            work.session.flush()
            connection = work.session.connection().connection.driver_connection
            assert connection is not None
            connection.execute("ROLLBACK")  # as SQLite does by itself where the disk is full
            work.session.add(Person(username="lost too", name="x", password_hash="x", created_at=work.now))

    with pytest.raises((CommitFailedError, sa.exc.OperationalError)):
        given_up()
    assert "lost" not in usernames(services)
    add_person(services, "next")
    assert "next" in usernames(services)
    services.database.dispose()


def test_a_connection_that_the_server_closed_is_replaced(
    postgresql_url: str, postgres_server: Postgres, tmp_path: Path
) -> None:
    services = Services.open(make_settings(postgresql_url, tmp_path))
    add_person(services, "before")
    postgres_server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    assert usernames(services) == ["before"]
    services.database.dispose()


def test_a_failing_statement_does_not_tell_what_it_was_about_to_write(services: Services) -> None:
    add_person(services, "wang")
    with pytest.raises(sa.exc.IntegrityError) as caught:
        add_person(services, "wang")
    assert "hidden" in str(caught.value)
    assert "[parameters: (" not in str(caught.value)
