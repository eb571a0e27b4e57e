"""Pages of issued reports: the list, the check against the snapshot, the files, a figure down to its answers."""

from __future__ import annotations

import uuid
from urllib.parse import quote

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_server.accounts.service import names_of
from survey_server.actors import EVALUATORS, Actor
from survey_server.audit.service import record
from survey_server.console.routing import handler, see_other, view
from survey_server.reports import checking, issuing
from survey_server.reports.checking import open_issued, traced_figure
from survey_server.reports.routes import DOCX, FILE_NAMES, KIND_NAMES
from survey_server.reports.rows import live_row
from survey_server.results import wording
from survey_server.results.references import figure_named, read_reference
from survey_server.results.trace import Question
from survey_server.work import Services, Work

PAGE = 500
CONTENT = {"docx": DOCX, "pdf": "application/pdf"}
pages = Blueprint("issued", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/report/issued", who=EVALUATORS)
def show_issued(work: Work, study_id: uuid.UUID) -> str:
    """The issued reports, and what two of them print differently."""
    study = issuing.require_whole(work, study_id)
    reports = issuing.issued_of(work, study_id)
    by_number = {report.number: report for report in reports}
    one, other = (by_number.get(request.args.get(name, 0, int)) for name in ("one", "other"))
    same, changed = checking.compared(work, one, other) if one and other and one is not other else (None, [])
    return render_template(
        "reports/issued.html",
        study=study,
        reports=reports,
        people=names_of(work, {report.person_id for report in reports if report.person_id}),
        stages=issuing.STAGES,
        kinds=KIND_NAMES,
        one=one,
        other=other,
        same=same,
        changed=changed,
        wording=wording,
    )


@handler(pages, "/studies/<uuid:study_id>/report/issued", methods=["POST"], who=EVALUATORS)
def issue(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """Issue the report as it is now."""
    with services.read(actor) as work:
        made = issuing.make(work, study_id, request.form.get("kind", ""), request.form.get("stage", ""))
    with services.write(actor) as work:
        issuing.keep(work, study_id, made, request.form.get("note", ""))
    return see_other(url_for("issued.show_issued", study_id=study_id))


@view(pages, "/studies/<uuid:study_id>/report/issued/<int:number>", who=EVALUATORS)
def check_issued(work: Work, study_id: uuid.UUID, number: int) -> str:
    """Everything computed again from the snapshot and held against what was issued."""
    study = issuing.require_whole(work, study_id)
    report = issuing.issued(work, study_id, number)
    return render_template(
        "reports/check.html",
        study=study,
        report=report,
        check=checking.check(work, report),
        snapshot=issuing.snapshot_of(work, report),
        stages=issuing.STAGES,
        kinds=KIND_NAMES,
        wording=wording,
    )


@handler(pages, "/studies/<uuid:study_id>/report/issued/<int:number>.<kind>", methods=["GET"], who=EVALUATORS)
def download_issued(services: Services, actor: Actor, study_id: uuid.UUID, number: int, kind: str) -> Response:
    """The Word or PDF as it was issued."""
    with services.read(actor) as work:
        study = issuing.require_whole(work, study_id)
        report = issuing.issued(work, study_id, number)
        content = issuing.file_of(work, report, kind)
        name = f"{study.name}-{FILE_NAMES[report.kind]}-{issuing.STAGES[report.stage]}-{number}.{kind}"
    with services.write(actor) as work:
        record(work, "results.report", "study", study_id, study_id=study_id, kind=kind, number=number)
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(content, content_type=CONTENT[kind], headers={"Content-Disposition": disposition})


@handler(pages, "/issued/<reference>", methods=["GET"], who=EVALUATORS)
def show_figure(services: Services, actor: Actor, reference: str) -> str | Response:
    """A figure of an issued report: as issued, computed again, and the answers behind it; recorded."""
    with services.read(actor) as work:
        opened = open_issued(work, reference)
        if figure_named(opened.results, opened.wanted) is None:
            return see_other(url_for("issued.show_row", reference=reference.strip().upper()))
        traced = traced_figure(work, opened)
    with services.write(actor) as work:
        about = {"metric": traced.figure.metric, "number": traced.report.number}
        record(work, "results.trace", "study", traced.study.id, study_id=traced.study.id, **about)
    start = max(request.args.get("from", 0, int), 0)
    shown = traced.table[traced.table.index.isin(list(traced.led))]
    return render_template(
        "reports/figure.html",
        study=traced.study,
        traced=traced,
        figure=traced.figure,
        question=Question(**traced.figure.keys),
        reference=reference.strip().upper(),
        counted=traced.table["part"].value_counts().to_dict(),
        rows=shown.iloc[start : start + PAGE].reset_index().to_dict("records"),
        apart=len(traced.table) - len(shown),
        start=start,
        page=PAGE,
        total=len(shown),
        stages=issuing.STAGES,
        kinds=KIND_NAMES,
        wording=wording,
    )


@handler(pages, "/row/<reference>", methods=["GET"], who=EVALUATORS)
def show_row(services: Services, actor: Actor, reference: str) -> str:
    """A row of a table, now or as it was issued, and the cases or the source behind it; recorded."""
    with services.read(actor) as work:
        issue = read_reference(reference).issue
        traced = checking.traced_row(work, open_issued(work, reference)) if issue else live_row(work, reference)
    behind, study = traced.behind, traced.study
    with services.write(actor) as work:
        about = {"metric": behind.row.table, "number": issue}
        record(work, "results.trace", "study", study.id, study_id=study.id, **about)
    start = max(request.args.get("from", 0, int), 0)
    cases = behind.cases
    shown = cases[cases.index.isin(list(traced.led))] if cases is not None else None
    return render_template(
        "reports/row.html",
        study=study,
        traced=traced,
        behind=behind,
        issue=issue,
        reference=reference.strip().upper(),
        rows=[] if shown is None else shown.iloc[start : start + PAGE].reset_index().to_dict("records"),
        apart=0 if cases is None or shown is None else len(cases) - len(shown),
        start=start,
        page=PAGE,
        total=0 if shown is None else len(shown),
        wording=wording,
    )
