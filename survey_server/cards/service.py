"""Cards (工作证) and letters (委托函): issued, shown to whoever scans, revoked."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlmodel import col, func, select

from survey_server.accounts.models import Person
from survey_server.accounts.people import Member, managed, may_manage, members
from survey_server.actors import Role
from survey_server.audit.service import record
from survey_server.cards.models import Card, ClientLetter
from survey_server.cards.pictures import Picture, PictureError, letter, photo
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.service import cipher_of
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Work

CARD = "card"
LONGEST = dt.timedelta(days=366)
WHY = {
    "kind": N_("it is neither JPEG nor PNG (a letter may be a PDF)"),
    "large": N_("it is too large: a photograph may have 300 KB, a letter 3 MB"),
    "small": N_("it is smaller than 60 × 60"),
    "wide": N_("it is larger than 6000 × 6000"),
    "broken": N_("it is damaged"),
    "active": N_("it holds scripts or attachments; print it anew as a plain PDF"),
}


class Standing(StrEnum):
    """Whether a card is worth anything today."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Issued:
    """A card with whose it is, and how it stands."""

    card: Card
    person: Person
    study: Study
    standing: Standing

    @property
    def is_valid(self) -> bool:
        """Whether whoever shows it may be let in."""
        return self.standing is Standing.VALID


def issue(work: Work, study: Study, person_id: uuid.UUID, content: bytes, valid_until: dt.date) -> Card:
    """A card for somebody who goes to households; an earlier one of the study is revoked.

    Raises INVALID_FIELD for the picture or the date, NOT_FOUND, NOT_ALLOWED.
    """
    member = managed(work, person_id)
    if not _may_bear(member):
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Person"), why=N_("choose one of the list"))
    if not today(work) <= valid_until <= today(work) + LONGEST:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Valid until"), why=N_("a day from today, within a year"))
    picture = _photo(content)
    for earlier in _cards(work, study.id):
        if earlier.person_id == person_id and earlier.revoked_at is None:
            earlier.revoked_at = work.now
            work.session.add(earlier)
    card = Card(
        study_id=study.id,
        person_id=person_id,
        number=_next_number(work, study.id),
        photo_kind=picture.kind,
        photo=b"",
        valid_until=valid_until,
        issued_at=work.now,
    )
    card.photo = cipher_of(work, study.id).seal(card.id, picture.content)
    work.session.add(card)
    record(work, "card.issue", "card", card.id, study_id=study.id, person=str(person_id), number=card.number)
    return card


def revoke(work: Work, study_id: uuid.UUID, card_id: uuid.UUID) -> None:
    """From now on the page behind the card says that it is worth nothing; raises NOT_FOUND, NOT_ALLOWED."""
    card = work.session.get(Card, card_id)
    if card is None or card.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    managed(work, card.person_id)
    card.revoked_at = card.revoked_at or work.now
    work.session.add(card)
    record(work, "card.revoke", "card", card_id, study_id=study_id)


def cards_of(work: Work, study: Study) -> list[Issued]:
    """The cards of those whom the actor may see, by number."""
    seen = {member.person.id: member.person for member in members(work)}
    return [
        _issued(work, card, seen[card.person_id], study) for card in _cards(work, study.id) if card.person_id in seen
    ]


def card_bearers(work: Work) -> list[Member]:
    """Who may be given a card by the actor: the active people whom they manage, but for the client's observers."""
    able = [member for member in members(work) if may_manage(work.actor, member) and _may_bear(member)]
    return sorted(able, key=lambda member: (member.person.staff_no, member.person.name))


def shown(work: Work, token: str) -> Issued:
    """The card whose code was scanned; raises CARD_UNKNOWN for one that this server never issued."""
    card_id = work.vault.read_token(CARD, token)
    card = work.session.get(Card, card_id) if card_id else None
    if card is None:
        raise ZoufangError(Problem.CARD_UNKNOWN)
    person = work.session.get_one(Person, card.person_id)
    return _issued(work, card, person, study_of(work, card.study_id))


def photo_of(work: Work, card: Card) -> Picture:
    """The photograph of a card; raises STUDY_CLOSED once it was destroyed with the study's key."""
    return Picture(card.photo_kind, cipher_of(work, card.study_id).open(card.id, card.photo))


def address_of(work: Work, card: Card) -> str:
    """Where the code of a card leads."""
    return f"{work.settings.public_url}/q/card/{work.vault.token(CARD, card.id)}"


def add_letter(work: Work, study: Study, content: bytes) -> ClientLetter:
    """The client's letter, shown to everybody behind every card of the study; raises INVALID_FIELD."""
    try:
        picture = letter(content)
    except PictureError as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("The client's letter"), why=WHY[error.code]) from error
    row = ClientLetter(study_id=study.id, kind=picture.kind, content=b"", added_at=work.now)
    row.content = cipher_of(work, study.id).seal(row.id, picture.content)
    work.session.add(row)
    record(work, "letter.add", "study", study.id, study_id=study.id, bytes=len(picture.content))
    return row


def letter_of(work: Work, study_id: uuid.UUID) -> ClientLetter | None:
    """The newest letter of a study."""
    query = select(ClientLetter).where(ClientLetter.study_id == study_id)
    return work.session.exec(query.order_by(col(ClientLetter.added_at).desc())).first()


def letter_picture(work: Work, study_id: uuid.UUID) -> Picture:
    """What the letter shows; raises NOT_FOUND, STUDY_CLOSED."""
    row = letter_of(work, study_id)
    if row is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return Picture(row.kind, cipher_of(work, study_id).open(row.id, row.content))


def today(work: Work) -> dt.date:
    """The day at the office."""
    return work.now.astimezone(ZoneInfo(work.settings.timezone)).date()


def _may_bear(member: Member) -> bool:
    return member.person.active and bool(member.roles - {Role.OBSERVER})


def _issued(work: Work, card: Card, person: Person, study: Study) -> Issued:
    standing = Standing.VALID
    if today(work) > card.valid_until or study.closed_at is not None:
        standing = Standing.EXPIRED
    if card.revoked_at is not None or not person.active:
        standing = Standing.REVOKED
    return Issued(card, person, study, standing)


def _cards(work: Work, study_id: uuid.UUID) -> Sequence[Card]:
    return work.session.exec(select(Card).where(Card.study_id == study_id).order_by(Card.number)).all()


def _next_number(work: Work, study_id: uuid.UUID) -> str:
    count = work.session.exec(select(func.count()).select_from(Card).where(Card.study_id == study_id)).one()
    return f"{count + 1:04d}"


def _photo(content: bytes) -> Picture:
    try:
        return photo(content)
    except PictureError as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Photograph"), why=WHY[error.code]) from error
