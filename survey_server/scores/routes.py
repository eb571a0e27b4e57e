"""A page that holds a published score table against itself."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import Blueprint, render_template, request
from flask_babel import gettext

from survey_server.actors import EVALUATORS, Actor
from survey_server.console.routing import handler, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.scores.published import LIMITS
from survey_server.scores.service import check_file
from survey_server.scores.words import grave, said
from survey_server.work import Services, Work

pages = Blueprint("scores", __name__, template_folder="templates")


@view(pages, "/check-scores", who=EVALUATORS)
def show_check(_work: Work) -> str:
    """The page that takes a table."""
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


def _total() -> Decimal:
    try:
        total = Decimal(request.form.get("total") or "100")
    except InvalidOperation:
        total = Decimal(0)
    if not total.is_finite() or not 0 < total <= 10_000:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Total points"), why=N_("it must be a number above 0"))
    return total
