"""What a withdrawal and a closing leave of an issued snapshot: nothing that leads to whoever withdrew.

See :mod:`survey_server.reports.issuing` for what is done and why.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.reports.issuing import issued_of, replace_snapshot, snapshot_of
from survey_server.reports.models import IssuedReport, IssuedRow
from survey_server.reports.snapshot import volunteers_in, without_answers
from survey_server.submissions.models import Submission
from survey_server.work import Services, Work

SMALL = 5
"""Fewer than so many in a group are no shelter for the one among them who withdrew."""


def handle_withdrawal(services: Services, payload: Mapping[str, Any]) -> None:
    """The outbox's handler of ``rights.withdrawal.WITHDRAWN``; a second time it finds nothing to do."""
    study_id = uuid.UUID(payload["study_id"])
    with services.write() as work:
        for report in issued_of(work, study_id):
            if payload["case_id"]:
                _unlink_case(work, report, uuid.UUID(payload["case_id"]))
            for submission_id in payload["submissions"]:
                _erase_volunteer(work, report, uuid.UUID(submission_id))


def unlink_study(work: Work, study_id: uuid.UUID) -> None:
    """Nothing leads from any row of the study's snapshots to anybody any more; they stay for their figures."""
    reports = select(IssuedReport.id).where(IssuedReport.study_id == study_id)
    work.session.execute(sa.delete(IssuedRow).where(col(IssuedRow.report_id).in_(reports)))


def _unlink_case(work: Work, report: IssuedReport, case_id: uuid.UUID) -> None:
    of_case = select(IssuedRow).where(IssuedRow.report_id == report.id, IssuedRow.case_id == case_id)
    row = work.session.exec(of_case).first()
    if row is None:
        return
    group = (col(IssuedRow.report_id) == report.id, col(IssuedRow.part) == row.part)
    counted = sa.select(sa.func.count()).where(*group, col(IssuedRow.submission_id).is_not(None))
    if row.submission_id is None:
        work.session.delete(row)
    elif work.session.execute(counted).scalar_one() < SMALL:
        _erase(work, report, [row.label])
        work.session.delete(row)
    else:
        work.session.execute(sa.delete(IssuedRow).where(*group))
    _note(work, report)


def _erase_volunteer(work: Work, report: IssuedReport, submission_id: uuid.UUID) -> None:
    """Nothing leads to a volunteer's row; where there are few of them, none of their answers can stay."""
    record_of = work.session.get(Submission, submission_id)
    if record_of is None or record_of.place_id is None or record_of.received_at > report.at:
        return
    snapshot = snapshot_of(work, report)
    if 0 < volunteers_in(snapshot) < SMALL:
        report.erased += 1
        replace_snapshot(work, report, without_answers(snapshot, (), volunteers=True))
    _note(work, report)


def _erase(work: Work, report: IssuedReport, labels: Sequence[str]) -> None:
    report.erased += len(labels)
    replace_snapshot(work, report, without_answers(snapshot_of(work, report), labels))


def _note(work: Work, report: IssuedReport) -> None:
    report.withdrawn += 1
    work.session.add(report)
    counts = {"number": report.number, "withdrawn": report.withdrawn, "erased": report.erased}
    record(work, "report.unlink", "report", report.id, study_id=report.study_id, **counts)
