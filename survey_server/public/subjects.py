"""Whose code was scanned: from the token in the address to the study, the questionnaire and what is known already."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlmodel import col, select

from mobile_forms.definition import FormDefinition
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import facts_of
from survey_server.studies.forms import current_form
from survey_server.studies.models import Channel, FormVersion, Place, Purpose, Study
from survey_server.studies.service import study_of
from survey_server.submissions.models import Submission
from survey_server.work import Work

CASE, PLACE = "case", "place"
# No question of the self-completed form needs them, and a stranger might hold the phone.
Lists = dict[str, list[dict[str, str]]]


@dataclass(frozen=True)
class Subject:
    """A household or a place, as its code presets it. ``number`` is the 样本编号 or the number of the place."""

    token: str
    study: Study
    form: FormVersion
    channel: Channel
    number: str
    lists: Lists
    case_id: uuid.UUID | None = None
    place_id: uuid.UUID | None = None


def subject_of(work: Work, token: str) -> Subject:
    """The subject of a printed code; raises QR_UNKNOWN for a token that is not ours or not open."""
    case_id = work.vault.read_token(CASE, token)
    if case_id is not None:
        return _household(work, token, case_id)
    place_id = work.vault.read_token(PLACE, token)
    if place_id is not None:
        return _place(work, token, place_id)
    raise ZoufangError(Problem.QR_UNKNOWN)


def has_answered(work: Work, subject: Subject) -> bool:
    """Whether this household has answered by its code before; a place is never done."""
    if subject.case_id is None:
        return False
    query = select(Submission.id).where(
        Submission.case_id == subject.case_id, Submission.channel == Channel.QR_HOUSEHOLD.value
    )
    return work.session.exec(query.limit(1)).first() is not None


def presets(form: FormDefinition, number: str) -> dict[str, str]:
    """Answers that the code gives by itself: who is meant, and that the respondent fills in alone."""
    who = {question.name: number for question in form.by_role("case") if question.metric.endswith("_id")}
    how = {
        question.name: choice.value
        for question in form.questions
        if "mode" in (question.role, question.metric)
        for choice in question.choices
        if choice.extra.get("x_flag") == "self"
    }
    return who | how


def printable_cases(work: Work, study_id: uuid.UUID) -> list[Case]:
    """The sampled households that may be asked: released, in the order of their numbers."""
    query = select(Case).where(
        Case.study_id == study_id, col(Case.released_at).is_not(None), col(Case.withdrawn_at).is_(None)
    )
    return list(work.session.exec(query.order_by(Case.sample_id)).all())


def _household(work: Work, token: str, case_id: uuid.UUID) -> Subject:
    case = work.session.get(Case, case_id)
    form = current_form(work, case.study_id, Purpose.RECIPIENT) if case and case.released_at else None
    if case is not None and case.withdrawn_at is not None:
        raise ZoufangError(Problem.WITHDRAWN_HERE)
    if case is None or form is None:
        raise ZoufangError(Problem.QR_UNKNOWN)
    study = _open_study(work, case.study_id)
    item = facts_of(work, case.study_id, [case.id])[0].as_public_item()
    lists = {"households.csv": [item]}
    return Subject(token, study, form, Channel.QR_HOUSEHOLD, case.sample_id, lists, case_id=case.id)


def _open_study(work: Work, study_id: uuid.UUID) -> Study:
    study = study_of(work, study_id)
    if study.closed_at is not None:
        raise ZoufangError(Problem.QR_UNKNOWN)
    return study


def _place(work: Work, token: str, place_id: uuid.UUID) -> Subject:
    place = work.session.get(Place, place_id)
    form = current_form(work, place.study_id, Purpose(place.purpose)) if place else None
    if place is None or form is None:
        raise ZoufangError(Problem.QR_UNKNOWN)
    item = {"name": place.code, "label": place.label, "p_county": place.county}
    lists = {"places.csv": [item], "sessions.csv": [item]}
    study = _open_study(work, place.study_id)
    return Subject(token, study, form, Channel.QR_PLACE, place.code, lists, place_id=place.id)
