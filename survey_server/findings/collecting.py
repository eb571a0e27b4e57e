"""Clues that answers give: what a questionnaire marks (:mod:`survey_server.submissions.marks`) stands in the ledger.

A household has one open finding of a kind: further answers are further evidence of it. What was dismissed or closed
before stays as it is, and new answers open a new one. Answers that may not be used give none.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlmodel import col, select

from survey_server.fieldwork.models import Case
from survey_server.findings.kinds import OF_CHANNEL, State, check_of, kinds
from survey_server.findings.models import Finding, FindingEvidence
from survey_server.findings.service import Report, Subject, new_finding, open_study
from survey_server.privacy.service import cipher_of
from survey_server.studies.forms import definition_of
from survey_server.studies.models import FormVersion, Place, Study
from survey_server.submissions.marks import Mark, marks_in
from survey_server.submissions.models import Submission
from survey_server.work import Services, Work

ENDED = (State.DISMISSED.value, State.CLOSED.value)
AT_ONCE = 200


def handle_marked(services: Services, payload: Mapping[str, Any]) -> None:
    """The outbox's handler of a submission with marked answers (``submissions.service.MARKED``); again changes nothing.

    A study that was closed meanwhile has no ledger any more, and what was withdrawn gives no clue.
    """
    with services.write() as work:
        row = work.session.get(Submission, uuid.UUID(payload["submission_id"]))
        study = work.session.get(Study, row.study_id) if row is not None else None
        if row is not None and study is not None and study.closed_at is None:
            collect_from(work, [row])


def collect(services: Services, study_id: uuid.UUID) -> int:
    """Look through all answers of a study that were never looked at; returns how many findings there are more.

    For studies that were answered before the ledger was kept. Raises NOT_FOUND, STUDY_CLOSED.
    """
    with services.read() as work:
        open_study(work, study_id)
        linked = select(FindingEvidence.submission_id).where(col(FindingEvidence.submission_id).is_not(None))
        usable = (Submission.study_id == study_id, col(Submission.withdrawn_at).is_(None), Submission.unusable == "")
        query = select(Submission.id).where(*usable, col(Submission.id).not_in(linked))
        ids = work.session.exec(query.order_by(col(Submission.received_at))).all()
    made = 0
    for start in range(0, len(ids), AT_ONCE):
        with services.write() as work:
            chosen = select(Submission).where(col(Submission.id).in_(ids[start : start + AT_ONCE]))
            made += collect_from(work, work.session.exec(chosen.order_by(col(Submission.received_at))).all())
    return made


def collect_from(work: Work, rows: Sequence[Submission]) -> int:
    """Put what these submissions give into the ledger; returns how many findings are new."""
    usable = [row for row in rows if row.withdrawn_at is None and not row.unusable]
    linked = select(FindingEvidence.submission_id).where(
        col(FindingEvidence.submission_id).in_([row.id for row in usable])
    )
    done = set(work.session.exec(linked).all())
    cases = _rows(work, Case, {row.case_id for row in usable})
    places = _rows(work, Place, {row.place_id for row in usable})
    forms = _rows(work, FormVersion, {row.form_version_id for row in usable})
    made = 0
    for row in usable:
        subject = _subject(cases.get(row.case_id), places.get(row.place_id))
        if row.id not in done and subject is not None:
            made += _collect(
                work, row, subject, marks_in(definition_of(forms[row.form_version_id]), _values(work, row))
            )
    return made


def _collect(work: Work, row: Submission, subject: Subject, marks: Sequence[Mark]) -> int:
    """One finding of each kind and check, with everything in these answers that shows it."""
    made = 0
    known = [mark for mark in marks if mark.kind in kinds()]
    for (other, kind, check), group in groupby(sorted(known, key=_key), key=_key):
        together = list(group)
        whose = Subject(subject.county, subject.town) if other else subject
        finding = _standing(work, row.study_id, whose, kind, check)
        if finding is None:
            finding = new_finding(work, row.study_id, whose, _report(row, check, together), seen_at=row.received_at)
            made += 1
        method = OF_CHANNEL.get(row.channel, "visit")
        work.session.add(FindingEvidence(finding_id=finding.id, submission_id=row.id, method=method, at=work.now))
    return made


def _key(mark: Mark) -> tuple[bool, str, int]:
    return mark.of_other, mark.kind, check_of(mark.kind, mark.metric)


def _report(row: Submission, check: int, marks: Sequence[Mark]) -> Report:
    return Report(
        kind=marks[0].kind,
        method=OF_CHANNEL.get(row.channel, "visit"),
        words=next((mark.words for mark in marks if mark.words), ""),
        urgent=any(mark.urgent for mark in marks),
        check_no=check,
        said=[(mark.question, mark.answer) for mark in marks],
    )


def _standing(work: Work, study_id: uuid.UUID, subject: Subject, kind: str, check: int) -> Finding | None:
    """The household's finding of this kind that is still open; what is said of neighbours is each its own."""
    if subject.case_id is None:
        return None
    same = (Finding.case_id == subject.case_id, Finding.kind == kind, Finding.check_no == check)
    query = select(Finding).where(Finding.study_id == study_id, *same, col(Finding.state).not_in(ENDED))
    return work.session.exec(query.where(col(Finding.withdrawn_at).is_(None))).first()


def _subject(case: Case | None, place: Place | None) -> Subject | None:
    if case is not None:
        return Subject(case.county, case.town, case.id) if case.withdrawn_at is None else None
    return Subject(place.county) if place is not None else None


def _values(work: Work, row: Submission) -> dict[str, str]:
    answers = json.loads(cipher_of(work, row.study_id).open(row.id, row.answers))
    return {name: str(value) for name, value in answers["values"].items()}


def _rows(work: Work, table: Any, ids: set[uuid.UUID | None]) -> dict[uuid.UUID | None, Any]:  # noqa: ANN401 - a table
    return {row.id: row for row in work.session.exec(select(table).where(col(table.id).in_(ids - {None}))).all()}
