"""Units written down sealed, in small batches, beside the frame; and the one statement that makes them the frame."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col

from survey_server.crypto import StudyCipher, Vault
from survey_server.db import new_id
from survey_server.rosters.merging import Merged
from survey_server.rosters.models import Household, StagedUnit
from survey_server.work import Services, Work

BATCH = 2000
"""Units in a transaction: some tens of milliseconds, so that nobody who hands in answers has to wait."""

_PLAIN = (
    *("unit_id", "unit", "county", "town", "village", "area", "category", "category_name"),
    *("persons", "family", "monthly", "standard", "standard_year"),
)
_TO_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_WHOLE = frozenset({"persons", "family", "standard", "standard_year"})


def clear(work: Work, import_id: uuid.UUID) -> None:
    """Forget what an import staged."""
    work.session.execute(sa.delete(StagedUnit).where(col(StagedUnit.import_id) == import_id))


def stage(services: Services, import_id: uuid.UUID, study_id: uuid.UUID, cipher: StudyCipher, merged: Merged) -> None:
    """Seal the units and write them down; a unit that the frame has already keeps its id."""
    for facts in _batches(merged):
        with services.read() as work:
            known = _known_ids(work, study_id, [unit["unit_id"] for unit in facts])
        rows = [_sealed(unit, import_id, known.get(unit["unit_id"]), cipher, services.vault) for unit in facts]
        with services.write() as work:
            work.session.execute(sa.insert(_table(StagedUnit)), rows)


def take(work: Work, import_id: uuid.UUID, study_id: uuid.UUID) -> int:
    """Replace the study's frame by the staged units, whole or not at all; returns how many they are."""
    staged = sa.select(col(StagedUnit.id)).where(col(StagedUnit.import_id) == import_id)
    gone = sa.delete(Household).where(col(Household.study_id) == study_id, col(Household.id).not_in(staged))
    work.session.execute(gone, execution_options={"synchronize_session": False})
    table = _table(Household)
    names = [column.name for column in table.columns if column.name != "study_id"]
    source = _table(StagedUnit)
    rows = sa.select(sa.literal(study_id, sa.Uuid()), *(source.c[name] for name in names)).where(
        source.c.import_id == import_id
    )
    dialect = postgresql if work.session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table).from_select(["study_id", *names], rows)
    changed = {name: insert.excluded[name] for name in names if name != "id"}
    work.session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=changed))
    clear(work, import_id)
    counted = sa.select(sa.func.count()).select_from(table).where(table.c.study_id == study_id)
    return work.session.execute(counted).scalar_one()


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


def _known_ids(work: Work, study_id: uuid.UUID, unit_ids: list[str]) -> dict[str, uuid.UUID]:
    query = sa.select(col(Household.unit_id), col(Household.id)).where(
        col(Household.study_id) == study_id, col(Household.unit_id).in_(unit_ids)
    )
    return {row.unit_id: row.id for row in work.session.execute(query)}


def _batches(merged: Merged) -> Iterator[list[dict[str, Any]]]:
    """The units as dictionaries with their sources, `BATCH` at a time."""
    links = merged.links
    order = np.argsort(links["unit"].to_numpy(), kind="stable")
    bounds = np.searchsorted(links["unit"].to_numpy()[order], np.arange(len(merged.households) + 1))
    columns = ("file", "sheet", "row", "category", "why")
    facts = {str(name): merged.households[name].to_numpy() for name in merged.households}
    for start in range(0, len(merged.households), BATCH):
        end = min(start + BATCH, len(merged.households))
        values = zip(*(column[start:end].tolist() for column in facts.values()), strict=True)
        units = [dict(zip(facts, row, strict=True)) for row in values]
        low = bounds[start]
        chosen = links.iloc[order[low : bounds[end]]]
        sources = [list(row) for row in zip(*(chosen[name].tolist() for name in columns), strict=True)]
        for number, unit in enumerate(units, start=start):
            unit["sources"] = sources[bounds[number] - low : bounds[number + 1] - low]
        yield units


def _sealed(
    unit: dict[str, Any], import_id: uuid.UUID, known: uuid.UUID | None, cipher: StudyCipher, vault: Vault
) -> dict[str, Any]:
    """A row to insert. Of the ID number its end and the day of birth are kept, and a keyed index to find it by."""
    row_id = known or new_id()
    phones = [phone for phone in unit["phones"].split(" ") if phone]
    personal = {
        "name": unit["name"],
        "phones": phones,
        "address": unit["address"],
        "amount": _money(unit["amount"]),
        "id_tail": unit["id_number"][-4:],
        "card": unit["card"],
        "born": unit["born"],
        **({} if np.isnan(unit["lon"]) else {name: unit[name] for name in ("lon", "lat")}),
    }
    return {
        "import_id": import_id,
        "id": row_id,
        **{name: _whole(unit[name]) if name in _WHOLE else unit[name] for name in _PLAIN},
        "categories": unit["categories"].split(","),
        "sources": unit["sources"],
        "personal": cipher.seal(row_id, _TO_JSON(personal).encode()),
        "id_index": vault.index("id_number", unit["id_number"]) if unit["id_number"] else None,
        "phone_index": vault.index("phone", phones[0]) if phones else None,
    }


def _whole(value: float) -> int | None:
    return None if value != value else round(value)  # noqa: PLR0124 - NaN alone differs from itself


def _money(value: float) -> float | int | None:
    """Yuan; whole sums without decimals."""
    if value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return None
    return int(value) if value == int(value) else round(value, 2)
