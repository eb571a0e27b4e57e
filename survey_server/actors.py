"""On whose behalf something is done."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a person may do here."""

    OWNER = "owner"
    """负责人: people, keys, the closing of a study, and everything that an evaluator may."""
    EVALUATOR = "evaluator"
    SUPERVISOR = "supervisor"
    """督导: fieldwork in their own counties or towns."""
    REVIEWER = "reviewer"
    """审核员: reads the answers and says whether they stand."""
    INTERVIEWER = "interviewer"
    OPERATOR = "operator"
    OBSERVER = "observer"
    """委托方观察员: aggregates only, small cells suppressed."""


@dataclass(frozen=True)
class Grant:
    """A part of the data that somebody may reach: a study (None: every one), a county, a town ("" : all of them)."""

    study_id: uuid.UUID | None = None
    county: str = ""
    town: str = ""

    def covers(self, other: Grant) -> bool:
        """Whether whoever has this grant reaches all that ``other`` reaches."""
        return all(not mine or mine == theirs for mine, theirs in self._beside(other))

    def meets(self, other: Grant) -> bool:
        """Whether there may be something that both reach."""
        return all(not mine or not theirs or mine == theirs for mine, theirs in self._beside(other))

    def _beside(self, other: Grant) -> tuple[tuple[object, object], ...]:
        return (self.study_id, other.study_id), (self.county, other.county), (self.town, other.town)


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
    reach: tuple[Grant, ...] | None = None
    """The parts of the data that every query of this actor is held to (see :mod:`survey_server.scopes`); None: all."""

    def may(self, who: frozenset[Role]) -> bool:
        """Whether one of this actor's roles is among ``who``."""
        return bool(self.roles & who)

    def reaches(self, part: Grant) -> bool:
        """Whether all of this part of the data is within this actor's reach."""
        return within(self.reach, part)

    def touches(self, part: Grant) -> bool:
        """Whether some of this part of the data may be within this actor's reach."""
        return self.reach is None or any(mine.meets(part) for mine in self.reach)

    @property
    def known(self) -> bool:
        """Whether we know who this is."""
        return self.id is not None


SYSTEM = Actor("system")
PUBLIC = Actor("public")

OWNERS = frozenset({Role.OWNER})
EVALUATORS = OWNERS | {Role.EVALUATOR}
SUPERVISORS = EVALUATORS | {Role.SUPERVISOR}
REVIEWERS = SUPERVISORS | {Role.REVIEWER}
OBSERVERS = EVALUATORS | {Role.OBSERVER}
OFFICE = REVIEWERS | OBSERVERS
"""Everybody who works at the pages of a study."""
INTERVIEWERS = frozenset({Role.INTERVIEWER})
OPERATORS = frozenset({Role.OPERATOR})
FIELDWORKERS = INTERVIEWERS | OPERATORS
ANYBODY_KNOWN = frozenset(Role)
BOUND = frozenset({Role.SUPERVISOR, Role.OBSERVER})
"""Roles that reach nothing until it is granted to them."""


def within(reach: tuple[Grant, ...] | None, part: Grant) -> bool:
    """Whether all of this part of the data is within the reach."""
    return reach is None or any(mine.covers(part) for mine in reach)


def reach_of(roles: frozenset[Role], grants: tuple[Grant, ...]) -> tuple[Grant, ...] | None:
    """An owner reaches everything; others what was granted or, where nothing was, what their role says."""
    if Role.OWNER in roles:
        return None
    if grants or roles & BOUND:
        return grants
    return None
