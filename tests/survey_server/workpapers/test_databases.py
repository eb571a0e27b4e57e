"""Both kinds of database keep working papers, and show those of a county to whoever reaches it alone."""

from __future__ import annotations

import dataclasses
import datetime as dt

from survey_server.actors import Grant
from survey_server.work import Services
from survey_server.workpapers import comments, documents, interviews, milestones
from survey_server.workpapers.service import counties_of
from tests.support.studies import OWNER, make_study

HELD = interviews.Held("青溪县", "town", "某镇", dt.date(2026, 8, 31), "镇政府", "甲")


def test_working_papers_are_kept_and_read_by_county(services: Services) -> None:
    study = make_study(services, {("柳湾县", "1"): 2, ("青溪县", "1"): 2}).study
    with services.write(OWNER) as work:
        documents.ask(work, study.id, ["柳湾县", "青溪县"], ["支出明细账"], 3)
        interviews.add_interview(work, study.id, HELD, [interviews.Answer("funds", "按月", "按月发放")])
        milestones.plan(work, study.id, "实施", dt.date(2026, 9, 10))
        comments.send_draft(work, study.id, "征求意见稿", ["民政局"], dt.date(2026, 9, 1))
    with services.write(OWNER) as work:
        (one,) = comments.sent_of(work, study.id)
        comments.log_comment(work, study.id, one.row.id, part="", text="再核对", day=dt.date(2026, 9, 2))
    one_county = dataclasses.replace(OWNER, reach=(Grant(study.id, "柳湾县"),))
    with services.read(one_county) as work:
        assert documents.requests_of(work, study.id).counties == ["柳湾县"]
        assert interviews.interviews_of(work, study.id) == []
        assert counties_of(work, study.id) == ["柳湾县"]
    with services.read(OWNER) as work:
        assert documents.count_of(work, study.id) == {"asked": 2}
        assert [point for _, point in interviews.points_of(work, study.id)["funds"]] == ["按月发放"]
        assert [comment.number for comment in comments.sent_of(work, study.id)[0].comments] == [1]
        assert [step.row.title for step in milestones.steps_of(work, study.id)] == ["实施"]
