"""The self-evaluation data table goes out as Excel and comes back with every error by its sheet and row."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import SimpleNamespace

import openpyxl
import pytest
from sqlmodel import select

from survey_server.audit.models import Event
from survey_server.workpapers import base_data
from survey_server.workpapers.models import BaseData

PHONE = "13812345678"
# 12.5 carried in and 100 received; 90 spent, 22.5 left over.
RIGHT: Mapping[str, object] = {
    "上年结转资金": 12.5,
    "中央资金到位": 100,
    "省级资金到位": 0,
    "市县资金到位": "0",
    "低保支出": 80,
    "特困供养支出": 10,
    "临时救助支出": 0,
    "其他支出": 0,
    "年末结转结余": 22.5,
    "每月发放日期": "每月10日",
    "最低生活保障户数": 100,
    "最低生活保障人数": "1,664",
    "特困分散供养人数": 19,
    "其中：签订照料服务协议人数": 18,
    "评价年度复核户数": 100,
    "复核后停发户数": 3,
    "填报单位": "柳湾县民政局",
    "联系人姓名": "王小明",
    "联系电话": PHONE,
    "电子邮箱": "wang@example.com",
}


def filled(office: SimpleNamespace, changes: Mapping[str, object] | None = None, *, without: str = "") -> bytes:
    """The table as the county got it, filled in; None leaves a line empty."""
    form = office.client.get(f"{office.root}/base-data/form.xlsx?county=柳湾县")
    book = openpyxl.load_workbook(io.BytesIO(form.data))
    values = {**RIGHT, **(changes or {})}
    for sheet in book:
        for row in sheet.iter_rows(min_row=4):
            row[2].value = values.get(str(row[0].value), 1)
    if without:
        del book[without]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def send(office: SimpleNamespace, data: bytes, county: str = "柳湾县") -> tuple[int, str]:
    sent = {"county": county, "table": (io.BytesIO(data), "自评.xlsx")}
    answer = office.client.post(f"{office.root}/base-data", data=sent)
    return answer.status_code, answer.text


def kept(office: SimpleNamespace) -> list[BaseData]:
    with office.services.read() as work:
        return list(work.session.exec(select(BaseData)).all())


def test_a_table_that_is_right_is_kept_and_its_contact_masked(office: SimpleNamespace) -> None:
    assert send(office, filled(office))[0] == 303
    (row,) = kept(office)
    assert row.figures["persons_dibao"] == "1664"
    assert row.figures["carried_in"] == "12.5"
    assert PHONE.encode() not in row.contacts
    page = office.client.get(f"{office.root}/base-data/{row.id}").text
    assert "138****5678" in page
    assert "王**" in page
    assert PHONE not in page
    assert "wang@" not in page
    book = openpyxl.load_workbook(io.BytesIO(office.client.get(f"{office.root}/base-data.xlsx").data))
    text = str([list(sheet.iter_rows(values_only=True)) for sheet in book])
    assert "138****5678" in text
    assert PHONE not in text


def test_a_contact_is_opened_for_a_reason_that_is_recorded(office: SimpleNamespace) -> None:
    send(office, filled(office))
    address = f"{office.root}/base-data/{kept(office)[0].id}/contact"
    assert office.client.post(address, data={"reason": "contact", "words": ""}).status_code == 400
    opened = office.client.post(address, data={"reason": "contact", "words": "催报资料"})
    assert PHONE in opened.text
    assert opened.headers["Cache-Control"] == "no-store"
    with office.services.read() as work:
        (event,) = work.session.exec(select(Event).where(Event.action == "base_data.contact")).all()
    assert event.details["words"] == "催报资料"
    assert PHONE not in str(event.details)


def test_every_error_is_named_by_sheet_and_row_and_nothing_is_kept(office: SimpleNamespace) -> None:
    wrong = {"低保支出": "约80", "参训人次": None, "最低生活保障户数": 1.5, "新增户数": -2}
    status, page = send(office, filled(office, wrong))
    assert status == 400
    assert kept(office) == []
    reading = base_data.read_table("自评.xlsx", filled(office, wrong))
    assert {(fault.sheet, fault.row, fault.label, fault.code) for fault in reading.faults} == {
        ("1 基本情况", 4, "最低生活保障户数", "integer"),
        ("2 资金", 8, "低保支出", "number"),
        ("3 工作", 6, "新增户数", "negative"),
        ("3 工作", 8, "参训人次", "empty"),
    }
    for words in ("“约80”不是数字", "2 资金", "没有的请填0"):
        assert words in page


def test_sums_that_do_not_agree_and_parts_above_their_whole_are_named(office: SimpleNamespace) -> None:
    reading = base_data.read_table("自评.xlsx", filled(office, {"年末结转结余": 20, "其中：签订照料服务协议人数": 20}))
    assert [(fault.label, fault.code) for fault in reading.faults] == [
        ("年末结转结余", "sum"),
        ("特困分散供养人数", "most"),
    ]
    assert "112.5 ≠" in reading.faults[0].value
    assert reading.faults[0].value.endswith("110")


def test_a_sheet_that_was_taken_out_is_missed_and_a_contact_never_quoted(office: SimpleNamespace) -> None:
    reading = base_data.read_table("自评.xlsx", filled(office, {"联系人姓名": "王" * 300}, without="3 工作"))
    assert [(fault.sheet, fault.code, fault.value) for fault in reading.faults] == [
        ("3 工作", "sheet", ""),
        ("4 联系人", "long", ""),
    ]


@pytest.mark.parametrize(("data", "county"), [(b"", "柳湾县"), (b"PK\x03\x04broken", "柳湾县"), (b"x", "")])
def test_what_is_no_workbook_is_refused(office: SimpleNamespace, data: bytes, county: str) -> None:
    assert send(office, data, county)[0] == 400
    assert kept(office) == []
