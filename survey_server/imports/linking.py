"""Whose answers a row holds: found by 样本编号, household code, telephone, or name and village.

Telephones and ID numbers are looked up by their keyed index; names are opened only where a file names households by
name alone, and no one is shown them.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import col

from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import facts_of
from survey_server.imports.models import RowState
from survey_server.rosters.models import Household
from survey_server.work import Work

Index = Mapping[str, Mapping[object, frozenset[uuid.UUID]]]
OPENED_AT_ONCE = 500


@dataclass(frozen=True)
class Finder:
    """The drawn households of a study by what a file may call them."""

    work: Work
    index: Index
    sample_ids: Mapping[uuid.UUID, str] = field(default_factory=dict)

    def find(self, named: Mapping[str, str]) -> uuid.UUID | RowState:
        """The case that these names mean; NO_CASE, or SEVERAL_CASES where they fit more than one."""
        found = [cases for kind, text in named.items() if text and (cases := self._cases(kind, text))]
        if not found:
            return RowState.NO_CASE
        both = frozenset.intersection(*found)
        if len(both) == 1:
            return next(iter(both))
        return RowState.SEVERAL_CASES

    def _cases(self, kind: str, text: str) -> frozenset[uuid.UUID]:
        known = self.index.get(kind, {})
        text = _plain(text)
        if kind == "phone":
            return known.get(self.work.vault.index("phone", re.sub(r"\D", "", text)), frozenset())
        if kind == "unit":
            by_number = self.index.get("id_number", {}).get(self.work.vault.index("id_number", text.upper()))
            return known.get(text) or by_number or frozenset()
        return known.get(text.upper() if kind == "sample_id" else text, frozenset())


def finder(work: Work, study_id: uuid.UUID, kinds: frozenset[str]) -> Finder:
    """A finder over the study's drawn households for these kinds of names."""
    query = (
        sa.select(
            col(Case.id),
            col(Case.sample_id),
            col(Household.unit_id),
            col(Household.village),
            col(Household.phone_index),
            col(Household.id_index),
        )
        .join(Household, col(Household.id) == col(Case.household_id))
        .where(col(Case.study_id) == study_id)
    )
    index: dict[str, dict[object, set[uuid.UUID]]] = defaultdict(lambda: defaultdict(set))
    sample_ids: dict[uuid.UUID, str] = {}
    for case_id, sample_id, unit_id, village, phone, number in work.session.execute(query):
        sample_ids[case_id] = sample_id
        names = {
            "sample_id": sample_id.upper(),
            "unit": unit_id,
            "village": _plain(village),
            "phone": phone,
            "id_number": number,
        }
        for kind, name in names.items():
            if name:
                index[kind][name].add(case_id)
    if "name" in kinds:
        _add_names(work, study_id, index, list(sample_ids))
    return Finder(
        work, {kind: {n: frozenset(c) for n, c in names.items()} for kind, names in index.items()}, sample_ids
    )


def _add_names(
    work: Work, study_id: uuid.UUID, index: dict[str, dict[object, set[uuid.UUID]]], cases: list[uuid.UUID]
) -> None:
    for start in range(0, len(cases), OPENED_AT_ONCE):
        for fact in facts_of(work, study_id, cases[start : start + OPENED_AT_ONCE]):
            index["name"][_plain(fact.name)].add(fact.case.id)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
