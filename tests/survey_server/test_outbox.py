from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlmodel import select

from survey_server import outbox
from survey_server.work import Services
from tests.support.installation import SteppingClock


def put(services: Services, kind: str, **payload: object) -> None:
    with services.write() as work:
        outbox.put(work, kind, **payload)


def row(services: Services) -> outbox.OutboxRow:
    with services.read() as work:
        return work.session.exec(select(outbox.OutboxRow)).one()


def test_what_was_put_is_handled_once_in_order(services: Services) -> None:
    seen: list[int] = []
    put(services, "count", number=1)
    put(services, "count", number=2)
    handlers = {"count": lambda _services, payload: seen.append(payload["number"])}
    assert outbox.drain(services, handlers) == 2
    assert outbox.drain(services, handlers) == 0
    assert sorted(seen) == [1, 2]


def test_a_cause_that_is_rolled_back_causes_nothing(services: Services) -> None:
    def fail() -> None:
        with services.write() as work:
            outbox.put(work, "count")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert outbox.drain(services, {}) == 0


def test_a_handler_that_fails_is_tried_again_later_and_then_left_for_a_person(
    services: Services, clock: SteppingClock
) -> None:
    tries: list[int] = []

    def fail(_services: Services, _payload: Mapping[str, Any]) -> None:
        tries.append(1)
        raise RuntimeError("secret words")

    put(services, "fail")
    assert outbox.drain(services, {"fail": fail}) == 0
    assert outbox.drain(services, {"fail": fail}) == 0
    assert len(tries) == 1
    for _ in range(10):
        clock.advance(days=1)
        outbox.drain(services, {"fail": fail})
    assert len(tries) == outbox.LAST_ATTEMPT
    assert row(services).last_error == "RuntimeError"
    assert row(services).done_at is None


def test_a_row_whose_worker_died_comes_back(services: Services, clock: SteppingClock) -> None:
    seen: list[int] = []

    def die(_services: Services, _payload: Mapping[str, Any]) -> None:
        raise KeyboardInterrupt

    put(services, "work")
    with pytest.raises(KeyboardInterrupt):
        outbox.drain(services, {"work": die})
    clock.advance(hours=1)
    assert outbox.drain(services, {"work": lambda *_: seen.append(1)}) == 1
    assert seen == [1]
