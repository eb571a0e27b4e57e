"""What a client bureau's households are remembered by after a study's key is destroyed: who was drawn, when asked.

The name of a household is a keyed hash of the bureau and the household's keyed index (``Vault.bureau_pseudonym``). It
needs no study's key, nobody can turn it back into a person, and two bureaus' memories cannot be laid side by side.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid
from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from survey_server.crypto import Vault
from survey_server.db import UtcDateTime
from survey_server.scopes import limit, studies
from survey_server.work import Work


class BureauMemory(SQLModel, table=True):
    """That a bureau's household was drawn for a study and, once that is written down, when and how it was asked."""

    __tablename__ = "bureau_memory"

    study_id: uuid.UUID = Field(primary_key=True)
    case_id: uuid.UUID = Field(primary_key=True)
    bureau: bytes = Field(index=True)
    household: bytes
    drawn_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    asked_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    outcome_class: str | None = None


limit(BureauMemory, by=studies(BureauMemory.study_id))


def bureau_name(vault: Vault, client: str) -> bytes:
    """The keyed name of a client bureau; blanks and the width of letters make no difference."""
    return vault.bureau_pseudonym("bureau", _plain(client).encode())


def household_name(vault: Vault, client: str, index: bytes) -> bytes:
    """The bureau's name for the household (or person) whose ID number has this keyed index."""
    return vault.bureau_pseudonym(_plain(client), index)


def remember(work: Work, client: str, study_id: uuid.UUID, drawn: Iterable[tuple[uuid.UUID, bytes | None]]) -> int:
    """Write down who was drawn: the case, and the keyed index of the ID number where there is one; returns how many."""
    if not _plain(client):
        return 0
    bureau = bureau_name(work.vault, client)
    rows = [
        {
            "study_id": study_id,
            "case_id": case_id,
            "bureau": bureau,
            "household": household_name(work.vault, client, index),
            "drawn_at": work.now,
        }
        for case_id, index in drawn
        if index is not None
    ]
    if rows:
        work.session.execute(sa.insert(BureauMemory), rows)
    return len(rows)


def _plain(client: str) -> str:
    return "".join(unicodedata.normalize("NFKC", client).split()).casefold()
