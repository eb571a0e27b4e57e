"""Who reaches which rows: held in every query of a session, so that no page can forget it.

A room says beside each of its tables how its rows belong to a study and a place::

    limit(Case, by=places(Case.study_id, Case.county, Case.town))

and every SELECT, UPDATE and DELETE over that table, also inside a subquery and by primary key, is held to the
grants of the actor on whose behalf the session works.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlmodel import SQLModel, col

from survey_server.actors import Grant

Grants = tuple[Grant, ...]
Limit = Callable[[Grants], sa.ColumnElement[bool]]
LIMITS: dict[type[SQLModel], Limit] = {}
_REACH = "what this session may reach"


def limit(table: type[SQLModel], *, by: Limit) -> None:
    """Hold every query over ``table`` to the reach of whoever asks."""
    LIMITS[table] = by


def studies(study: Any) -> Limit:  # noqa: ANN401 - SQLModel types a column as its value
    """Rows belong to the study in this column."""
    return lambda grants: sa.or_(sa.false(), *(_same(study, grant.study_id) for grant in grants))


def places(study: Any, county: Any, town: Any = None) -> Limit:  # noqa: ANN401 - likewise
    """Rows belong to a study, a county and a town; without a column for towns, a grant for a town reaches none."""

    def condition(grants: Grants) -> sa.ColumnElement[bool]:
        return sa.or_(sa.false(), *(_place(study, county, town, grant) for grant in grants))

    return condition


def rows_of(reference: Any, parent: type[SQLModel], key: Any) -> Limit:  # noqa: ANN401 - likewise
    """Rows belong to the row of ``parent`` that ``reference`` names by its ``key``."""
    return lambda grants: col(reference).in_(sa.select(col(key)).where(LIMITS[parent](grants)))


def either(*limits: Limit) -> Limit:
    """Rows that one of these lets through."""
    return lambda grants: sa.or_(*(one(grants) for one in limits))


def hold(session: Session, reach: Grants | None) -> None:
    """From now on this session sees what ``reach`` allows; None: everything."""
    session.info[_REACH] = reach


@event.listens_for(Session, "do_orm_execute")
def _hold_to_reach(state: ORMExecuteState) -> None:
    reach = state.session.info.get(_REACH)
    if reach is None:
        return
    criteria = [with_loader_criteria(table, by(reach), include_aliases=True) for table, by in LIMITS.items()]
    state.statement = state.statement.options(*criteria)


def _same(column: Any, value: object) -> sa.ColumnElement[bool]:  # noqa: ANN401 - likewise
    return sa.true() if value is None else col(column) == value


def _place(study: Any, county: Any, town: Any, grant: Grant) -> sa.ColumnElement[bool]:  # noqa: ANN401 - likewise
    parts = [_same(study, grant.study_id)]
    if grant.county:
        parts.append(col(county) == grant.county)
    if grant.town:
        parts.append(sa.false() if town is None else col(town) == grant.town)
    return sa.and_(*parts)
