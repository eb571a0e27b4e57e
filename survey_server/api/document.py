"""The OpenAPI 3.1 document, made of the list of endpoints and their models, so that it cannot fall behind."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from survey_server.accounts.tokens import Scope
from survey_server.api import schemas
from survey_server.api.endpoint import ENDPOINTS, PREFIX, Endpoint
from survey_server.errors import Problem

REF = "#/components/schemas/{model}"
ALWAYS = (
    Problem.INVALID_FIELD,
    Problem.TOKEN_UNKNOWN,
    Problem.SCOPE_MISSING,
    Problem.METHOD_UNKNOWN,
    Problem.TOO_MANY_TRIES,
)
OF_A_STUDY = (Problem.NOT_FOUND, Problem.STUDY_CLOSED)
ABOUT = (
    "What programs may read of 走访 Zoufang. Tokens are made by an owner, with scopes, an end, and the studies and "
    "counties that they reach. Rates and ends of intervals are fractions between 0 and 1. Lists are read page by page: "
    "send `next` as `cursor`. Every error is a problem (RFC 9457) with a number and a remedy."
)


@cache
def document() -> dict[str, Any]:
    """The document as it is served."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Zoufang 走访", "version": "1", "description": ABOUT},
        "servers": [{"url": PREFIX}],
        "paths": {_path(found): {"get": _operation(found)} for found in ENDPOINTS},
        "components": {
            "schemas": _models({found.answer for found in ENDPOINTS} | {schemas.Problem}),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Scopes: " + ", ".join(f"`{scope.value}`" for scope in Scope),
                }
            },
        },
    }


def _models(answers: set[type[Any]]) -> dict[str, Any]:
    ordered: list[type[BaseModel]] = sorted(answers, key=lambda model: model.__name__)
    _, found = models_json_schema([(model, "serialization") for model in ordered], ref_template=REF)
    return found["$defs"]


def _path(found: Endpoint) -> str:
    return re.sub(r"<uuid:(\w+)>", r"{\1}", found.rule)


def _operation(found: Endpoint) -> dict[str, Any]:
    problems = [*ALWAYS, *(OF_A_STUDY if "study_id" in found.rule else ())]
    told = inspect.getdoc(found.function) or ""
    answers = {"200": {"description": told, "content": {"application/json": {"schema": _ref(found.answer)}}}}
    return {
        "operationId": found.name,
        "summary": told.split(".")[0] + ".",
        "description": f"{told} Needs the scope `{found.scope.value}`.",
        "security": [{"token": []}],
        "parameters": [*_parts(found), *_parameters(found)],
        "responses": answers | {str(problem.value.status): _problem(problem) for problem in problems},
    }


def _parts(found: Endpoint) -> list[dict[str, Any]]:
    names = re.findall(r"<uuid:(\w+)>", found.rule)
    kind = {"type": "string", "format": "uuid"}
    return [{"name": name, "in": "path", "required": True, "schema": kind} for name in names]


def _parameters(found: Endpoint) -> list[dict[str, Any]]:
    described = found.query.model_json_schema()["properties"] if found.query.model_fields else {}
    return [
        {"name": name, "in": "query", "description": schema.pop("description", ""), "schema": _sendable(schema)}
        for name, schema in described.items()
    ]


def _sendable(schema: dict[str, Any]) -> dict[str, Any]:
    """In an address there is no null: what may be left out is left out."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    return {name: value for name, value in kinds[0].items() if name != "title"}


def _problem(problem: Problem) -> dict[str, Any]:
    said = {
        "description": f"{problem.value.number}: {problem.value.title} {problem.value.remedy}",
        "content": {"application/problem+json": {"schema": _ref(schemas.Problem)}},
    }
    wait = {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer", "minimum": 1}}
    return said | ({"headers": {"Retry-After": wait}} if problem is Problem.TOO_MANY_TRIES else {})


def _ref(model: type[Any]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}
