"""How long and how often codes open: last days, quotas, and codes that were cancelled, one by one or all."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.public.models import CodeTerms, PrintedCode
from survey_server.public.subjects import Subject, code_of_case, is_replacement, printable_cases, token_of
from survey_server.public.typed import read_typed, typed_code
from survey_server.studies.models import Channel, Place, Study
from survey_server.studies.service import places, study_of
from survey_server.submissions.models import Submission
from survey_server.work import Work

GRACE = dt.timedelta(hours=2)
"""Who has begun may finish: neither the end of the last day nor a full quota takes a half-filled page away."""
MOST_QUOTA = 1_000_000
MOST_LETTER = 1_500
BY_CODE = (Channel.QR_HOUSEHOLD.value, Channel.QR_PLACE.value)


@dataclass(frozen=True)
class Opened:
    """A code with what it belongs to and how many answers it has brought."""

    code: PrintedCode
    number: str
    label: str
    answers: int


def today(work: Work) -> dt.date:
    """The day at the office."""
    return work.now.astimezone(ZoneInfo(work.settings.timezone)).date()


def open_study(work: Work, study_id: uuid.UUID) -> Study:
    """The study, to change something in it; raises NOT_FOUND, STUDY_CLOSED."""
    study = study_of(work, study_id)
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    return study


def terms_of(work: Work, study_id: uuid.UUID) -> CodeTerms:
    """What holds for every code of the study; nothing where nothing was set."""
    return work.session.get(CodeTerms, study_id) or CodeTerms(study_id=study_id)


def set_terms(work: Work, study_id: uuid.UUID, closes_on: str, quota: str) -> None:
    """The last day and the quota of all codes together; raises INVALID_FIELD, STUDY_CLOSED."""
    open_study(work, study_id)
    terms = terms_of(work, study_id)
    terms.closes_on, terms.quota = _day(closes_on), _quota(quota)
    work.session.add(terms)
    _note(work, study_id, "study", study_id, terms.closes_on, terms.quota)


def set_place_terms(work: Work, study_id: uuid.UUID, place_id: uuid.UUID, closes_on: str, quota: str) -> None:
    """The last day and the quota of one place's code; raises NOT_FOUND, INVALID_FIELD, STUDY_CLOSED."""
    open_study(work, study_id)
    code = _code_of_place(work, study_id, place_id)
    code.closes_on, code.quota = _day(closes_on), _quota(quota)
    work.session.add(code)
    _note(work, study_id, "place", place_id, code.closes_on, code.quota)


def set_letter(work: Work, study_id: uuid.UUID, text: str) -> None:
    """致居民的一封信 in the study's own words; empty: those that are shipped. Raises STUDY_CLOSED."""
    open_study(work, study_id)
    terms = terms_of(work, study_id)
    terms.letter = text.strip()[:MOST_LETTER]
    work.session.add(terms)
    record(work, "codes.letter", "study", study_id, study_id=study_id)


def codes_of(work: Work, study_id: uuid.UUID) -> Mapping[uuid.UUID, PrintedCode]:
    """The row of each household and place that has one, by the id of the case or the place."""
    rows = work.session.exec(select(PrintedCode).where(PrintedCode.study_id == study_id)).all()
    return {subject: row for row in rows if (subject := row.case_id or row.place_id) is not None}


def keep_codes(work: Work, study: Study) -> None:
    """Keep the typed code of everything that can be printed, so that it is found when it is typed."""
    known = codes_of(work, study.id)
    cases = [case.id for case in printable_cases(work, study.id) if case.id not in known]
    where = [place.id for place in places(work, study.id) if place.id not in known]
    work.session.add_all(
        [PrintedCode(study_id=study.id, case_id=case, typed=typed_code(work.vault, case)) for case in cases]
        + [PrintedCode(study_id=study.id, place_id=place, typed=typed_code(work.vault, place)) for place in where]
    )


def token_of_typed(work: Work, text: str) -> str:
    """The token behind a typed code; raises CODE_UNKNOWN where it is none, or two things have the same."""
    signs = read_typed(text)
    query = select(PrintedCode).where(PrintedCode.typed == signs)
    found = work.session.exec(query.limit(2)).all() if signs else ()
    if len(found) != 1:
        raise ZoufangError(Problem.CODE_UNKNOWN)
    (code,) = found
    return token_of(work.vault, code)


def require_open(work: Work, subject: Subject, begun: dt.datetime | None = None) -> None:
    """Whether this code opens now, or for who began at ``begun``; raises CODE_REVOKED, CODE_ENDED, CODE_FULL.

    A quota is counted when a code is opened, so that a few who answer at the same moment may go over it.
    """
    code, terms = _held(work, subject), terms_of(work, subject.study.id)
    if code is not None and code.revoked_at is not None:
        raise ZoufangError(Problem.CODE_REVOKED)
    if begun is not None and work.now - begun < GRACE:
        return
    last = min((day for day in (terms.closes_on, code.closes_on if code else None) if day), default=None)
    if last is not None and today(work) > last:
        raise ZoufangError(Problem.CODE_ENDED, day=last.isoformat())
    if _is_full(work, subject, terms, code):
        raise ZoufangError(Problem.CODE_FULL)


def revoke(work: Work, study_id: uuid.UUID, number: str) -> None:
    """The code of one household (样本编号) or place opens nothing from now on; raises NOT_FOUND, STUDY_CLOSED."""
    code = _numbered(work, study_id, number)
    code.revoked_at = code.revoked_at or work.now
    work.session.add(code)
    record(work, "codes.revoke", "study", study_id, study_id=study_id, number=number, codes=1)


def revoke_all(work: Work, study_id: uuid.UUID) -> int:
    """Every code of the study opens nothing from now on; returns how many were open."""
    keep_codes(work, open_study(work, study_id))
    work.session.flush()
    open_now = col(PrintedCode.study_id) == study_id, col(PrintedCode.revoked_at).is_(None)
    done = work.session.exec(select(PrintedCode).where(*open_now)).all()
    for code in done:
        code.revoked_at = work.now
    work.session.add_all(done)
    record(work, "codes.revoke", "study", study_id, study_id=study_id, codes=len(done))
    return len(done)


def restore(work: Work, study_id: uuid.UUID, code_id: uuid.UUID) -> None:
    """A cancelled code opens again; raises NOT_FOUND, STUDY_CLOSED."""
    open_study(work, study_id)
    code = work.session.get(PrintedCode, code_id)
    if code is None or code.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    code.revoked_at = None
    work.session.add(code)
    record(work, "codes.restore", "study", study_id, study_id=study_id)


def replace(work: Work, study_id: uuid.UUID, code_id: uuid.UUID) -> str:
    """Another code for a household whose code was cancelled, which stays dead; returns the 样本编号.

    Raises NOT_FOUND where the code is none of a household's, or was not cancelled; STUDY_CLOSED.
    """
    open_study(work, study_id)
    old = work.session.get(PrintedCode, code_id)
    if old is None or old.study_id != study_id or old.case_id is None or old.revoked_at is None:
        raise ZoufangError(Problem.NOT_FOUND)
    case = work.session.get_one(Case, old.case_id)
    work.session.delete(old)
    work.session.flush()
    made = PrintedCode(study_id=study_id, case_id=case.id, typed="")
    made.typed = typed_code(work.vault, made.id)
    work.session.add(made)
    record(work, "codes.replace", "study", study_id, study_id=study_id, number=case.sample_id)
    return case.sample_id


def replacements(work: Work, study_id: uuid.UUID) -> Mapping[uuid.UUID, PrintedCode]:
    """The codes that replaced a household's first and are not cancelled, by the id of the case."""
    query = select(PrintedCode).where(
        PrintedCode.study_id == study_id, col(PrintedCode.case_id).is_not(None), col(PrintedCode.revoked_at).is_(None)
    )
    found = [code for code in work.session.exec(query).all() if is_replacement(work.vault, code)]
    return {code.case_id: code for code in found if code.case_id is not None}


def revoked_codes(work: Work, study_id: uuid.UUID) -> list[Opened]:
    """The codes that were cancelled, with their numbers."""
    query = (
        select(PrintedCode, Case.sample_id, Place.code, Place.label)
        .outerjoin(Case, col(Case.id) == col(PrintedCode.case_id))
        .outerjoin(Place, col(Place.id) == col(PrintedCode.place_id))
        .where(PrintedCode.study_id == study_id, col(PrintedCode.revoked_at).is_not(None))
    )
    rows: Iterable[tuple[PrintedCode, str | None, str | None, str | None]] = work.session.exec(query).all()
    found = [Opened(code, case or place or "", label or "", 0) for code, case, place, label in rows]
    return sorted(found, key=lambda one: one.number)


def answers_by_place(work: Work, study_id: uuid.UUID) -> Mapping[uuid.UUID, int]:
    """How many answers each place's code has brought, those that were withdrawn left out."""
    query = (
        sa.select(col(Submission.place_id), sa.func.count())
        .where(col(Submission.study_id) == study_id, col(Submission.withdrawn_at).is_(None))
        .where(col(Submission.place_id).is_not(None))
        .group_by(col(Submission.place_id))
    )
    return {place: count for place, count in work.session.execute(query) if place is not None}


def _held(work: Work, subject: Subject) -> PrintedCode | None:
    of_case = PrintedCode.case_id == subject.case_id
    of_place = PrintedCode.place_id == subject.place_id
    return work.session.exec(select(PrintedCode).where(of_case if subject.case_id else of_place)).first()


def _is_full(work: Work, subject: Subject, terms: CodeTerms, code: PrintedCode | None) -> bool:
    if terms.quota is not None and _count(work, Submission.study_id == subject.study.id) >= terms.quota:
        return True
    quota = code.quota if code is not None and subject.place_id is not None else None
    return quota is not None and _count(work, Submission.place_id == subject.place_id) >= quota


def _count(work: Work, of: bool) -> int:  # noqa: FBT001 - a condition, which SQLModel types as its value
    query = select(sa.func.count()).select_from(Submission)
    return work.session.exec(
        query.where(of, col(Submission.channel).in_(BY_CODE), col(Submission.withdrawn_at).is_(None))
    ).one()


def _numbered(work: Work, study_id: uuid.UUID, number: str) -> PrintedCode:
    number = number.strip().upper()
    study = open_study(work, study_id)
    case = work.session.exec(select(Case).where(Case.study_id == study.id, Case.sample_id == number)).first()
    place = work.session.exec(select(Place).where(Place.study_id == study.id, Place.code == number)).first()
    if place is not None:
        return _code_of_place(work, study_id, place.id)
    if case is None or case.released_at is None:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Number"), why=N_("no household and no place has it"))
    held = code_of_case(work, case.id)
    return held or PrintedCode(study_id=study_id, case_id=case.id, typed=typed_code(work.vault, case.id))


def _code_of_place(work: Work, study_id: uuid.UUID, place_id: uuid.UUID) -> PrintedCode:
    place = work.session.get(Place, place_id)
    if place is None or place.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    held = work.session.exec(select(PrintedCode).where(PrintedCode.place_id == place_id)).first()
    return held or PrintedCode(study_id=study_id, place_id=place_id, typed=typed_code(work.vault, place_id))


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Last day"), why=N_("write it like 2026-09-30")) from error


def _quota(text: str) -> int | None:
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit() and 1 <= int(text) <= MOST_QUOTA):
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Quota"), why=N_("a whole number from 1, or nothing"))
    return int(text)


def _note(
    work: Work, study_id: uuid.UUID, kind: str, subject: uuid.UUID, closes_on: dt.date | None, quota: int | None
) -> None:
    day = closes_on.isoformat() if closes_on else ""
    record(work, "codes.terms", kind, subject, study_id=study_id, closes_on=day, quota=quota)
