"""Withdrawal (撤回): the person's answers and files go, a tombstone stays, and nobody asks them again.

People withdraw by the code on their paper or thank-you page, or ask staff to. What is left says that there was a
record, never what it held; the case counts as a refusal (AAPOR 2.11) and stays in the response rate.
"""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server import outbox
from survey_server.audit.service import record
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.calls import forget_calls
from survey_server.fieldwork.models import Attempt, Case, Status
from survey_server.fieldwork.special import forget
from survey_server.findings.evidence import empty_findings
from survey_server.privacy.reasons import Reason
from survey_server.privacy.service import cipher_of
from survey_server.rights.erasing import erase_blobs
from survey_server.rights.models import Withdrawal, WithdrawalTry
from survey_server.rosters.models import Household
from survey_server.studies.models import Channel, Place
from survey_server.submissions.consents import withdraw_consent
from survey_server.submissions.models import Clue, Submission, SubmissionFile
from survey_server.work import Services, Work

BY_CODE = Reason("code", "")
WITHDRAWN = "withdrawal"
"""The outbox row of a withdrawal: what was issued before is told, so that nothing of it leads to the person."""
REFUSED = {Channel.PHONE.value: "T4", Channel.QR_HOUSEHOLD.value: "S6"}
REFUSED_AT_HOME = "F6"
CODE_LENGTH = 8
MISREAD = str.maketrans("018", "olb")
"""Codes have no such digits: whoever types one misread a letter."""
FREE_TRIES = 5
LONGEST_WAIT = 3600
MOST_NUMBER = 20


@dataclass(frozen=True)
class Right:
    """What a number and a code open: a household's case, or one visitor's answers."""

    study_id: uuid.UUID
    case_id: uuid.UUID | None = None
    submission_id: uuid.UUID | None = None


def code_of_case(work: Work, case_id: uuid.UUID) -> str:
    """The code with which a household withdraws, 8 letters and digits; printed beside its 样本编号."""
    return _spaced(work.vault.pseudonym("withdraw", case_id.hex)[:CODE_LENGTH])


def code_of_answers(work: Work, instance_id: str) -> str:
    """The code of a visitor who answered at a place: the number of the receipt."""
    return work.vault.pseudonym("receipt", instance_id)[:CODE_LENGTH]


def find(services: Services, number: str, code: str) -> Right:
    """What this number and code belong to; raises CODE_WRONG, and TOO_MANY_TRIES after several wrong ones."""
    number = number.strip().upper()[:MOST_NUMBER]
    code = "".join(filter(str.isalnum, code.lower())).translate(MISREAD)[:CODE_LENGTH]
    with services.read() as work:
        _require_patience(work, number)
        right = _of_household(work, number, code) or _of_visitor(work, number, code)
        known = right is not None or _is_number(work, number)
    if right is None:
        if known:  # what nobody has cannot be guessed, and would only fill the table
            _note_failure(services, number)
        raise ZoufangError(Problem.CODE_WRONG)
    return right


def withdraw_by_code(work: Work, right: Right) -> Withdrawal:
    """The respondent's own wish."""
    if right.case_id is not None:
        return withdraw_case(work, work.session.get_one(Case, right.case_id), BY_CODE)
    submission = work.session.get_one(Submission, right.submission_id)
    return _withdrawal(work, BY_CODE, [submission], study_id=right.study_id, place_id=submission.place_id)


def withdraw_case(work: Work, case: Case, reason: Reason, *, erase_roster: bool = False) -> Withdrawal:
    """Take a household's answers out, of every channel; again changes nothing but, where asked, the roster's facts."""
    work.session.refresh(case, with_for_update=True)
    earlier = withdrawal_of(work, case.id)
    if earlier is not None:
        if erase_roster and not earlier.roster_erased:
            _erase_roster(work, case)
            earlier.roster_erased = True
            work.session.add(earlier)
        return earlier
    submissions = work.session.exec(select(Submission).where(Submission.case_id == case.id)).all()
    made = _withdrawal(work, reason, submissions, study_id=case.study_id, case_id=case.id, roster_erased=erase_roster)
    _end_case(work, case)
    work.session.execute(sa.delete(Clue).where(col(Clue.case_id) == case.id))
    erase_blobs(work, empty_findings(work, [], case.id))
    if erase_roster:
        _erase_roster(work, case)
    return made


def withdrawal_of(work: Work, case_id: uuid.UUID) -> Withdrawal | None:
    """When and why a household withdrew; None where it did not."""
    return work.session.exec(select(Withdrawal).where(Withdrawal.case_id == case_id)).first()


def withdrawals_of(work: Work, study_id: uuid.UUID) -> Sequence[tuple[Withdrawal, str | None]]:
    """Every withdrawal of a study with the case's number, newest first."""
    query = (
        select(Withdrawal, Case.sample_id)
        .outerjoin(Case, col(Case.id) == col(Withdrawal.case_id))
        .where(Withdrawal.study_id == study_id)
        .order_by(col(Withdrawal.at).desc())
    )
    return [(made, number) for made, number in work.session.exec(query).all()]


def _withdrawal(
    work: Work,
    reason: Reason,
    submissions: Collection[Submission],
    *,
    study_id: uuid.UUID,
    case_id: uuid.UUID | None = None,
    place_id: uuid.UUID | None = None,
    roster_erased: bool = False,
) -> Withdrawal:
    live = [row for row in submissions if row.withdrawn_at is None]
    made = Withdrawal(
        study_id=study_id,
        case_id=case_id,
        place_id=place_id,
        at=work.now,
        person_id=work.person_id,
        reason=reason.code,
        words=reason.words,
        submissions=len(live),
        files=leave_tombstones(work, [row.id for row in live]),
        roster_erased=roster_erased,
    )
    work.session.add(made)
    subject = ("case", case_id) if case_id else ("submission", live[0].id if live else "")
    told = {"case_id": str(case_id or ""), "submissions": [str(row.id) for row in live]}
    outbox.put(work, WITHDRAWN, study_id=str(study_id), **told)
    record(work, "withdrawal", *subject, study_id=study_id, reason=reason.code, submissions=len(live), files=made.files)
    return made


def leave_tombstones(work: Work, submission_ids: Sequence[uuid.UUID], *, undone: str = "") -> int:
    """Take all content of these answers away; their files' goes by the outbox. Returns how many files there were.

    ``undone`` says why where it was not their respondents who wished it.
    """
    files = work.session.exec(select(SubmissionFile).where(col(SubmissionFile.submission_id).in_(submission_ids))).all()
    erase_blobs(work, [file.blob for file in files] + empty_findings(work, submission_ids))
    for table in (SubmissionFile, Clue):
        work.session.execute(sa.delete(table).where(col(table.submission_id).in_(submission_ids)))
    withdraw_consent(work, submission_ids)
    work.session.execute(
        sa.update(Submission)
        .where(col(Submission.id).in_(submission_ids))
        .values(
            xml=b"",
            answers=b"",
            fingerprint="",
            flags=[],
            missing=[],
            outcome=None,
            outcome_class=None,
            headline=False,
            unusable=undone,
            withdrawn_at=work.now,
        )
    )
    return len(files)


def _end_case(work: Work, case: Case) -> None:
    """A refusal, for good: off every list of visits and calls; the notes of the tries go with it."""
    outcome = REFUSED.get(case.outcome_channel or "", REFUSED_AT_HOME)
    case.withdrawn_at, case.status = work.now, Status.DONE.value
    case.outcome, case.outcome_class = outcome, "refusal"
    case.interviewer_id = case.operator_id = case.locked_until = case.due_at = None
    work.session.add(case)
    work.session.execute(sa.update(Attempt).where(col(Attempt.case_id) == case.id).values(note=None))
    forget_calls(work, of=col(Case.id) == case.id)


def _erase_roster(work: Work, case: Case) -> None:
    """What the roster says of the household: name, numbers, address, amount. Its strata stay, for the frame's N."""
    home = work.session.get_one(Household, case.household_id)
    forget(work, home)
    home.personal = cipher_of(work, case.study_id).seal(home.id, b"{}")
    home.id_index = home.phone_index = None
    home.persons = home.family = None
    work.session.add(home)
    record(work, "roster.erase", "household", home.id, study_id=case.study_id)


def _of_household(work: Work, number: str, code: str) -> Right | None:
    cases = work.session.exec(select(Case).where(Case.sample_id == number, col(Case.released_at).is_not(None))).all()
    found = [case for case in cases if _same(code_of_case(work, case.id), code)]
    return Right(found[0].study_id, case_id=found[0].id) if found else None


def _of_visitor(work: Work, number: str, code: str) -> Right | None:
    query = (
        sa.select(col(Submission.id), col(Submission.study_id), col(Submission.instance_id))
        .join(Place, col(Place.id) == col(Submission.place_id))
        .where(col(Place.code) == number, col(Submission.withdrawn_at).is_(None))
    )
    for submission_id, study_id, instance_id in work.session.execute(query):
        if _same(code_of_answers(work, instance_id), code):
            return Right(study_id, submission_id=submission_id)
    return None


def _is_number(work: Work, number: str) -> bool:
    cases, places = select(Case.id).where(Case.sample_id == number), select(Place.id).where(Place.code == number)
    return any(work.session.exec(query.limit(1)).first() is not None for query in (cases, places))


def _same(known: str, typed: str) -> bool:
    return hmac.compare_digest(known.replace("-", ""), typed)


def _spaced(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"


def _require_patience(work: Work, number: str) -> None:
    tries = work.session.get(WithdrawalTry, number)
    if tries is not None and tries.wait_until is not None and tries.wait_until > work.now:
        raise ZoufangError(Problem.TOO_MANY_TRIES, seconds=int((tries.wait_until - work.now).total_seconds()) + 1)


def _note_failure(services: Services, number: str) -> None:
    """After a few free tries each failure doubles the wait."""
    with services.write() as work:
        tries = work.session.get(WithdrawalTry, number, with_for_update=True) or WithdrawalTry(number=number)
        tries.failures += 1
        if tries.failures >= FREE_TRIES:
            wait = min(2 ** (tries.failures - FREE_TRIES), LONGEST_WAIT)
            tries.wait_until = work.now + dt.timedelta(seconds=wait)
        work.session.add(tries)
        record(work, "withdrawal.refuse", "number", work.vault.pseudonym("number", number))
