"""Personal data that lies in rooms above this one: each says beside its models what it keeps, for the inventory.

The rooms above are loaded with the app, and with them what they registered; this room need not know them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import SQLModel

OfStudy = Callable[[uuid.UUID], sa.ColumnElement[bool]]


@dataclass(frozen=True)
class Kept:
    """Rows of a table that hold personal data; words are English msgids, ``of`` tells those of a study.

    ``pipl`` is one of :data:`survey_server.rights.inventory.CLASSES`.
    """

    table: type[SQLModel]
    of: OfStudy
    name: str
    pipl: str
    why: str
    basis: str
    seen_by: str
    until: str


_kept: dict[str, Kept] = {}


def keeps(kept: Kept) -> None:
    """List this in the inventory of every study that has such rows."""
    _kept[kept.name] = kept


def registered() -> list[Kept]:
    """Everything that was registered, by table."""
    return sorted(_kept.values(), key=lambda kept: str(kept.table.__tablename__))
