"""What the answers of one file say: each tagged question's rate, and what its interval would be under chance.

A file from elsewhere is no probability sample. The interval is that of a simple random sample (Wilson 1927); the page
says beside it that it holds only where those who answered were chosen by chance.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col

from analysis import proportion_interval
from analysis.metrics import load_metrics
from mobile_forms.definition import FormDefinition, Question
from survey_server.imports.models import AnswerFile, AnswerRow, RowState
from survey_server.imports.service import form_of
from survey_server.privacy.service import cipher_of
from survey_server.studies.forms import definition_of
from survey_server.submissions.models import Submission
from survey_server.work import Work

METRIC_OF_ROLE = {"satisfaction": "SAT_TOP2", "awareness": "AW_ITEM", "heard": "AW_HEARD"}
"""By whose codes a question of this role is counted."""


@dataclass(frozen=True)
class Rate:
    """The rate of one question: ``estimate``, ``low`` and ``high`` are fractions, None where nobody answered."""

    question: str
    metric: str
    yes: int
    n: int
    missing: int
    estimate: float | None
    low: float | None
    high: float | None


def rates_of(work: Work, file: AnswerFile) -> list[Rate]:
    """A rate for each question on satisfaction, awareness or what was heard of, in the order of the form."""
    form = form_of(work, file)
    if form is None:
        return []
    definition = definition_of(form)
    asked = [question for question in definition.questions if question.role in METRIC_OF_ROLE]
    counts: dict[str, Counter[str]] = {question.name: Counter() for question in asked}
    for values in _answers(work, file):
        for question in asked:
            counts[question.name][values.get(question.name) or ""] += 1
    return [_rate(definition, question, counts[question.name]) for question in asked if question.asked]


def _answers(work: Work, file: AnswerFile) -> Iterator[dict[str, str]]:
    cipher = cipher_of(work, file.study_id)
    query = (
        sa.select(col(Submission.id), col(Submission.answers))
        .join(
            AnswerRow,
            (col(AnswerRow.instance_id) == col(Submission.instance_id)) & (col(AnswerRow.file_id) == file.id),
        )
        .where(
            col(Submission.study_id) == file.study_id,
            col(Submission.withdrawn_at).is_(None),
            col(AnswerRow.state) == RowState.TAKEN.value,
        )
        .execution_options(yield_per=1_000)
    )
    for row_id, sealed in work.session.execute(query):
        yield json.loads(cipher.open(row_id, sealed))["values"]


def _rate(form: FormDefinition, question: Question, counts: Counter[str]) -> Rate:
    metric = load_metrics()[METRIC_OF_ROLE[question.role]]
    valid = {code: n for code, n in counts.items() if code and not (code.isdigit() and int(code) in metric.missing)}
    n = sum(valid.values())
    yes = sum(count for code, count in valid.items() if code.isdigit() and int(code) in metric.numerator)
    low, high = proportion_interval(yes, n, method="wilson") if n else (None, None)
    label = question.label[form.default_language].plain if form.default_language in question.label else question.name
    return Rate(label, metric.name, yes, n, counts.total() - n, yes / n if n else None, low, high)
