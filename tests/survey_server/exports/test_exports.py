"""Files are made in the background, de-identified, for whoever asked, for a day."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import duckdb
import openpyxl
import pandas as pd
import pytest
from sqlmodel import select

from survey_server import outbox
from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.audit.models import Event
from survey_server.exports.making import EXPIRE, MAKE, expire_export, make_export
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import person
from tests.survey_server.results.conftest import Survey

HANDLERS = {MAKE: make_export, EXPIRE: expire_export}


@pytest.fixture
def office(finished: Survey, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """An evaluator's browser on a copy of the finished study, and the worker by hand."""
    original, copy = finished.services.settings.folder / "zoufang.db", tmp_path / "zoufang.db"
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    settings = finished.services.settings.model_copy(update={"data": tmp_path, "database_url": f"sqlite:///{copy}"})
    clock = SteppingClock(finished.services.clock())
    app = create_app(settings, clock, wake=lambda: None)
    services: Services = app.extensions["zoufang"]
    person(services, Role.EVALUATOR, username="pingjia")
    person(services, Role.EVALUATOR, username="other")
    study_id = finished.drawn.study.id
    yield SimpleNamespace(
        app=app,
        services=services,
        clock=clock,
        study_id=study_id,
        client=browser(app, "pingjia"),
        pages=f"/studies/{study_id}/exports",
        work=lambda: outbox.drain(services, HANDLERS),
    )
    services.database.dispose()


def made(office: SimpleNamespace, kind: str, words: str = "codes") -> bytes:
    """Ask for a file, let the worker work, fetch it."""
    office.clock.advance(seconds=1)
    assert office.client.post(office.pages, data={"kind": kind, "words": words}).status_code == 303
    assert office.work() == 1
    answer = office.client.get(link(office))
    assert answer.status_code == 200
    return answer.data


def link(office: SimpleNamespace) -> str:
    page = office.client.get(office.pages).text
    return page.split(f'href="{office.pages}/')[1].split('"')[0].join([f"{office.pages}/", ""])


def test_a_file_is_waited_for_and_then_fetched_and_both_are_recorded(office: SimpleNamespace) -> None:
    office.client.post(office.pages, data={"kind": "csv", "words": "codes"})
    waiting = office.client.get(office.pages).text
    assert "<progress" in waiting
    assert 'http-equiv="refresh"' in waiting
    office.work()
    assert office.client.get(link(office)).data.startswith(b"\xef\xbb\xbfsample_id,")
    with office.services.read() as work:
        actions = [event.action for event in work.session.exec(select(Event).where(Event.study_id == office.study_id))]
    assert actions[-3:] == ["export.ask", "export.made", "results.export"]


def test_the_link_opens_for_nobody_else(office: SimpleNamespace) -> None:
    made(office, "csv")
    assert browser(office.app, "other").get(link(office)).status_code == 404


def test_the_link_expires_with_its_file(office: SimpleNamespace) -> None:
    made(office, "csv")
    address = link(office)
    assert office.services.blobs.names()
    office.clock.advance(hours=25)
    assert office.work() == 1
    assert office.services.blobs.names() == []
    # the session has ended too, so a new one asks
    assert browser(office.app, "pingjia").get(address).status_code == 404


def test_a_group_under_five_loses_its_category_and_the_page_says_so(office: SimpleNamespace) -> None:
    table = pd.read_csv(io.BytesIO(made(office, "csv")), dtype=str, keep_default_na=False)
    counts = table.groupby(["county", "category"]).size().to_dict()
    # four of the other county answered: too few
    assert counts == {("柳湾县", "1"): 8, ("柳湾县", "3"): 12, ("青溪县", ""): 4}
    assert set(table.loc[table["county"] == "青溪县", "stratum"]) == {""}
    assert "不足 5 人的组共 4 个样本" in office.client.get(office.pages).text


def test_cells_hold_codes_or_words_by_choice(office: SimpleNamespace) -> None:
    codes = pd.read_csv(io.BytesIO(made(office, "csv", "codes")))
    words = pd.read_csv(io.BytesIO(made(office, "csv", "labels")))
    satisfied = words.loc[codes["i6_all"] == 5, "i6_all"].unique().tolist()
    assert len(satisfied) == 1
    assert "满意" in satisfied[0]


def test_parquet_holds_the_same_as_csv(office: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "answers.parquet"
    path.write_bytes(made(office, "parquet"))
    found = duckdb.sql(f"SELECT avg(i6_all), count(*) FROM '{path}'")
    assert found is not None
    mean = found.fetchall()
    assert mean[0] == (pytest.approx(pd.read_csv(io.BytesIO(made(office, "csv")))["i6_all"].mean()), 24)


def test_the_workbook_has_the_common_tables_by_name_with_charts_of_excels_own(office: SimpleNamespace) -> None:
    content = made(office, "workbook", "labels")
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert {"说明", "结果", "口径", "抽样", "T1", "T2", "T3", "T4", "T4county", "T5", "T8", "T9", "原始数据"} <= set(
        book.sheetnames
    )
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        charts = [name for name in parts.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) == 3  # T4county, T5, T6; of T4, too much is blank to be drawn


def test_the_workbook_shows_no_count_under_five(office: SimpleNamespace) -> None:
    book = openpyxl.load_workbook(io.BytesIO(made(office, "workbook")))
    small = {
        f"{sheet.title}!{cell.coordinate}": cell.value
        for sheet in book
        if sheet.title in {"T1", "T2", "T3", "T4", "T4county"}
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, int) and cell.number_format == "#,##0" and 0 < cell.value < 5
    }
    assert small == {}


def test_what_no_file_is_called_is_not_found(office: SimpleNamespace) -> None:
    assert office.client.post(office.pages, data={"kind": "pdf"}).status_code == 404
