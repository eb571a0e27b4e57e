"""The money of a study: received, carried over, spent and left, by part, and the share of it that was examined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sqlmodel import select

from analysis.contradictions import Finding, fund_balance
from analysis.rollup import share_examined
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.results.service import Results
from survey_server.scores.models import FundAmount
from survey_server.scores.parts import counties_in, part_of
from survey_server.studies.models import Study
from survey_server.work import Work

AMOUNTS = ("received", "carried_over", "spent", "balance", "examined")
NAMES: Mapping[str, str] = {
    "received": N_("Amount received"),
    "carried_over": N_("Amount carried over"),
    "spent": N_("Amount spent"),
    "balance": N_("Amount left"),
    "examined": N_("Amount examined"),
}
MOST_EVIDENCE = 100
LARGEST = Decimal(10) ** 15


@dataclass(frozen=True)
class Funds:
    """The amounts by part, what does not balance, and the share that was examined (a fraction; None: not known)."""

    rows: Mapping[str, FundAmount]
    findings: Mapping[str, Finding]
    examined: Decimal | None
    total: Decimal | None

    @property
    def share(self) -> Decimal | None:
        """资金占比: examined over all that there was to spend."""
        if self.examined is None or not self.total:
            return None
        return share_examined(self.examined, self.total)


def funds_of(work: Work, results: Results) -> Funds:
    """What was entered; the whole is the row of the whole, else the sum of the counties where all of them are there."""
    query = select(FundAmount).where(FundAmount.study_id == results.study.id)
    rows = {row.part: row for row in work.session.exec(query).all()}
    findings = {key: finding for key, row in rows.items() if (finding := _balance(results, row)) is not None}
    examined, total = _whole(results, rows)
    return Funds(rows, findings, examined, total)


def enter_funds(work: Work, study: Study, results: Results, part: str, amounts: Mapping[str, str], paper: str) -> None:
    """Keep the amounts of a part; all empty takes them back. Raises STUDY_CLOSED, NOT_FOUND, INVALID_FIELD."""
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    named = part_of(results, part)
    typed = {name: _amount(name, amounts.get(name, "")) for name in AMOUNTS}
    if typed["examined"] and (total := _total(typed)) is not None and Decimal(typed["examined"]) > total:
        why = N_("more was examined than there was")
        raise ZoufangError(Problem.INVALID_FIELD, field=named.name or N_("Amount examined"), why=why)
    found = work.session.get(FundAmount, (study.id, part))
    if not any(typed.values()):
        if found is not None:
            work.session.delete(found)
            record(work, "funds.enter", "study", study.id, study_id=study.id, part=part)
        return
    found = found or FundAmount(study_id=study.id, part=part, at=work.now)
    if {name: getattr(found, name) for name in AMOUNTS} == typed and found.evidence == paper.strip():
        return
    for name, value in typed.items():
        setattr(found, name, value)
    found.evidence, found.person_id, found.at = paper.strip()[:MOST_EVIDENCE], work.person_id, work.now
    work.session.add(found)
    record(work, "funds.enter", "study", study.id, study_id=study.id, part=part, **typed)


def weights_of(funds: Funds, keys: list[str]) -> dict[str, Decimal] | None:
    """The money of each part, to weigh their scores by; None where it is not known of every one."""
    totals = {key: total for key in keys if key in funds.rows and (total := _total(_typed(funds.rows[key])))}
    return totals if len(totals) == len(keys) else None


def _balance(results: Results, row: FundAmount) -> Finding | None:
    if not (row.received and row.spent and row.balance):
        return None
    name = part_of(results, row.part).name or results.study.name
    return fund_balance(row.received, row.carried_over or 0, row.spent, row.balance, name)


def _whole(results: Results, rows: Mapping[str, FundAmount]) -> tuple[Decimal | None, Decimal | None]:
    keys = [""] if "" in rows else [part.key for part in counties_in(results)]
    known = [_typed(rows[key]) for key in keys if key in rows]
    totals = [_total(row) for row in known]
    if not known or len(known) < len(keys) or None in totals or not all(row["examined"] for row in known):
        return None, None
    whole = sum((total for total in totals if total is not None), Decimal(0))
    return sum((Decimal(row["examined"]) for row in known), Decimal(0)), whole


def _typed(row: FundAmount) -> dict[str, str]:
    return {name: getattr(row, name) for name in AMOUNTS}


def _total(typed: Mapping[str, str]) -> Decimal | None:
    """What there was to spend: received and carried over."""
    return Decimal(typed["received"]) + Decimal(typed["carried_over"] or 0) if typed["received"] else None


def _amount(name: str, text: str) -> str:
    bare = text.strip().replace(",", "").replace("，", "")
    if not bare:
        return ""
    try:
        number = Decimal(bare)
    except InvalidOperation as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=NAMES[name], why=N_("enter an amount")) from error
    if not number.is_finite() or abs(number) > LARGEST or (number < 0 and name != "balance"):
        raise ZoufangError(Problem.INVALID_FIELD, field=NAMES[name], why=N_("enter an amount"))
    return f"{number:f}"
