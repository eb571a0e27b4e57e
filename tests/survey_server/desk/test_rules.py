from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from survey_server.config import Settings
from survey_server.desk.rules import USUAL_WINDOWS, Rules, Slot, Window, keep_rules, rules_of
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services
from survey_server.workdays import Workdays
from tests.support.studies import make_study

PLACE = ZoneInfo("Asia/Shanghai")
CALENDAR = Workdays()
RULES = Rules()


def at(day: int, hour: int, minute: int = 0, month: int = 9) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, minute, tzinfo=PLACE)


@pytest.mark.parametrize(
    ("moment", "slot"),
    [
        (at(1, 9, 29), None),
        (at(1, 9, 30), Slot.MORNING),
        (at(1, 11, 30), None),
        (at(1, 15), Slot.AFTERNOON),
        (at(1, 20, 29), Slot.EVENING),
        (at(5, 10), Slot.WEEKEND),  # a Saturday
        (at(5, 15), None),
        (at(1, 10, month=10), Slot.WEEKEND),  # the national day, a Thursday
        (at(10, 15, month=10), Slot.AFTERNOON),  # a Saturday that is worked for the holiday
    ],
)
def test_calls_are_allowed_in_the_windows_of_the_working_calendar(moment: dt.datetime, slot: Slot | None) -> None:
    assert RULES.slot_at(moment, CALENDAR) is slot


def test_a_file_of_holidays_closes_the_windows_of_a_working_day(tmp_path: Path) -> None:
    (tmp_path / "workdays.csv").write_text("date,kind\n2026-09-01,holiday\n", encoding="utf-8")
    calendar = Workdays.read(tmp_path)
    assert RULES.slot_at(at(1, 15), calendar) is None
    assert RULES.slot_at(at(1, 10), calendar) is Slot.WEEKEND


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at(1, 8), at(1, 9, 30)),
        (at(1, 12), at(1, 15)),
        (at(4, 21), at(5, 9, 30)),  # Friday night: Saturday morning
        (at(5, 12), at(6, 9, 30)),
        (at(30, 20, 45), at(1, 9, 30, month=10)),
    ],
)
def test_the_next_opening_is_that_of_the_next_window(moment: dt.datetime, opens: dt.datetime) -> None:
    assert RULES.next_opening(moment, CALENDAR) == opens


def test_nothing_opens_where_no_window_falls_within_two_weeks() -> None:
    assert Rules(windows=()).next_opening(at(1, 8), CALENDAR) is None


def test_an_outcome_that_is_not_named_rests_as_long_as_no_answer() -> None:
    rules = Rules(delays={"T17": 90, "T18": 7 * 24 * 60})
    assert rules.rest_after("T18") == dt.timedelta(days=7)
    assert rules.rest_after("T13") == rules.rest_after("T17") == dt.timedelta(minutes=90)


def test_all_calls_are_shared_evenly_over_the_times_of_day_that_are_needed() -> None:
    assert RULES.most_in_slot == 2
    assert Rules(most_calls=7).most_in_slot == 3
    assert Rules(most_calls=6, windows=USUAL_WINDOWS[:1]).most_in_slot == 6


WRONG = [
    Rules(windows=()),
    Rules(windows=(Window(Slot.MORNING, dt.time(11), dt.time(9)),)),
    Rules(delays={"T17": -1}),
    Rules(delays={"T17": 60 * 24 * 60 + 1}),
    Rules(most_calls=0),
    Rules(most_a_day=11),
    Rules(slots_needed=5),
    Rules(recall_share=1.1),
    Rules(recording_days=0),
    Rules(contracted=0),
    Rules(script="话" * 20_001),
]


@pytest.fixture
def on_sqlite(sqlite_settings: Settings) -> Services:
    return Services.open(sqlite_settings)


def test_rules_are_kept_for_each_study_and_nonsense_is_refused(on_sqlite: Services) -> None:
    study, other = (make_study(on_sqlite, {("柳湾县", "1"): 1}).study for _ in range(2))
    changed = Rules(windows=USUAL_WINDOWS[1:], most_calls=9, recall_share=0.25, contracted=400, script="您好")
    with on_sqlite.write() as work:
        keep_rules(work, study.id, changed)
    for wrong in WRONG:
        with on_sqlite.write() as work, pytest.raises(ZoufangError) as caught:
            keep_rules(work, study.id, wrong)
        assert caught.value.problem is Problem.INVALID_FIELD
    with on_sqlite.read() as work:
        assert rules_of(work, study.id) == changed
        assert rules_of(work, other.id) == Rules()
    on_sqlite.database.dispose()
