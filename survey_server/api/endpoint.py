"""How an address of the API is made: its scope, its query, its answer; the document is made of the same list.

::

    @endpoint("/studies/<uuid:study_id>/cases", Scope.CASES, query=PageQuery, answer=CasePage)
    def list_cases(call: Call[PageQuery], study_id: uuid.UUID) -> CasePage: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Generic, TypeVar

from flask import Blueprint, request
from pydantic import ValidationError
from werkzeug.wrappers import Response

from survey_server.accounts.tokens import Bearer, Scope, admit
from survey_server.actors import Actor
from survey_server.api.schemas import Strict
from survey_server.audit.service import record
from survey_server.console.routing import ANYONE, handler
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Services, Work

PREFIX = "/api/v1"
Query = TypeVar("Query", bound=Strict)
pages = Blueprint("api", __name__)


@dataclass(frozen=True)
class Call(Generic[Query]):
    """One request: the transaction to read in (held to the token's reach), who asks, and what."""

    work: Work
    bearer: Bearer
    query: Query


@dataclass(frozen=True)
class Endpoint:
    """An address as it is documented. ``discloses``: that it was read is recorded."""

    rule: str
    scope: Scope
    query: type[Strict]
    answer: type[Strict]
    function: Callable[..., Strict]
    discloses: Callable[[Any], bool]
    name: str = ""


ENDPOINTS: list[Endpoint] = []


def endpoint(
    rule: str,
    scope: Scope,
    *,
    query: type[Strict],
    answer: type[Strict],
    discloses: Callable[[Any], bool] = lambda _query: False,
) -> Callable[[Callable[..., Strict]], Callable[..., Strict]]:
    """Serve a function at this address to tokens that have ``scope``, and document it."""

    def decorate(function: Callable[..., Strict]) -> Callable[..., Strict]:
        def respond(services: Services, _actor: Actor, **arguments: Any) -> Response:  # noqa: ANN401 - parts of the address
            return _respond(found, services, arguments)

        update_wrapper(respond, function)
        found = Endpoint(rule, scope, query, answer, function, discloses, respond.__name__)
        ENDPOINTS.append(found)
        handler(pages, PREFIX + rule, methods=["GET"], who=ANYONE)(respond)
        return function

    return decorate


def _respond(found: Endpoint, services: Services, arguments: dict[str, Any]) -> Response:
    bearer = admit(services, _secret(), request.remote_addr)
    require(bearer, found.scope)
    query = _parsed(found.query)
    with services.read(bearer.actor) as work:
        answer = found.function(Call(work, bearer, query), **arguments)
    if found.discloses(query):
        _record(services, bearer, found, arguments)
    return Response(answer.model_dump_json(), content_type="application/json")


def require(bearer: Bearer, scope: Scope) -> None:
    """Raise SCOPE_MISSING unless the token has this scope."""
    if not bearer.may(scope):
        raise ZoufangError(Problem.SCOPE_MISSING, scope=scope.value)


def _secret() -> str:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise ZoufangError(Problem.TOKEN_UNKNOWN)
    return secret.strip()


def _parsed(query: type[Query]) -> Query:
    """The query as it is documented; raises INVALID_FIELD that names the first parameter that is not."""
    given = request.args.to_dict(flat=False)
    twice = next((name for name, values in given.items() if len(values) > 1), None)
    if twice is not None:
        raise ZoufangError(Problem.INVALID_FIELD, field=f"?{twice[:50]}", why=N_("it is given twice"))
    try:
        return query.model_validate_strings({name: values[0] for name, values in given.items()})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = "?" + ".".join(map(str, first["loc"]))[:50]
        raise ZoufangError(Problem.INVALID_FIELD, field=name, why=first["msg"]) from error


def _record(services: Services, bearer: Bearer, found: Endpoint, arguments: dict[str, Any]) -> None:
    """That personal data, or what comes near to it, was read by a program. Results need not be computed anew."""
    with services.write(bearer.actor) as work:
        record(work, "results.read_by_api", "token", bearer.actor.id, endpoint=found.name, **arguments)
