"""On whose behalf something is done."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person may do here."""

    ADMINISTRATOR = "administrator"
    EVALUATOR = "evaluator"
    INTERVIEWER = "interviewer"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Actor:
    """A person at a browser, a person's phone, the public, or the system itself."""

    kind: str
    id: uuid.UUID | None = None
    name: str = ""
    staff_no: str = ""
    roles: frozenset[Role] = field(default_factory=frozenset)
    device_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None

    def may(self, who: frozenset[Role]) -> bool:
        """Whether one of this actor's roles is among ``who``."""
        return bool(self.roles & who)

    @property
    def known(self) -> bool:
        """Whether we know who this is."""
        return self.id is not None


SYSTEM = Actor("system")
PUBLIC = Actor("public")

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
EVALUATORS = frozenset({Role.ADMINISTRATOR, Role.EVALUATOR})
INTERVIEWERS = frozenset({Role.INTERVIEWER})
OPERATORS = frozenset({Role.OPERATOR})
ANYBODY_KNOWN = frozenset(Role)
