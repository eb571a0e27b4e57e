"""An interview under way (未完成的访谈): kept at every answer, so that a broken line loses nothing.

The desk's page hands over the draft as it keeps it itself: the first instance and the journal upon it. Whoever
takes the case next goes on with it, in the version of the questionnaire in which it began.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from sqlmodel import col, select

from survey_server.desk.queue import keep_hold
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import CallDraft
from survey_server.fieldwork.models import Case
from survey_server.privacy.service import cipher_of
from survey_server.studies.models import FormVersion
from survey_server.submissions.models import Submission
from survey_server.work import Work

MOST_BYTES = 2_000_000
Text = Annotated[str, StringConstraints(max_length=100_000)]
Short = Annotated[str, StringConstraints(max_length=500)]


class Entry(BaseModel):
    """One thing done to the form, as the page's journal has it."""

    path: Short
    act: Short
    value: Text
    time: float


class Draft(BaseModel):
    """A draft as the page hands it over: what it is of, and its journal."""

    head: dict[Short, Any]
    journal: list[Entry] = Field(max_length=20_000)


def keep_draft(work: Work, case: Case, form: FormVersion, content: bytes) -> int:
    """Keep a draft, unless a longer one of the same interview is here; returns how many entries are kept.

    Raises UNREADABLE_REQUEST for what is no draft, STATE_CONFLICT where another operator has the case or the
    interview came in already, WITHDRAWN and STUDY_CLOSED.
    """
    keep_hold(work, case)
    draft = _read(content)
    if _came_in(work, case, draft):
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this case is not in your hands any more"))
    known = work.session.get(CallDraft, case.id)
    if known is not None and _instance(_open(work, known)) == _instance(draft) and known.count > len(draft.journal):
        return known.count
    sealed = cipher_of(work, case.study_id).seal(case.id, draft.model_dump_json().encode())
    work.session.merge(
        CallDraft(
            case_id=case.id,
            study_id=case.study_id,
            form_version_id=form.id,
            person_id=work.person_id,
            at=work.now,
            count=len(draft.journal),
            content=sealed,
        )
    )
    return len(draft.journal)


def draft_of(work: Work, case: Case) -> tuple[CallDraft, Draft] | None:
    """The interview that is under way for a case, by whoever began it; one that came in is not under way."""
    known = work.session.get(CallDraft, case.id)
    if known is None:
        return None
    draft = _open(work, known)
    return None if _came_in(work, case, draft) else (known, draft)


def drop_draft(work: Work, case: Case) -> None:
    """Forget the interview that is under way."""
    work.session.execute(sa.delete(CallDraft).where(col(CallDraft.case_id) == case.id))


def _open(work: Work, row: CallDraft) -> Draft:
    return Draft.model_validate(json.loads(cipher_of(work, row.study_id).open(row.case_id, row.content)))


def _came_in(work: Work, case: Case, draft: Draft) -> bool:
    """A page may still save while its interview is received, or after a fault that came right behind it."""
    query = select(Submission.id).where(
        Submission.study_id == case.study_id, Submission.instance_id == str(_instance(draft))
    )
    return work.session.exec(query).first() is not None


def _instance(draft: Draft) -> object:
    return draft.head.get("instanceId")


def _read(content: bytes) -> Draft:
    try:
        if len(content) > MOST_BYTES:
            raise ZoufangError(Problem.UNREADABLE_REQUEST)
        return Draft.model_validate_json(content)
    except ValidationError:
        raise ZoufangError(Problem.UNREADABLE_REQUEST) from None
