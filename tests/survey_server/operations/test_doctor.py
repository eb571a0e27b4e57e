"""What the doctor says of sick installations."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from sqlmodel import select

from survey_server import outbox
from survey_server.config import Settings, new_master_key, write_keys
from survey_server.operations import doctor
from survey_server.operations.chores import BACKUP, VERIFY, Chore, each_minute, note
from survey_server.operations.doctor import Finding, Level, examine
from survey_server.work import Services
from tests.support.installation import SteppingClock, make_settings

BUILT = {"the phone's program is not built"}
"""What depends on the machine that tests, and not on the installation."""


class Usage(NamedTuple):
    """What the disk says."""

    total: int
    used: int
    free: int


def ails(settings: Settings, now: dt.datetime) -> dict[str, Finding]:
    """What is not good, by what is said of it."""
    found = [finding for finding in examine(settings, now) if finding.level is not Level.GOOD]
    assert all(finding.remedy for finding in found)
    return {finding.seen: finding for finding in found if finding.seen not in BUILT}


@pytest.fixture
def healthy(services: Services) -> Services:
    """An installation in which nothing is wrong but that it has no public address."""
    services.settings.folder.chmod(0o700)
    each_minute(services)
    note(services, BACKUP, well=True)
    return services


LOCAL = "no public address is set; this serves one machine only"


def test_a_healthy_installation_has_nothing_but_its_missing_address(healthy: Services, clock: SteppingClock) -> None:
    assert set(ails(healthy.settings, clock())) == {LOCAL} | clock_drift(healthy)


def clock_drift(services: Services) -> set[str]:
    """PostgreSQL has the real time, and the tests' clock stands still in another month."""
    return set() if services.database.is_sqlite else {"two clocks differ by %(seconds)s seconds"}


def test_nothing_is_changed_by_looking(tmp_path: Path) -> None:
    found = ails(Settings(data=tmp_path / "nowhere"), dt.datetime.now(dt.UTC))
    assert "there is no database yet" in found
    assert "there is no data folder %(path)s" in found
    assert not (tmp_path / "nowhere").exists()


def test_a_database_that_does_not_answer_is_told_with_the_remedy(tmp_path: Path) -> None:
    settings = make_settings("postgresql+psycopg://nobody@127.0.0.1:1/none", tmp_path)
    finding = ails(settings, dt.datetime.now(dt.UTC))["the database cannot be used (%(why)s)"]
    assert (finding.level, finding.fields) == (Level.BAD, {"why": "OperationalError"})


def test_a_key_that_others_can_read_and_a_rotation_left_unfinished_are_told(
    healthy: Services, clock: SteppingClock
) -> None:
    settings = healthy.settings.model_copy(update={"master_key": ""})
    write_keys(settings.key_file, [new_master_key(), healthy.settings.master_key])
    assert "a rotation of the master key is not finished" in ails(settings, clock())
    settings.key_file.chmod(0o644)
    assert ails(settings, clock())["others can read the master key in %(path)s"].level is Level.BAD


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "the master key: %(why)s"),
        ("AAAA", "the master key: %(why)s"),
        ("QTu0EfCCqqK1QUkfM9cLmgpzphi9RkV2T3DYzN9a9mM=", "the master key does not open this database"),
    ],
)
def test_a_key_that_is_missing_or_another_one_is_told_and_none_is_made(
    healthy: Services, clock: SteppingClock, key: str, said: str
) -> None:
    settings = healthy.settings.model_copy(update={"master_key": key})
    assert ails(settings, clock())[said].level is Level.BAD
    assert not settings.key_file.exists()


def test_a_disk_that_fills_up_is_told(healthy: Services, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((doctor.GIGABYTE // 2, Level.BAD), (5 * doctor.GIGABYTE, Level.NOTE)):
        usage = Usage(100 * doctor.GIGABYTE, 0, free)
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path, usage=usage: usage)
        assert [finding.level for finding in doctor.check_disk(healthy.settings)] == [level]


def test_a_database_of_another_version_is_told(healthy: Services, clock: SteppingClock) -> None:
    with healthy.database.write() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '0003'"))
    assert "the database has the shape of another version" in ails(healthy.settings, clock())


def test_things_that_wait_and_things_that_were_given_up_are_told(healthy: Services, clock: SteppingClock) -> None:
    with healthy.write() as work:
        outbox.put(work, "waits")
        outbox.put(work, "given up")
        work.session.flush()
        for row in work.session.exec(select(outbox.OutboxRow).where(outbox.OutboxRow.kind == "given up")):
            row.attempts = outbox.LAST_ATTEMPT
    clock.advance(minutes=11)
    found = ails(healthy.settings, clock())
    assert found["%(count)s things in the outbox were given up"].fields == {"count": 1}
    assert found["%(count)s things in the outbox wait too long"].fields == {"count": 1}


def test_a_worker_that_stopped_an_old_backup_and_an_old_verification_are_told(
    healthy: Services, clock: SteppingClock
) -> None:
    clock.advance(days=3)
    assert set(ails(healthy.settings, clock())) - clock_drift(healthy) == {
        LOCAL,
        "the worker has not been at work for five minutes",
        "the record was not verified for two days",
        "no head of the record was signed for two days",
        "the last backup is %(days)s days old",
    }
    with healthy.database.write() as session:
        session.execute(sa.delete(Chore).where(Chore.name == BACKUP))  # type: ignore[arg-type]
    assert "no backup was ever made" in ails(healthy.settings, clock())


def test_a_record_that_does_not_verify_is_told(healthy: Services, clock: SteppingClock) -> None:
    note(healthy, VERIFY, well=False, fault="EVENT_CHANGED")
    assert ails(healthy.settings, clock())["the record of what was done does not verify"].level is Level.BAD


class Site(BaseHTTPRequestHandler):
    """A server whose clock is an hour late."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
        return "Tue, 01 Sep 2026 00:00:00 GMT"

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def site_url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_address_without_tls_and_a_clock_that_is_late_are_told(
    sqlite_settings: Settings, clock: SteppingClock, site_url: str
) -> None:
    settings = sqlite_settings.model_copy(update={"base_url": site_url})
    found = {finding.seen: finding for finding in doctor.check_address(settings, clock())}
    assert found["the public address is without TLS: phones give no camera and no place"].level is Level.BAD
    assert found["two clocks differ by %(seconds)s seconds"].fields == {"seconds": 3600}
    assert found["%(url)s answers"].level is Level.GOOD


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_that_does_not_answer_over_tls_is_told(
    sqlite_settings: Settings, clock: SteppingClock, site_url: str, scheme: str
) -> None:
    address = site_url.replace("http:", "https:") if scheme == "https" else "http://127.0.0.1:1"
    settings = sqlite_settings.model_copy(update={"base_url": address})
    assert "%(url)s does not answer (%(why)s)" in ails(settings, clock())
