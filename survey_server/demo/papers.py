"""Working papers of the demonstration: some of everything, so that every page has something to show."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import replace

import openpyxl

from survey_server.actors import Actor
from survey_server.studies.models import Study
from survey_server.work import Services, Work
from survey_server.workpapers import base_data, comments, documents, indicators, interviews, milestones, sheets
from survey_server.workpapers.interviews import Answer, Held
from survey_server.workpapers.service import counties_of, guide, today

PLAN: Mapping[str, int] = {
    "评价方案": -25,
    "资料调取": -12,
    "现场实施": -5,
    "报告初稿": 4,
    "征求意见": 9,
    "报告定稿": 16,
}
"""Steps by their days from today."""
FIGURES: Mapping[str, object] = {
    "上年结转资金": 12.5,
    "中央资金到位": 310,
    "省级资金到位": 96,
    "市县资金到位": 45,
    "低保支出": 352.6,
    "特困供养支出": 61.4,
    "临时救助支出": 20.5,
    "其他支出": 0,
    "年末结转结余": 29,
    "每月发放日期": "每月10日前",
    "最低生活保障户数": 812,
    "最低生活保障人数": 1240,
    "特困分散供养人数": 61,
    "其中：签订照料服务协议人数": 58,
    "评价年度复核户数": 780,
    "复核后停发户数": 23,
    "填报单位": "云溪区民政局",
    "联系人姓名": "演示",
    "联系电话": "19000000000",
}
TALKS = (
    (
        "bureau_staff",
        "云溪区民政局救助股",
        "funds",
        "发放前一天要等国库支付回单",
        "资金支付环节多，个别月份发放推迟一至两天",
    ),
    ("town", "龙泉街道办事处", "capacity", "我们两个人管四百多户，表又多", "街道经办人员少，入户复核难以按周期完成"),
    ("village", "某社区居委会", "publicity", "老人不识字，主要靠上门说", "不识字的老人主要靠口头告知，公示栏作用有限"),
)


def keep_papers(services: Services, study: Study, cast: Mapping[str, Actor]) -> None:
    """Papers asked for ten days ago, interviews, a county's table, the plan, a draft with comments, two signatures."""
    past = replace(services, clock=lambda: services.clock() - dt.timedelta(days=10))
    with past.write(cast["pingjia"]) as work:
        counties = list(counties_of(work, study.id))
        titles = [one["title"] for one in guide("documents")["documents"]][:8]
        documents.ask(work, study.id, counties, titles, 5)
        _interviews(work, study, counties[0])
    with services.write(cast["pingjia"]) as work:
        _arrivals(work, study)
        base_data.take_table(work, study.id, counties[0], "自评基础数据表.xlsx", _table(study, counties[0]))
        for title, days in PLAN.items():
            step = milestones.plan(work, study.id, title, today(work) + dt.timedelta(days=days))
            if days < -10:
                milestones.finish(work, study.id, step.id, step.planned_on)
        _draft(work, study)
    _signatures(services, study, cast)


def _interviews(work: Work, study: Study, county: str) -> None:
    for role, unit, topic, words, point in TALKS:
        held = Held(county, role, unit, today(work), "办公室", work.actor.name)
        interviews.add_interview(work, study.id, held, [Answer(topic, words, point)])


def _arrivals(work: Work, study: Study) -> None:
    asked = documents.requests_of(work, study.id).asked
    for place, one in enumerate(asked):
        if place % 3 == 0:
            content = f"演示文件：{one.row.title}".encode()
            documents.take_file(work, study.id, one.row.id, f"{one.row.title}.txt", content)
        elif place == 4:
            documents.mark(work, study.id, one.row.id, documents.WAIVED, "由市级统一提供")


def _table(study: Study, county: str) -> bytes:
    """The county's table as it would come back."""
    book = openpyxl.load_workbook(io.BytesIO(sheets.base_data_form(study, county)))
    for sheet in book:
        for row in range(4, sheet.max_row + 1):
            sheet.cell(row, 3, FIGURES.get(str(sheet.cell(row, 1).value), 36))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _draft(work: Work, study: Study) -> None:
    day = today(work) - dt.timedelta(days=6)
    comments.send_draft(work, study.id, "评价方案（征求意见稿）", ["云溪区民政局", "云溪区财政局"], day)
    work.session.flush()
    first, second = comments.sent_of(work, study.id)
    back = day + dt.timedelta(days=1)
    one = comments.log_comment(
        work, study.id, first.row.id, part="三、评价方法", text="入户样本请兼顾山区乡镇", day=back
    )
    comments.decide(work, study.id, one.id, comments.ADOPTED, "抽样按乡镇分层，山区乡镇不少于三成")
    text = "满意度建议只按电话结果计算"
    two = comments.log_comment(work, study.id, first.row.id, part="四、指标", text=text, day=back)
    comments.decide(work, study.id, two.id, comments.REJECTED, "没有电话的对象不能排除，按锁定的口径计算")
    comments.note_no_comment(work, study.id, second.row.id, back)


def _signatures(services: Services, study: Study, cast: Mapping[str, Actor]) -> None:
    with services.write(cast["pingjia"]) as work:
        papers = indicators.papers_of(work, study.id).papers
        ready = [paper.line.key for paper in papers if paper.state is indicators.State.OPEN][:2]
        for key in ready:
            indicators.make(work, study.id, "", key, "与结果页的估计核对一致")
    with services.write(cast["shenhe"]) as work:
        for key in ready[:1]:
            indicators.check(work, study.id, "", key, "")
