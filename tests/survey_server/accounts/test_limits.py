from __future__ import annotations

import datetime as dt

import pytest
from sqlmodel import select

from survey_server.accounts import limits
from survey_server.accounts.limits import Budget, Delay
from survey_server.accounts.models import Throttle
from survey_server.errors import ZoufangError
from survey_server.work import Services
from tests.support.installation import SteppingClock

DELAY = Delay("trial", free=3, longest=5, forget=60)
BUDGET = Budget("trial", size=4, seconds=40)


def fails(services: Services, times: int = 1, subject: str = "somebody") -> None:
    for _ in range(times):
        with services.write() as work:
            limits.fail(work, (DELAY, subject))


def wait(services: Services, subject: str = "somebody") -> int:
    """The seconds that are asked for; 0 where none are."""
    try:
        with services.read() as work:
            limits.require(work, (DELAY, subject))
    except ZoufangError as error:
        return int(str(error.fields["seconds"]))
    return 0


def test_the_first_failures_are_free_and_then_each_doubles_the_wait_up_to_the_longest(services: Services) -> None:
    waits = []
    for _ in range(7):
        fails(services)
        waits.append(wait(services))
    assert waits == [0, 0, 1, 2, 4, 5, 5]
    assert wait(services, "somebody else") == 0


def test_tries_that_are_made_at_one_moment_are_counted_before_they_are_made(services: Services) -> None:
    tried = []
    for _ in range(DELAY.free + 2):
        try:
            with services.write() as work:
                limits.attempt(work, DELAY, "somebody")
        except ZoufangError as error:
            tried.append(error.fields["seconds"])
        else:
            tried.append(0)
    assert tried == [0, 0, 0, 1, 1]


def test_a_wait_ends_by_itself_and_a_success_forgets_the_failures(services: Services, clock: SteppingClock) -> None:
    fails(services, 5)
    clock.advance(seconds=4)
    assert wait(services) == 0
    with services.write() as work:
        limits.forgive(work, (DELAY, "somebody"))
    fails(services, 2)
    assert wait(services) == 0


def test_after_a_quiet_time_counting_begins_anew_and_nothing_is_left(services: Services, clock: SteppingClock) -> None:
    fails(services, 4)
    clock.advance(seconds=60)
    fails(services)
    assert wait(services) == 0
    clock.advance(seconds=60)
    fails(services, 1, "somebody else")
    with services.read() as work:
        assert len(work.session.exec(select(Throttle)).all()) == 1


def test_neither_an_address_nor_a_name_is_kept(services: Services) -> None:
    fails(services, 1, "203.0.113.9")
    with services.read() as work:
        (row,) = work.session.exec(select(Throttle)).all()
    assert "203.0.113.9" not in row.key


def test_a_proxy_of_this_machine_is_no_caller() -> None:
    assert [limits.outside(address) for address in ("127.0.0.1", "::1", None, "203.0.113.9")] == [
        *("", "", ""),
        "203.0.113.9",
    ]


def test_a_subject_that_is_empty_is_never_counted(services: Services) -> None:
    fails(services, 9, "")
    for _ in range(9):
        with services.write() as work:
            limits.attempt(work, DELAY, "")
    assert wait(services, "") == 0


def spends(services: Services, times: int, subject: str = "phone") -> int:
    """How many of so many were let through."""
    through = 0
    for _ in range(times):
        try:
            with services.write() as work:
                limits.spend(work, BUDGET, subject)
        except ZoufangError:
            continue
        through += 1
    return through


def test_a_budget_is_spent_at_once_and_refills_evenly(services: Services, clock: SteppingClock) -> None:
    assert spends(services, 6) == 4
    assert spends(services, 1, "another phone") == 1
    clock.advance(seconds=10)
    assert spends(services, 3) == 1
    clock.advance(seconds=40)
    assert spends(services, 6) == 4


def test_who_spent_the_budget_is_told_when_to_come_again(services: Services, clock: SteppingClock) -> None:
    spends(services, 4)
    clock.advance(seconds=3)
    with pytest.raises(ZoufangError) as caught, services.write() as work:
        limits.spend(work, BUDGET, "phone")
    assert caught.value.fields == {"seconds": 7}


def test_what_is_good_once_is_refused_the_second_time(services: Services) -> None:
    shown = []
    for subject in ("a", "a", "b"):
        with services.write() as work:
            shown.append(limits.once(work, "challenge", subject, dt.timedelta(minutes=5)))
    assert shown == [True, False, True]
