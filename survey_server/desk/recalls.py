"""Re-calls (复核回拨): a drawn share of each operator's complete interviews is asked again by somebody else.

Whether an interview is drawn is decided by a keyed ticket of its id against the share, so that nobody knows before
which of theirs will be checked, and every day adds its own; of who has no ticket low enough, the lowest is drawn.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from sqlmodel import col, select

from analysis.backcheck import difference_rates
from mobile_forms.definition import FormDefinition, Question
from survey_server.accounts.models import Person
from survey_server.audit.service import record
from survey_server.desk.rules import rules_of
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import Recall
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import case_of, facts_of
from survey_server.privacy.service import cipher_of
from survey_server.studies.forms import definition_of
from survey_server.studies.models import Channel, FormVersion
from survey_server.submissions.models import Submission
from survey_server.work import Work

ROLES = ("process", "awareness", "satisfaction")
EACH = 3
"""So many questions of each role are asked again."""
CONFIRMED, DENIED, UNREACHED = "confirmed", "denied", "unreached"
OUTCOMES: Mapping[str, str] = {
    CONFIRMED: N_("asked again"),
    DENIED: N_("says that nobody called"),
    UNREACHED: N_("not reached"),
}


@dataclass(frozen=True)
class Line:
    """A drawn interview as it stands in the list."""

    row: Recall
    sample_id: str
    operator: str


@dataclass(frozen=True)
class Opened:
    """A re-call with the number to dial and the questions to ask."""

    row: Recall
    case: Case
    phones: Sequence[str]
    questions: Sequence[Question]


def draw(work: Work, study_id: uuid.UUID) -> int:
    """Draw what came since the last time; returns how many were drawn."""
    fresh = _not_drawn(work, study_id)
    share = rules_of(work, study_id).recall_share
    known = set(work.session.exec(select(Recall.asked_by).where(Recall.study_id == study_id)))
    chosen = [row for row in fresh if _ticket(work, row) < share]
    covered = known | {row.person_id for row in chosen}
    lowest: dict[uuid.UUID | None, Submission] = {}
    for row in sorted(fresh, key=lambda each: _ticket(work, each)):
        if share > 0 and row.person_id not in covered:
            lowest.setdefault(row.person_id, row)
    chosen += lowest.values()
    work.session.add_all(
        Recall(study_id=study_id, submission_id=row.id, case_id=row.case_id, asked_by=row.person_id, drawn_at=work.now)
        for row in chosen
        if row.case_id is not None
    )
    record(work, "recall.draw", "study", study_id, study_id=study_id, drawn=len(chosen))
    return len(chosen)


def recalls_of(work: Work, study_id: uuid.UUID) -> list[Line]:
    """The drawn interviews of a study, those to do first."""
    query = (
        select(Recall, Case, Person)
        .join(Case, col(Case.id) == Recall.case_id)
        .outerjoin(Person, col(Person.id) == Recall.asked_by)
        .where(Recall.study_id == study_id)
        .order_by(col(Recall.done_at).nulls_first(), col(Case.sample_id))
    )
    return [Line(row, case.sample_id, person.name if person else "") for row, case, person in work.session.exec(query)]


def open_recall(work: Work, study_id: uuid.UUID, recall_id: uuid.UUID) -> Opened:
    """One re-call with its numbers: recorded as shown. Raises NOT_FOUND, and STATE_CONFLICT for one's own interview."""
    row = _recall(work, study_id, recall_id)
    if row.asked_by == work.person_id:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("somebody else must ask again"))
    case = case_of(work, row.case_id)
    form, _ = _first(work, row)
    record(work, "recall.open", "case", case.id, study_id=study_id)
    return Opened(row, case, facts_of(work, study_id, [case.id])[0].phones, questions_of(form))


def close_recall(
    work: Work, study_id: uuid.UUID, recall_id: uuid.UUID, outcome: str, answers: Mapping[str, str]
) -> Recall:
    """Write down what was answered; raises INVALID_FIELD, NOT_FOUND and STATE_CONFLICT."""
    row = _recall(work, study_id, recall_id)
    if row.asked_by == work.person_id:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("somebody else must ask again"))
    if row.outcome in {CONFIRMED, DENIED}:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this step was done already, or another must come first"))
    if outcome not in OUTCOMES:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Outcome"), why=N_("choose one of the list"))
    form, first = _first(work, row)
    again = {question.name: answers[question.name] for question in questions_of(form) if _is_choice(question, answers)}
    both = [name for name in again if first.get(name)] if outcome == CONFIRMED else []
    row.outcome, row.person_id, row.done_at = outcome, work.person_id, work.now
    row.compared = len(both)
    row.differences = [name for name in both if str(first[name]) != again[name]]
    row.answers = cipher_of(work, study_id).seal(row.id, json.dumps(again).encode())
    work.session.add(row)
    record(work, "recall.done", "case", row.case_id, study_id=study_id, outcome=outcome)
    return row


def questions_of(form: FormDefinition) -> list[Question]:
    """The questions that are asked again: a few of what was done, of what is known and of satisfaction."""
    chosen: list[Question] = []
    for role in ROLES:
        able = [
            each for each in form.by_role(role) if each.kind == "select_one" and each.choices and not each.bind.relevant
        ]
        chosen += able[-EACH:]
    return chosen


def differences(work: Work, study_id: uuid.UUID) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Difference rates by operator and by question (:func:`analysis.backcheck.difference_rates`); empty: none yet."""
    rows = [line for line in recalls_of(work, study_id) if line.row.outcome == CONFIRMED]
    records = []
    for line in rows:
        form, first = _first(work, line.row)
        again = json.loads(cipher_of(work, study_id).open(line.row.id, line.row.answers or b""))
        labels = {question.name: _label(question) for question in questions_of(form)}
        records += [
            {"operator": line.operator, "question": labels[name], "first": str(first[name]), "again": value}
            for name, value in again.items()
            if first.get(name) and name in labels
        ]
    if not records:
        return pd.DataFrame(), pd.DataFrame()
    pairs = pd.DataFrame(records)
    return difference_rates(pairs, "operator"), difference_rates(pairs, "question")


def _not_drawn(work: Work, study_id: uuid.UUID) -> Sequence[Submission]:
    drawn = select(Recall.submission_id).where(Recall.study_id == study_id)
    query = select(Submission).where(
        Submission.study_id == study_id,
        Submission.channel == Channel.PHONE.value,
        Submission.outcome_class == "complete",
        Submission.unusable == "",
        col(Submission.withdrawn_at).is_(None),
        col(Submission.person_id).is_not(None),
        col(Submission.id).not_in(drawn),
    )
    return work.session.exec(query.order_by(col(Submission.received_at))).all()


def _ticket(work: Work, row: Submission) -> float:
    return int(work.vault.fingerprint(b"recall" + row.id.bytes)[:8], 16) / 0x1_0000_0000


def _recall(work: Work, study_id: uuid.UUID, recall_id: uuid.UUID) -> Recall:
    row = work.session.exec(select(Recall).where(Recall.id == recall_id, Recall.study_id == study_id)).first()
    if row is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return row


def _first(work: Work, row: Recall) -> tuple[FormDefinition, Mapping[str, object]]:
    query = (
        select(Submission, FormVersion)
        .join(FormVersion, col(FormVersion.id) == Submission.form_version_id)
        .where(Submission.id == row.submission_id, col(Submission.withdrawn_at).is_(None))
    )
    found = work.session.exec(query).first()
    if found is None:
        raise ZoufangError(Problem.NOT_FOUND)
    submission, version = found
    values = json.loads(cipher_of(work, row.study_id).open(submission.id, submission.answers))["values"]
    return definition_of(version), values


def _is_choice(question: Question, answers: Mapping[str, str]) -> bool:
    return question.choice(answers.get(question.name, "")) is not None


def _label(question: Question) -> str:
    return next((text.plain for text in question.label.values()), question.name)
