"""The only door for answers, whatever the channel: ``receive``.

Idempotent by instanceID; the bytes are kept as they came; a broken rule is a flag and never a refusal; only
what cannot be read at all is refused. The slow work (reading, checking, sealing) is done outside the
transaction, so that SQLite's one writer is held for a millisecond.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from survey_server.actors import Actor
from survey_server.studies.models import Channel
from survey_server.work import Services


@dataclass(frozen=True)
class Receipt:
    """What we have, signed: ``body`` as DESIGN says, ``signature`` over its canonical JSON."""

    body: dict[str, Any]
    signature: str
    fresh: bool

    def as_json(self) -> dict[str, Any]:
        """For the phone."""
        return {"receipt": self.body, "signature": self.signature}


def receive(
    services: Services,
    actor: Actor,
    study_id: uuid.UUID,
    xml: bytes,
    files: Mapping[str, bytes],
    *,
    channel: Channel,
    case_id: uuid.UUID | None = None,
    place_id: uuid.UUID | None = None,
) -> Receipt:
    """Take one instance and its files.

    The case is the one given (preset by the channel), else the one that the answers name. Raises
    SUBMISSION_UNREADABLE, FORM_UNKNOWN, INSTANCE_CONFLICT (same instanceID, other bytes), NOT_FOUND.
    """
    raise NotImplementedError
