"""The simulation of the call desk, small, on both databases: what must never happen did not."""

from __future__ import annotations

from survey_server.config import Settings
from tests.performance.bench_calls import Size, simulate


def test_five_operators_of_whom_one_is_killed_call_every_household_once_and_lose_nothing(settings: Settings) -> None:
    found = simulate(settings, Size(operators=5, cases=200, appointments=10, minutes=10, speed=100))

    assert len(found.told.calls) > 10
    assert any(call.late is not None for call in found.told.calls)
    assert (found.twice, found.lost, found.missed) == (0, 0, 0)
    assert found.known >= found.kept > 0
    assert found.taken_over
