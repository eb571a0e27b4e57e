"""The page of the API's tokens (API令牌), for owners."""

from __future__ import annotations

import uuid

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from survey_server.accounts import tokens
from survey_server.accounts.routes import pages
from survey_server.accounts.tokens import Scope
from survey_server.actors import OWNERS, Grant
from survey_server.console.routing import action, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.studies.service import studies
from survey_server.work import Work

MOST_LETTERS = 50
SCOPE_WORDS = {
    Scope.STUDIES: N_("The studies: names, settings, definitions"),
    Scope.CASES: N_("The drawn cases, without personal facts"),
    Scope.PROGRESS: N_("Progress of the fieldwork"),
    Scope.RESULTS: N_("Estimates and scores"),
    Scope.SMALL_CELLS: N_("Progress and results with cells under 5 too"),
    Scope.SUBMISSIONS: N_("What was handed in: when, by which channel, how it ended"),
    Scope.ANSWERS: N_("Coded answers that are marked as not personal"),
    Scope.PEOPLE: N_("The people who work here"),
    Scope.AUDIT: N_("The record of what was done"),
}


@view(pages, "/tokens", who=OWNERS)
def list_tokens(work: Work) -> Response:
    """Every token, and the form for a new one."""
    return _page(work)


@action(pages, "/tokens", who=OWNERS)
def make_token(work: Work) -> Response:
    """A new token; its secret is shown once."""
    typed = request.form
    secret = tokens.make_token(
        work,
        name=typed.get("name", ""),
        scopes=[Scope(value) for value in typed.getlist("scopes") if value in set(Scope)],
        days=typed.get("days", 0, int),
        reach=_reach(),
    )
    work.session.flush()
    return _page(work, secret)


@action(pages, "/tokens/<uuid:token_id>/end", who=OWNERS)
def end_token(work: Work, token_id: uuid.UUID) -> Response:
    """End a token."""
    tokens.end_token(work, token_id)
    return see_other("/tokens")


def _page(work: Work, secret: str = "") -> Response:
    known = studies(work)
    response = make_response(
        render_template(
            "accounts/tokens.html",
            tokens=tokens.tokens(work),
            grants_of=tokens.grants_of,
            scope_words=SCOPE_WORDS,
            studies=known,
            study_names={study.id: study.name for study in known},
            now=work.now,
            secret=secret,
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _reach() -> list[Grant] | None:
    """The studies that were ticked, each with the counties that were typed; None where neither was."""
    counties = [part.strip()[:MOST_LETTERS] for part in request.form.get("counties", "").replace("，", ",").split(",")]
    try:
        chosen = [uuid.UUID(value) for value in request.form.getlist("studies")]
    except ValueError:
        raise ZoufangError(Problem.NOT_FOUND) from None
    named = [county for county in counties if county]
    if not chosen and not named:
        return None
    return [Grant(study_id, county) for study_id in chosen or [None] for county in named or [""]]
