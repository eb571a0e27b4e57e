"""What the worker does by itself, and the files that it sweeps."""

from __future__ import annotations

import datetime as dt
import os
import uuid

import pytest

from survey_server.actors import Role
from survey_server.audit.chain import newest_link
from survey_server.audit.heads import heads_file, read_heads
from survey_server.handlers import open_queue
from survey_server.operations import chores
from survey_server.operations.chores import HEAD, HEARTBEAT, SWEEP, VERIFY, chore_of, each_minute
from survey_server.operations.sweeping import sweep
from survey_server.studies.models import Channel
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import NOBODY_HOME, filled, make_study, person


def test_each_minute_the_record_is_linked_and_the_heart_beats(services: Services, clock: SteppingClock) -> None:
    person(services, Role.OWNER)
    each_minute(services)
    with services.read() as work:
        assert newest_link(work)[0] == 1
    clock.advance(minutes=1)
    each_minute(services)
    with services.read() as work:
        beat = chore_of(work, HEARTBEAT)
        assert beat is not None
        assert beat.done_at == clock()


def test_each_day_the_head_is_signed_the_record_verified_and_files_swept(
    services: Services, clock: SteppingClock
) -> None:
    for _ in range(3):
        each_minute(services)
        clock.advance(minutes=1)
    assert len(read_heads(heads_file(services.settings))) == 1
    clock.advance(hours=24)
    each_minute(services)
    assert len(read_heads(heads_file(services.settings))) == 2
    with services.read() as work:
        for name in (HEAD, VERIFY, SWEEP):
            done = chore_of(work, name)
            assert done is not None
            assert (done.well, done.done_at) == (True, clock())


def test_a_chore_that_fails_is_told_and_tried_again_in_an_hour_and_stops_no_other(
    services: Services, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def fail(_services: Services) -> dict[str, object]:
        tries.append(1)
        raise OSError("the disk is full")

    monkeypatch.setattr(chores, "DAILY_CHORES", {HEAD: fail, SWEEP: chores.sweep_daily})
    each_minute(services)
    each_minute(services)
    with services.read() as work:
        failed, other, beat = (chore_of(work, name) for name in (HEAD, SWEEP, HEARTBEAT))
        assert failed is not None
        assert (failed.well, failed.details) == (False, {"fault": "OSError"})
        assert other is not None
        assert other.well
        assert beat is not None
    assert len(tries) == 1
    clock.advance(hours=1)
    each_minute(services)
    assert len(tries) == 2


def test_the_worker_s_queue_does_the_chores(services: Services) -> None:
    queue, _wake = open_queue(services)
    (periodic,) = queue.read_periodic(dt.datetime(2026, 9, 1, 1, 0))  # noqa: DTZ001 - as huey asks each minute
    queue.execute(periodic)
    queue.storage.close()
    with services.read() as work:
        assert chore_of(work, HEARTBEAT) is not None


def grow_old(services: Services, clock: SteppingClock) -> None:
    """Every stored file is two days old by our clock."""
    then = clock().timestamp() - 2 * 24 * 3600
    for path in (services.settings.folder / "blobs").rglob("*"):
        os.utime(path, (then, then))


def test_only_old_files_that_no_row_names_are_swept(services: Services, clock: SteppingClock) -> None:
    drawn = make_study(services, {("柳湾县", "1"): 1})
    xml = filled(services, drawn.study, drawn.main[0], NOBODY_HOME).xml
    visitor = person(services, Role.INTERVIEWER)
    for _ in range(2):  # the second time is a retry, whose file no row names
        receive(services, visitor, drawn.study.id, xml, {"照片.jpg": b"x"}, channel=Channel.VISIT)
    lost, unknown = f"rosters/{uuid.uuid4().hex}", "cards/photo"
    for name in (lost, unknown):
        services.blobs.put(name, b"x")
    clock.now = clock.now.replace(year=2100)
    grow_old(services, clock)
    young = f"submissions/{uuid.uuid4().hex}"
    services.blobs.put(young, b"just written")
    os.utime(services.settings.folder / "blobs" / young, (clock().timestamp() - 3600,) * 2)

    before = services.blobs.names()
    gone = sweep(services)
    assert lost in gone
    assert len(gone) == 2
    assert set(services.blobs.names()) == set(before) - set(gone)
    assert {unknown, young} < set(services.blobs.names())
    assert sweep(services) == []
