"""A figure on paper leads back to what is behind it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import docx
import openpyxl
import pytest
from click.testing import CliRunner
from flask import Flask

from survey_server.actors import Grant, Role
from survey_server.app import create_app
from survey_server.cli import main
from survey_server.errors import ZoufangError
from survey_server.results.references import find, reference
from survey_server.results.service import Results
from tests.support.callers import browser
from tests.support.studies import person
from tests.survey_server.results.conftest import Survey


@pytest.fixture(scope="module")
def app(finished: Survey) -> Flask:
    person(finished.services, Role.EVALUATOR, username="tracer")
    return create_app(finished.services.settings, finished.services.clock, wake=lambda: None)


def test_every_figure_has_a_reference_of_its_own_that_finds_it_again(finished: Survey, told: Results) -> None:
    study_id = told.study.id
    references = [reference(study_id, figure) for figure in told.figures]
    assert len(set(references)) == len(references) > 100
    with finished.services.read() as work:
        for text, figure in list(zip(references, told.figures, strict=True))[::37]:
            assert find(work, text.lower().replace("-", ""))[1].keys == figure.keys


def test_ten_figures_of_the_report_are_followed_down_to_the_answers(
    app: Flask, finished: Survey, told: Results
) -> None:
    client = browser(app, "tracer")
    made = client.get(f"/studies/{told.study.id}/report/survey.docx").data
    rows = [row.cells for table in docx.Document(io.BytesIO(made)).tables for row in table.rows]
    found = [cells for cells in rows if re.fullmatch(r"[A-Z2-7]{4}-[A-Z2-7]{8}", cells[-1].text)]
    followed = [(cells, client.get(f"/trace/{cells[-1].text}", follow_redirects=True)) for cells in found[:60]]
    assert {page.status_code for _, page in followed} == {200}
    figures = [(cells, page) for cells, page in followed if "metric=" in page.history[0].location]
    assert len(figures) >= 10
    for cells, page in figures[:10]:
        printed = next(cell.text for cell in cells if cell.text.endswith("%"))
        assert f'<p class="figure">{printed}</p>' in page.text
        weights = re.findall(r"<td>计入：分子.*?</td>\s*<td class=\"n\">([0-9.]+)", page.text, re.DOTALL)
        others = re.findall(r"<td>计入：仅分母.*?</td>\s*<td class=\"n\">([0-9.]+)", page.text, re.DOTALL)
        (metric,) = parse_qs(urlsplit(page.history[0].location).query)["metric"]
        if metric != "AW_AVG":  # the mean of five rates
            share = sum(map(float, weights)) / max(sum(map(float, weights + others)), 1e-9)
            assert abs(share * 100 - float(printed.rstrip("%"))) < 0.01, cells[-1].text


def test_the_workbook_and_the_page_print_the_same_reference(app: Flask, told: Results) -> None:
    client = browser(app, "tracer")
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/studies/{told.study.id}/results.xlsx").data))
    cells = {row[-1] for row in book["结果"].iter_rows(values_only=True)}
    own = reference(told.study.id, told.satisfaction)
    assert own in cells
    assert own in client.get(f"/trace/{own}", follow_redirects=True).text


def test_the_terminal_shows_the_figure_its_definition_and_its_cases(
    finished: Survey, told: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = finished.services.settings
    monkeypatch.setenv("ZOUFANG_DATA", str(settings.folder))
    monkeypatch.setenv("ZOUFANG_DATABASE_URL", settings.url)
    monkeypatch.setenv("ZOUFANG_MASTER_KEY", settings.master_key)
    said = CliRunner().invoke(main, ["trace", reference(told.study.id, told.satisfaction)])
    assert said.exit_code == 0, said.output
    assert "70.83%" in said.output
    assert "19/24" in said.output
    assert said.output.count("计入：分子") == 19


@pytest.mark.parametrize("text", ["", "AAAA-AAAAAAAA", "../../etc", "x" * 500])
def test_a_reference_that_names_nothing_is_not_found(finished: Survey, text: str) -> None:
    with finished.services.read() as work, pytest.raises(ZoufangError):
        find(work, text)


def test_a_reference_leads_nobody_to_a_study_that_they_do_not_reach(
    finished: Survey, told: Results, app: Flask
) -> None:
    elsewhere = person(finished.services, Role.EVALUATOR, username="elsewhere")
    text = reference(told.study.id, told.satisfaction)
    with finished.services.read(elsewhere) as work:
        assert find(work, text)
    other = replace(elsewhere, reach=(Grant(elsewhere.id, ""),))
    with finished.services.read(other) as work, pytest.raises(ZoufangError):
        find(work, text)
