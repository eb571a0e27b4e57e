"""Which households of a frame were drawn before for the same bureau, so that nobody is visited every year."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col

from survey_server.fieldwork.models import Case
from survey_server.privacy.bureaus import BureauMemory, bureau_name, household_name
from survey_server.rosters.models import Household
from survey_server.studies.models import Study
from survey_server.work import Work


@dataclass(frozen=True)
class Asked:
    """The latest time that a household was asked for this bureau, else drawn; ``asked_at`` is None: nobody tried."""

    unit_id: str
    study_id: uuid.UUID
    drawn_at: dt.datetime
    asked_at: dt.datetime | None
    outcome_class: str | None


def asked_before(work: Work, study: Study) -> list[Asked]:
    """The households of the study's frame that another study of the same bureau drew, by unit_id.

    Two statements and a keyed hash for each unit of the frame, whatever its size. Practice studies leave no memory.
    A study whose key is destroyed still answers. Only studies within the reader's reach are looked at.
    """
    earlier = _earlier(work, study)
    if not earlier:
        return []
    query = (
        sa.select(col(Household.unit_id), col(Household.id_index))
        .where(col(Household.study_id) == study.id, col(Household.id_index).is_not(None))
        .order_by(col(Household.unit_id))
    )
    frame = work.session.execute(query.execution_options(yield_per=5_000))
    named = ((unit_id, household_name(work.vault, study.client, index)) for unit_id, index in frame)
    return [Asked(unit_id, *earlier[name]) for unit_id, name in named if name in earlier]


def settle_memory(work: Work, study_id: uuid.UUID) -> None:
    """Write when and how each case was asked into the bureau's memory: before a closing takes the cases away."""
    same = (col(Case.id) == BureauMemory.case_id) & (col(Case.study_id) == study_id)
    work.session.execute(
        sa.update(BureauMemory)
        .where(col(BureauMemory.study_id) == study_id)
        .values(
            asked_at=sa.select(col(Case.last_attempt_at)).where(same).scalar_subquery(),
            outcome_class=sa.select(col(Case.outcome_class)).where(same).scalar_subquery(),
        )
        .execution_options(synchronize_session=False)
    )


def _earlier(work: Work, study: Study) -> dict[bytes, tuple[uuid.UUID, dt.datetime, dt.datetime | None, str | None]]:
    """By the household's name, its latest row; the case as it stands now, else what was written down of it."""
    asked_at = sa.func.coalesce(col(Case.last_attempt_at), col(BureauMemory.asked_at))
    query = (
        sa.select(
            col(BureauMemory.household),
            col(BureauMemory.study_id),
            col(BureauMemory.drawn_at),
            asked_at,
            sa.func.coalesce(col(Case.outcome_class), col(BureauMemory.outcome_class)),
        )
        .outerjoin_from(BureauMemory, Case, col(Case.id) == BureauMemory.case_id)
        .where(
            col(BureauMemory.bureau) == bureau_name(work.vault, study.client),
            col(BureauMemory.study_id) != study.id,
        )
        .order_by(asked_at.is_not(None), sa.func.coalesce(asked_at, col(BureauMemory.drawn_at)))
    )
    return {household: (study_id, *rest) for household, study_id, *rest in work.session.execute(query)}
