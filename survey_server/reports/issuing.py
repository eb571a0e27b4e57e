"""Issuing a report (出具): a numbered version whose figures stay, with the snapshot that they are computed from.

What is issued is made from the snapshot itself, so that whoever opens it later computes what was printed, to the last
digit. The Word and PDF are kept as they were handed over.

**After a withdrawal** the issued figures stand: they are totals that were published. The snapshot stays too, so that
they can still be recomputed, but what leads from it to a household goes: not for the one that withdrew alone, whose
row could be told by elimination then, but for everybody of the group (the stratum). Where fewer than five were
counted in the group that is no shelter: there the answers themselves are erased, and the check says which figures no
longer come out. **After closing** nothing leads from any row to anybody.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from sqlmodel import col, func, select

from analysis.report.pdf import write_pdf
from analysis.report.word import write_docx
from survey_server.actors import Grant
from survey_server.audit.service import record
from survey_server.console.typesetting import fonts
from survey_server.db import new_id
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.service import issued_cipher_of
from survey_server.reports import snapshot as snapshots
from survey_server.reports.models import IssuedReport, IssuedRow
from survey_server.reports.pinning import figures_of, pin, recompute, software, tables_of
from survey_server.reports.service import blocks_from, outline_of
from survey_server.results.drawings import as_png
from survey_server.results.service import results_of
from survey_server.rights.erasing import erase_blobs
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Work

STAGES: Mapping[str, str] = {"draft": "第一稿", "review": "送审稿", "final": "正式稿"}
FILES = ("docx", "pdf")
MOST_NOTE = 500
CHINESE = "zh_Hans_CN"


@dataclass(frozen=True)
class Made:
    """A report ready to be kept under its number."""

    number: int
    kind: str
    stage: str
    content: bytes
    rows: Sequence[snapshots.Row]
    files: Mapping[str, bytes]
    certificate_digest: str


def require_whole(work: Work, study_id: uuid.UUID) -> Study:
    """The study, for somebody who reaches all of it; raises NOT_FOUND, NOT_ALLOWED."""
    study = study_of(work, study_id)
    if not work.actor.reaches(Grant(study_id)):
        raise ZoufangError(Problem.NOT_ALLOWED)
    return study


def issued_of(work: Work, study_id: uuid.UUID) -> Sequence[IssuedReport]:
    """The issued reports of a study, newest first."""
    query = select(IssuedReport).where(IssuedReport.study_id == study_id)
    return work.session.exec(query.order_by(col(IssuedReport.number).desc())).all()


def issued(work: Work, study_id: uuid.UUID, number: int) -> IssuedReport:
    """The report of this number; raises NOT_FOUND."""
    query = select(IssuedReport).where(IssuedReport.study_id == study_id, IssuedReport.number == number)
    found = work.session.exec(query).first()
    if found is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return found


def make(work: Work, study_id: uuid.UUID, kind: str, stage: str) -> Made:
    """Take the snapshot and write the report from it; raises STUDY_CLOSED, INVALID_FIELD, NOT_FOUND, NOT_ALLOWED."""
    study = require_whole(work, study_id)
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    if stage not in STAGES:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Version"), why=N_("choose one of the list"))
    outline_of(work, kind)
    number = _next(work, study_id)
    live = results_of(work, study_id)
    data, rows = snapshots.deidentified(live.dataset, random.SystemRandom())
    issue = {"number": number, "kind": kind, "stage": stage, "at": work.now.isoformat()}
    with force_locale(CHINESE):
        pinned = pin(work, live, issue, data)
        results, card = recompute(work, pinned)
        content = snapshots.written(pinned | {"figures": figures_of(results), "tables": tables_of(results, card)})
        blocks = blocks_from(work, kind, results, card, _cover(work, issue, content))
        files = {"docx": write_docx(blocks, as_png), "pdf": write_pdf(blocks, fonts())}
    return Made(number, kind, stage, content, rows, files, live.certificate_digest)


def keep(work: Work, study_id: uuid.UUID, made: Made, note: str = "") -> IssuedReport:
    """Keep what was made under its number; raises STATE_CONFLICT where somebody issued one meanwhile."""
    study = require_whole(work, study_id)
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    if _next(work, study_id) != made.number:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("somebody else issued a report at the same moment"))
    digest = hashlib.sha256(made.content).hexdigest()
    report = IssuedReport(
        id=new_id(),
        study_id=study_id,
        number=made.number,
        kind=made.kind,
        stage=made.stage,
        note=note.strip()[:MOST_NOTE],
        at=work.now,
        person_id=work.person_id,
        digest=digest,
        digest_now=digest,
        certificate_digest=made.certificate_digest,
        files={name: hashlib.sha256(content).hexdigest() for name, content in made.files.items()},
        software=software(),
    )
    work.session.add(report)
    work.session.flush()
    _put(work, report, snapshot_name(digest), snapshots.pressed(made.content))
    for name, content in made.files.items():
        _put(work, report, name, content)
    work.session.add_all(IssuedRow(report_id=report.id, **vars(row)) for row in made.rows)
    named = {"number": made.number, "kind": made.kind, "stage": made.stage, "sha256": digest}
    record(work, "report.issue", "report", report.id, study_id=study_id, **named)
    return report


def file_of(work: Work, report: IssuedReport, name: str) -> bytes:
    """The Word (docx) or PDF (pdf) as it was issued; raises NOT_FOUND."""
    if name not in FILES:
        raise ZoufangError(Problem.NOT_FOUND)
    return _open(work, report, name)


def snapshot_of(work: Work, report: IssuedReport) -> dict[str, Any]:
    """The snapshot behind an issued report; raises STATE_CONFLICT where it is not what its digest says."""
    snapshot = snapshots.read(_open(work, report, snapshot_name(report.digest_now)))
    if hashlib.sha256(snapshots.written(snapshot)).hexdigest() != report.digest_now:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the snapshot is not the one that was issued"))
    return snapshot


def replace_snapshot(work: Work, report: IssuedReport, snapshot: Mapping[str, Any]) -> None:
    """Put another snapshot in place of the one that is there, which is deleted as soon as the transaction holds."""
    content = snapshots.written(snapshot)
    erase_blobs(work, [blob_of(report, snapshot_name(report.digest_now))])
    report.digest_now = hashlib.sha256(content).hexdigest()
    _put(work, report, snapshot_name(report.digest_now), snapshots.pressed(content))
    work.session.add(report)


def blob_of(report: IssuedReport, name: str) -> str:
    """Where a file of an issued report lies."""
    return f"issued/{report.id.hex}/{name}"


def snapshot_name(digest: str) -> str:
    """The name of a snapshot among the files of its report."""
    return f"snapshot-{digest[:16]}"


def _put(work: Work, report: IssuedReport, name: str, content: bytes) -> None:
    cipher = issued_cipher_of(work, report.study_id)
    work.blobs.put(blob_of(report, name), cipher.seal(uuid.uuid5(report.id, name), content))


def _open(work: Work, report: IssuedReport, name: str) -> bytes:
    cipher = issued_cipher_of(work, report.study_id)
    return cipher.open(uuid.uuid5(report.id, name), work.blobs.get(blob_of(report, name)))


def _next(work: Work, study_id: uuid.UUID) -> int:
    query = select(func.max(IssuedReport.number)).where(IssuedReport.study_id == study_id)
    return (work.session.exec(query).one() or 0) + 1


def _cover(work: Work, issue: Mapping[str, Any], content: bytes) -> list[str]:
    day = work.now.astimezone(ZoneInfo(work.settings.timezone))
    return [
        f"{STAGES[issue['stage']]}　第{issue['number']}号　{day:%Y年%-m月%-d日}",
        f"数据快照 {hashlib.sha256(content).hexdigest()[:16]}",
    ]
