"""The report says what the results say, keeps a person's own words, and is changed by a file."""

from __future__ import annotations

import io
import re
from pathlib import Path

import docx
import openpyxl
import pytest
from flask import Flask

from analysis.report.document import Paragraph, Picture, Table
from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.errors import ZoufangError
from survey_server.reports.outline import OutlineError, fill, load_outline, read_outline
from survey_server.reports.service import blocks_of, outline_of, texts_of
from survey_server.results.service import Results
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import make_study, person
from tests.survey_server.results.conftest import Survey


@pytest.fixture(scope="module")
def app(finished: Survey) -> Flask:
    person(finished.services, Role.EVALUATOR, username="pingjia")
    return create_app(finished.services.settings, finished.services.clock, wake=lambda: None)


@pytest.fixture(scope="module")
def blocks(app: Flask, finished: Survey) -> list[object]:
    with app.test_request_context(), finished.services.read() as work:
        return list(blocks_of(work, finished.drawn.study.id, "survey"))


def table(blocks: list[object], number: str) -> Table:
    (found,) = [each for each in blocks if isinstance(each, Table) and each.caption.endswith(f"（{number}）")][:1]
    return found


def test_the_report_states_the_headline_with_its_interval_and_its_count(blocks: list[object], told: Results) -> None:
    said = "".join(block.text for block in blocks if isinstance(block, Paragraph))
    assert told.satisfaction.text == "70.83%"
    assert f"为70.83%，95%置信区间{told.satisfaction.interval_text}（有效作答24，其中19为是" in said
    assert told.certificate_digest in said
    assert not re.search(r"\{\w+\}", said)


def test_the_design_table_adds_up_to_the_roster(blocks: list[object]) -> None:
    rows = table(blocks, "T1").rows
    assert [row[3] for row in rows] == [40, 12, 20, 72]
    assert [row[4] for row in rows] == [8, 12, 5, 25]


def test_outcomes_are_told_by_county_and_over_all(blocks: list[object]) -> None:
    rows = table(blocks, "T2").rows
    assert {row[0] for row in rows} == {"柳湾县", "青溪县", "全部"}
    whole = rows[-1]
    assert (whole[2], whole[4]) == (24, 1)
    assert round(whole[-2], 4) == 0.96


def test_each_question_of_satisfaction_has_its_row(blocks: list[object]) -> None:
    assert len(table(blocks, "T4").rows) == 6


def test_a_score_in_the_report_is_the_printed_rate_times_its_points(blocks: list[object]) -> None:
    scored = [row for row in table(blocks, "T8").rows[:-1] if row[4] == "调查估计"]
    assert scored
    for name, points, _rule, rate, _source, score, *_ in scored:
        assert round(float(rate.rstrip("%")) / 100 * float(points), 2) == float(score), name


def test_every_picture_says_in_words_or_numbers_what_it_shows(blocks: list[object]) -> None:
    pictures = [block for block in blocks if isinstance(block, Picture)]
    assert len(pictures) >= 4
    assert all("<text" in picture.svg for picture in pictures)


def test_the_own_words_of_a_person_stay_and_stand_in_the_report(app: Flask, finished: Survey) -> None:
    study_id = finished.drawn.study.id
    client = browser(app, "pingjia")
    page = client.get(f"/studies/{study_id}/report").text
    assert 'name="limits"' in page
    sent = client.post(
        f"/studies/{study_id}/report/survey", data={"limits": "未覆盖集中供养机构。\n雨季三个村不通车。"}
    )
    assert sent.status_code == 303
    made = client.get(f"/studies/{study_id}/report/survey.docx")
    lines = [line.text for line in docx.Document(io.BytesIO(made.data)).paragraphs]
    assert {"未覆盖集中供养机构。", "雨季三个村不通车。"} <= set(lines)
    assert client.get(f"/studies/{study_id}/report/survey.pdf").data.startswith(b"%PDF")
    assert client.post(f"/studies/{study_id}/report/survey", data={"no such place": "x"}).status_code == 404
    assert client.post(f"/studies/{study_id}/report/survey", data={"limits": "长" * 20_001}).status_code == 400
    with finished.services.read() as work:
        assert texts_of(work, study_id, "survey") == {"limits": "未覆盖集中供养机构。\n雨季三个村不通车。"}


def test_an_office_changes_the_outline_by_a_file_and_is_told_what_is_wrong_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "outlines"
    folder.mkdir()
    path = folder / "survey.yaml"
    path.write_text("title: 自己的报告\nblocks:\n  - heading: 只有一节\n    blocks:\n      - text: 好\n", "utf-8")
    assert load_outline("survey", tmp_path).title == "自己的报告"
    path.write_text("title: x\nblocks:\n  - chart: T1\n", "utf-8")
    with pytest.raises(OutlineError, match="chart"):
        load_outline("survey", tmp_path)
    path.write_text("title: [\n", "utf-8")
    with pytest.raises(OutlineError, match=r"survey\.yaml"):
        load_outline("survey", tmp_path)
    with pytest.raises(OutlineError, match="hotlin"):
        fill("电话{hotlin}", {"hotline": "1"})
    with pytest.raises(OutlineError, match="three levels"):
        read_outline({"title": "x", "blocks": [{"text": "x", "blocks": [{"text": "y"}]}]}, "f")


def test_a_table_that_there_is_not_is_named(services: Services) -> None:
    folder = services.settings.folder / "outlines"
    folder.mkdir(parents=True)
    (folder / "survey.yaml").write_text("title: x\nblocks:\n  - table: T99\n", "utf-8")
    with services.read() as work, pytest.raises(ZoufangError) as problem:
        outline_of(work, "survey")
    assert "T99" in str(problem.value.fields["why"])


def test_the_evaluation_report_has_its_nine_parts_and_words_of_its_own(app: Flask, finished: Survey) -> None:
    study_id = finished.drawn.study.id
    client = browser(app, "pingjia")
    client.post(f"/studies/{study_id}/report/evaluation", data={"summary": "总体良好。"})
    made = client.get(f"/studies/{study_id}/report/evaluation.docx")
    lines = [line.text for line in docx.Document(io.BytesIO(made.data)).paragraphs]
    assert [line[:2] for line in lines if re.match("[一二三四五六七八九]、", line)] == [
        f"{part}、" for part in "一二三四五六七八九"
    ]
    assert "总体良好。" in lines
    assert "总体良好。" not in client.get(f"/studies/{study_id}/report?kind=survey").text
    assert client.get(f"/studies/{study_id}/report?kind=other").status_code == 404


def test_the_common_tables_come_as_sheets_by_their_names(app: Flask, finished: Survey) -> None:
    taken = browser(app, "pingjia").get(f"/studies/{finished.drawn.study.id}/report/tables.xlsx").data
    book = openpyxl.load_workbook(io.BytesIO(taken))
    assert book.sheetnames == [*("T1", "T2", "T3", "T4", "T4county", "T5", "T6", "T7", "T7accuracy", "T8", "T9", "T10")]
    assert {cell for row in book["T4county"].iter_rows(values_only=True) for cell in row} >= {"柳湾县", "青溪县"}


def test_a_study_in_which_nobody_was_asked_yet_has_a_report_without_figures(services: Services) -> None:
    study = make_study(services, {("甲县", "1"): 6}).study
    person(services, Role.EVALUATOR, username="early")
    app = create_app(services.settings, services.clock, wake=lambda: None)
    client = browser(app, "early")
    for kind in ("survey.docx", "survey.pdf", "evaluation.docx", "tables.xlsx"):
        assert client.get(f"/studies/{study.id}/report/{kind}").status_code == 200, kind
    assert client.get(f"/studies/{study.id}/scores").status_code == 200
    assert client.get(f"/studies/{study.id}/results").status_code == 200
    app.extensions["zoufang"].database.dispose()
