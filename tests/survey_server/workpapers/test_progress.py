"""Milestones are held against the calendar of working days; comments on a draft are due in three and answered."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from types import SimpleNamespace

import docx
import openpyxl
import pytest

from survey_server.workdays import Workdays
from survey_server.workpapers.comments import Sent, sent_of
from survey_server.workpapers.milestones import Step, steps_of
from survey_server.workpapers.service import days_late, said_of
from tests.survey_server.workpapers.conftest import later


def steps(office: SimpleNamespace) -> dict[str, Step]:
    with office.app.test_request_context(), office.services.read() as work:
        return {step.row.title: step for step in steps_of(work, office.study_id)}


def sent(office: SimpleNamespace) -> list[Sent]:
    with office.services.read() as work:
        return sent_of(work, office.study_id)


def post(office: SimpleNamespace, address: str, **data: str) -> int:
    return office.client.post(f"{office.root}/{address}", data=data).status_code


def test_working_days_late_leave_weekends_out_and_count_the_worked_saturday() -> None:
    calendar = Workdays()
    assert days_late(calendar, dt.date(2026, 9, 4), dt.date(2026, 9, 4)) == 0
    assert days_late(calendar, dt.date(2026, 9, 4), dt.date(2026, 9, 7)) == 1  # from Friday to Monday
    assert days_late(calendar, dt.date(2026, 10, 9), dt.date(2026, 10, 10)) == 1  # Saturday, worked for the holiday
    assert days_late(calendar, dt.date(2026, 9, 4), dt.date(2026, 9, 1)) == 0


def test_a_date_on_a_sunday_is_said(office: SimpleNamespace) -> None:
    with office.app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        # 巴中's plan had 征求意见 end on 15 June 2025, a Sunday
        assert said_of(Workdays(), dt.date(2025, 6, 15)) == "2025-06-15是星期日，不是工作日；下一个工作日是2025-06-16。"
        assert said_of(Workdays(), dt.date(2026, 9, 1)) == ""
        assert "还没有公布" in said_of(Workdays(), dt.date(2031, 9, 1))


def test_a_milestone_is_planned_moved_done_and_taken_out(office: SimpleNamespace) -> None:
    assert post(office, "milestones", title="报告初稿", planned_on="2026-09-13") == 303
    assert "2026-09-13是星期日" in office.client.get(f"{office.root}/milestones").text
    assert post(office, "milestones", title="报告初稿", planned_on="2026-09-04") == 303
    (step,) = steps(office).values()
    assert (step.left, step.late, list(step.said)) == (3, 0, [])
    later(office, 7)  # Tuesday, 8 September
    assert steps(office)["报告初稿"].late == 2
    address = f"milestones/{step.row.id}"
    assert post(office, address, done_on="2026-09-09") == 400, "that day is still to come"
    assert post(office, address, done_on="2026-09-07") == 303
    assert steps(office)["报告初稿"].late == 1
    assert post(office, address, undo="1") == 303
    assert steps(office)["报告初稿"].row.done_on is None
    assert post(office, address, remove="1") == 303
    assert steps(office) == {}


def test_what_is_done_before_a_step_ahead_of_it_is_said(office: SimpleNamespace) -> None:
    post(office, "milestones", title="实施", planned_on="2026-08-20")
    post(office, "milestones", title="报告", planned_on="2026-08-31")
    post(office, f"milestones/{steps(office)['报告'].row.id}", done_on="2026-09-01")
    assert ["实施" in said for said in steps(office)["报告"].said] == [True]


@pytest.mark.parametrize("wrong", [{"title": " "}, {"planned_on": ""}, {"planned_on": "2036-01-01"}])
def test_a_step_without_a_name_or_a_day_is_refused(office: SimpleNamespace, wrong: dict[str, str]) -> None:
    assert post(office, "milestones", **{"title": "实施", "planned_on": "2026-09-10", **wrong}) == 400


def send(office: SimpleNamespace, units: str = "柳湾县民政局\n青溪县民政局") -> tuple[Sent, ...]:
    assert post(office, "drafts", draft="征求意见稿", units=units, sent_on="2026-09-01") == 303
    return tuple(sent(office))


def test_a_draft_is_due_after_three_working_days(office: SimpleNamespace) -> None:
    first, second = send(office)
    assert first.row.due_on == second.row.due_on == dt.date(2026, 9, 4)
    later(office, 6)
    assert post(office, f"drafts/{second.row.id}", none="1", received_on="2026-09-03") == 303
    late, answered = sent(office)
    assert (late.late, late.answered) == (1, False)
    assert (answered.late, answered.answered) == (0, True)
    assert post(office, f"drafts/{late.row.id}", text="x", received_on="2026-08-31") == 400, "before it was sent"


def decided(office: SimpleNamespace, comment_id: uuid.UUID, decision: str, answer: str) -> int:
    return post(office, f"comments/{comment_id}", decision=decision, answer=answer)


def test_a_comment_is_adopted_or_not_with_a_reason(office: SimpleNamespace) -> None:
    first, _ = send(office)
    assert post(office, f"drafts/{first.row.id}", text="") == 400
    for text in ("资金到位率有误", "满意度偏低"):
        assert post(office, f"drafts/{first.row.id}", text=text, part="第四部分") == 303
    one, other = sent(office)[0].comments
    assert (one.number, other.number) == (1, 2)
    assert decided(office, other.id, "rejected", " ") == 400
    assert decided(office, other.id, "perhaps", "x") == 400
    assert decided(office, other.id, "rejected", "抽样结果可以复算，维持原值") == 303
    assert "有1条意见尚未处理" in office.client.get(f"{office.root}/milestones").text
    assert decided(office, one.id, "adopted", "") == 303


def test_the_log_of_comments_is_a_workbook_and_an_annex_of_the_report(office: SimpleNamespace) -> None:
    first, second = send(office)
    post(office, f"drafts/{first.row.id}", text="资金到位率有误", part="第四部分")
    decided(office, sent(office)[0].comments[0].id, "partly", "改为按指标文件口径")
    post(office, f"drafts/{second.row.id}", none="1")
    book = openpyxl.load_workbook(io.BytesIO(office.client.get(f"{office.root}/comments.xlsx").data))
    rows = list(book["征求意见"].iter_rows(values_only=True))
    assert any("资金到位率有误" in row and "部分采纳" in row and "改为按指标文件口径" in row for row in rows)
    assert any("无意见" in row for row in rows)
    answer = office.client.get(f"{office.root}/report/evaluation.docx")
    report = docx.Document(io.BytesIO(answer.data))
    text = "\n".join(line.text for line in report.paragraphs)
    assert "附件：征求意见及采纳情况" in text
    assert "发至2个单位，2个单位回复，提出意见1条，采纳0条，部分采纳1条" in text
    cells = [cell.text for row in report.tables[-1].rows for cell in row.cells]
    assert "第四部分：资金到位率有误" in cells
    assert "部分采纳" in cells
