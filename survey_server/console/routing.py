"""How a page is made: who may call it, in which transaction, and that it is committed before it answers.

A room writes plain functions whose first parameter is a :class:`~survey_server.work.Work`::

    @view(pages, "/studies", who=EVALUATORS)
    def list_studies(work: Work) -> Response: ...

    @action(pages, "/studies", who=EVALUATORS)
    def add_study(work: Work) -> Response: ...

``view`` looks (GET, nothing is kept), ``action`` changes (POST, committed when it returns, rolled back when
it raises), ``disclosure`` shows personal data (GET that writes who saw it), and ``handler`` manages its own
transactions because it has slow work between them. Every one says who may call it; there is no default. What an
``action`` or a ``disclosure`` did is in the record when it answers, whether the use case wrote it or not.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Blueprint, current_app, g, make_response, request
from werkzeug.wrappers import Response

from survey_server.actors import PUBLIC, Actor, Role
from survey_server.audit.service import has_recorded, record
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services

Who = frozenset[Role] | None
ANYONE: Who = None
View = Callable[..., Any]
USED = "page.use"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Browsers read "/\\" as "//" and drop control characters: either would lead away from here.
LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]*")


def services() -> Services:
    """The services of the application that answers this request."""
    return cast("Services", current_app.extensions["zoufang"])


def actor() -> Actor:
    """On whose behalf this request is made; found once a request, by the application's authenticator."""
    if "actor" not in g:
        g.actor = current_app.extensions["zoufang.authenticate"](services()) or PUBLIC
    return cast("Actor", g.actor)


def view(pages: Blueprint, rule: str, *, who: Who) -> Callable[[View], View]:
    """A GET that only looks."""

    def respond(function: View, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever Flask accepts
        with services().read(actor()) as work:
            return function(work, **arguments)

    return _register(pages, rule, ["GET"], who, respond)


def disclosure(pages: Blueprint, rule: str, *, who: Who) -> Callable[[View], View]:
    """A GET that shows personal data, records that it did, and leaves nothing in the browser's cache."""

    def respond(function: View, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever Flask accepts
        response = make_response(_in_transaction(function, arguments))
        response.headers["Cache-Control"] = "no-store"
        return response

    return _register(pages, rule, ["GET"], who, respond)


def action(pages: Blueprint, rule: str, *, who: Who) -> Callable[[View], View]:
    """A POST that changes something."""
    return _register(pages, rule, ["POST"], who, _in_transaction)


def handler(pages: Blueprint, rule: str, *, methods: list[str], who: Who) -> Callable[[View], View]:
    """A view that opens its own transactions: its first parameter is the :class:`Services`."""

    def respond(function: View, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever Flask accepts
        return function(services(), actor(), **arguments)

    return _register(pages, rule, methods, who, respond)


def _in_transaction(function: View, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever Flask accepts
    """What it does is recorded, also where the use case has no event of its own: then by the page's name."""
    with services().write(actor()) as work:
        answer = function(work, **arguments)
        if not has_recorded(work):
            ids = {name: str(value) for name, value in arguments.items() if isinstance(value, uuid.UUID)}
            ids.pop("study_id", None)
            record(work, USED, "page", request.endpoint, study_id=arguments.get("study_id"), **ids)
        return answer


def _register(
    pages: Blueprint,
    rule: str,
    methods: list[str],
    who: Who,
    respond: Callable[[View, dict[str, Any]], Any],
) -> Callable[[View], View]:
    def decorate(function: View) -> View:
        def guarded(**arguments: Any) -> Any:  # noqa: ANN401 - the parts of the address
            require(who)
            require_same_origin()
            return respond(function, arguments)

        update_wrapper(guarded, function)
        vars(guarded)["who"] = who
        pages.add_url_rule(rule, endpoint=guarded.__name__, view_func=guarded, methods=methods)
        return function

    return decorate


def require(who: Who) -> None:
    """Refuse whoever is not among ``who``."""
    if who is None:
        return
    if not actor().known:
        by_phone = "Authorization" in request.headers
        raise ZoufangError(Problem.DEVICE_UNKNOWN if by_phone else Problem.SIGN_IN_NEEDED)
    if not actor().may(who):
        raise ZoufangError(Problem.NOT_ALLOWED)


def require_same_origin() -> None:
    """A change asked for with a session's cookie must come from our own pages."""
    if request.method in SAFE or actor().kind != "person":
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        ours = site in {"same-origin", "none"}
    else:
        ours = _host(request.headers.get("Origin") or request.headers.get("Referer") or "") == request.host
    if not ours:
        raise ZoufangError(Problem.FOREIGN_ORIGIN)


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def local_address(address: str | None, default: str = "/") -> str:
    """The address if it lies on this server, else ``default``: nobody is led away by a link to us."""
    return address if address and LOCAL.fullmatch(address) else default


def see_other(address: str) -> Response:
    """After a change, go and look."""
    return Response(status=303, headers={"Location": address})
