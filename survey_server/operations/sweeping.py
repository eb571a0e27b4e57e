"""Files that no row names: left by an upload that was refused, a retry, or a crash between the file and its row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from sqlmodel import col, select

from survey_server.exports.models import Export, State
from survey_server.imports.models import AnswerFile
from survey_server.reports.issuing import blob_of, snapshot_name
from survey_server.reports.models import IssuedReport
from survey_server.results.kept import kept_name
from survey_server.rosters.models import RosterFile
from survey_server.scores.models import Evidence
from survey_server.studies.models import Study
from survey_server.submissions.models import SubmissionFile
from survey_server.work import Services, Work
from survey_server.workpapers.models import DocumentFile

YOUNG = dt.timedelta(hours=24)
"""A file is written before its row; younger ones are let be."""


def _submission_files(work: Work) -> set[str]:
    return {f"submissions/{key.hex}" for key in work.session.exec(select(col(SubmissionFile.id)))}


def _roster_files(work: Work) -> set[str]:
    return {f"rosters/{key.hex}" for key in work.session.exec(select(col(RosterFile.id)))}


def _answer_files(work: Work) -> set[str]:
    return {f"imports/{key.hex}" for key in work.session.exec(select(col(AnswerFile.id)))}


def _exports(work: Work) -> set[str]:
    return {
        f"exports/{key.hex}" for key in work.session.exec(select(col(Export.id)).where(Export.state != State.EXPIRED))
    }


def _evidence(work: Work) -> set[str]:
    return set(work.session.exec(select(Evidence.blob)))


def _documents(work: Work) -> set[str]:
    return set(work.session.exec(select(DocumentFile.blob)))


def _issued(work: Work) -> set[str]:
    reports = work.session.exec(select(IssuedReport)).all()
    return {blob_of(report, name) for report in reports for name in (*report.files, snapshot_name(report.digest_now))}


def _kept_results(work: Work) -> set[str]:
    return {kept_name(key) for key in work.session.exec(select(col(Study.id)).where(col(Study.closed_at).is_(None)))}


NAMED: Mapping[str, Callable[[Work], set[str]]] = {
    "submissions": _submission_files,
    "rosters": _roster_files,
    "imports": _answer_files,
    "evidence": _evidence,
    "exports": _exports,
    "documents": _documents,
    "issued": _issued,
    "results": _kept_results,
}
"""Folder of the store → the names that rows know. A folder that is not here is never swept."""


def sweep(services: Services) -> list[str]:
    """Remove the files of known folders that no row names and that are a day old; returns their names."""
    old = services.blobs.names_before(services.clock() - YOUNG)
    with services.read() as work:
        named = {folder: names(work) for folder, names in NAMED.items()}
    gone = [name for name in old if (folder := name.partition("/")[0]) in named and name not in named[folder]]
    for name in gone:
        services.blobs.delete(name)
    return gone
