"""When a household may be called: windows of the day (时段), rest after each outcome, and how often at most.

The usual rules are those of the telephone script: 工作日 9:30 to 11:30, 15:00 to 17:30, 19:00 to 20:30, weekend
mornings; one number at most twice a day; not reached only after three different windows.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlmodel import col, select

from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import CallRules
from survey_server.work import Work
from survey_server.workdays import Workdays

APPOINTMENT, NO_ANSWER, NEVER_REACHED, WRONG_NUMBER, OTHER_PERSON = "T3", "T17", "T9", "T10", "T16"
REFUSAL, LANGUAGE, UNABLE, QUOTA_FULL, SOFT_REFUSAL = "T4", "T6", "T7", "T12", "T18"
DAY = 24 * 60
USUAL_DELAYS: Mapping[str, int] = MappingProxyType(
    {NO_ANSWER: 180, LANGUAGE: 0, OTHER_PERSON: 0, WRONG_NUMBER: 0, "T13": DAY, "T14": DAY, SOFT_REFUSAL: 7 * DAY}
)
"""Minutes of rest before the next call; an outcome that is not named rests as long as no answer."""
MOST_CHARACTERS = 20_000
LONGEST_DELAY = 60 * DAY


class Slot(StrEnum):
    """A part of the week in which people are at home or not; each counts by itself."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    WEEKEND = "weekend"


@dataclass(frozen=True)
class Window:
    """A time of day in which calls are allowed; ``workdays`` False: on days off (weekends and holidays)."""

    slot: Slot
    begins: dt.time
    ends: dt.time
    workdays: bool = True

    @property
    def as_json(self) -> dict[str, Any]:
        """How it is stored."""
        return {
            "slot": self.slot.value,
            "begins": self.begins.isoformat("minutes"),
            "ends": self.ends.isoformat("minutes"),
            "workdays": self.workdays,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Window:
        """The window that was stored."""
        begins, ends = (dt.time.fromisoformat(stored[name]) for name in ("begins", "ends"))
        return cls(Slot(stored["slot"]), begins, ends, stored["workdays"])


USUAL_WINDOWS = (
    Window(Slot.MORNING, dt.time(9, 30), dt.time(11, 30)),
    Window(Slot.AFTERNOON, dt.time(15), dt.time(17, 30)),
    Window(Slot.EVENING, dt.time(19), dt.time(20, 30)),
    Window(Slot.WEEKEND, dt.time(9, 30), dt.time(11, 30), workdays=False),
)


AROUND_THE_CLOCK = tuple(
    Window(slot, begins, ends, workdays=workdays)
    for workdays in (True, False)
    for slot, begins, ends in (
        (Slot.MORNING, dt.time.min, dt.time(12)),
        (Slot.AFTERNOON, dt.time(12), dt.time(18)),
        (Slot.EVENING, dt.time(18), dt.time(23, 59)),
    )
)
"""For a demonstration: somebody may look at the desk at night."""


@dataclass(frozen=True)
class Rules:
    """A study's rules of calling; ``delays`` in minutes, ``recall_share`` a fraction."""

    windows: tuple[Window, ...] = USUAL_WINDOWS
    delays: Mapping[str, int] = field(default_factory=lambda: USUAL_DELAYS)
    most_calls: int = 6
    most_a_day: int = 2
    slots_needed: int = 3
    recall_share: float = 0.1
    contracted: int | None = None
    recording_days: int = 90
    script: str = ""

    @property
    def most_in_slot(self) -> int:
        """How often at most in one time of day: an even share of all calls over the times that are needed."""
        return math.ceil(self.most_calls / min(self.slots_needed, len({each.slot for each in self.windows})))

    def slot_at(self, moment: dt.datetime, calendar: Workdays) -> Slot | None:
        """The window that ``moment`` (local time) lies in; None: nobody is called now."""
        working = calendar.is_workday(moment.date())
        inside = (each.slot for each in self.windows if each.workdays is working and _holds(each, moment.time()))
        return next(inside, None)

    def next_opening(self, moment: dt.datetime, calendar: Workdays) -> dt.datetime | None:
        """When the next window opens after ``moment`` (local time), within two weeks."""
        for ahead in range(15):
            day = moment.date() + dt.timedelta(days=ahead)
            working = calendar.is_workday(day)
            openings = (
                dt.datetime.combine(day, each.begins, moment.tzinfo)
                for each in self.windows
                if each.workdays is working
            )
            later = [opening for opening in openings if opening > moment]
            if later:
                return min(later)
        return None

    def rest_after(self, outcome: str) -> dt.timedelta:
        """How long a household rests after a call that ended so."""
        return dt.timedelta(minutes=self.delays.get(outcome, self.delays.get(NO_ANSWER, 180)))


def rules_of(work: Work, study_id: uuid.UUID) -> Rules:
    """The rules of a study: its own, or the usual ones."""
    row = work.session.get(CallRules, study_id)
    return Rules() if row is None else _read(row)


def all_rules(work: Work, study_ids: list[uuid.UUID]) -> dict[uuid.UUID, Rules]:
    """The rules of several studies."""
    rows = work.session.exec(select(CallRules).where(col(CallRules.study_id).in_(study_ids))).all()
    return dict.fromkeys(study_ids, Rules()) | {row.study_id: _read(row) for row in rows}


def keep_rules(work: Work, study_id: uuid.UUID, rules: Rules) -> None:
    """Store a study's own rules; raises INVALID_FIELD for what makes no sense."""
    _check(rules)
    row = CallRules(
        study_id=study_id,
        windows=[window.as_json for window in rules.windows],
        delays=dict(rules.delays),
        most_calls=rules.most_calls,
        most_a_day=rules.most_a_day,
        slots_needed=rules.slots_needed,
        recall_share=rules.recall_share,
        contracted=rules.contracted,
        recording_days=rules.recording_days,
        script=rules.script,
    )
    work.session.merge(row)


def _read(row: CallRules) -> Rules:
    return Rules(
        tuple(Window.from_json(stored) for stored in row.windows),
        row.delays,
        row.most_calls,
        row.most_a_day,
        row.slots_needed,
        row.recall_share,
        row.contracted,
        row.recording_days,
        row.script,
    )


def _check(rules: Rules) -> None:
    wrong = [
        (N_("Calling hours"), not rules.windows or any(each.begins >= each.ends for each in rules.windows)),
        (N_("Rest after a call"), not all(0 <= minutes <= LONGEST_DELAY for minutes in rules.delays.values())),
        (N_("Most calls"), not 1 <= rules.most_calls <= 30),
        (N_("Most calls a day"), not 1 <= rules.most_a_day <= 10),
        (N_("Different times of day"), not 1 <= rules.slots_needed <= len(Slot)),
        (N_("Share called again"), not 0 <= rules.recall_share <= 1),
        (N_("Days that a recording is kept"), not 1 <= rules.recording_days <= 3650),
        (N_("What to say"), len(rules.script) > MOST_CHARACTERS),
        (N_("Contracted interviews"), rules.contracted is not None and rules.contracted < 1),
    ]
    for name, is_wrong in wrong:
        if is_wrong:
            raise ZoufangError(Problem.INVALID_FIELD, field=name, why=N_("this cannot be"))


def _holds(window: Window, time: dt.time) -> bool:
    return window.begins <= time < window.ends
