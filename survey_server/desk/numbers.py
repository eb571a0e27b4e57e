"""A household's telephone numbers: from the roster or learnt on the way; which is wrong, which to dial next."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.desk.queue import require_hold, standing_of
from survey_server.desk.telephony import ask_to_dial
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import Call, CallNumber
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import facts_of
from survey_server.privacy.service import cipher_of, mask_number
from survey_server.work import Work

GOOD, SILENT, WRONG = "good", "silent", "wrong"
MOST_NUMBERS = 10
NUMBER = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}")


@dataclass(frozen=True)
class Line:
    """A number as the operator sees it; ``shown`` in full once it is dialled."""

    id: uuid.UUID
    shown: str
    is_open: bool
    state: str
    learnt: bool
    calls: int


def numbers_of(work: Work, case: Case) -> Sequence[CallNumber]:
    """The numbers of a case, the roster's first; those of the roster are written down at the first look."""
    query = select(CallNumber).where(CallNumber.case_id == case.id).order_by(col(CallNumber.position))
    known = work.session.exec(query).all()
    return known or _from_roster(work, case)


def lines(work: Work, case: Case, dialled: uuid.UUID | None = None) -> list[Line]:
    """The numbers as they are shown: masked, but for the one that is dialled."""
    cipher = cipher_of(work, case.study_id)
    found = []
    for row in numbers_of(work, case):
        number, is_open = cipher.open(row.id, row.number).decode(), row.id == dialled
        shown = number if is_open else mask_number(number)
        found.append(Line(row.id, shown, is_open, row.state, row.learnt, row.calls))
    return found


def next_number(rows: Sequence[CallNumber]) -> CallNumber | None:
    """The number to dial: one that is known to be good, else the one tried least; None: all are wrong."""
    usable = [row for row in rows if row.state != WRONG]
    return min(usable, key=lambda row: (row.state != GOOD, row.calls, row.position), default=None)


def dial(work: Work, case: Case, number_id: uuid.UUID | None = None) -> CallNumber:
    """Begin a call: the number is shown in full, which is recorded. Raises STATE_CONFLICT and NOT_FOUND."""
    require_hold(work, case)
    rows = numbers_of(work, case)
    chosen = next((row for row in rows if row.id == number_id), None) if number_id else next_number(rows)
    if chosen is None:
        raise ZoufangError(Problem.NOT_FOUND)
    standing = standing_of(work, case)
    if standing.dialled_id != chosen.id or current_call(work, case) is None:
        _begin(work, case, chosen)
    standing.dialled_id, standing.dialled_at = chosen.id, work.now
    work.session.add(standing)
    record(work, "call.dial", "case", case.id, study_id=case.study_id)
    return chosen


def current_call(work: Work, case: Case) -> Call | None:
    """This operator's call that has no outcome yet."""
    query = select(Call).where(Call.case_id == case.id, Call.person_id == work.person_id, col(Call.outcome).is_(None))
    return work.session.exec(query.order_by(col(Call.began_at).desc())).first()


def learn(work: Work, case: Case, number: str) -> CallNumber:
    """Write a number down that somebody gave on the telephone; raises INVALID_FIELD."""
    require_hold(work, case)
    field, digits = N_("Telephone"), re.sub(r"[\s-]", "", number)
    if not NUMBER.fullmatch(digits):
        raise ZoufangError(
            Problem.INVALID_FIELD, field=field, why=N_("type a mobile number or a number with area code")
        )
    rows = numbers_of(work, case)
    index = work.vault.index("phone", digits)
    same = next((row for row in rows if row.number_index == index), None)
    if same is not None:
        same.state = ""
        return same
    if len(rows) >= MOST_NUMBERS:
        raise ZoufangError(Problem.INVALID_FIELD, field=field, why=N_("this household has ten numbers already"))
    row = _row(work, case, len(rows), digits, learnt=True)
    work.session.add(row)
    record(work, "call.number", "case", case.id, study_id=case.study_id)
    return row


def mark(work: Work, number: CallNumber, state: str) -> None:
    """Write down what a call said of its number; a good number stays good when nobody answers later."""
    if not (state == SILENT and number.state == GOOD):
        number.state = state
    number.calls += 1
    number.last_at = work.now
    work.session.add(number)


def _begin(work: Work, case: Case, number: CallNumber) -> None:
    call = Call(
        study_id=case.study_id, case_id=case.id, number_id=number.id, person_id=work.person_id, began_at=work.now
    )
    work.session.add(call)
    ask_to_dial(work, call)


def _from_roster(work: Work, case: Case) -> list[CallNumber]:
    phones = facts_of(work, case.study_id, [case.id])[0].phones[:MOST_NUMBERS]
    rows = [_row(work, case, position, number) for position, number in enumerate(dict.fromkeys(phones))]
    work.session.add_all(rows)
    work.session.flush()
    return rows


def _row(work: Work, case: Case, position: int, number: str, *, learnt: bool = False) -> CallNumber:
    row = CallNumber(
        study_id=case.study_id,
        case_id=case.id,
        position=position,
        number_index=work.vault.index("phone", number),
        number=b"",
        learnt=learnt,
    )
    row.number = cipher_of(work, case.study_id).seal(row.id, number.encode())
    return row
