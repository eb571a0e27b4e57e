"""Pages of the working papers (工作底稿): all of a table, one with its signatures, and files for Word and print."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS, Actor, Role
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import Problem, ZoufangError
from survey_server.results.service import results_of
from survey_server.scores.words import rule_words, said
from survey_server.studies.service import study_of
from survey_server.work import Services, Work
from survey_server.workpapers import indicators, printing, sheets
from survey_server.workpapers.files import DOCX, PDF, XLSX, handed_out

JUDGES = EVALUATORS | {Role.REVIEWER}
KINDS = {"docx": DOCX, "pdf": PDF, "xlsx": XLSX}
pages = Blueprint("workpapers", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/workpapers", who=JUDGES)
def show_papers(work: Work, study_id: uuid.UUID) -> str:
    """Every indicator: its figure, and who made and checked its paper."""
    county = request.args.get("county", "")
    return render_template(
        "workpapers/papers.html",
        study=study_of(work, study_id),
        county=county,
        counties=results_of(work, study_id).counties,
        papers=indicators.papers_of(work, study_id, county),
        states=indicators.STATES,
        source=printing.source_of,
    )


@view(pages, "/studies/<uuid:study_id>/workpapers/paper", who=JUDGES)
def show_paper(work: Work, study_id: uuid.UUID) -> str:
    """One indicator's paper."""
    county = request.args.get("county", "")
    papers = indicators.papers_of(work, study_id, county)
    return render_template(
        "workpapers/paper.html",
        study=study_of(work, study_id),
        county=county,
        papers=papers,
        paper=papers.one(request.args.get("name", "")),
        states=indicators.STATES,
        source=printing.source_of,
        rule_words=rule_words,
        said=lambda finding: said(finding, gettext),
        me=work.person_id,
    )


@action(pages, "/studies/<uuid:study_id>/workpapers/make", who=EVALUATORS)
def make(work: Work, study_id: uuid.UUID) -> Response:
    """Sign as the maker."""
    county, key = request.form.get("county", ""), request.form.get("name", "")
    indicators.make(work, study_id, county, key, request.form.get("note", ""))
    return _back(study_id, county, key)


@action(pages, "/studies/<uuid:study_id>/workpapers/check", who=JUDGES)
def check(work: Work, study_id: uuid.UUID) -> Response:
    """Sign as the one who checked, or give the paper back."""
    county, key = request.form.get("county", ""), request.form.get("name", "")
    decide = indicators.give_back if "give_back" in request.form else indicators.check
    decide(work, study_id, county, key, request.form.get("remark", ""))
    return _back(study_id, county, key)


@handler(pages, "/studies/<uuid:study_id>/workpapers/<kind>", methods=["GET"], who=EVALUATORS)
def download(services: Services, actor: Actor, study_id: uuid.UUID, kind: str) -> Response:
    """All working papers, or the one that is named, as docx, pdf or xlsx."""
    if kind not in KINDS:
        raise ZoufangError(Problem.NOT_FOUND)
    name = request.args.get("name", "")
    with services.read(actor) as work:
        study = study_of(work, study_id)
        papers = indicators.papers_of(work, study_id, request.args.get("county", ""))
        chosen = [papers.one(name)] if name else papers.papers
        if kind == "xlsx":
            content = sheets.papers_book(work, study, papers)
        else:
            write = printing.word_of if kind == "docx" else printing.pdf_of
            content = write(printing.blocks_of(work, study, papers, chosen))
    title = "-".join(
        part for part in (study.name, "工作底稿", papers.card.county, chosen[0].number if name else "") if part
    )
    return handed_out(services, actor, study_id, content, KINDS[kind], f"{title}.{kind}")


def _back(study_id: uuid.UUID, county: str, key: str) -> Response:
    return see_other(url_for("workpapers.show_paper", study_id=study_id, name=key, county=county or None))
