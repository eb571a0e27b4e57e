"""Pages of a study's result: the figures, the answers behind a figure, the workbook."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from analysis.metrics import DENOMINATORS, DOMAINS
from analysis.response import CLASSES
from analysis.rounding import percent_text
from survey_server import __version__
from survey_server.actors import EVALUATORS, OBSERVERS, Actor
from survey_server.audit.service import record
from survey_server.console.routing import handler, see_other, view
from survey_server.errors import Problem, ZoufangError
from survey_server.results import drawings, wording
from survey_server.results.charts import interval_drawing
from survey_server.results.export import observed_workbook_of, workbook_of
from survey_server.results.files import FILES
from survey_server.results.kept import results_to_look_at
from survey_server.results.measures import NAMES
from survey_server.results.observed import observed
from survey_server.results.references import find, read_reference, reference
from survey_server.results.service import Results, results_of
from survey_server.results.tables import (
    awareness_items,
    definitions_beside,
    group_rows,
    heard_items,
    process_rates,
    response_rows,
)
from survey_server.results.trace import Question, receipts_of, records, trace
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = 500

pages = Blueprint(
    "results", __name__, template_folder="templates", static_folder="static", static_url_path="/static/results"
)


@view(pages, "/studies/<uuid:study_id>/results", who=OBSERVERS)
def show_results(work: Work, study_id: uuid.UUID) -> str | Response:
    """Headline, response, tables, score, and what limits them; of a closed study the figures that stay."""
    if study_of(work, study_id).closed_at is not None and work.actor.may(EVALUATORS):
        return see_other(url_for("closing.show_closing", study_id=study_id))
    results = results_to_look_at(work, study_id)
    results = results if work.actor.may(EVALUATORS) else observed(results)
    return render_template(
        "results/show.html",
        study=results.study,
        results=results,
        response_rows=response_rows(results.response),
        definitions_beside=definitions_beside(results),
        awareness_items=awareness_items(results),
        heard_items=heard_items(results),
        process_rates=process_rates(results),
        classes=CLASSES,
        wording=wording,
        interval_drawing=interval_drawing,
        drawings=drawings,
        group_rows=group_rows(results),
        percent_text=percent_text,
    )


@handler(pages, "/studies/<uuid:study_id>/results/trace", methods=["GET"], who=EVALUATORS)
def show_trace(services: Services, actor: Actor, study_id: uuid.UUID) -> str:
    """The cases and coded answers behind one figure; that somebody looked is recorded."""
    question = _question(request.args)
    with services.read(actor) as work:
        results = results_of(work, study_id)
    with services.write(actor) as work:
        record(work, "results.trace", "study", study_id, study_id=study_id, metric=question.metric)
    table = trace(results.dataset, question)
    start = max(request.args.get("from", 0, int), 0)
    shown = table.iloc[start : start + PAGE]
    with services.read(actor) as work:
        receipts = receipts_of(work, shown["submission_id"].dropna().tolist())
    return render_template(
        "results/trace.html",
        study=results.study,
        results=results,
        question=question,
        figure=(figure := results.figures.get(**vars(question))),
        reference=reference(study_id, figure),
        counted=table["part"].value_counts().to_dict(),
        rows=shown.reset_index().to_dict("records"),
        receipts=receipts,
        version=__version__,
        others=records(results.dataset, question),
        start=start,
        page=PAGE,
        total=len(table),
        wording=wording,
    )


@view(pages, "/trace/<reference>", who=EVALUATORS)
def follow_reference(work: Work, reference: str) -> Response:
    """From the reference printed beside a figure to what is behind it: now, or in the report that was issued."""
    wanted, text = read_reference(reference), reference.strip().upper()
    if wanted.issue:
        return see_other(url_for("issued.show_figure", reference=text))
    found = find(work, reference)
    if found is None:
        return see_other(url_for("issued.show_row", reference=text))
    results, figure = found
    keys: dict[str, Any] = {**figure.keys}
    return see_other(url_for("results.show_trace", study_id=results.study.id, **keys))


@handler(pages, "/studies/<uuid:study_id>/results.xlsx", methods=["GET"], who=OBSERVERS)
def download(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The workbook; that somebody took it is recorded."""
    with services.read(actor) as work:
        results = _as_seen(work, study_id)
        content = (workbook_of if actor.may(EVALUATORS) else observed_workbook_of)(work, results)
    with services.write(actor) as work:
        record(work, "results.export", "study", study_id, study_id=study_id, bytes=len(content))
    response = Response(content, mimetype=XLSX)
    name = "practice-results.xlsx" if results.study.practice else "results.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@handler(pages, "/studies/<uuid:study_id>/results/<name>", methods=["GET"], who=EVALUATORS)
def download_answers(services: Services, actor: Actor, study_id: uuid.UUID, name: str) -> Response:
    """The coded answers for another program, or their codebook; that somebody took it is recorded."""
    if name not in FILES:
        raise ZoufangError(Problem.NOT_FOUND)
    kind, write = FILES[name]
    with services.read(actor) as work:
        results = results_of(work, study_id)
        content = write(work, results)
    with services.write(actor) as work:
        record(work, "results.export", "study", study_id, study_id=study_id, file=name, bytes=len(content))
    response = Response(content, mimetype=kind)
    practice = "practice-" if results.study.practice else ""
    response.headers["Content-Disposition"] = f'attachment; filename="{practice}{name}"'
    return response


def _as_seen(work: Work, study_id: uuid.UUID) -> Results:
    """The result as the reader may see it."""
    results = results_of(work, study_id)
    return results if work.actor.may(EVALUATORS) else observed(results)


def _question(arguments: MultiDict[str, str]) -> Question:
    """What figure is asked about; raises NOT_FOUND for one that does not exist."""
    question = Question(
        metric=arguments.get("metric", "SAT_TOP2"),
        denominator=arguments.get("denominator", "valid"),
        domain=arguments.get("domain", "headline"),
        county=arguments.get("county", ""),
        category=arguments.get("category", ""),
    )
    if question.metric not in NAMES or question.denominator not in DENOMINATORS or question.domain not in DOMAINS:
        raise ZoufangError(Problem.NOT_FOUND)
    return question
