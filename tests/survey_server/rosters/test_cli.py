"""Rosters by command."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from python_calamine import load_workbook
from sqlmodel import select

from survey_server.demo.rosters import small_district
from survey_server.rosters.cli import roster
from survey_server.rosters.service import frame_counts
from survey_server.studies.models import Study
from survey_server.studies.service import create_study
from survey_server.work import Services

BAD = "姓名,身份证号,县,救助类别\n甲乙,11010519491231002X,柳湾县,农村低保\n丙丁,440524188001010015,柳湾县,农村低保\n"


@pytest.fixture
def zoufang(sqlite_settings, monkeypatch):
    """Call the command in the installation of the test."""
    monkeypatch.setenv("ZOUFANG_DATA", str(sqlite_settings.data))
    monkeypatch.setenv("ZOUFANG_DATABASE_URL", sqlite_settings.database_url)
    monkeypatch.setenv("ZOUFANG_MASTER_KEY", sqlite_settings.master_key)
    return lambda *arguments: CliRunner().invoke(roster, list(map(str, arguments)))


@pytest.fixture
def opened(sqlite_settings):
    services = Services.open(sqlite_settings)
    with services.write() as work:
        create_study(work, name="云溪区2026")
    yield services
    services.database.dispose()


def frame(services):
    with services.read() as work:
        [study] = work.session.exec(select(Study)).all()
        return {row["category"]: row["units"] for row in frame_counts(work, study.id)}


def test_files_are_imported_into_a_study_by_its_name(zoufang, opened, tmp_path):
    paths = []
    for name, data in small_district().items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(data)

    result = zoufang("import", "云溪区2026", *paths)

    assert result.exit_code == 0, result.output
    assert "240 行" in result.output
    assert "云溪区 城市低保: 139 户, 166 人" in result.output
    assert frame(opened) == {"1": 139, "3": 7, "4": 12, "7": 21, "14": 22, "15": 12}


def test_bad_rows_are_written_into_a_workbook_and_a_check_changes_nothing(zoufang, opened, tmp_path):
    path, report = tmp_path / "a.csv", tmp_path / "bad.xlsx"
    path.write_bytes(BAD.encode())

    result = zoufang("import", "云溪区2026", path, "--report", report, "--check")

    assert result.exit_code == 0, result.output
    assert "error: id_check_digit × 1" in result.output
    assert "440524" not in result.output
    assert len(load_workbook(report).get_sheet_by_index(0).to_python()) == 2
    assert frame(opened) == {}


def test_the_same_file_twice_is_said(zoufang, opened, tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(BAD.encode())

    result = zoufang("import", "云溪区2026", tmp_path / "a.csv", tmp_path / "b.csv")

    assert "b.csv = a.csv" in result.output
    assert frame(opened) == {"2": 1}


def test_an_unknown_study_is_said(zoufang, opened, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(BAD.encode())

    result = zoufang("import", "别的", path)

    assert result.exit_code == 1
    assert "没有（或不止一个）这个评价" in result.output
