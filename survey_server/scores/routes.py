"""Pages of scores: the table with its values, one line, the counties, and a published table held against itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
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
from survey_server.results.service import Results, results_of
from survey_server.scores import entering, funds, grades, papers, sheets
from survey_server.scores.funds import Funds, funds_of, weights_of
from survey_server.scores.grades import OWN, Grades, grades_of
from survey_server.scores.parts import Part, counties_in, part_of, programmes_in
from survey_server.scores.published import LIMITS
from survey_server.scores.service import check_file, stated_findings
from survey_server.scores.sheet import Side, card_of, side_by_side
from survey_server.scores.tables import table_of
from survey_server.scores.values import question_of, read_value, shown
from survey_server.scores.words import grave, rule_words, said
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JUDGES = EVALUATORS | {Role.REVIEWER}
MOST_PARTS = 4_000

pages = Blueprint("scores", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/scores", who=JUDGES)
def show_scores(work: Work, study_id: uuid.UUID) -> str:
    """The whole table, or one county's; below it the counties side by side."""
    study, county, results = study_of(work, study_id), request.args.get("county", ""), results_of(work, study_id)
    chosen, card, money = _grades(work, study_id), card_of(work, study_id, county), funds_of(work, results)
    return render_template(
        "scores/show.html",
        study=study,
        card=card,
        county=county,
        parts=(counties_in(results), programmes_in(results)),
        counties=_side(work, results, counties_in(results), chosen, money),
        programmes=_side(work, results, programmes_in(results), chosen, money),
        grades=chosen,
        scales=scales(),
        own=grades_of(work, study_id).name == OWN,
        funds=money,
        stated=[] if county else stated_findings(work, study),
        missing=card.scored.missing,
        **_words(),
    )


@action(pages, "/studies/<uuid:study_id>/scores/grades", who=EVALUATORS)
def set_grades(work: Work, study_id: uuid.UUID) -> Response:
    """Keep the study's own grades."""
    form = request.form
    grades.set_grades(
        work,
        study_of(work, study_id),
        form.get("lines", ""),
        form.get("threshold", ""),
        form.get("change_reason", ""),
    )
    return _back(study_id, "")


@view(pages, "/studies/<uuid:study_id>/scores/funds", who=JUDGES)
def show_funds(work: Work, study_id: uuid.UUID) -> str:
    """The money of the study by part."""
    results = results_of(work, study_id)
    return render_template(
        "scores/funds.html",
        study=study_of(work, study_id),
        funds=funds_of(work, results),
        parts=(Part(), *counties_in(results), *programmes_in(results)),
        names=funds.NAMES,
        said=_say,
    )


@action(pages, "/studies/<uuid:study_id>/scores/funds", who=EVALUATORS)
def enter_funds(work: Work, study_id: uuid.UUID) -> Response:
    """Keep the amounts of every part."""
    study, results = study_of(work, study_id), results_of(work, study_id)
    columns = {name: request.form.getlist(name) for name in ("part", *funds.AMOUNTS, "evidence")}
    if len({len(values) for values in columns.values()}) != 1 or len(columns["part"]) > MOST_PARTS:
        raise ZoufangError(Problem.UNREADABLE_REQUEST)
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        funds.enter_funds(work, study, results, row["part"], row, row["evidence"])
    return see_other(url_for("scores.show_funds", study_id=study_id))


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
        sampling=request.form.get("sampling", ""),
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
        card, results = card_of(work, study_id, request.args.get("county", "")), results_of(work, study_id)
        chosen, money = _grades(work, study_id), funds_of(work, results)
        sides = [_side(work, results, parts, chosen, money) for parts in (counties_in(results), programmes_in(results))]
        people = names_of(work, {row.person_id for source in card.sources.values() for row in source.experts})
        content = sheets.workbook_of(study_id, card, sides, _namer(people))
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
    part_of(results_of(work, study_id), county)
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


def _grades(work: Work, study_id: uuid.UUID) -> Grades:
    found, asked = grades_of(work, study_id, request.args.get("scale", "")), request.args.get("threshold", "")
    return replace(found, threshold=Decimal(asked)) if asked.isdecimal() and int(asked) <= 100 else found


def _side(work: Work, results: Results, parts: Sequence[Part], grades: Grades, money: Funds) -> Side:
    """Weighed by money where it is known of every part."""
    return side_by_side(work, results.study.id, parts, grades, weights_of(money, [part.key for part in parts]))


def _total() -> Decimal:
    try:
        total = Decimal(request.form.get("total") or "100")
    except InvalidOperation:
        total = Decimal(0)
    if not total.is_finite() or not 0 < total <= 10_000:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Total points"), why=N_("it must be a number above 0"))
    return total
