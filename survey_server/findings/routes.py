"""Pages of the ledger of problems (问题台账)."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_server.accounts.service import names_of
from survey_server.actors import EVALUATORS, REVIEWERS, Actor
from survey_server.audit.service import record
from survey_server.console.routing import action, disclosure, handler, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.findings import collecting, counting, evidence, service, sheets, urgent
from survey_server.findings.kinds import LOOP, METHODS, NEXT, STAGES, STATES, checks, kinds, visible_kinds
from survey_server.privacy.reasons import OPENING, reason_given
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

pages = Blueprint("findings", __name__, template_folder="templates")
PAGE = 100
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BYTES = "application/octet-stream"
STEP_NAMES = {**STATES, **STAGES, "urgent": N_("Marked as urgent")}
WORDS: dict[str, Any] = {
    "kinds": kinds,
    "states": STATES,
    "methods": METHODS,
    "label_of": service.label_of,
    "steps": STEP_NAMES,
}


@view(pages, "/studies/<uuid:study_id>/findings", who=REVIEWERS)
def show_findings(work: Work, study_id: uuid.UUID) -> str:
    """The ledger: counts, a part of the findings, and the form that adds one."""
    study, wanted = study_of(work, study_id), _wanted()
    page = max(1, request.args.get("page", 1, type=int))
    rows, total = service.ledger(work, study_id, wanted, start=(page - 1) * PAGE, most=PAGE)
    counts = counting.counts_of(work, study_id)
    waiting = [one for one in urgent.urgent_findings(work, study_id) if one.waiting]
    return render_template(
        "findings/ledger.html",
        study=study,
        rows=rows,
        total=total,
        page=page,
        pages=-(-total // PAGE),
        wanted=wanted,
        by_kind=sheets.sorted_kinds(counting.verified_counts(counts)),
        by_county=list(counting.verified_counts(counts, "county").iterrows()),
        all=counting.verified_counts(counts).sum(),
        waiting=waiting,
        sealed=counting.sealed_clues(work, study_id),
        counties=service.counties_of(work, study_id),
        offered=[kind for code, kind in kinds().items() if code in visible_kinds(work.actor)],
        checks=checks(),
        reasons=OPENING,
        late=sum(one.late for one in waiting),
        **WORDS,
    )


@action(pages, "/studies/<uuid:study_id>/findings", who=REVIEWERS)
def add(work: Work, study_id: uuid.UUID) -> Response:
    """Write a finding down by hand."""
    form = request.form
    subject = service.subject_of(
        work, study_id, form.get("number", ""), form.get("county", ""), form.get("reference", "")
    )
    check = form.get("check", "")
    report = service.Report(
        kind=form.get("kind", ""),
        method=form.get("method", ""),
        words=form.get("words", ""),
        urgent="urgent" in form,
        check_no=int(check) if check.isdecimal() else None,
    )
    row = service.write_down(work, study_id, subject, report)
    return _to(study_id, row.id)


@action(pages, "/studies/<uuid:study_id>/findings/batch", who=REVIEWERS)
def move_many(work: Work, study_id: uuid.UUID) -> Response:
    """Take many findings to their next state at once."""
    state, words = request.form.get("state", ""), request.form.get("words", "")
    count = service.move(work, study_id, _ids(request.form.getlist("finding")), state, words)
    return see_other(url_for("findings.show_findings", study_id=study_id, moved=count, state=state))


@handler(pages, "/studies/<uuid:study_id>/findings/collect", methods=["POST"], who=EVALUATORS)
def collect(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """Look through answers that came before the ledger was kept."""
    with services.read(actor) as work:
        study_of(work, study_id)
    made = collecting.collect(services, study_id)
    with services.write(actor) as work:
        record(work, "finding.collect", "study", study_id, study_id=study_id, findings=made)
    return see_other(url_for("findings.show_findings", study_id=study_id, collected=made))


@view(pages, "/studies/<uuid:study_id>/findings/checks", who=REVIEWERS)
def show_checks(work: Work, study_id: uuid.UUID) -> str:
    """核查八项 as one table."""
    study, counts = study_of(work, study_id), counting.counts_of(work, study_id)
    return render_template(
        "findings/checks.html", study=study, checks=_eight(work, study_id, counts), names=sheets.count_names()
    )


@view(pages, "/studies/<uuid:study_id>/findings/urgent", who=REVIEWERS)
def show_urgent(work: Work, study_id: uuid.UUID) -> str:
    """Urgent findings with the times of their loop, the late ones first."""
    study, found = study_of(work, study_id), urgent.urgent_findings(work, study_id)
    return render_template("findings/urgent.html", study=study, found=found, loop_names=LOOP, **WORDS)


@disclosure(pages, "/studies/<uuid:study_id>/findings/<uuid:finding_id>", who=REVIEWERS)
def show_finding(work: Work, study_id: uuid.UUID, finding_id: uuid.UUID) -> str:
    """One finding with its words, evidence and history; that it was read is recorded."""
    study, opened = study_of(work, study_id), evidence.open_finding(work, study_id, finding_id)
    row = opened.row
    people = {step.row.person_id for step in opened.steps} | {row.person_id} | {e.person_id for e in opened.evidence}
    return render_template(
        "findings/finding.html",
        study=study,
        opened=opened,
        row=row,
        sample_id=service.number_of(work, row),
        people=names_of(work, {person for person in people if person}),
        next=NEXT[row.state],
        stage=urgent.next_stage(row),
        late=urgent.is_late(work, row),
        loop_names=LOOP,
        enough=evidence.enough(opened),
        check=next((check for check in checks() if check.no == row.check_no), None),
        **WORDS,
    )


@action(pages, "/studies/<uuid:study_id>/findings/<uuid:finding_id>/step", who=REVIEWERS)
def move_one(work: Work, study_id: uuid.UUID, finding_id: uuid.UUID) -> Response:
    """Take it to its next state."""
    service.move(work, study_id, [finding_id], request.form.get("state", ""), request.form.get("words", ""))
    return _to(study_id, finding_id)


@action(pages, "/studies/<uuid:study_id>/findings/<uuid:finding_id>/referral", who=REVIEWERS)
def take_stage(work: Work, study_id: uuid.UUID, finding_id: uuid.UUID) -> Response:
    """Refer an urgent one, say what came of it, file it; or mark it as urgent."""
    stage, words, to = (request.form.get(name, "") for name in ("stage", "words", "to"))
    if stage == "urgent":
        urgent.mark_urgent(work, study_id, finding_id, words)
    else:
        urgent.take_stage(work, study_id, finding_id, stage, words, to)
    return _to(study_id, finding_id)


@handler(pages, "/studies/<uuid:study_id>/findings/<uuid:finding_id>/files", methods=["POST"], who=REVIEWERS)
def add_file(services: Services, actor: Actor, study_id: uuid.UUID, finding_id: uuid.UUID) -> Response:
    """Keep a file as its evidence."""
    file = request.files.get("file")
    content = file.stream.read(evidence.MOST_BYTES + 1) if file else b""
    name = (file.filename or "") if file else ""
    with services.write(actor) as work:
        evidence.take_file(work, study_id, finding_id, request.form.get("method", ""), name, content)
    return _to(study_id, finding_id)


@handler(pages, "/studies/<uuid:study_id>/findings/files/<uuid:finding_file_id>", methods=["GET"], who=REVIEWERS)
def take_file(services: Services, actor: Actor, study_id: uuid.UUID, finding_file_id: uuid.UUID) -> Response:
    """Hand a file of the evidence out, as a download alone: it came from outside."""
    with services.write(actor) as work:
        name, content = evidence.read_file(work, study_id, finding_file_id)
    return _attachment(content, BYTES, name)


@handler(pages, "/studies/<uuid:study_id>/findings.xlsx", methods=["GET"], who=REVIEWERS)
def download(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The ledger without what leads to a household."""
    with services.write(actor) as work:
        study, counts = study_of(work, study_id), counting.counts_of(work, study_id)
        rows, _ = service.ledger(work, study_id, _wanted())
        content = sheets.ledger_book(study, _zone(work), rows, counts, _eight(work, study_id, counts))
        record(work, "finding.export", "study", study_id, study_id=study_id, findings=len(rows), words=False)
    return _attachment(content, XLSX, f"{study.name}-问题台账.xlsx")


@handler(pages, "/studies/<uuid:study_id>/findings.xlsx", methods=["POST"], who=EVALUATORS)
def download_words(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The ledger with case numbers and words, for a reason that is recorded; it stays inside."""
    with services.write(actor) as work:
        study, counts = study_of(work, study_id), counting.counts_of(work, study_id)
        reason = reason_given(OPENING, request.form.get("reason", ""), request.form.get("words", ""))
        rows, _ = service.ledger(work, study_id, _wanted())
        words = evidence.words_of_all(work, study_id, [row for row, _ in rows])
        content = sheets.ledger_book(study, _zone(work), rows, counts, _eight(work, study_id, counts), words)
        told = {"reason": reason.code, "why": reason.words, "findings": len(rows), "words": True}
        record(work, "finding.export", "study", study_id, study_id=study_id, **told)
    return _attachment(content, XLSX, f"{study.name}-问题台账（内部）.xlsx")


def _wanted() -> service.Wanted:
    args = request.args
    county, kind, state, method = (args.get(name, "") for name in ("county", "kind", "state", "method"))
    return service.Wanted(county, kind, state, method, urgent="urgent" in args)


def _eight(work: Work, study_id: uuid.UUID, counts: Any) -> list[counting.CheckRow]:  # noqa: ANN401 - a DataFrame
    return counting.eight_checks(work, study_id, counts)


def _ids(texts: list[str]) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(text) for text in texts]
    except ValueError:
        raise ZoufangError(Problem.UNREADABLE_REQUEST) from None


def _zone(work: Work) -> ZoneInfo:
    return ZoneInfo(work.settings.timezone)


def _to(study_id: uuid.UUID, finding_id: uuid.UUID) -> Response:
    return see_other(url_for("findings.show_finding", study_id=study_id, finding_id=finding_id))


def _attachment(content: bytes, kind: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, content_type=kind, headers=headers)
