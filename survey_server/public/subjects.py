"""Whose code was scanned: from the token in the address to the study, the questionnaire and what is known already."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlmodel import col, select

from mobile_forms.definition import FormDefinition
from survey_server.crypto import Vault
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import facts_of
from survey_server.public.models import PrintedCode
from survey_server.public.typed import typed_code
from survey_server.studies.forms import current_form
from survey_server.studies.models import Channel, FormVersion, Place, Purpose, Study
from survey_server.studies.service import study_of
from survey_server.submissions.models import Submission
from survey_server.work import Work

CASE, PLACE, REPLACEMENT = "case", "place", "code"
"""What a token is made of: the household, the place, or the row of the code that replaced a household's first."""
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
    case_id = _case_of(work, token)
    if case_id is not None:
        return _household(work, token, case_id)
    place_id = work.vault.read_token(PLACE, token)
    if place_id is not None:
        return _place(work, token, place_id)
    raise ZoufangError(Problem.QR_UNKNOWN)


def token_of(vault: Vault, code: PrintedCode) -> str:
    """What the address of a printed code ends with."""
    if code.case_id is None:
        return vault.token(PLACE, _given(code.place_id))
    return vault.token(REPLACEMENT, code.id) if is_replacement(vault, code) else vault.token(CASE, code.case_id)


def is_replacement(vault: Vault, code: PrintedCode) -> bool:
    """Whether it replaced a household's first code: then what is typed is made of the code itself."""
    return code.case_id is not None and code.typed != typed_code(vault, code.case_id)


def code_of_case(work: Work, case_id: uuid.UUID) -> PrintedCode | None:
    """The household's code that may open; None before anything was printed."""
    return work.session.exec(select(PrintedCode).where(PrintedCode.case_id == case_id)).first()


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


def _case_of(work: Work, token: str) -> uuid.UUID | None:
    """The household of a first code or of the one that replaced it; raises CODE_REVOKED for one that was replaced."""
    code_id = work.vault.read_token(REPLACEMENT, token)
    if code_id is not None:
        held = work.session.get(PrintedCode, code_id)
        if held is None:
            raise ZoufangError(Problem.CODE_REVOKED)
        return held.case_id
    case_id = work.vault.read_token(CASE, token)
    held = code_of_case(work, case_id) if case_id is not None else None
    if held is not None and is_replacement(work.vault, held):
        raise ZoufangError(Problem.CODE_REVOKED)
    return case_id


def _given(value: uuid.UUID | None) -> uuid.UUID:
    if value is None:
        raise ZoufangError(Problem.CODE_UNKNOWN)
    return value


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
