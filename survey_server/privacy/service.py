"""Keys of studies, and how personal facts look on a screen."""

from __future__ import annotations

import uuid

from survey_server.crypto import StudyCipher
from survey_server.errors import Problem, ZoufangError
from survey_server.privacy.models import StudyKey
from survey_server.work import Work


def create_key(work: Work, study_id: uuid.UUID) -> None:
    """Give a new study its key."""
    wrapped = work.vault.new_study_key(study_id)
    work.session.add(StudyKey(study_id=study_id, wrapped=wrapped, created_at=work.now))


def cipher_of(work: Work, study_id: uuid.UUID) -> StudyCipher:
    """The cipher that seals and opens this study's personal facts."""
    key = work.session.get(StudyKey, study_id)
    if key is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return work.vault.cipher(study_id, key.wrapped)


def mask_name(name: str) -> str:
    """王小明 → 王**; what an interviewer needs in order to ask for the right house."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def mask_number(number: str) -> str:
    """13812345678 → 138****5678; a shorter number keeps its last two digits."""
    if len(number) >= 8:
        return number[:3] + "*" * (len(number) - 7) + number[-4:]
    return "*" * max(len(number) - 2, 0) + number[-2:]
