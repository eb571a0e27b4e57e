"""Pages of scores: the table with its values, one line, the counties, and a published table held against itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from analysis.scoring import scales
from survey_server.accounts.service import names_of
from survey_server.actors import EVALUATORS, Actor, Role
from survey_server.audit.service import record
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.results.service import results_of
from survey_server.scores import entering, papers, sheets
from survey_server.scores.published import LIMITS
from survey_server.scores.service import check_file
from survey_server.scores.sheet import card_of, counties_of
from survey_server.scores.tables import table_of
from survey_server.scores.values import question_of, read_value, shown
from survey_server.scores.words import grave, rule_words, said
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JUDGES = EVALUATORS | {Role.REVIEWER}

pages = Blueprint("scores", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/scores", who=JUDGES)
def show_scores(work: Work, study_id: uuid.UUID) -> str:
    """The whole table, or one county's; below it the counties side by side."""
    county, scale, threshold = request.args.get("county", ""), _scale(), _threshold()
    card = card_of(work, study_id, county)
    rolled, cards = counties_of(work, study_id, threshold, scale)
    return render_template(
        "scores/show.html",
        study=study_of(work, study_id),
        card=card,
        county=county,
        counties=results_of(work, study_id).counties,
        rolled=rolled,
        cards=cards,
        scale=scale,
        scales=scales(),
        threshold=threshold,
        missing=card.scored.missing,
        **_words(),
    )


@view(pages, "/studies/<uuid:study_id>/scores/line", who=JUDGES)
def show_line(work: Work, study_id: uuid.UUID) -> str:
    """One line: its rule, its value, and who said so."""
    county = request.args.get("county", "")
    card = card_of(work, study_id, county)
    line = entering.line_of(card.table, request.args.get("name", ""))
    each = next(each for each in card.scored.lines if each.line.key == line.key)
    source = card.source(line)
    people = names_of(work, {row.person_id for row in source.experts})
    return render_template(
        "scores/line.html",
        study=study_of(work, study_id),
        county=county,
        line=line,
        each=each,
        card=card,
        source=source,
        question=question_of(line),
        typed=shown(line, source.entry.value) if source.entry else "",
        chosen=_chosen(source.entry.value if source.entry else None),
        people=people,
        papers=papers.evidence_of(work, study_id),
        me=work.person_id,
        **_words(),
    )


@action(pages, "/studies/<uuid:study_id>/scores/line", who=EVALUATORS)
def enter(work: Work, study_id: uuid.UUID) -> Response:
    """Keep what was typed for a line."""
    line, county = _line(work, study_id)
    if "clear" in request.form:
        entering.clear_value(work, study_id, line, county)
        return _back(study_id, county)
    numbers = {paper.number for paper in papers.evidence_of(work, study_id)}
    entering.enter_value(
        work,
        study_id,
        line,
        county,
        value=None if "left_out" in request.form else read_value(line, request.form),
        answers=_answers(line.name),
        assessed="left_out" not in request.form,
        zero=question_of(line).zero_event if "zero" in request.form else "",
        reason=request.form.get("reason", ""),
        evidence=[number for number in request.form.getlist("evidence") if number in numbers],
    )
    return _back(study_id, county)


@action(pages, "/studies/<uuid:study_id>/scores/points", who=JUDGES)
def give_points(work: Work, study_id: uuid.UUID) -> Response:
    """An expert's own points."""
    line, county = _line(work, study_id)
    entering.give_points(work, study_id, line, county, request.form.get("points", ""), request.form.get("reason", ""))
    return _back(study_id, county)


@handler(pages, "/studies/<uuid:study_id>/scores.xlsx", methods=["GET"], who=EVALUATORS)
def download(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The scored table as a workbook."""
    with services.read(actor) as work:
        card = card_of(work, study_id, request.args.get("county", ""))
        rolled, _ = counties_of(work, study_id, _threshold(), _scale())
        people = names_of(work, {row.person_id for source in card.sources.values() for row in source.experts})
        content = sheets.workbook_of(card, rolled, _namer(people))
    with services.write(actor) as work:
        record(work, "results.scores", "study", study_id, study_id=study_id, bytes=len(content))
    headers = {"Content-Disposition": 'attachment; filename="scores.xlsx"'}
    return Response(content, mimetype=XLSX, headers=headers)


@view(pages, "/check-scores", who=EVALUATORS)
def show_check(_work: Work) -> str:
    """The page that takes a published table."""
    return render_template("scores/check.html", check=None, total="100")


@handler(pages, "/check-scores", methods=["POST"], who=EVALUATORS)
def check(_services: Services, _actor: Actor) -> str:
    """What stands against the uploaded table; nothing of it is kept."""
    file = request.files.get("table")
    if file is None or not file.filename:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Table"), why=N_("choose a file"))
    data = file.stream.read(LIMITS.bytes + 1)
    found = check_file(file.filename, data, _total(), gettext)
    lines = [(row, grave(finding), *said(finding, gettext)) for row, finding in found.findings]
    return render_template("scores/check.html", check=found, lines=lines, total=request.form.get("total", "100"))


def _words() -> dict[str, Any]:
    return {"rule_words": rule_words, "source_words": sheets.source_words, "said": _say, "grave": grave}


def _say(finding: Any) -> tuple[str, str]:  # noqa: ANN401 - a finding
    return said(finding, gettext)


def _namer(people: dict[uuid.UUID, str]) -> Callable[[str], str]:
    return lambda person_id: people.get(uuid.UUID(person_id), "")


def _line(work: Work, study_id: uuid.UUID) -> tuple[Any, str]:
    county = request.form.get("county", "")
    if county and county not in results_of(work, study_id).counties:
        raise ZoufangError(Problem.NOT_FOUND)
    table = table_of(work, study_of(work, study_id))
    return entering.line_of(table, request.form.get("name", "")), county


def _back(study_id: uuid.UUID, county: str) -> Response:
    return see_other(url_for("scores.show_scores", study_id=study_id, county=county or None))


def _chosen(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value.get("plus") or ()) | ({"exempt"} if value.get("exempt") else set())
    return set(value) if isinstance(value, list) else {str(value)}


def _answers(name: str) -> int | None:
    text = request.form.get("answers", "").strip()
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) <= 10**9:
        raise ZoufangError(Problem.INVALID_FIELD, field=name, why=N_("the number of answers is a whole number"))
    return int(text)


def _scale() -> str:
    asked = request.args.get("scale", "")
    return asked if asked in scales() else next(iter(scales()))


def _threshold() -> Decimal:
    asked = request.args.get("threshold", "80")
    return Decimal(asked) if asked.isdecimal() and int(asked) <= 100 else Decimal(80)


def _total() -> Decimal:
    try:
        total = Decimal(request.form.get("total") or "100")
    except InvalidOperation:
        total = Decimal(0)
    if not total.is_finite() or not 0 < total <= 10_000:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Total points"), why=N_("it must be a number above 0"))
    return total
