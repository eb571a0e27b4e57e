"""Milestones (工作进度): the steps of an evaluation with their days, held against the working-day calendar."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext
from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Work
from survey_server.workpapers.models import Milestone
from survey_server.workpapers.service import MOST_NAME, calendar_of, days_late, open_study, said_of, today, words

MOST = 100


@dataclass(frozen=True)
class Step:
    """A milestone, the working days that it is late or has still, and what is to be known of its day."""

    row: Milestone
    late: int
    left: int
    said: Sequence[str]


def steps_of(work: Work, study_id: uuid.UUID) -> list[Step]:
    """The milestones by their days."""
    query = select(Milestone).where(Milestone.study_id == study_id)
    rows = work.session.exec(query.order_by(col(Milestone.planned_on), col(Milestone.title))).all()
    calendar, day = calendar_of(work), today(work)
    return [
        Step(
            row,
            late=days_late(calendar, row.planned_on, row.done_on or day),
            left=0 if row.done_on else days_late(calendar, day, row.planned_on),
            said=[said for said in (said_of(calendar, row.planned_on), _too_early(row, rows)) if said],
        )
        for row in rows
    ]


def plan(work: Work, study_id: uuid.UUID, title: str, day: dt.date) -> Milestone:
    """Plan a step, or move the one of this title; raises STUDY_CLOSED, INVALID_FIELD."""
    open_study(work, study_id)
    title = words(title, N_("Step"), most=MOST_NAME)
    rows = work.session.exec(select(Milestone).where(Milestone.study_id == study_id)).all()
    if len(rows) >= MOST:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Step"), why=N_("there are too many"))
    row = next((row for row in rows if row.title == title), None)
    before = row.planned_on.isoformat() if row else ""
    row = row or Milestone(study_id=study_id, title=title, planned_on=day)
    row.planned_on = day
    work.session.add(row)
    record(
        work, "milestone.plan", "milestone", row.id, study_id=study_id, title=title, day=day.isoformat(), before=before
    )
    return row


def finish(work: Work, study_id: uuid.UUID, milestone_id: uuid.UUID, day: dt.date | None) -> None:
    """Say when a step was done, or with None that it is not; raises STUDY_CLOSED, NOT_FOUND."""
    open_study(work, study_id)
    row = _milestone(work, study_id, milestone_id)
    row.done_on = day
    work.session.add(row)
    done = day.isoformat() if day else ""
    record(work, "milestone.finish", "milestone", row.id, study_id=study_id, title=row.title, day=done)


def remove(work: Work, study_id: uuid.UUID, milestone_id: uuid.UUID) -> None:
    """Take a step out of the plan; raises STUDY_CLOSED, NOT_FOUND."""
    open_study(work, study_id)
    row = _milestone(work, study_id, milestone_id)
    work.session.delete(row)
    record(work, "milestone.remove", "milestone", row.id, study_id=study_id, title=row.title)


def _milestone(work: Work, study_id: uuid.UUID, milestone_id: uuid.UUID) -> Milestone:
    row = work.session.get(Milestone, milestone_id)
    if row is None or row.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    return row


def _too_early(row: Milestone, rows: Sequence[Milestone]) -> str:
    """A step that was done before one planned ahead of it."""
    ahead = next((one for one in rows if one.planned_on < row.planned_on and one.done_on is None), None)
    if row.done_on is None or ahead is None:
        return ""
    return gettext("It was done before “%(title)s”, which is planned ahead of it.") % {"title": ahead.title}
