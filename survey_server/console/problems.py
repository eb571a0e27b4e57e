"""Writes a problem of the table in the form that the caller reads."""

from __future__ import annotations

import secrets
from xml.sax.saxutils import escape

import structlog
from flask import Flask, current_app, jsonify, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.wrappers import Response

from survey_server.console.routing import see_other
from survey_server.errors import Problem, ZoufangError

log = structlog.get_logger()
OPENROSA = "http://openrosa.org/http/response"


def install(app: Flask) -> None:
    """Let the application answer every failure by the table."""
    app.register_error_handler(ZoufangError, respond)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(NoResultFound, lambda _: _dispatch(ZoufangError(Problem.NOT_FOUND)))
    app.register_error_handler(Exception, _from_bug)


def respond(error: ZoufangError) -> Response:
    """The problem as page, problem JSON or OpenRosa XML."""
    log.info("problem", number=error.problem.value.number, path_kind=request.endpoint)
    response = _written(error)
    response.headers.update(error.headers)
    return response


def _written(error: ZoufangError) -> Response:
    if request.path.startswith("/openrosa/"):
        return as_openrosa(error)
    if wants_json():
        return as_json(error)
    if error.problem is Problem.SIGN_IN_NEEDED and request.method == "GET":
        return see_other(url_for("accounts.sign_in_page", next=request.full_path))
    return as_page(error)


def wants_json() -> bool:
    """Whether a program asks, not a person."""
    if "/api/" in request.path:
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def sentence(text: str, fields: dict[str, object]) -> str:
    """A translated sentence with its fields, themselves translated where they are words of ours."""
    words = {name: gettext(value) if isinstance(value, str) and value else value for name, value in fields.items()}
    return gettext(text) % words if words else gettext(text)


def as_json(error: ZoufangError) -> Response:
    """RFC 9457 problem details, with ``number`` and ``remedy``."""
    kind = error.problem.value
    response = jsonify(
        type=f"urn:zoufang:problem:{kind.number}",
        title=sentence(kind.title, error.fields),
        status=kind.status,
        number=kind.number,
        detail=sentence(kind.title, error.fields),
        remedy=sentence(kind.remedy, error.fields),
    )
    response.status_code = kind.status
    response.content_type = "application/problem+json"
    return response


def as_openrosa(error: ZoufangError) -> Response:
    """The sentence that ODK Collect shows."""
    kind = error.problem.value
    words = f"{sentence(kind.title, error.fields)} {sentence(kind.remedy, error.fields)} ({kind.number})"
    body = f'<OpenRosaResponse xmlns="{OPENROSA}"><message>{escape(words)}</message></OpenRosaResponse>'
    return Response(body, kind.status, content_type="text/xml; charset=utf-8")


def as_page(error: ZoufangError) -> Response:
    """A page that says what happened and what to do."""
    kind = error.problem.value
    page = render_template(
        "console/problem.html",
        title=sentence(kind.title, error.fields),
        remedy=sentence(kind.remedy, error.fields),
        number=kind.number,
    )
    return Response(page, kind.status, content_type="text/html; charset=utf-8")


def _from_http(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return _dispatch(ZoufangError(Problem.TOO_LARGE, limit=f"{_broken_limit() / 2**20:.3g}"))
    if error.code is not None and error.code < 400:
        return error.get_response()
    if isinstance(error, MethodNotAllowed) and request.path.startswith("/api/v1/"):
        return _dispatch(ZoufangError(Problem.METHOD_UNKNOWN, methods=", ".join(sorted(error.valid_methods or ()))))
    known = {404: Problem.NOT_FOUND, 405: Problem.NOT_FOUND, 403: Problem.NOT_ALLOWED}
    return _dispatch(ZoufangError(known.get(error.code or 0, Problem.UNREADABLE_REQUEST)))


def _broken_limit() -> int:
    """The bytes that were too many: of the whole body, or of a form's text in memory."""
    body, text = request.max_content_length or 0, request.max_form_memory_size or 0
    return body if (request.content_length or body + 1) > body else min(body, text)


def _dispatch(error: ZoufangError) -> Response:
    """Through the application's handlers, for a room may have its own pages for problems."""
    return current_app.make_response(current_app.handle_user_exception(error))


def _from_bug(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error("bug", reference=reference, kind=type(error).__name__, exc_info=error)
    return _dispatch(ZoufangError(Problem.UNEXPECTED, reference=reference))
