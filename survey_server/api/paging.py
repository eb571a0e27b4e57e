"""Pages of lists: a cursor is the place of the last item, sealed, so that nothing shifts when items are added."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import request

from survey_server.api.schemas import PageQuery
from survey_server.crypto import SealBrokenError
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Work

Item = TypeVar("Item")
Row = sa.Row[*tuple[Any, ...]]


def page_of_rows(
    work: Work, query: PageQuery, statement: sa.Select[*tuple[Any, ...]], keys: Sequence[Any]
) -> tuple[Sequence[Row], str | None]:
    """The rows of ``statement`` after the cursor, by these columns (last in the select, unique together)."""
    after = _opened(work, query)
    if after is not None:
        place = [sa.literal(_typed(column, value), column.type) for column, value in zip(keys, after, strict=True)]
        statement = statement.where(sa.tuple_(*keys) > sa.tuple_(*place))
    rows = work.session.execute(statement.order_by(*keys).limit(query.limit + 1)).all()
    return rows[: query.limit], _next(work, query, rows, lambda row: row[-len(keys) :])


def page_of_items(
    work: Work, query: PageQuery, items: Sequence[Item], key: Callable[[Item], list[str]]
) -> tuple[Sequence[Item], str | None]:
    """Likewise of what is in memory already."""
    after = _opened(work, query)
    left = sorted((item for item in items if after is None or key(item) > after), key=key)
    return left[: query.limit], _next(work, query, left, key)


def _next(work: Work, query: PageQuery, found: Sequence[Item], key: Callable[[Item], Sequence[Any]]) -> str | None:
    """The cursor behind the last item of the page; None where nothing follows."""
    if len(found) <= query.limit:
        return None
    place = [_plain(value) for value in key(found[query.limit - 1])]
    return work.vault.seal_state(_list(), json.dumps(place).encode())


def _opened(work: Work, query: PageQuery) -> list[Any] | None:
    if query.cursor is None:
        return None
    try:
        return json.loads(work.vault.open_state(_list(), query.cursor))
    except SealBrokenError as error:
        why = N_("it does not belong to this list; begin without one")
        raise ZoufangError(Problem.INVALID_FIELD, field="?cursor", why=why) from error


def _list() -> str:
    """Which list a cursor belongs to."""
    return f"cursor {request.path}"


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


def _typed(column: Any, value: Any) -> Any:  # noqa: ANN401 - a column, and what JSON knows
    kind = column.type.python_type
    if kind is uuid.UUID:
        return uuid.UUID(value)
    return dt.datetime.fromisoformat(value) if kind is dt.datetime else value
