"""The ledger of problems (问题台账): findings are written down, taken step by step, and counted once verified."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, func, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.findings.kinds import METHODS, NEXT, URGENT, State, check_of, checks, kinds, visible_kinds
from survey_server.findings.models import Finding, FindingCount, FindingStep
from survey_server.privacy.service import cipher_of
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Work

MOST_WORDS, MOST_REFERENCE, MOST_AT_ONCE = 2_000, 60, 500


@dataclass(frozen=True)
class Subject:
    """Whom a finding is about: a case, or a household named by words of the desk (``reference``), and its place."""

    county: str
    town: str = ""
    case_id: uuid.UUID | None = None
    reference: str = ""


@dataclass(frozen=True)
class Report:
    """A problem as it is written down. ``said``: question and answer that show it; ``check_no`` None: by its kind."""

    kind: str
    method: str
    words: str = ""
    urgent: bool = False
    check_no: int | None = None
    said: Sequence[tuple[str, str]] = field(default_factory=tuple)


@dataclass(frozen=True)
class Wanted:
    """A part of the ledger; empty: everything."""

    county: str = ""
    kind: str = ""
    state: str = ""
    method: str = ""
    urgent: bool = False


def open_study(work: Work, study_id: uuid.UUID) -> Study:
    """The study, to change something in it; raises NOT_FOUND, STUDY_CLOSED."""
    study = study_of(work, study_id)
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    return study


def subject_of(work: Work, study_id: uuid.UUID, number: str, county: str = "", reference: str = "") -> Subject:
    """Whom a form means: a case by its 样本编号, else a county and words; raises INVALID_FIELD."""
    study_of(work, study_id)
    number, county = number.strip(), county.strip()
    if not number:
        if county not in counties_of(work, study_id):
            raise ZoufangError(Problem.INVALID_FIELD, field=N_("County"), why=N_("choose one of the list"))
        return Subject(county, reference=reference.strip()[:MOST_REFERENCE])
    case = work.session.exec(select(Case).where(Case.study_id == study_id, Case.sample_id == number)).first()
    if case is None:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Case number"), why=N_("no household has this number"))
    if case.withdrawn_at is not None:
        raise ZoufangError(Problem.WITHDRAWN)
    return Subject(case.county, case.town, case.id)


def write_down(work: Work, study_id: uuid.UUID, subject: Subject, report: Report) -> Finding:
    """A problem that staff found, by hand; raises STUDY_CLOSED, INVALID_FIELD."""
    open_study(work, study_id)
    if report.kind not in visible_kinds(work.actor):
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Kind of problem"), why=N_("choose one of the list"))
    if report.method not in METHODS:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Way of finding"), why=N_("choose one of the list"))
    if report.check_no not in {None, 0, *(check.no for check in checks())}:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Check"), why=N_("choose one of the list"))
    words_of(report.words)
    return new_finding(work, study_id, subject, report, seen_at=work.now)


def new_finding(
    work: Work,
    study_id: uuid.UUID,
    subject: Subject,
    report: Report,
    *,
    seen_at: Any,  # noqa: ANN401 - a moment
) -> Finding:
    """Put a finding into the ledger as a clue, under the next number of the study."""
    row = Finding(
        study_id=study_id,
        number=_next_number(work, study_id),
        county=subject.county,
        town=subject.town,
        case_id=subject.case_id,
        kind=report.kind,
        check_no=check_of(report.kind) if report.check_no is None else report.check_no,
        method=report.method,
        state=State.CLUE.value,
        urgent=report.urgent or report.kind == URGENT,
        person_id=work.person_id,
        seen_at=seen_at,
        at=work.now,
        content=b"",
    )
    said = {"words": report.words.strip()[:MOST_WORDS], "reference": subject.reference, "said": list(report.said)}
    row.content = sealed(work, study_id, row.id, said)
    work.session.add(row)
    work.session.flush()
    record(work, "finding.add", "finding", row.id, study_id=study_id, number=row.number, kind=row.kind)
    return row


def move(work: Work, study_id: uuid.UUID, finding_ids: Sequence[uuid.UUID], state: str, words: str) -> int:
    """Take one or many findings to their next state, all or none; returns how many.

    Raises STUDY_CLOSED, NOT_FOUND, INVALID_FIELD naming the first finding for which it is not the next step, or
    whose kind wants a second person to verify it (两人复核).
    """
    open_study(work, study_id)
    rows = _several(work, study_id, finding_ids)
    words = words_of(words)
    for row in rows:
        _require_next(work, row, state)
    for row in rows:
        row.state = state
        if state == State.VERIFIED:
            row.verified_at = work.now
        elif state in {State.CLUE, State.DISMISSED}:
            row.verified_at = None
        work.session.add(row)
        note_step(work, row, state, words)
    return len(rows)


def note_step(work: Work, row: Finding, step: str, words: str, to: str = "") -> None:
    """Keep a step with its words, sealed; to: to whom it was referred."""
    kept = FindingStep(finding_id=row.id, step=step, person_id=work.person_id, at=work.now, content=b"")
    kept.content = sealed(work, row.study_id, kept.id, {"words": words, "to": to})
    work.session.add(kept)
    record(work, "finding.step", "finding", row.id, study_id=row.study_id, number=row.number, step=step)


def finding_of(work: Work, study_id: uuid.UUID, finding_id: uuid.UUID) -> Finding:
    """A finding that the reader may see; raises NOT_FOUND."""
    row = work.session.get(Finding, finding_id)
    if row is None or row.study_id != study_id or row.kind not in visible_kinds(work.actor):
        raise ZoufangError(Problem.NOT_FOUND)
    return row


def ledger(
    work: Work, study_id: uuid.UUID, wanted: Wanted, *, start: int = 0, most: int | None = None
) -> tuple[Sequence[tuple[Finding, str]], int]:
    """The findings that the reader may see, each with its case's number, newest first; and how many there are."""
    chosen = _chosen(work, study_id, wanted)
    query = select(Finding, Case.sample_id).outerjoin(Case, col(Case.id) == Finding.case_id).where(*chosen)
    rows = work.session.exec(query.order_by(col(Finding.number).desc()).offset(start).limit(most)).all()
    total = work.session.exec(select(func.count()).select_from(Finding).where(*chosen)).one()
    return [(row, number or "") for row, number in rows], total


def counties_of(work: Work, study_id: uuid.UUID) -> Sequence[str]:
    """The counties of the sample that the reader reaches."""
    query = sa.select(col(Case.county)).where(col(Case.study_id) == study_id).distinct().order_by(Case.county)
    return [str(county) for county in work.session.execute(query).scalars()]


def findings_of_case(work: Work, case_id: uuid.UUID) -> Sequence[Finding]:
    """What was found at one household, as far as the reader may see it."""
    seen = col(Finding.kind).in_(visible_kinds(work.actor))
    query = select(Finding).where(Finding.case_id == case_id, col(Finding.withdrawn_at).is_(None), seen)
    return work.session.exec(query.order_by(col(Finding.number))).all()


def sealed(work: Work, study_id: uuid.UUID, row_id: uuid.UUID, said: Mapping[str, Any]) -> bytes:
    """Words of a finding or a step, sealed under the study's key; raises STUDY_CLOSED."""
    return cipher_of(work, study_id).seal(row_id, json.dumps(said, ensure_ascii=False).encode())


def words_of(words: str) -> str:
    """What was typed; raises INVALID_FIELD for nothing."""
    words = words.strip()[:MOST_WORDS]
    if not words:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("In words"), why=N_("it is empty"))
    return words


def _chosen(work: Work, study_id: uuid.UUID, wanted: Wanted) -> list[Any]:
    names = {name: value for name in ("county", "kind", "state", "method") if (value := getattr(wanted, name))}
    chosen: list[Any] = [Finding.study_id == study_id, col(Finding.kind).in_(visible_kinds(work.actor))]
    if wanted.state:
        chosen.append(col(Finding.withdrawn_at).is_(None))
    if wanted.urgent:
        chosen += [col(Finding.urgent).is_(True), col(Finding.withdrawn_at).is_(None)]
    return [*chosen, *(getattr(Finding, name) == value for name, value in names.items())]


def _several(work: Work, study_id: uuid.UUID, finding_ids: Collection[uuid.UUID]) -> list[Finding]:
    wanted = list(dict.fromkeys(finding_ids))
    if not wanted or len(wanted) > MOST_AT_ONCE:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Findings"), why=N_("choose at least one, and at most 500 at once")
        )
    seen = col(Finding.kind).in_(visible_kinds(work.actor))
    query = select(Finding).where(Finding.study_id == study_id, col(Finding.id).in_(wanted), seen).with_for_update()
    rows = list(work.session.exec(query.order_by(col(Finding.number))).all())
    if len(rows) != len(wanted):
        raise ZoufangError(Problem.NOT_FOUND)
    return rows


def _require_next(work: Work, row: Finding, state: str) -> None:
    if row.withdrawn_at is not None:
        raise ZoufangError(Problem.WITHDRAWN)
    if state not in NEXT[row.state]:
        why = N_("it is not the next step of this finding")
        raise ZoufangError(Problem.INVALID_FIELD, field=label_of(row), why=why)
    alone = row.person_id is not None and row.person_id == work.person_id
    if state == State.VERIFIED and kinds()[row.kind].people > 1 and alone:
        why = N_("this kind of problem is verified by a second person, not by who wrote it down")
        raise ZoufangError(Problem.INVALID_FIELD, field=label_of(row), why=why)


def number_of(work: Work, row: Finding) -> str:
    """The 样本编号 of its case; empty where it has none."""
    case = work.session.get(Case, row.case_id) if row.case_id else None
    return case.sample_id if case else ""


def label_of(row: Finding) -> str:
    """The number of a finding as people write it: WT0012 (问题)."""
    return f"WT{row.number:04d}"


def _next_number(work: Work, study_id: uuid.UUID) -> int:
    """The study is locked until the transaction ends; the counter knows also of findings out of the writer's reach."""
    work.session.get_one(Study, study_id, with_for_update={"key_share": True})
    counter = work.session.get(FindingCount, study_id, populate_existing=True) or FindingCount(study_id=study_id)
    counter.last += 1
    work.session.add(counter)
    return counter.last
