"""What can be asked for, and how each file is made: in the background, with the reach of whoever asked."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.util
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from analysis.report.statistical import write_csv, write_dta, write_parquet, write_sav
from survey_server.accounts.people import member_of
from survey_server.actors import EVALUATORS, Actor
from survey_server.audit.service import record
from survey_server.console.language import speaking
from survey_server.errors import N_
from survey_server.exports.archive import archive_file
from survey_server.exports.models import Export, State
from survey_server.exports.workbook import CODES, Made, Tell, without_words, workbook_file
from survey_server.outbox import OutboxRow
from survey_server.privacy.service import cipher_of
from survey_server.results.files import codebook_file, coded_table
from survey_server.results.service import Results, results_of
from survey_server.work import Services, Work

MAKE, EXPIRE = "export.make", "export.expire"
STEPS = 4
LASTS = dt.timedelta(hours=24)
"""How long a link opens its file."""
log = structlog.get_logger()
Maker = Callable[[Work, Results, str, Tell], Made]


@dataclass(frozen=True)
class Kind:
    """A file that can be asked for: its name, what it is for, its type. ``worded``: as words or codes, by choice."""

    name: str
    label: str
    mimetype: str
    make: Maker
    worded: bool = False


def make_export(services: Services, payload: Mapping[str, Any]) -> None:
    """The outbox's handler of ``MAKE``; may run again after a crash."""
    export_id = uuid.UUID(payload["export_id"])
    with services.write() as work:
        export = work.session.get(Export, export_id)
        if export is None or not export.is_under_way:
            return
        export.state, export.done, export.steps = State.WORKING.value, 0, STEPS
        work.session.add(export)
        kind, study_id, words, asker = KINDS[export.kind], export.study_id, export.words, export.person_id
    try:
        with services.read() as work:
            actor = _actor(work, asker)
        with speaking(), services.read(actor) as work:
            made = kind.make(work, results_of(work, study_id), words, lambda done: _tell(services, export_id, done))
            sealed = cipher_of(work, study_id).seal(export_id, made.content)
        services.blobs.put(f"exports/{export_id.hex}", sealed)
        _finish(services, export_id, made)
    except Exception:
        with services.write() as work:
            work.session.get_one(Export, export_id).state = State.FAILED.value
        raise


def expire_export(services: Services, payload: Mapping[str, Any]) -> None:
    """The outbox's handler of ``EXPIRE``: the file is gone, what was asked for stays on the list."""
    with services.write() as work:
        export = work.session.get(Export, uuid.UUID(payload["export_id"]))
        if export is None or export.state != State.READY:
            return
        export.state = State.EXPIRED.value
        work.session.add(export)
        blob = export.blob
    services.blobs.delete(blob)


def _actor(work: Work, person_id: uuid.UUID) -> Actor:
    """As whoever asked may reach now; whoever may no more reaches nothing."""
    member = member_of(work, person_id)
    reach = member.reach if member.person.active and member.roles & EVALUATORS else ()
    return Actor("person", person_id, member.person.name, member.person.staff_no, member.roles, reach=reach)


def _tell(services: Services, export_id: uuid.UUID, done: int) -> None:
    with services.write() as work:
        work.session.get_one(Export, export_id).done = done


def _finish(services: Services, export_id: uuid.UUID, made: Made) -> None:
    with services.write() as work:
        export = work.session.get_one(Export, export_id)
        export.state, export.done = State.READY.value, STEPS
        export.size, export.digest = len(made.content), hashlib.sha256(made.content).hexdigest()
        export.removed = asdict(made.removed)
        export.finished_at = work.now
        export.expires_at = work.now + LASTS
        work.session.add(export)
        payload = {"export_id": str(export_id)}
        work.session.add(OutboxRow(kind=EXPIRE, payload=payload, created_at=work.now, not_before=work.now + LASTS))
        record(work, "export.made", "export", export_id, study_id=export.study_id, kind=export.kind, bytes=export.size)


def _csv(work: Work, results: Results, words: str, tell: Tell) -> Made:
    coded = coded_table(work, results)
    tell(2)
    shown = coded if words == CODES else without_words(coded)
    return Made(write_csv(shown.table), coded.removed)


def _sav(work: Work, results: Results, _words: str, tell: Tell) -> Made:
    coded = coded_table(work, results)
    tell(2)
    return Made(write_sav(coded.table, coded.variables, results.study.name, coded.removed.text), coded.removed)


def _dta(work: Work, results: Results, _words: str, tell: Tell) -> Made:
    coded = coded_table(work, results)
    tell(2)
    return Made(write_dta(coded.table, coded.variables, "Zoufang"), coded.removed)


def _parquet(work: Work, results: Results, words: str, tell: Tell) -> Made:
    coded = coded_table(work, results)
    tell(2)
    return Made(write_parquet((coded if words == CODES else without_words(coded)).table), coded.removed)


def _codebook(work: Work, results: Results, _words: str, tell: Tell) -> Made:
    tell(1)
    return Made(codebook_file(work, results), coded_table(work, results).removed)


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BYTES = "application/octet-stream"
KINDS: Mapping[str, Kind] = {
    "workbook": Kind("results.xlsx", N_("Excel workbook with charts"), XLSX, workbook_file, worded=True),
    "csv": Kind("answers.csv", N_("CSV for Excel and others"), "text/csv; charset=utf-8", _csv, worded=True),
    "sav": Kind("answers.sav", N_("SPSS (.sav)"), BYTES, _sav),
    "dta": Kind("answers.dta", N_("Stata (.dta)"), BYTES, _dta),
    **(
        {"parquet": Kind("answers.parquet", N_("Parquet"), BYTES, _parquet, worded=True)}
        if importlib.util.find_spec("duckdb")
        else {}
    ),
    "codebook": Kind("codebook.xlsx", N_("Codebook"), XLSX, _codebook),
    "archive": Kind("study.zoufang.zip", N_("Study archive, to be opened elsewhere"), "application/zip", archive_file),
}
