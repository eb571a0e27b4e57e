"""What a study's page of privacy counts: consents, records that may not be used, and how long all is kept."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.studies.forms import current_form, definition_of
from survey_server.studies.models import Purpose, Study
from survey_server.submissions.consents import MODE, PURPOSES, ROLE
from survey_server.submissions.models import Consent, Submission
from survey_server.work import Work


@dataclass(frozen=True)
class PurposeCount:
    """How many records agreed to a purpose, refused it, and took a yes back."""

    purpose: str
    yes: int
    no: int
    withdrawn: int

    @property
    def name(self) -> str:
        """What the purpose is called (an English msgid)."""
        return PURPOSES.get(self.purpose, self.purpose)


@dataclass(frozen=True)
class Wording:
    """The words of one question of consent, as the current version asks it."""

    purpose: Purpose
    version: str
    name: str
    words: str


def consents(work: Work, study_id: uuid.UUID) -> list[PurposeCount]:
    """Counts by purpose, in the order of the list of purposes."""
    standing = col(Consent.withdrawn_at).is_(None)

    def count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    given = col(Consent.given).is_(True)
    query = (
        sa.select(
            col(Consent.purpose),
            count(sa.and_(given, standing)),
            count(sa.and_(sa.not_(given), standing)),
            count(sa.not_(standing)),
        )
        .where(col(Consent.study_id) == study_id)
        .group_by(Consent.purpose)
    )
    order = list(PURPOSES)
    found = [PurposeCount(*row) for row in work.session.execute(query)]
    return sorted(found, key=lambda one: order.index(one.purpose) if one.purpose in order else len(order))


def wording(work: Work, study_id: uuid.UUID) -> list[Wording]:
    """How the current questionnaires ask for each consent."""
    found = []
    for purpose in Purpose:
        version = current_form(work, study_id, purpose)
        if version is None:
            continue
        form = definition_of(version)
        for question in form.by_role(ROLE):
            if question.metric != MODE:
                text = question.label.get(form.default_language)
                name = PURPOSES.get(question.metric, question.metric)
                found.append(Wording(purpose, version.version, name, text.plain if text else ""))
    return found


def unusable_records(work: Work, study_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Records that may not be used, for somebody to look at: case, channel, when, why."""
    query = (
        sa.select(
            col(Submission.case_id),
            col(Case.sample_id),
            col(Submission.channel),
            col(Submission.received_at),
            col(Submission.unusable),
        )
        .outerjoin(Case, col(Case.id) == col(Submission.case_id))
        .where(
            col(Submission.study_id) == study_id,
            col(Submission.unusable) != "",
            col(Submission.withdrawn_at).is_(None),
        )
        .order_by(col(Submission.received_at))
    )
    return work.session.execute(query).all()


def set_retention(work: Work, study: Study, day: str) -> None:
    """Keep personal facts until the end of this day (ISO 8601, of our zone); raises INVALID_FIELD."""
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Kept until"), why=N_("type a date")) from None
    zone = ZoneInfo(work.settings.timezone)
    study.retain_until = dt.datetime.combine(date, dt.time(23, 59, 59), zone)
    work.session.add(study)
    record(work, "study.retention", "study", study.id, study_id=study.id, until=date.isoformat())


def overdue(work: Work, days: int = 30) -> Sequence[Study]:
    """Studies whose time of keeping is over or ends within ``days``, the most urgent first."""
    soon = work.now + dt.timedelta(days=days)
    query = select(Study).where(col(Study.closed_at).is_(None), col(Study.retain_until) <= soon)
    return work.session.exec(query.order_by(col(Study.retain_until))).all()
