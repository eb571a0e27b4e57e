"""China's working days: 法定节假日 and the 调休 days that are worked for them.

The State Council announces a year's holidays in the autumn before it. The calendar library knows those that were
announced when it was released; a later year comes by a file in the data folder, without a new release of anything.
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path

import chinese_calendar

FILE = "workdays.csv"  # columns: date (2027-10-01), kind (holiday or workday)
KINDS = {"holiday": False, "workday": True}
MOST_LINES = 2_000
MOST_DAYS = 400
SATURDAY = 5


class CalendarFileError(ValueError):
    """A line of the file of holidays cannot be read; ``line`` counts from one."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"{FILE}, line {line}: expected a date and holiday or workday, found {text!r}")
        self.line = line


@dataclass(frozen=True)
class Workdays:
    """Which days are worked; ``announced`` holds the days of the file, which win over the library's."""

    announced: dict[dt.date, bool] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Workdays:
        """The calendar of an installation whose data folder is ``folder``; CalendarFileError names a bad line."""
        path = folder / FILE
        return cls(_announced(path, path.stat().st_mtime_ns)) if path.exists() else cls()

    def is_workday(self, day: dt.date) -> bool:
        """Whether ``day`` is worked; in a year of which nothing is known, Monday to Friday are."""
        if day in self.announced:
            return self.announced[day]
        try:
            return chinese_calendar.is_workday(day)
        except NotImplementedError:
            return day.weekday() < SATURDAY

    def knows(self, year: int) -> bool:
        """Whether the holidays of ``year`` have been announced to us."""
        if any(day.year == year for day in self.announced):
            return True
        try:
            return bool(chinese_calendar.get_holidays(dt.date(year, 5, 1), dt.date(year, 5, 1)))
        except NotImplementedError:
            return False

    def after(self, day: dt.date, count: int) -> dt.date:
        """The ``count``-th working day after ``day``, which itself does not count (三个工作日).

        ValueError for a count below one or beyond a year.
        """
        if not 1 <= count <= MOST_DAYS:
            raise ValueError(f"count of working days must be from 1 to {MOST_DAYS}, not {count}")
        following = (day + dt.timedelta(days=ahead) for ahead in range(1, 3 * MOST_DAYS))
        return next(islice(filter(self.is_workday, following), count - 1, None))


@cache
def _announced(path: Path, changed: int) -> dict[dt.date, bool]:  # noqa: ARG001 - a changed file is read again
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(islice(csv.reader(lines), MOST_LINES))
    body = [(number, row) for number, row in enumerate(rows, start=1) if row and row[0].strip() != "date"]
    return dict(_day(number, row) for number, row in body)


def _day(number: int, row: list[str]) -> tuple[dt.date, bool]:
    try:
        day, kind = row
        return dt.date.fromisoformat(day.strip()), KINDS[kind.strip()]
    except (ValueError, KeyError) as error:
        raise CalendarFileError(number, ",".join(row)) from error
