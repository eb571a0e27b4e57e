"""The respondent's pages for taking answers back: a number, a code, one look, and they are gone. No account."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from survey_server.actors import PUBLIC, Actor
from survey_server.console.routing import ANYONE, handler, see_other, view
from survey_server.errors import ZoufangError
from survey_server.public.routes import MAX_BODY, frame, show_problem
from survey_server.rights.withdrawal import find, withdraw_by_code
from survey_server.work import Services, Work

pages = Blueprint("withdrawing", __name__, template_folder="templates")
pages.register_error_handler(ZoufangError, show_problem)
LANGUAGE = "中文(zh)"


@view(pages, "/q/withdraw", who=ANYONE)
def ask_withdrawal(_work: Work) -> Response:
    """Number and code, as they stand on the paper or the thank-you page."""
    return _page("public/withdraw.html")


@handler(pages, "/q/withdraw", methods=["POST"], who=ANYONE)
def withdraw(services: Services, _actor: Actor) -> Response:
    """The first time say what will be deleted; when that is confirmed, delete it."""
    request.max_content_length = request.max_form_memory_size = MAX_BODY
    number, code = request.form.get("number", "").strip(), request.form.get("code", "")
    right = find(services, number, code)
    if "confirm" not in request.form:
        return _page("public/withdraw_confirm.html", number=number, code=code, household=right.case_id is not None)
    with services.write(PUBLIC) as work:
        withdraw_by_code(work, right)
    return see_other("/q/withdraw/done")


@view(pages, "/q/withdraw/done", who=ANYONE)
def withdrawal_done(_work: Work) -> Response:
    """It is done; nothing says whose it was."""
    return _page("public/withdrawn.html")


def _page(template: str, **values: object) -> Response:
    response = make_response(render_template(template, **values, **frame(LANGUAGE, None)))
    response.headers["Cache-Control"] = "no-store"
    return response
