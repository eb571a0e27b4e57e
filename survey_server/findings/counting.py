"""What the ledger counts: verified findings alone, with those still open beside them as the bounds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
import sqlalchemy as sa
from sqlmodel import col

from survey_server.findings.examined import examined_by_check
from survey_server.findings.kinds import (
    COUNTED,
    DROPPED,
    LEFT_OUT,
    PAID_AFTER_DEATH,
    WRONGLY_IN,
    Check,
    State,
    checks,
)
from survey_server.findings.models import Finding
from survey_server.submissions.models import Clue
from survey_server.work import Work

COLUMNS = ("county", "kind", "check_no", "method", "state", "n")
TAGS: Mapping[str, frozenset[str]] = {
    "err_incl": frozenset({WRONGLY_IN}),
    "err_excl": frozenset({LEFT_OUT, DROPPED}),
    "err_death": frozenset({PAID_AFTER_DEATH}),
}
"""The columns of the accuracy metrics (metrics.yaml ERR_…) and the kinds of problems that they are of."""
VERIFIED, OPEN, CLEARED = "verified", "open", "cleared"


@dataclass(frozen=True)
class CheckRow:
    """One of the eight checks: households examined (None: by papers), clues ever, and what became of them."""

    check: Check
    examined: int | None
    clues: int
    verified: int
    dismissed: int
    unresolved: int


def counts_of(work: Work, study_id: uuid.UUID) -> pd.DataFrame:
    """How many findings there are (COLUMNS), by everything that is counted by; withdrawn ones are none."""
    keys = [getattr(Finding, name) for name in COLUMNS[:-1]]
    query = sa.select(*keys, sa.func.count()).where(
        col(Finding.study_id) == study_id, col(Finding.withdrawn_at).is_(None)
    )
    rows = work.session.execute(query.group_by(*keys).order_by(*keys)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=list(COLUMNS))


def verified_counts(counts: pd.DataFrame, by: str = "kind") -> pd.DataFrame:
    """A row a kind (or county, method …): ``total, clue, verified, dismissed``; verified with its later states."""
    states = counts["state"].map(_standing)
    parts = {
        "total": counts["n"],
        "clue": counts["n"].where(states == OPEN, 0),
        "verified": counts["n"].where(states == VERIFIED, 0),
        "dismissed": counts["n"].where(states == CLEARED, 0),
    }
    return pd.DataFrame(parts).groupby(counts[by]).sum().astype(int)


def accuracy(verified: int, unresolved: int, denominator: int) -> tuple[Decimal, Decimal] | None:
    """The share of ``denominator`` that is wrong: all unresolved false, and all true; None of nobody.

    metrics.yaml ERR_INCL: the denominator is everybody who was drawn, not those who were looked at again.
    """
    if denominator <= 0:
        return None
    ends = (Decimal(count) / Decimal(denominator) for count in (verified, verified + unresolved))
    low, high = ends
    return low, high


def verdicts(work: Work, study_id: uuid.UUID) -> pd.DataFrame:
    """Index case_id; a column for each of TAGS: verified, open, cleared, or "" where nothing was found.

    A household counts once, by the gravest: verified before open before cleared. Findings without a case are of none.
    """
    kinds = sorted(frozenset().union(*TAGS.values()))
    query = sa.select(col(Finding.case_id), col(Finding.kind), col(Finding.state)).where(
        col(Finding.study_id) == study_id,
        col(Finding.case_id).is_not(None),
        col(Finding.withdrawn_at).is_(None),
        col(Finding.kind).in_(kinds),
    )
    rows = [(case_id, kind, _standing(state)) for case_id, kind, state in work.session.execute(query)]
    return verdict_table(rows)


def verdict_table(rows: Sequence[tuple[uuid.UUID, str, str]]) -> pd.DataFrame:
    """The same from (case_id, kind, standing); pure."""
    gravest = {CLEARED: 1, OPEN: 2, VERIFIED: 3}
    found: dict[str, dict[uuid.UUID, str]] = {tag: {} for tag in TAGS}
    for case_id, kind, standing in rows:
        for tag, kinds in TAGS.items():
            if kind in kinds and gravest[standing] > gravest.get(found[tag].get(case_id, ""), 0):
                found[tag][case_id] = standing
    cases = list(dict.fromkeys(case_id for case_id, _, _ in rows))
    columns = {tag: [of_case.get(case_id, "") for case_id in cases] for tag, of_case in found.items()}
    return pd.DataFrame(columns, index=pd.Index(cases, name="case_id"), dtype=object)


def eight_checks(work: Work, study_id: uuid.UUID, counts: pd.DataFrame) -> list[CheckRow]:
    """核查八项 as one table; what it examined are households with a usable answer to one of its questions."""
    by_check = verified_counts(counts, "check_no")
    examined = examined_by_check(work, study_id)
    rows = []
    for check in checks():
        parts = [int(by_check[name].get(check.no, 0)) for name in ("total", "verified", "dismissed", "clue")]
        rows.append(CheckRow(check, examined.get(check.no) if check.tags else None, *parts))
    return rows


def sealed_clues(work: Work, study_id: uuid.UUID) -> int:
    """How many sealed integrity clues there are: of them nothing else is said (发现线索×条，已移交)."""
    query = sa.select(sa.func.count()).select_from(Clue).where(col(Clue.study_id) == study_id)
    return int(work.session.execute(query).scalar_one())


def _standing(state: str) -> str:
    if state in COUNTED:
        return VERIFIED
    return OPEN if state == State.CLUE else CLEARED
