"""The feed for Excel and Power BI: OData 4.0, JSON, to read alone.

``/api/odata/<study>/`` is the service document, ``$metadata`` the model (CSDL in XML), and below stand the entity sets
Answers (de-identified), Estimates and Scores. Programs sign in with an API token: as Bearer, or, as Excel and Power BI
do, by Basic with the token for a password. Large sets come in pages with ``@odata.nextLink``.
"""

from __future__ import annotations

import base64
import binascii
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import quoteattr

from flask import Response, jsonify, make_response, request, url_for

from survey_server.accounts.tokens import Bearer, Scope, admit
from survey_server.actors import Actor
from survey_server.api.endpoint import pages, require
from survey_server.api.odata_query import page_of, read_query
from survey_server.audit.service import record
from survey_server.console.routing import ANYONE, handler
from survey_server.errors import Problem, ZoufangError
from survey_server.results.figures import Figure
from survey_server.results.files import coded_table
from survey_server.results.observed import observed
from survey_server.results.references import reference
from survey_server.results.scores import ScoreLine
from survey_server.results.service import Results, results_of
from survey_server.work import Services, Work

ROOT = "/api/odata/<uuid:study_id>"
JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
TEXT, NUMBER, WHOLE, TRUTH = "Edm.String", "Edm.Double", "Edm.Int32", "Edm.Boolean"
MOST_REMEMBERED = 2


@dataclass(frozen=True)
class EntitySet:
    """A table of the feed: its rows, what its columns are, its key, and what a token needs to read it."""

    name: str
    kind: str
    key: str
    scopes: tuple[Scope, ...]
    types: Callable[[Work, Results], Mapping[str, str]]
    rows: Callable[[Work, Results], Sequence[Mapping[str, Any]]]


@pages.after_request
def ask_for_a_token(answer: Response) -> Response:
    """Excel and Power BI ask their user for a token where they are told how it is sent (RFC 7617)."""
    if answer.status_code == 401 and request.path.startswith("/api/odata/"):
        answer.headers["WWW-Authenticate"] = 'Basic realm="Zoufang", charset="UTF-8"'
    return answer


@handler(pages, f"{ROOT}/", methods=["GET"], who=ANYONE)
def odata_service(services: Services, _actor: Actor, study_id: uuid.UUID) -> Response:
    """What tables there are; a token sees those that it may read."""
    bearer = _bearer(services)
    with services.read(bearer.actor) as work:
        results_of(work, study_id)
    sets = [one for one in SETS.values() if all(bearer.may(scope) for scope in one.scopes)]
    listed = [{"name": one.name, "kind": "EntitySet", "url": one.name} for one in sets]
    return _json({"@odata.context": f"{_root(study_id)}$metadata", "value": listed})


@handler(pages, f"{ROOT}/$metadata", methods=["GET"], who=ANYONE)
def odata_metadata(services: Services, _actor: Actor, study_id: uuid.UUID) -> Response:
    """The model: every table with its columns and their types."""
    bearer = _bearer(services)
    sets = [one for one in SETS.values() if all(bearer.may(scope) for scope in one.scopes)]
    with services.read(bearer.actor) as work:
        results = _guarded(work, bearer, study_id)
        model = {one: one.types(work, results) for one in sets}
    return _answer(_csdl(model), "application/xml;charset=utf-8")


@handler(pages, f"{ROOT}/<name>", methods=["GET"], who=ANYONE)
def odata_set(services: Services, _actor: Actor, study_id: uuid.UUID, name: str) -> Response:
    """A page of a table, as far as the token reaches; that answers were read is recorded."""
    bearer, one, rows, names = _read(services, study_id, name)
    asked = read_query(request.args.to_dict(), names)
    page, count, following = page_of(rows, asked)
    body: dict[str, Any] = {"@odata.context": f"{_root(study_id)}$metadata#{name}"}
    if asked.select:
        body["@odata.context"] += f"({','.join(asked.select)})"
    if asked.count:
        body["@odata.count"] = count
    body["value"] = page
    if following is not None:
        kept = {key: value for key, value in request.args.items() if key != "$skiptoken"}
        query = urlencode({**kept, "$skiptoken": str(following)}, safe="$")
        body["@odata.nextLink"] = f"{_root(study_id)}{name}?{query}"
    if Scope.ANSWERS in one.scopes:
        _record(services, bearer, study_id)
    return _json(body)


@handler(pages, f"{ROOT}/<name>/$count", methods=["GET"], who=ANYONE)
def odata_count(services: Services, _actor: Actor, study_id: uuid.UUID, name: str) -> Response:
    """How many rows a table has, or fit a filter."""
    _, _, rows, names = _read(services, study_id, name)
    return _answer(str(page_of(rows, read_query(request.args.to_dict(), names))[1]), "text/plain;charset=utf-8")


def _read(
    services: Services, study_id: uuid.UUID, name: str
) -> tuple[Bearer, EntitySet, Sequence[Mapping[str, Any]], Mapping[str, str]]:
    bearer = _bearer(services)
    one = SETS.get(name)
    if one is None:
        raise ZoufangError(Problem.NOT_FOUND)
    for scope in one.scopes:
        require(bearer, scope)
    with services.read(bearer.actor) as work:
        results = _guarded(work, bearer, study_id)
        return bearer, one, one.rows(work, results), one.types(work, results)


def _guarded(work: Work, bearer: Bearer, study_id: uuid.UUID) -> Results:
    """The result within the token's reach; figures of cells under five only with their scope."""
    results = results_of(work, study_id)
    if bearer.may(Scope.SMALL_CELLS):
        return results
    # figures are those of an observer; the answers are de-identified where they are read
    shown = observed(results)
    return replace(results, figures=shown.figures, score=shown.score)


def _record(services: Services, bearer: Bearer, study_id: uuid.UUID) -> None:
    with services.write(bearer.actor) as work:
        record(work, "results.read_by_api", "token", bearer.actor.id, endpoint="odata", study_id=study_id)


# -- the tables --------------------------------------------------------------------------------------

ESTIMATE_TYPES = (
    dict.fromkeys(("reference", "metric", "denominator", "domain", "county", "category"), TEXT)
    | dict.fromkeys(("estimate", "low", "high"), NUMBER)
    | {"method": TEXT}
    | dict.fromkeys(("n", "yes", "missing", "interviews"), WHOLE)
    | {"unit": TEXT, "is_rate": TRUTH, "hidden": TRUTH}
)
SCORE_TYPES = {"line": WHOLE, "level": WHOLE, "name": TEXT, "metric": TEXT} | dict.fromkeys(
    ("weight", "score", "low", "high"), NUMBER
)


def _estimate_rows(_work: Work, results: Results) -> list[dict[str, Any]]:
    return [_estimate(results, figure) for figure in results.figures]


def _estimate(results: Results, figure: Figure) -> dict[str, Any]:
    numbers = {name: _plain(getattr(figure, name)) for name in ("estimate", "low", "high")}
    texts = ("metric", "denominator", "domain", "county", "category", "method", "unit", "hidden", "is_rate")
    counts = {name: getattr(figure, name) for name in ("n", "yes", "missing", "interviews")}
    told = {name: getattr(figure, name) for name in texts} | numbers | counts
    return {name: {"reference": reference(results.study.id, figure), **told}[name] for name in ESTIMATE_TYPES}


def _score_rows(_work: Work, results: Results) -> list[dict[str, Any]]:
    return [_score(number, line) for number, line in enumerate(results.score.lines, 1)]


def _score(number: int, line: ScoreLine) -> dict[str, Any]:
    told = {name: _plain(getattr(line, name)) for name in ("weight", "score", "low", "high")}
    metric = line.figure.metric if line.figure is not None else None
    return {"line": number, "level": line.level, "name": line.name, "metric": metric, **told}


_remembered: dict[tuple[Any, ...], tuple[dict[str, str], list[dict[str, Any]]]] = {}


def _answers(work: Work, results: Results) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Columns and rows of the de-identified answers; kept for the next page, while nothing new has come in."""
    reach = work.actor.reach
    key = work.services.settings.url, results.study.id, results.computed_at, None if reach is None else frozenset(reach)
    found = _remembered.get(key)
    if found is None:
        table = coded_table(work, results).table
        types = {str(name): NUMBER if table[name].dtype == float else TEXT for name in table.columns}
        columns = [[_plain(value) for value in table[name].astype(object).tolist()] for name in table.columns]
        found = types, [dict(zip(types, row, strict=True)) for row in zip(*columns, strict=True)]
        while len(_remembered) >= MOST_REMEMBERED:
            _remembered.pop(next(iter(_remembered)), None)
        _remembered[key] = found
    return found


SETS: Mapping[str, EntitySet] = {
    one.name: one
    for one in (
        EntitySet(
            "Answers",
            "Answer",
            "sample_id",
            (Scope.SUBMISSIONS, Scope.ANSWERS),
            lambda work, results: _answers(work, results)[0],
            lambda work, results: _answers(work, results)[1],
        ),
        EntitySet(
            "Estimates", "Estimate", "reference", (Scope.RESULTS,), lambda _w, _r: ESTIMATE_TYPES, _estimate_rows
        ),
        EntitySet("Scores", "Score", "line", (Scope.RESULTS,), lambda _w, _r: SCORE_TYPES, _score_rows),
    )
}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell
    """As JSON has it; missing is null."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    number = float(value)
    return number if math.isfinite(number) else None


# -- how it is said ----------------------------------------------------------------------------------


def _csdl(model: Mapping[EntitySet, Mapping[str, str]]) -> str:
    """OData Common Schema Definition Language 4.0."""
    kinds = "".join(_entity_type(one, types) for one, types in model.items())
    sets = "".join(f'<EntitySet Name="{one.name}" EntityType="Zoufang.{one.kind}"/>' for one in model)
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace="Zoufang" xmlns="http://docs.oasis-open.org/odata/ns/edm">{kinds}'
        f'<EntityContainer Name="Study">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>'
    )


def _entity_type(one: EntitySet, types: Mapping[str, str]) -> str:
    properties = "".join(
        f'<Property Name={quoteattr(name)} Type="{kind}" Nullable="{"false" if name == one.key else "true"}"/>'
        for name, kind in types.items()
    )
    return f'<EntityType Name="{one.kind}"><Key><PropertyRef Name="{one.key}"/></Key>{properties}</EntityType>'


def _bearer(services: Services) -> Bearer:
    """Who asks; raises TOKEN_UNKNOWN."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    secret = given.strip()
    if kind.lower() == "basic":
        try:
            secret = base64.b64decode(secret, validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError) as error:
            raise ZoufangError(Problem.TOKEN_UNKNOWN) from error
    elif kind.lower() != "bearer":
        secret = ""
    if not secret:
        raise ZoufangError(Problem.TOKEN_UNKNOWN)
    return admit(services, secret, request.remote_addr)


def _root(study_id: uuid.UUID) -> str:
    """Absolute, as programs ask for it."""
    return url_for("api.odata_service", study_id=study_id, _external=True)


def _json(body: Mapping[str, Any]) -> Response:
    answer = jsonify(body)
    answer.headers["Content-Type"] = JSON
    answer.headers["OData-Version"] = "4.0"
    return answer


def _answer(text: str, kind: str) -> Response:
    answer = make_response(text)
    answer.headers["Content-Type"] = kind
    answer.headers["OData-Version"] = "4.0"
    return answer
