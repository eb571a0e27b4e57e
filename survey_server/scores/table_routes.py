"""Pages of what stands behind the scores: the table itself, its weights by experts, and the papers."""

from __future__ import annotations

import uuid
from urllib.parse import quote

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from analysis.metrics import load_metrics
from analysis.scoring_rules import RULES as RULE_TYPES
from survey_server.accounts.service import names_of
from survey_server.actors import EVALUATORS, Actor
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.scores import entering, papers, tables
from survey_server.scores.published import LIMITS
from survey_server.scores.routes import JUDGES, XLSX
from survey_server.scores.words import RULES
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

SPARE_ROWS = 3
pages = Blueprint("score_tables", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/scores/table", who=EVALUATORS)
def show_table(work: Work, study_id: uuid.UUID) -> str:
    """Every line of the table as a row that can be changed."""
    study = study_of(work, study_id)
    table = tables.table_of(work, study)
    return render_template(
        "scores/table.html",
        study=study,
        table=table,
        rows=tables.rows_of(table),
        spare=range(SPARE_ROWS),
        own=tables.is_own(work, study_id),
        rules={kind: RULES[kind] for kind in RULE_TYPES},
        metrics=sorted(load_metrics()),
        fixed=study.fixed_at is not None,
    )


@action(pages, "/studies/<uuid:study_id>/scores/table", who=EVALUATORS)
def change_table(work: Work, study_id: uuid.UUID) -> Response:
    """Keep the changed rows."""
    study = study_of(work, study_id)
    columns = {field: request.form.getlist(field) for field in tables.FIELDS}
    if len({len(values) for values in columns.values()}) != 1:
        raise ZoufangError(Problem.UNREADABLE_REQUEST)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    source = tables.source_from_rows(
        tables.table_of(work, study), rows, request.form.get("title", ""), request.form.get("total", "")
    )
    tables.keep_table(work, study, source, request.form.get("change_reason", ""))
    return see_other(url_for("scores.show_scores", study_id=study_id))


@handler(pages, "/studies/<uuid:study_id>/scores/table/file", methods=["POST"], who=EVALUATORS)
def take_table(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """A table of an Excel or YAML file becomes the study's."""
    with services.read(actor) as work:
        study_of(work, study_id)
    file = request.files.get("table")
    if file is None or not file.filename:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Table"), why=N_("choose a file"))
    data = file.stream.read(LIMITS.bytes + 1)
    with services.write(actor) as work:
        tables.take_file(work, study_of(work, study_id), file.filename, data, request.form.get("change_reason", ""))
    return see_other(url_for("score_tables.show_table", study_id=study_id))


@view(pages, "/studies/<uuid:study_id>/scores/table.<kind>", who=EVALUATORS)
def download_table(work: Work, study_id: uuid.UUID, kind: str) -> Response:
    """The table to be changed in Excel, or with its rules as YAML."""
    table = tables.table_of(work, study_of(work, study_id))
    if kind not in {"xlsx", "yaml"}:
        raise ZoufangError(Problem.NOT_FOUND)
    content, mimetype = (tables.workbook_of(table), XLSX) if kind == "xlsx" else (tables.yaml_of(table), "text/yaml")
    headers = {"Content-Disposition": f'attachment; filename="table.{kind}"'}
    return Response(content, mimetype=mimetype, headers=headers)


@view(pages, "/studies/<uuid:study_id>/scores/weights", who=JUDGES)
def show_weights(work: Work, study_id: uuid.UUID) -> str:
    """The parts of one line compared by pairs, by every expert, and the weights that follow."""
    study = study_of(work, study_id)
    table = tables.table_of(work, study)
    parent = request.args.get("parent", "")
    parts = entering.parts_of(table, parent)
    names = [part.name for part in parts]
    given = entering.judgements(work, study_id, parent)
    found = entering.judged(names, given)
    whole = entering.points_shared(table, parent)
    return render_template(
        "scores/weights.html",
        study=study,
        table=table,
        parent=parent,
        parts=parts,
        pairs=entering.pairs_of(names),
        mine=next((row.upper for row in given if row.person_id == work.person_id), {}),
        scale=entering.JUDGEMENTS,
        joint=found[0] if found else None,
        each=found[1] if found else {},
        people={str(person): name for person, name in names_of(work, {row.person_id for row in given}).items()},
        points=found[0].points(whole) if found else {},
        groups=[line for _, line in table.walk() if len(line.children) > 1],
        fixed=study.fixed_at is not None,
    )


@action(pages, "/studies/<uuid:study_id>/scores/weights", who=JUDGES)
def judge(work: Work, study_id: uuid.UUID) -> Response:
    """Keep an expert's comparison."""
    parent = request.form.get("parent", "")
    table = tables.table_of(work, study_of(work, study_id))
    names = [part.name for part in entering.parts_of(table, parent)]
    entering.compare(work, study_id, parent, names, request.form)
    return see_other(url_for("score_tables.show_weights", study_id=study_id, parent=parent))


@action(pages, "/studies/<uuid:study_id>/scores/weights/use", who=EVALUATORS)
def use_weights(work: Work, study_id: uuid.UUID) -> Response:
    """The experts' joint weights become the points of the parts."""
    parent = request.form.get("parent", "")
    study = study_of(work, study_id)
    table = tables.table_of(work, study)
    names = [part.name for part in entering.parts_of(table, parent)]
    found = entering.judged(names, entering.judgements(work, study_id, parent))
    if found is None or not found[0].consistent:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the comparisons contradict each other (CR 0.1 or more)"))
    points = found[0].points(entering.points_shared(table, parent))
    tables.keep_table(work, study, entering.with_weights(table, parent, points), request.form.get("change_reason", ""))
    return see_other(url_for("scores.show_scores", study_id=study_id))


@view(pages, "/studies/<uuid:study_id>/evidence", who=JUDGES)
def show_evidence(work: Work, study_id: uuid.UUID) -> str:
    """The papers of a study."""
    found = papers.evidence_of(work, study_id)
    people = names_of(work, {paper.person_id for paper in found if paper.person_id})
    return render_template("scores/evidence.html", study=study_of(work, study_id), papers=found, people=people)


@handler(pages, "/studies/<uuid:study_id>/evidence", methods=["POST"], who=EVALUATORS)
def add_evidence(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """Keep a paper."""
    file = request.files.get("paper")
    content = file.stream.read(papers.MOST_BYTES + 1) if file else b""
    name = file.filename or "" if file else ""
    with services.write(actor) as work:
        study_of(work, study_id)
        papers.add_evidence(work, study_id, title=request.form.get("title", ""), file_name=name, content=content)
    return see_other(url_for("score_tables.show_evidence", study_id=study_id))


@handler(pages, "/studies/<uuid:study_id>/evidence/<uuid:evidence_id>", methods=["GET"], who=JUDGES)
def take_evidence(services: Services, actor: Actor, study_id: uuid.UUID, evidence_id: uuid.UUID) -> Response:
    """Hand a paper out, as a download alone: it came from outside and is never shown as a page."""
    with services.write(actor) as work:
        paper, content = papers.read_evidence(work, study_id, evidence_id)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{paper.number}-{paper.file_name}')}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, mimetype="application/octet-stream", headers=headers)
