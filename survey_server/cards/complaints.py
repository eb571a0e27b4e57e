"""What citizens write at a card's page: sealed, told to the owner alone, answered.

Nobody who works in the field reads one, for it may be about them (信访工作条例: never passed to whom it is about).
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from sqlmodel import col, func, select

from survey_server.accounts.limits import Budget, outside, spend
from survey_server.accounts.models import Person
from survey_server.audit.service import record
from survey_server.cards.models import Card, Complaint, ComplaintState
from survey_server.cards.service import Issued
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.service import cipher_of
from survey_server.studies.models import Study
from survey_server.work import Work

COMPLAINT = "complaint"
MOST_LETTERS, MOST_CONTACT, MOST_ANSWER = 500, 60, 1000
OF_ONE_CARD = Budget("complaint-card", size=20, seconds=3600)
OF_ONE_ADDRESS = Budget("complaint-address", size=5, seconds=3600)


@dataclass(frozen=True)
class Told:
    """A complaint, opened."""

    complaint: Complaint
    study: Study
    card_number: str
    person_name: str
    words: str
    contact: str
    answer: str


def complain(work: Work, issued: Issued, words: str, contact: str, address: str | None) -> str:
    """Keep what a citizen wrote; returns the token by which they see the answer.

    Raises INVALID_FIELD for nothing, TOO_MANY_TRIES.
    """
    words, contact = words.strip()[:MOST_LETTERS], contact.strip()[:MOST_CONTACT]
    if not words:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("What happened"), why=N_("it is empty"))
    spend(work, OF_ONE_CARD, str(issued.card.id))
    if outside(address):
        spend(work, OF_ONE_ADDRESS, outside(address))
    study_id = issued.card.study_id
    row = Complaint(study_id=study_id, card_id=issued.card.id, words=b"", received_at=work.now)
    sealed = json.dumps({"words": words, "contact": contact}, ensure_ascii=False).encode()
    row.words = cipher_of(work, study_id).seal(row.id, sealed)
    work.session.add(row)
    record(work, "complaint.receive", "complaint", row.id, study_id=study_id, card=str(issued.card.id))
    return work.vault.token(COMPLAINT, row.id)


def told_by(work: Work, token: str) -> Told:
    """The complaint of this token; raises NOT_FOUND."""
    complaint_id = work.vault.read_token(COMPLAINT, token)
    complaint = work.session.get(Complaint, complaint_id) if complaint_id else None
    if complaint is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return _open(work, complaint)


def complaints(work: Work) -> list[Told]:
    """Every complaint that can still be read, the new ones first; that they were read is recorded."""
    query = (
        select(Complaint)
        .join(Study, col(Study.id) == Complaint.study_id)
        .where(col(Study.closed_at).is_(None))
        .order_by(col(Complaint.state).desc(), col(Complaint.received_at).desc())
    )
    found = work.session.exec(query).all()
    record(work, "complaint.read", "person", work.person_id, complaints=len(found))
    return [_open(work, complaint) for complaint in found]


def waiting(work: Work) -> int:
    """How many nobody has answered."""
    query = select(func.count()).select_from(Complaint).where(Complaint.state == ComplaintState.NEW.value)
    return work.session.exec(query).one()


def answer(work: Work, complaint_id: uuid.UUID, words: str) -> None:
    """Say what was done about it; the citizen reads it. Raises INVALID_FIELD for nothing, NOT_FOUND."""
    complaint = work.session.get(Complaint, complaint_id)
    if complaint is None:
        raise ZoufangError(Problem.NOT_FOUND)
    words = words.strip()[:MOST_ANSWER]
    if not words:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Answer"), why=N_("it is empty"))
    complaint.answer = cipher_of(work, complaint.study_id).seal(complaint.id, words.encode())
    complaint.state, complaint.handled_at = ComplaintState.HANDLED.value, work.now
    complaint.handled_by = work.person_id
    work.session.add(complaint)
    record(work, "complaint.handle", "complaint", complaint_id, study_id=complaint.study_id)


def _open(work: Work, complaint: Complaint) -> Told:
    cipher = cipher_of(work, complaint.study_id)
    said = json.loads(cipher.open(complaint.id, complaint.words))
    card = work.session.get_one(Card, complaint.card_id)
    return Told(
        complaint,
        work.session.get_one(Study, complaint.study_id),
        card.number,
        work.session.get_one(Person, card.person_id).name,
        said["words"],
        said["contact"],
        cipher.open(complaint.id, complaint.answer).decode() if complaint.answer else "",
    )
