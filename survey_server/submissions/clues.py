"""Clues (线索): a bribe, a favour, a relative in office. Sealed to a named few of each study, under a key of their own.

A choice that its questionnaire flags ``sealed`` or ``flag_integrity`` (``x_flag``) is a clue. Of a question about
nothing else (role ``clue``, one answer) every answer is taken out, so that its absence tells nothing; elsewhere the
flagged codes are. What was taken out is replaced by ``sealed``, and the raw answers are sealed under the clue key too.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from mobile_forms.definition import Choice, FormDefinition, Question
from survey_server.accounts.models import Person
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.privacy.reasons import Reason
from survey_server.privacy.service import clue_cipher_of
from survey_server.submissions.models import Clue, ClueReader
from survey_server.work import Work

SEALED = "sealed"
FLAGS = frozenset({"sealed", "flag_integrity"})
MOST_WORDS = 2_000


@dataclass(frozen=True)
class TakenOut:
    """Answers without their clues, and the clues: [question, answer, in words], empty where there is none."""

    answers: dict[str, Any]
    clues: list[list[str]]


def asks_clues(form: FormDefinition) -> bool:
    """Whether a questionnaire asks anything that is sealed."""
    return any(_flagged(question) for question in form.questions)


def take_out(form: FormDefinition, answers: Mapping[str, Any]) -> TakenOut:
    """Replace what only the named few may read; ``answers`` has values by question and tags by metric."""
    values, tags = dict(answers["values"]), dict(answers["tags"])
    clues: list[list[str]] = []
    for question in form.questions:
        given, flagged = values.get(question.name, ""), _flagged(question)
        if not given or not flagged:
            continue
        found = [choice for choice in flagged if choice.value in given.split()]
        clues += [[_label(form, question), choice.value, _label(form, choice)] for choice in found]
        codes = {choice.value for choice in found}
        left = SEALED if _apart(question) else " ".join(SEALED if code in codes else code for code in given.split())
        values[question.name] = left
        if tags.get(question.metric) == given:
            tags[question.metric] = left
    if clues:
        clues += _facts(form, values, tags)
    return TakenOut({**answers, "values": values, "tags": tags}, clues)


def new_clue(
    work: Work,
    study_id: uuid.UUID,
    content: Sequence[Sequence[str]],
    *,
    case_id: uuid.UUID | None,
    submission_id: uuid.UUID | None = None,
) -> Clue:
    """Seal a clue; that there is one is recorded, and nothing of what it says."""
    clue = Clue(
        study_id=study_id,
        case_id=case_id,
        submission_id=submission_id,
        person_id=work.person_id,
        at=work.now,
        content=b"",
    )
    clue.content = clue_cipher_of(work, study_id).seal(clue.id, json.dumps(content, ensure_ascii=False).encode())
    work.session.add(clue)
    record(work, "clue.seal", "clue", clue.id, study_id=study_id)
    return clue


def enter_clue(work: Work, case: Case, words: str) -> Clue:
    """A clue that staff heard of; raises INVALID_FIELD where nothing is said."""
    words = words.strip()[:MOST_WORDS]
    if not words:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("What was heard"), why=N_("it is empty"))
    return new_clue(work, case.study_id, [["", "", words]], case_id=case.id)


def clues_of(work: Work, study_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """That there are clues: id, when, and the case's number; nothing else."""
    query = (
        sa.select(col(Clue.id), col(Clue.at), col(Case.sample_id), col(Case.county), col(Case.id).label("case_id"))
        .outerjoin(Case, col(Case.id) == col(Clue.case_id))
        .where(col(Clue.study_id) == study_id)
        .order_by(col(Clue.at).desc())
    )
    return work.session.execute(query).all()


def open_clue(work: Work, clue_id: uuid.UUID, reason: Reason) -> list[list[str]]:
    """What a clue says, to one of the named few and for a recorded reason; raises NOT_FOUND, NOT_ALLOWED."""
    clue = work.session.get(Clue, clue_id)
    if clue is None:
        raise ZoufangError(Problem.NOT_FOUND)
    if not is_reader(work, clue.study_id):
        raise ZoufangError(Problem.NOT_ALLOWED)
    record(work, "clue.open", "clue", clue.id, study_id=clue.study_id, reason=reason.code, words=reason.words)
    content: list[list[str]] = json.loads(clue_cipher_of(work, clue.study_id).open(clue.id, clue.content))
    return content


def is_reader(work: Work, study_id: uuid.UUID) -> bool:
    """Whether the actor is one of the named few of this study; a role alone is never enough."""
    return work.person_id is not None and work.session.get(ClueReader, (study_id, work.person_id)) is not None


def readers_of(work: Work, study_id: uuid.UUID) -> Sequence[Person]:
    """The named few."""
    query = select(Person).join(ClueReader, col(ClueReader.person_id) == Person.id)
    return work.session.exec(query.where(ClueReader.study_id == study_id).order_by(Person.name)).all()


def add_reader(work: Work, study_id: uuid.UUID, person_id: uuid.UUID) -> None:
    """Name one more."""
    if work.session.get(Person, person_id) is None:
        raise ZoufangError(Problem.NOT_FOUND)
    work.session.merge(ClueReader(study_id=study_id, person_id=person_id, added_by=work.person_id, added_at=work.now))
    record(work, "clue.reader", "person", person_id, study_id=study_id)


def remove_reader(work: Work, study_id: uuid.UUID, person_id: uuid.UUID) -> None:
    """Take one off the list."""
    found = work.session.get(ClueReader, (study_id, person_id))
    if found is not None:
        work.session.delete(found)
        record(work, "clue.reader_off", "person", person_id, study_id=study_id)


def _flagged(question: Question) -> list[Choice]:
    return [choice for choice in question.choices if choice.extra.get("x_flag") in FLAGS]


def _apart(question: Question) -> bool:
    """Whether a question is about nothing but a clue."""
    return question.role == "clue" and question.kind == "select_one"


def _facts(form: FormDefinition, values: dict[str, str], tags: dict[str, str]) -> list[list[str]]:
    """The free words in which an interviewer wrote the clue down, taken out with it."""
    found = []
    for question in form.by_role("conclusion"):
        if question.kind == "text" and values.get(question.name):
            found.append([_label(form, question), "", values[question.name]])
            values[question.name] = SEALED
            if question.metric in tags:
                tags[question.metric] = SEALED
    return found


def _label(form: FormDefinition, thing: Question | Choice) -> str:
    return thing.label[form.default_language].plain if form.default_language in thing.label else ""
