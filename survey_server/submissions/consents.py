"""What respondents agreed to, purpose by purpose (单独同意), and which answers may therefore not be used.

A questionnaire's question with role ``consent`` names its purpose by its metric tag; 1 is yes. ``consent_mode`` says
how it was given (by mouth and recorded, by signature, …).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from mobile_forms.answers import Checked
from mobile_forms.definition import FormDefinition, Question
from survey_server.errors import N_
from survey_server.submissions.models import Consent, Submission
from survey_server.work import Work

ROLE, MODE = "consent", "consent_mode"
INTERVIEW, GUARDIAN = "consent", "consent_guardian"
PHOTO, AUDIO, PLACE = "consent_photo", "consent_audio", "consent_place"
MINOR = "respondent_minor"
YES = "1"
ANSWERED = frozenset({"complete", "partial"})

PURPOSES: Mapping[str, str] = {
    INTERVIEW: N_("The interview"),
    GUARDIAN: N_("A guardian's consent for a child under 14"),
    "consent_sensitive": N_("Questions on health, disability and payments"),
    PHOTO: N_("Photographs"),
    AUDIO: N_("A recording"),
    PLACE: N_("The place of the visit"),
    "consent_contact": N_("Passing the telephone number on to the client"),
}
"""What each purpose is called."""
NO_CONSENT = "no_consent"
NO_GUARDIAN = "minor_without_guardian"
FILE_PURPOSE = {"image": PHOTO, "video": PHOTO, "audio": AUDIO}
BY_HAND = "signature"
CALL_RECORDING = "call-recording-"
"""How the name of a recording begins that was attached to an interview by telephone."""


@dataclass(frozen=True)
class Given:
    """The answer to one question of consent."""

    purpose: str
    question: str
    given: bool
    mode: str


def consents_in(form: FormDefinition, checked: Checked) -> list[Given]:
    """Every question of consent that was answered."""
    mode = next((checked.values[question.name] for question in form.by_metric(MODE) if _said(checked, question)), "")
    return [
        Given(question.metric, question.name, checked.values[question.name] == YES, mode)
        for question in form.by_role(ROLE)
        if question.metric != MODE and _said(checked, question)
    ]


def unusable(form: FormDefinition, checked: Checked, outcome_class: str | None) -> str:
    """Why these answers may never be used, or empty: no consent, or a child under 14 without the guardian's.

    Only answers that would count are judged (complete or partial); 个人信息保护法 13, 31.
    """
    if outcome_class not in ANSWERED:
        return ""
    said = {given.purpose: given.given for given in consents_in(form, checked)}
    child = any(checked.values.get(question.name) == YES for question in form.by_metric(MINOR))
    if (child and not said.get(GUARDIAN)) or said.get(GUARDIAN) is False:
        return NO_GUARDIAN
    return NO_CONSENT if form.by_metric(INTERVIEW) and not said.get(INTERVIEW) else ""


def withheld_files(form: FormDefinition, checked: Checked) -> list[str]:
    """The questions whose photograph, recording or place came although its purpose was not agreed to."""
    agreed = {"", *(given.purpose for given in consents_in(form, checked) if given.given)}
    uncalled = {broken.question for broken in checked.breaks if broken.rule == "irrelevant_value"}
    return [
        question.name
        for question in form.questions
        if (question.takes_file or question.kind == "geopoint")
        and (_said(checked, question) or question.name in uncalled)
        and purpose_of(form, question) not in agreed
    ]


def purpose_of(form: FormDefinition, question: Question) -> str:
    """The purpose that a question's file or place needs consent for; empty where it needs none.

    It is the question of consent that opens it, else the one for its kind. A signature is how consent is given, and
    where nobody was met (a place that no consent opens) nobody could be asked.
    """
    opens = question.bind.relevant or ""
    for asked in form.by_role(ROLE):
        if asked.metric != MODE and re.search(rf"{re.escape(asked.path)}(?![\w/-])", opens):
            return asked.metric
    if not question.takes_file or question.appearance.startswith(BY_HAND):
        return ""
    return FILE_PURPOSE.get(question.kind, INTERVIEW)


def usable_files(
    form: FormDefinition, named: Mapping[str, str], purposes: Collection[str]
) -> Iterator[tuple[Question, str]]:
    """The file questions whose purpose is agreed to, each with the name of its file; ``named`` are the answers."""
    for question in form.questions:
        if question.takes_file and named.get(question.name) and purpose_of(form, question) in {"", *purposes}:
            yield question, named[question.name]


def standing(work: Work, submission_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """The purposes that are agreed to now, by submission."""
    query = select(Consent.submission_id, Consent.purpose).where(
        col(Consent.submission_id).in_(submission_ids),
        col(Consent.given).is_(True),
        col(Consent.withdrawn_at).is_(None),
    )
    found: dict[uuid.UUID, list[str]] = {}
    for submission_id, purpose in work.session.exec(query).all():
        found.setdefault(submission_id, []).append(purpose)
    return found


def rows_for(submission: Submission, given: Collection[Given]) -> Iterator[Consent]:
    """The rows to keep."""
    for one in given:
        yield Consent(
            submission_id=submission.id,
            study_id=submission.study_id,
            form_version_id=submission.form_version_id,
            purpose=one.purpose,
            question=one.question,
            given=one.given,
            mode=one.mode,
            at=submission.received_at,
        )


def withdraw_consent(work: Work, submission_ids: Collection[uuid.UUID]) -> None:
    """From now on nothing is agreed to any more."""
    work.session.execute(
        sa.update(Consent)
        .where(col(Consent.submission_id).in_(submission_ids), col(Consent.withdrawn_at).is_(None))
        .values(withdrawn_at=work.now)
    )


def _said(checked: Checked, question: Question) -> bool:
    return bool(checked.values.get(question.name))
