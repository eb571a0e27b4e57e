"""A published table is held against itself, on the page and from the terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from flask import Flask

from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.cli import main
from survey_server.errors import ZoufangError
from survey_server.scores.service import check_file
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import person

HEADER = ["一级指标", "二级指标", "分值", "年度指标值", "实际完成值", "得分", "样本量", "抽样方法"]
ROWS = [
    ["预算执行", "预算执行率", 10, "≥95%", 0.8078, 10, None, None],
    ["满意度", "服务对象满意度", 10, "≥90%", "99.63%", 10, None, None],
    ["满意度", "公众知晓率", 10, "≥90%", "92%", 10, 50, "分层随机抽样"],
    ["产出", "救助标准", 10, "<=5300", 5830, 10, None, None],
]


def workbook(*rows: list[object]) -> bytes:
    """A published table as offices write it: a title, an empty line, then the header in the third row."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["某县2025年社会救助项目绩效自评表"])
    sheet.append([])
    for row in [HEADER, *(rows or ROWS)]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def found(data: bytes, name: str = "自评表.xlsx", total: int = 40) -> list[tuple[int | None, str]]:
    return [(row, finding.code) for row, finding in check_file(name, data, Decimal(total), str).findings]


def test_each_contradiction_is_named_with_the_row_that_excel_shows() -> None:
    assert sorted(found(workbook()), key=str) == [
        (4, "RULE_VS_SCORE"),
        (5, "NO_SAMPLE_SIZE"),
        (6, "TOO_SMALL"),
        (7, "TARGET_DIRECTION"),
    ]


def test_a_table_that_keeps_its_own_rules_passes() -> None:
    kept = [["满意度", "服务对象满意度", 100, "≥90%", "95%", 100, 1200, "分层随机抽样"]]
    assert found(workbook(*kept), total=100) == []


def test_a_csv_and_a_yaml_are_read_too() -> None:
    text = "一级指标,分值,目标值,实际值,得分\n满意度,100,≥90%,≥90%,100\n"
    assert found(text.encode("gb18030"), "表.csv", 100) == [(2, "NO_NUMERIC_ACTUAL")]
    yaml = 'id: t\ntitle: t\ntree:\n  - {name: 标准, weight: 90, target: "<=30", actual: 40, score_stated: 90}\n'
    assert {code for _, code in found(yaml.encode(), "t.yaml", 100)} == {"WEIGHT_SUM", "TARGET_DIRECTION"}


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("表.csv", "指标,分\na,1\n".encode(), "一级指标"),
        ("表.csv", "一级指标,分值\n满意度,很多\n".encode(), "row 2"),
        ("表.xlsx", b"PK\x03\x04 not a workbook", "damaged"),
        ("表.yaml", b"\xff\xfe: [", "score table"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(name: str, data: bytes, words: str) -> None:
    with pytest.raises(ZoufangError) as problem:
        check_file(name, data, Decimal(100), str)
    assert words in str(problem.value.fields["why"])
    assert problem.value.fields["file"] == name


def test_the_terminal_names_file_and_row_and_tells_by_its_status_that_something_was_found(tmp_path: Path) -> None:
    path = tmp_path / "自评表.xlsx"
    path.write_bytes(workbook())
    said = CliRunner().invoke(main, ["scores", "check", str(path), "--total", "40"])
    assert said.exit_code == 1
    assert "自评表.xlsx:4: RULE_VS_SCORE" in said.output
    assert "至少要问 267 人" in said.output
    path.write_bytes(workbook(["满意度", "服务对象满意度", 100, "≥90%", "95%", 100, 1200, "分层随机抽样"]))
    assert CliRunner().invoke(main, ["scores", "check", str(path)]).exit_code == 0


@pytest.fixture
def app(services: Services) -> Iterator[Flask]:
    person(services, Role.EVALUATOR, username="pingjia")
    made = create_app(services.settings, services.clock, wake=lambda: None)
    yield made
    made.extensions["zoufang"].database.dispose()


def test_the_page_shows_what_was_found_and_refuses_what_is_no_table(app: Flask) -> None:
    client = browser(app, "pingjia")
    assert "评分表核查" in client.get("/check-scores").text
    table = {"table": (io.BytesIO(workbook()), "自评表.xlsx"), "total": "40"}
    shown = client.post("/check-scores", data=table).text
    assert "第 5 行" in shown
    assert "至少要问 267 人" in shown
    refused = client.post("/check-scores", data={"table": (io.BytesIO(b"\x00\x01"), "x.xlsx")})
    assert refused.status_code == 400
    assert "x.xlsx" in refused.text
    assert client.post("/check-scores", data={"total": "many"}).status_code == 400


WIDE = [*HEADER, "佐证材料", "评分标准", "到位资金", "上年结转", "支出", "结余"]
SOUND = ["满意度", "甲", 50, "≥90%", "96%", 50, 20_000, "分层随机抽样", "E01"]
FAULTS = {
    "WEIGHT_SUM": ["满意度", "乙", 40, "≥90%", "96%", 40, 20_000, "分层随机抽样", "E02"],
    "RULE_VS_SCORE": ["执行", "乙", 50, "≥95%", "80.78%", 50, None, None, "E02"],
    "NO_NUMERIC_ACTUAL": ["执行", "乙", 50, "≥95%", "≥95%", 50, None, None, "E02"],
    "TARGET_DIRECTION": ["产出", "乙", 50, "<=5300", 5830, 50, None, None, "E02"],
    "NO_EVIDENCE": ["执行", "乙", 50, "≥95%", "96%", 50, None, None, None],
    "FUND_BALANCE": ["执行", "乙", 50, "≥95%", "96%", 50, None, None, "E02", None, "10.328", "7", "9.585", "7.734"],
    "DECIMALS": ["满意度", "满意度乙", 50, "≥90%", "99.50%", 50, 200, "分层随机抽样", "E02"],
    "IMPOSSIBLE_RATE": ["满意度", "满意度乙", 50, "≥90%", "99.63%", 50, 200, "分层随机抽样", "E02"],
    "RATE_VS_SCORE": ["执行", "乙", 50, "≥95%", "96%", 50, None, None, "E02", "支付率*指标分值"],
    "NO_SAMPLE_SIZE": ["满意度", "满意度乙", 50, "≥90%", "96%", 50, None, "分层随机抽样", "E02"],
    "TOO_SMALL": ["满意度", "满意度乙", 50, "≥90%", "96%", 50, 50, "分层随机抽样", "E02"],
    "NO_SAMPLING": ["满意度", "满意度乙", 50, "≥90%", "96%", 50, 20_000, None, "E02"],
    "VOLUNTEERS": ["满意度", "满意度乙", 50, "≥90%", "96%", 50, 20_000, "微信扫码自愿填写", "E02"],
    "FEW": ["满意度", "满意度乙", 50, "≥50%", "96%", 50, 25, "分层随机抽样", "E02"],
}


def wide(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [WIDE, *rows]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_sound_wide_table_passes() -> None:
    assert found(wide(SOUND, [*SOUND[:1], "乙", *SOUND[2:]]), total=100) == []


@pytest.mark.parametrize("code", FAULTS)
def test_every_contradiction_is_found_in_a_published_file_by_its_row(code: str, tmp_path: Path) -> None:
    data = wide(SOUND, FAULTS[code])
    rows = {row for row, one in found(data, total=100) if one == code}
    assert rows
    assert code == "WEIGHT_SUM" or rows == {3}
    path = tmp_path / "表.xlsx"
    path.write_bytes(data)
    said = CliRunner().invoke(main, ["scores", "check", str(path)])
    assert code in said.output
    assert said.exit_code == 1
