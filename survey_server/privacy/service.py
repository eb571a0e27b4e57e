"""Keys of studies, and how personal facts look on a screen."""

from __future__ import annotations

import uuid

from survey_server.crypto import StudyCipher
from survey_server.errors import Problem, ZoufangError
from survey_server.privacy.models import StudyKey
from survey_server.work import Work


def create_key(work: Work, study_id: uuid.UUID) -> None:
    """Give a new study its two keys: one for personal facts, one for the clues that only a named few read."""
    for key_id in (study_id, clue_key_id(study_id)):
        wrapped = work.vault.new_study_key(key_id)
        work.session.add(StudyKey(study_id=key_id, wrapped=wrapped, created_at=work.now))


def cipher_of(work: Work, study_id: uuid.UUID) -> StudyCipher:
    """The cipher that seals and opens this study's personal facts; raises STUDY_CLOSED once the key is destroyed."""
    key = work.session.get(StudyKey, study_id)
    if key is None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    return work.vault.cipher(study_id, key.wrapped)


def clue_cipher_of(work: Work, study_id: uuid.UUID) -> StudyCipher:
    """The cipher of the study's clues. Whoever opens one is checked, and recorded, by ``submissions.clues``."""
    key_id = clue_key_id(study_id)
    key = work.session.get(StudyKey, key_id)
    return work.vault.cipher(key_id, key.wrapped) if key else cipher_of(work, study_id)


def clue_key_id(study_id: uuid.UUID) -> uuid.UUID:
    """Under what id the study's second key is kept, among the others, so that it is rotated with them."""
    return uuid.uuid5(study_id, "clues")


def issued_cipher_of(work: Work, study_id: uuid.UUID) -> StudyCipher:
    """The cipher of what was issued: reports, and the de-identified snapshots that their figures come from.

    Its key outlives the closing of the study, which destroys the two others: an issued figure can still be recomputed
    when nothing is left that leads from its rows to a household.
    """
    key_id = uuid.uuid5(study_id, "issued")
    key = work.session.get(StudyKey, key_id)
    if key is None:
        key = StudyKey(study_id=key_id, wrapped=work.vault.new_study_key(key_id), created_at=work.now)
        work.session.add(key)
    return work.vault.cipher(key_id, key.wrapped)


def destroy_keys(work: Work, study_id: uuid.UUID) -> list[uuid.UUID]:
    """Destroy both keys: what they sealed stays sealed for ever. Returns the ids of the keys."""
    gone = []
    for key_id in (study_id, clue_key_id(study_id)):
        key = work.session.get(StudyKey, key_id)
        if key is not None:
            work.session.delete(key)
            gone.append(key_id)
    return gone


def mask_name(name: str) -> str:
    """王小明 → 王**; what an interviewer needs in order to ask for the right house."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def mask_number(number: str) -> str:
    """13812345678 → 138****5678; a shorter number keeps its last two digits."""
    if len(number) >= 8:
        return number[:3] + "*" * (len(number) - 7) + number[-4:]
    return "*" * max(len(number) - 2, 0) + number[-2:]
