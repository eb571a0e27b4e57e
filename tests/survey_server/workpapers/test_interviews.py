"""Interviews are kept by role, their words sealed; their points make the interview report."""

from __future__ import annotations

import io
from types import SimpleNamespace

import docx
import openpyxl
import pytest
from sqlmodel import select

from survey_server.audit.models import Event
from survey_server.workpapers.models import Interview

WORDS = "王科长说系统每月卡两天"
HELD = {
    "county": "柳湾县",
    "role": "bureau_staff",
    "unit": "柳湾县民政局",
    "held_on": "2026-08-28",
    "place": "民政局会议室",
    "interviewers": "评价员、实习生",
}
SAID = {
    "words.problems": WORDS,
    "point.problems": "信息系统不稳定，影响按时发放",
    "point.funds": "资金按月下达，联系13812345678",
}


@pytest.fixture
def held(office: SimpleNamespace) -> SimpleNamespace:
    assert office.client.post(f"{office.root}/interviews", data=HELD | SAID).status_code == 303
    return office


def row(office: SimpleNamespace) -> Interview:
    with office.services.read() as work:
        return work.session.exec(select(Interview)).one()


def test_the_outline_is_asked_topic_by_topic(office: SimpleNamespace) -> None:
    page = office.client.get(f"{office.root}/interviews/new").text
    assert "资金从下达到到账要多长时间" in page
    assert "不记姓名" in page


def test_what_was_said_is_sealed_and_read_on_record_alone(held: SimpleNamespace) -> None:
    kept = row(held)
    assert (kept.number, kept.role) == ("FT01", "bureau_staff")
    assert WORDS.encode() not in kept.content
    assert WORDS not in held.client.get(f"{held.root}/interviews").text
    opened = held.client.get(f"{held.root}/interviews/{kept.id}")
    assert WORDS in opened.text
    assert opened.headers["Cache-Control"] == "no-store"
    with held.services.read() as work:
        events = work.session.exec(select(Event).where(Event.action == "interview.read")).all()
    assert len(events) == 1
    assert WORDS not in str(events[0].details)


def test_an_interview_is_corrected_and_keeps_its_number(held: SimpleNamespace) -> None:
    address = f"{held.root}/interviews/{row(held).id}"
    assert held.client.post(address, data=HELD | {"unit": "柳湾县救助中心", "words.advice": "加人"}).status_code == 303
    assert (row(held).number, row(held).unit) == ("FT01", "柳湾县救助中心")
    assert "加人" in held.client.get(address).text


@pytest.mark.parametrize(
    "wrong",
    [{"role": "king"}, {"unit": " "}, {"held_on": "2026-09-02"}, {"held_on": "昨天"}, {"words.advice": "字" * 4001}],
)
def test_what_is_no_interview_is_refused(office: SimpleNamespace, wrong: dict[str, str]) -> None:
    assert office.client.post(f"{office.root}/interviews", data=HELD | SAID | wrong).status_code == 400
    assert office.client.post(f"{office.root}/interviews", data=HELD).status_code == 400, "nothing was said"


def test_the_interview_report_prints_points_roles_and_counts_and_no_words(held: SimpleNamespace) -> None:
    answer = held.client.get(f"{held.root}/report/interview.docx")
    assert answer.status_code == 200, answer.text
    report = docx.Document(io.BytesIO(answer.data))
    text = "\n".join(line.text for line in report.paragraphs)
    assert "信息系统不稳定，影响按时发放（柳湾县FT01）" in text
    assert "共1人次，其中县（市、区）社会救助业务人员1人次" in text
    assert "2026年8月28日" in text
    assert "王科长" not in text
    assert "13812345678" not in text
    assert "政策宣传和公示" not in text, "a topic without a point has no heading"
    (table,) = report.tables
    assert [cell.text for cell in table.rows[1].cells] == [
        "FT01",
        "柳湾县",
        "县（市、区）社会救助业务人员",
        "柳湾县民政局",
        "2026-08-28",
    ]
    assert held.client.get(f"{held.root}/report/interview.pdf").data.startswith(b"%PDF-")
    assert held.client.get(f"{held.root}/report?kind=interview").status_code == 200


def test_a_report_without_interviews_says_so_by_leaving_them_out(office: SimpleNamespace) -> None:
    report = docx.Document(io.BytesIO(office.client.get(f"{office.root}/report/interview.docx").data))
    assert not report.tables
    assert "人次，其中" not in "".join(line.text for line in report.paragraphs)


def test_the_list_names_interviews_and_no_words(held: SimpleNamespace) -> None:
    book = openpyxl.load_workbook(io.BytesIO(held.client.get(f"{held.root}/interviews.xlsx").data))
    rows = list(book["访谈"].iter_rows(values_only=True))
    assert rows[-1][:2] == ("柳湾县", "FT01")
    assert WORDS not in str(rows)
