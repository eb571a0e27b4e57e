"""Working days of the State Council's calendar, and of a year that a file brings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from survey_server.workdays import CalendarFileError, Workdays

LIBRARY = Workdays()


def test_a_holiday_is_not_worked_and_the_saturday_that_is_worked_for_it_is() -> None:
    assert not LIBRARY.is_workday(dt.date(2026, 10, 1))
    assert LIBRARY.is_workday(dt.date(2026, 10, 10))  # 国办发明电 on 2026: worked for 7 October


def test_three_working_days_leave_out_the_weekend_and_the_day_itself() -> None:
    assert LIBRARY.after(dt.date(2025, 6, 12), 3) == dt.date(2025, 6, 17)  # Thursday; 14 and 15 June are a weekend


def test_a_file_brings_the_holidays_of_a_year_that_the_library_does_not_know(tmp_path: Path) -> None:
    assert not LIBRARY.knows(2031)
    (tmp_path / "workdays.csv").write_text("date,kind\n2031-01-01,holiday\n2031-01-04,workday\n", encoding="utf-8")
    calendar = Workdays.read(tmp_path)
    assert calendar.knows(2031)
    assert not calendar.is_workday(dt.date(2031, 1, 1))
    assert calendar.is_workday(dt.date(2031, 1, 4))  # a Saturday
    assert calendar.is_workday(dt.date(2031, 1, 2))
    assert not calendar.is_workday(dt.date(2031, 1, 5))


def test_without_a_file_the_library_alone_is_asked(tmp_path: Path) -> None:
    assert Workdays.read(tmp_path) == LIBRARY


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "workdays.csv").write_text("date,kind\n2031-01-01,rest\n", encoding="utf-8")
    with pytest.raises(CalendarFileError, match="line 2"):
        Workdays.read(tmp_path)


@pytest.mark.parametrize("count", [0, -1, 401])
def test_a_count_of_days_that_makes_no_sense_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="working days"):
        LIBRARY.after(dt.date(2026, 1, 1), count)
