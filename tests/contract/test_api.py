"""The API keeps its word: whatever is sent, it answers what its document says and never breaks."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from survey_server.api.document import document
from survey_server.studies.service import studies
from survey_server.work import Services

ADDRESSES = sorted(document()["paths"])
MODES = {mode.name.lower(): mode for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)}
SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]
few = settings(max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=SHARED)


@pytest.fixture(scope="session")
def api(app: Flask) -> Any:
    """The document as the server hands it out, and the server behind it."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


@pytest.fixture(scope="session")
def study_id(app: Flask) -> str:
    """The one study that there is."""
    services: Services = app.extensions["zoufang"]
    with services.read() as work:
        return str(studies(work)[0].id)


def call(case: schemathesis.Case, token: str) -> schemathesis.Response:
    """Send it and hold the answer against the document. No schema can say which cursors were given out before."""
    made_up = case.query and "cursor" in case.query
    unfit = [check for check in CHECKS.get_all() if made_up and check.__name__ == "positive_data_acceptance"]
    return case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=unfit)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("address", ADDRESSES)
@few
@given(data=st.data())
def test_no_request_breaks_the_server_or_gets_an_answer_that_is_not_documented(
    data: DataObject, address: str, mode: str, api: Any, token: str
) -> None:
    call(data.draw(api[address]["GET"].as_strategy(generation_mode=MODES[mode])), token)


@pytest.mark.parametrize("address", [address for address in ADDRESSES if "study_id" in address])
@few
@given(data=st.data())
def test_nor_where_the_study_is_one_that_exists(
    data: DataObject, address: str, api: Any, token: str, study_id: str
) -> None:
    answer = call(data.draw(api[address]["GET"].as_strategy(path_parameters={"study_id": study_id})), token)
    assert answer.status_code in {200, 400}


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_says_which_methods_it_takes(app: Flask, address: str, study_id: str, token: str) -> None:
    place = "/api/v1" + address.replace("{study_id}", study_id)
    client = app.test_client()
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
        answer = client.open(place, method=method, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
        assert "GET" in answer.headers["Allow"]


def test_every_promise_of_a_document_is_checked(api: Any) -> None:
    assert len(api) == len(ADDRESSES)
    assert {check.__name__ for check in CHECKS.get_all()} >= {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
        "negative_data_rejection",
        "positive_data_acceptance",
        "ignored_auth",
    }


def test_the_document_is_whole_and_the_same_each_time(app: Flask) -> None:
    first, second = (app.test_client().get("/api/v1/openapi.json").text for _ in range(2))
    assert first == second
    said = json.loads(first)
    assert said["openapi"] == "3.1.0"
    named = {part.split('"')[0] for part in first.split("#/components/schemas/")[1:]}
    assert named <= set(said["components"]["schemas"])
