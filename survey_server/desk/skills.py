"""Which languages besides Chinese an operator speaks."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.accounts.models import Person
from survey_server.audit.service import record
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.calls import OperatorSkill
from survey_server.work import Work


def skills_of(work: Work) -> dict[uuid.UUID, set[str]]:
    """The languages of every operator who has some."""
    found: dict[uuid.UUID, set[str]] = {}
    for skill in work.session.exec(select(OperatorSkill)):
        found.setdefault(skill.person_id, set()).add(skill.language)
    return found


def keep_skills(work: Work, person_id: uuid.UUID, languages: Sequence[str]) -> None:
    """Say which languages an operator speaks; raises NOT_FOUND."""
    if work.session.get(Person, person_id) is None:
        raise ZoufangError(Problem.NOT_FOUND)
    work.session.execute(sa.delete(OperatorSkill).where(col(OperatorSkill.person_id) == person_id))
    work.session.add_all(OperatorSkill(person_id=person_id, language=code) for code in dict.fromkeys(languages))
    record(work, "operator.skills", "person", person_id, languages=sorted(languages))
