"""What came in and needs somebody's eye: records that wait for files, and records that break a rule of their form."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.accounts.models import Person
from survey_server.errors import N_
from survey_server.fieldwork.models import Case
from survey_server.studies.forms import definition_of
from survey_server.studies.models import FormVersion
from survey_server.submissions.models import Submission
from survey_server.work import Work

PAGE = 200
RULES: Mapping[str, str] = {
    "required": N_("required, and not answered"),
    "constraint": N_("outside of what the form allows"),
    "choice": N_("not among the options"),
    "type": N_("not of the right kind (number, date, …)"),
    "calculation": N_("calculated otherwise by the server"),
    "irrelevant_value": N_("answered although it was not to be asked"),
    "unknown_question": N_("not in this questionnaire"),
    "too_many_rows": N_("more rows than are kept"),
    "other_household": N_("the answers name another household than the task"),
    "no_consent": N_("no consent to the interview: never used"),
    "minor_without_guardian": N_("a child under 14 without the guardian's consent: never used"),
    "file_without_consent": N_("a file or place without the consent it needs"),
    "unnamed_file": N_("a file came that no answer names"),
    "not_a_picture": N_("the photograph is none that can be shown; it is kept"),
}
"""What each rule that was broken is called."""


@dataclass(frozen=True)
class Fault:
    """One rule that one answer breaks: the question's words (empty: the whole record), its name, and the rule."""

    question: str
    name: str
    rule: str


@dataclass(frozen=True)
class Arrival:
    """One record that needs an eye; nothing in it is an answer."""

    submission_id: uuid.UUID
    case_id: uuid.UUID | None
    sample_id: str
    channel: str
    received_at: dt.datetime
    sender: str
    missing: int
    """Files that its answers name and that are not here; their names may say something, and are not shown."""
    faults: Sequence[Fault]


@dataclass(frozen=True)
class Arrivals:
    """The newest of each, and how many there are in all."""

    waiting: Sequence[Arrival]
    waiting_in_all: int
    broken: Sequence[Arrival]
    broken_in_all: int


def arrivals_of(work: Work, study_id: uuid.UUID) -> Arrivals:
    """Of a study, within the reader's reach."""
    waiting, broken = _filled(Submission.missing), _filled(Submission.flags)
    return Arrivals(
        list(_rows(work, study_id, waiting)),
        _count(work, study_id, waiting),
        list(_rows(work, study_id, broken)),
        _count(work, study_id, broken),
    )


def _filled(column: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401 - a mapped attribute
    """Whether a list kept as JSON has any entry, in words that both databases understand."""
    return sa.cast(column, sa.String) != "[]"


def _count(work: Work, study_id: uuid.UUID, which: sa.ColumnElement[bool]) -> int:
    query = select(sa.func.count(col(Submission.id))).where(*_of(study_id), which)
    return work.session.exec(query).one()


def _of(study_id: uuid.UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return col(Submission.study_id) == study_id, col(Submission.withdrawn_at).is_(None)


def _rows(work: Work, study_id: uuid.UUID, which: sa.ColumnElement[bool]) -> Iterator[Arrival]:
    columns = (
        *(Submission.id, Submission.case_id, Case.sample_id, Submission.channel, Submission.received_at),
        *(Person.name, Submission.missing, Submission.flags, Submission.form_version_id),
    )
    query = (
        sa.select(*map(col, columns))
        .select_from(Submission)
        .outerjoin(Case, col(Case.id) == Submission.case_id)
        .outerjoin(Person, col(Person.id) == Submission.person_id)
        .where(*_of(study_id), which)
        .order_by(col(Submission.received_at).desc())
        .limit(PAGE)
    )
    found = work.session.execute(query).all()
    labels = _labels(work, {row[-1] for row in found})
    for submission_id, case_id, sample_id, channel, at, sender, missing, flags, version in found:
        faults = [_fault(flag, labels[version]) for flag in flags]
        yield Arrival(submission_id, case_id, sample_id or "", channel, at, sender or "", len(missing), faults)


def _labels(work: Work, version_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, str]]:
    """The words of each question by its name, of each version of a questionnaire."""
    versions = work.session.exec(select(FormVersion).where(col(FormVersion.id).in_(version_ids))).all()
    found: dict[uuid.UUID, dict[str, str]] = {}
    for version in versions:
        form = definition_of(version)
        texts = {one.name: one.label.get(form.default_language) for one in form.questions}
        found[version.id] = {name: text.plain for name, text in texts.items() if text}
    return found


def _fault(flag: Mapping[str, Any], labels: Mapping[str, str]) -> Fault:
    name, rule = str(flag.get("question", "")), str(flag["rule"])
    return Fault(labels.get(name, ""), name, RULES.get(rule, rule))
