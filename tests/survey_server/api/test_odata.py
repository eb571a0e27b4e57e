"""The feed as Excel and Power BI call it: Basic with a token, service document, $metadata, pages, folded queries."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from lxml import etree

from survey_server.accounts.tokens import Scope, make_token
from survey_server.actors import Grant, Role
from survey_server.api import odata_query
from survey_server.app import create_app
from survey_server.errors import ZoufangError
from survey_server.work import Services
from tests.support.studies import person
from tests.survey_server.results.conftest import Survey, finished

__all__ = ["finished"]
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
READ = (Scope.RESULTS, Scope.SUBMISSIONS, Scope.ANSWERS)


@pytest.fixture
def feed(finished: Survey, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A copy of the finished study and a way to ask as Excel does."""
    original, copy = finished.services.settings.folder / "zoufang.db", tmp_path / "zoufang.db"
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    settings = finished.services.settings.model_copy(update={"data": tmp_path, "database_url": f"sqlite:///{copy}"})
    app: Flask = create_app(settings, finished.services.clock, wake=lambda: None)
    services: Services = app.extensions["zoufang"]
    owner = person(services, Role.OWNER, username="owner")
    study_id = finished.drawn.study.id

    def ask(address: str = "", *scopes: Scope, reach: list[Grant] | None = None) -> Any:
        with services.write(owner) as work:
            secret = make_token(work, name="Excel", scopes=scopes or READ, days=1, reach=reach)
        basic = base64.b64encode(f"any:{secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Accept": "application/json;odata.metadata=minimal"}
        return app.test_client().get(f"/api/odata/{study_id}/{address}", headers=headers)

    yield SimpleNamespace(ask=ask, app=app, study_id=study_id, survey=finished)
    services.database.dispose()


def test_whoever_shows_no_token_is_asked_for_one_by_basic(feed: SimpleNamespace) -> None:
    answer = feed.app.test_client().get(f"/api/odata/{feed.study_id}/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_the_service_document_lists_what_the_token_may_read(feed: SimpleNamespace) -> None:
    answer = feed.ask()
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.json["@odata.context"].endswith("/$metadata")
    assert [one["url"] for one in answer.json["value"]] == ["Answers", "Estimates", "Scores"]
    assert [one["url"] for one in feed.ask("", Scope.RESULTS).json["value"]] == ["Estimates", "Scores"]


def test_the_model_names_every_column_that_the_rows_have(feed: SimpleNamespace) -> None:
    model = etree.fromstring(feed.ask("$metadata").data)
    for kind, name in (("Answer", "Answers"), ("Estimate", "Estimates"), ("Score", "Scores")):
        (found,) = [one for one in model.iter(f"{EDM}EntityType") if one.get("Name") == kind]
        named = {one.get("Name") for one in found.iter(f"{EDM}Property")}
        assert set(feed.ask(f"{name}?$top=1").json["value"][0]) == named


def test_the_headline_is_the_one_of_the_page(feed: SimpleNamespace) -> None:
    whole = "county eq '' and category eq '' and domain eq 'headline' and denominator eq 'valid'"
    address = f"Estimates?$filter=metric eq 'SAT_TOP2' and {whole}"
    (row,) = feed.ask(address).json["value"]
    assert row["estimate"] == float(feed.survey.results().satisfaction.estimate)


def test_small_cells_are_hidden_without_their_scope(feed: SimpleNamespace) -> None:
    address = "Estimates?$filter=county eq '青溪县' and metric eq 'SAT_TOP2'"
    assert {row["estimate"] for row in feed.ask(address).json["value"]} == {None}
    told = feed.ask(address, *READ, Scope.SMALL_CELLS).json["value"]
    assert 0.5 in {row["estimate"] for row in told}


def test_answers_hold_no_group_under_five(feed: SimpleNamespace) -> None:
    rows = feed.ask("Answers?$select=county,category").json["value"]
    assert {row["category"] for row in rows if row["county"] == "青溪县"} == {""}


def test_answers_need_their_scope(feed: SimpleNamespace) -> None:
    assert feed.ask("Answers", Scope.RESULTS).status_code == 403


def test_a_token_of_another_study_finds_nothing(feed: SimpleNamespace) -> None:
    assert feed.ask("Estimates", reach=[Grant(feed.study_id, "别县")]).json["value"] == []


def test_pages_put_together_are_the_table_and_the_last_has_no_next(
    feed: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(odata_query, "PAGE", 10)
    whole, address, pages = [], "Answers?$select=sample_id&$count=true", []
    while address:
        said = feed.ask(address).json
        pages.append(len(said["value"]))
        whole += [row["sample_id"] for row in said["value"]]
        address = said.get("@odata.nextLink", "").rpartition("/")[2]
    assert (pages, said["@odata.count"], len(set(whole))) == ([10, 10, 4], 24, 24)


def test_folded_queries_of_power_bi_are_answered(feed: SimpleNamespace) -> None:
    fits = "(i6_all ge 4 and not (county eq '青溪县')) or i6_all lt 2"
    said = feed.ask(f"Answers?$filter={fits}&$orderby=sample_id desc&$top=5&$skip=1")
    assert len(said.json["value"]) == 5
    assert feed.ask("Answers/$count?$filter=i6_all ge 4").text == "19"


@pytest.mark.parametrize(
    "query",
    [
        "$filter=metric eq",
        "$filter=nothing eq 1",
        "$filter=substringof('a',metric)",
        "$expand=x",
        "$top=-1",
        "$filter=" + "(" * 50,
    ],
)
def test_what_is_not_offered_is_said_and_not_guessed(feed: SimpleNamespace, query: str) -> None:
    answer = feed.ask(f"Estimates?{query}")
    assert (answer.status_code, answer.json["number"]) == (400, 40002)


def test_a_quote_in_a_text_is_doubled() -> None:
    test = odata_query.read_filter("name eq 'O''Brien'", ["name"])
    assert test({"name": "O'Brien"})
    with pytest.raises(ZoufangError):
        odata_query.read_filter("name eq 'O'Brien'", ["name"])
