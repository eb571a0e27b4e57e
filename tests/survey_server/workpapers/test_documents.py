"""Papers are asked of counties, arrive sealed, are late by working days, or will not come for a reason."""

from __future__ import annotations

import datetime as dt
import io
from types import SimpleNamespace

import openpyxl
import pytest

from survey_server.studies.models import Study
from survey_server.work import Services
from survey_server.workpapers.documents import Asked, requests_of
from tests.survey_server.workpapers.conftest import later

FILE = b"<script>alert(1)</script>"


@pytest.fixture
def asked(office: SimpleNamespace) -> SimpleNamespace:
    """Two counties asked on a Tuesday for two papers each, within three working days."""
    sent = {"counties": "柳湾县\n青溪县\n", "title": ["资金支出明细账"], "more": "发放清单", "days": "3"}
    assert office.client.post(f"{office.root}/documents", data=sent).status_code == 303
    return office


def found(office: SimpleNamespace) -> dict[tuple[str, str], Asked]:
    with office.services.read() as work:
        return requests_of(work, office.study_id).cells


def mark(office: SimpleNamespace, one: Asked, **fields: object) -> int:
    return office.client.post(f"{office.root}/documents/{one.row.id}", data=fields).status_code


def test_each_county_is_asked_for_each_paper_once(asked: SimpleNamespace) -> None:
    again = {"counties": "柳湾县", "title": ["资金支出明细账"], "more": "自评报告", "days": "5"}
    assert asked.client.post(f"{asked.root}/documents", data=again).status_code == 303
    cells = found(asked)
    assert len(cells) == 5
    assert cells["柳湾县", "自评报告"].row.number == "ZL003"
    assert cells["柳湾县", "资金支出明细账"].row.due_on == dt.date(2026, 9, 4)


def test_what_is_late_is_counted_in_working_days(asked: SimpleNamespace) -> None:
    later(asked, 6)  # Monday, 7 September: the weekend is not worked
    assert {one.late for one in found(asked).values()} == {1}
    assert "逾期1个工作日" in asked.client.get(f"{asked.root}/documents").text


def test_a_file_arrives_sealed_and_goes_out_as_a_download(asked: SimpleNamespace) -> None:
    one = found(asked)["柳湾县", "发放清单"]
    assert mark(asked, one, file=(io.BytesIO(FILE), "清单.html")) == 303
    one = found(asked)["柳湾县", "发放清单"]
    assert (one.row.status, one.row.arrived_on, one.late) == ("arrived", dt.date(2026, 9, 1), 0)
    (file,) = one.files
    assert FILE not in asked.services.blobs.get(file.blob)
    address = f"{asked.root}/documents/files/{file.id}"
    taken = asked.client.get(address)
    assert (taken.data, taken.mimetype) == (FILE, "application/octet-stream")
    assert taken.headers["Content-Disposition"].startswith("attachment")
    assert asked.client.post(f"{address}/evidence").status_code == 303
    assert "柳湾县：发放清单" in asked.client.get(f"{asked.root}/evidence").text


def test_what_is_missing_or_waived_needs_a_reason(asked: SimpleNamespace) -> None:
    one = found(asked)["青溪县", "发放清单"]
    assert mark(asked, one, status="missing", reason=" ") == 400
    assert mark(asked, one, status="gone", reason="x") == 400
    assert mark(asked, one, status="waived", reason="由市级统一发放") == 303
    later(asked, 30)
    assert found(asked)["青溪县", "发放清单"].late == 0
    assert "由市级统一发放" in asked.client.get(f"{asked.root}/documents/county?county=青溪县").text


def test_the_lists_go_out_a_sheet_a_county_with_the_overview_first(asked: SimpleNamespace) -> None:
    book = openpyxl.load_workbook(io.BytesIO(asked.client.get(f"{asked.root}/documents.xlsx").data))
    assert book.sheetnames == ["总览", "柳湾县", "青溪县"]
    rows = list(book["柳湾县"].iter_rows(values_only=True))
    (row,) = [row for row in rows if row[1] == "资金支出明细账"]
    assert row[4] == dt.datetime(2026, 9, 4)  # noqa: DTZ001 - Excel has no zones
    alone = openpyxl.load_workbook(io.BytesIO(asked.client.get(f"{asked.root}/documents.xlsx?county=青溪县").data))
    assert alone.sheetnames == ["青溪县"]


@pytest.mark.parametrize(
    "wrong", [{"counties": " "}, {"days": "0"}, {"days": "x"}, {"days": "61"}, {"more": "", "title": []}]
)
def test_a_request_that_names_nothing_or_no_time_is_refused(office: SimpleNamespace, wrong: dict[str, object]) -> None:
    sent = {"counties": "柳湾县", "title": ["账"], "more": "", "days": "3", **wrong}
    assert office.client.post(f"{office.root}/documents", data=sent).status_code == 400


def test_a_closed_study_takes_nothing_more(asked: SimpleNamespace) -> None:
    services: Services = asked.services
    with services.write() as work:
        work.session.get_one(Study, asked.study_id).closed_at = work.now
    one = found(asked)["柳湾县", "发放清单"]
    assert mark(asked, one, status="arrived") == 410
    assert (
        asked.client.post(f"{asked.root}/documents", data={"counties": "x", "title": "y", "days": "3"}).status_code
        == 410
    )
