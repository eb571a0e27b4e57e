"""What all working papers share: an open study, the day at the office, counties, working days, typed dates."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import yaml
from flask_babel import gettext
from sqlmodel import col

from survey_server.errors import N_, Problem, ZoufangError
from survey_server.rosters.models import Household
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Work
from survey_server.workdays import Workdays
from survey_server.workpapers.models import BaseData, Interview, RequestedDocument

GUIDES = Path(__file__).with_name("guides")
MOST_WORDS = 4_000
MOST_NAME = 200
FAR = dt.timedelta(days=3 * 366)
WEEK = (N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"))


@cache
def guide(name: str) -> Mapping[str, Any]:
    """A template that is shipped: what is asked for, of whom, in which words."""
    return dict(yaml.safe_load((GUIDES / f"{name}.yaml").read_text("utf-8")))


def open_study(work: Work, study_id: uuid.UUID) -> Study:
    """The study, to change something in it; raises NOT_FOUND, STUDY_CLOSED."""
    study = study_of(work, study_id)
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    return study


def today(work: Work) -> dt.date:
    """The day at the office."""
    return work.now.astimezone(ZoneInfo(work.settings.timezone)).date()


def calendar_of(work: Work) -> Workdays:
    """The working days of this installation."""
    return Workdays.read(work.settings.folder)


def counties_of(work: Work, study_id: uuid.UUID) -> Sequence[str]:
    """The counties of the frame, and those that working papers name, as far as the reader reaches them."""
    tables = (Household, RequestedDocument, Interview, BaseData)
    queries = [sa.select(col(table.county)).where(col(table.study_id) == study_id).distinct() for table in tables]
    return sorted({county for query in queries for county in work.session.execute(query).scalars() if county})


def days_late(calendar: Workdays, due: dt.date, day: dt.date) -> int:
    """How many working days ``day`` is after ``due``; 0 on the day itself and before."""
    ahead = range(1, max(0, (day - due).days) + 1)
    return sum(calendar.is_workday(due + dt.timedelta(days=step)) for step in ahead)


def said_of(calendar: Workdays, day: dt.date) -> str:
    """What is to be known of a day that somebody plans with: a Sunday, a holiday, a year not announced; "" for none."""
    if not calendar.is_workday(day):
        what = {
            "day": f"{day:%Y-%m-%d}",
            "weekday": gettext(WEEK[day.weekday()]),
            "next": f"{calendar.after(day, 1):%Y-%m-%d}",
        }
        return gettext("%(day)s is a %(weekday)s and no working day; the next one is %(next)s.") % what
    if not calendar.knows(day.year):
        return gettext("The holidays of %(year)s are not announced yet: Monday to Friday are taken as worked.") % {
            "year": day.year
        }
    return ""


def day_typed(work: Work, text: str, field: str) -> dt.date:
    """A date of a form, within three years of today; raises INVALID_FIELD."""
    try:
        day = dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=field, why=N_("write the date as year-month-day, like 2026-03-01")
        ) from error
    if abs(day - today(work)) > FAR:
        raise ZoufangError(Problem.INVALID_FIELD, field=field, why=N_("the date is years away: check the year"))
    return day


def day_past(work: Work, text: str, field: str) -> dt.date:
    """A date of a form that is not in the future; today where none was typed. Raises INVALID_FIELD."""
    day = day_typed(work, text, field) if text.strip() else today(work)
    if day > today(work):
        raise ZoufangError(Problem.INVALID_FIELD, field=field, why=N_("the date is still to come"))
    return day


def words(text: str, field: str, *, most: int = MOST_WORDS) -> str:
    """Words that a form must have; raises INVALID_FIELD where they are missing or too long."""
    text = text.strip()
    if not text:
        raise ZoufangError(Problem.INVALID_FIELD, field=field, why=N_("it is empty"))
    if len(text) > most:
        raise ZoufangError(Problem.INVALID_FIELD, field=field, why=N_("it is too long"))
    return text
