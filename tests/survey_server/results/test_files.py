"""The coded answers leave for other programs as the page counts them, and nothing personal with them."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest
from flask import Flask

from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.results.service import Results
from tests.support.callers import browser
from tests.support.studies import person
from tests.survey_server.results.conftest import Survey


@pytest.fixture(scope="module")
def app(finished: Survey) -> Flask:
    person(finished.services, Role.EVALUATOR, username="exporter")
    return create_app(finished.services.settings, finished.services.clock, wake=lambda: None)


def taken(app: Flask, finished: Survey, name: str) -> bytes:
    answer = browser(app, "exporter").get(f"/studies/{finished.drawn.study.id}/results/{name}")
    assert answer.status_code == 200, answer.text
    return answer.data


def test_the_rate_of_the_page_can_be_computed_from_the_spss_file(
    app: Flask, finished: Survey, told: Results, tmp_path: Path
) -> None:
    path = tmp_path / "answers.sav"
    path.write_bytes(taken(app, finished, "answers.sav"))
    table, meta = pyreadstat.read_sav(path)
    (question,) = [name for name, label in meta.column_names_to_labels.items() if name == "i6_all" and label]
    inside = table[table["headline"] == 1]
    rate = (inside["weight"] * inside[question].isin([4, 5])).sum() / inside["weight"][inside[question].notna()].sum()
    assert f"{rate * 100:.2f}%" == told.satisfaction.text
    assert meta.variable_value_labels[question][5] == "很满意"
    declared = pyreadstat.read_sav(path, user_missing=True)[1].missing_ranges
    assert {each["lo"] for each in declared[question]} == {98, 99}


def test_stata_csv_and_codebook_hold_the_same_cases(app: Flask, finished: Survey, tmp_path: Path) -> None:
    path = tmp_path / "answers.dta"
    path.write_bytes(taken(app, finished, "answers.dta"))
    stata, _ = pyreadstat.read_dta(path)
    plain = pd.read_csv(io.BytesIO(taken(app, finished, "answers.csv")), encoding="utf-8-sig")
    assert list(stata["sample_id"]) == list(plain["sample_id"])
    assert list(stata["weight"]) == list(plain["weight"])
    book = openpyxl.load_workbook(io.BytesIO(taken(app, finished, "codebook.xlsx")))
    cells = [row for row in book["编码本"].iter_rows(values_only=True) if row[0] == "i6_all"]
    assert {row[2]: row[4] for row in cells}["5"] == int((plain["i6_all"] == 5).sum())


def test_no_column_of_a_file_is_personal(app: Flask, finished: Survey) -> None:
    columns = set(pd.read_csv(io.BytesIO(taken(app, finished, "answers.csv")), encoding="utf-8-sig").columns)
    assert not columns & {"p_surname", "household", "name", "phone", "b1_name", "p_amount"}
    assert "sample_id" in columns


def test_a_file_that_there_is_not_is_not_found(app: Flask, finished: Survey) -> None:
    client = browser(app, "exporter")
    assert client.get(f"/studies/{finished.drawn.study.id}/results/answers.exe").status_code == 404
