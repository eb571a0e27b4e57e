"""A few findings of the demonstration: what the answers gave, some of it verified, one from a desk file, one urgent."""

from __future__ import annotations

from collections.abc import Mapping

from survey_server.actors import Actor
from survey_server.fieldwork.service import cases_of
from survey_server.findings import collecting, service, urgent
from survey_server.findings.kinds import State
from survey_server.studies.models import Study
from survey_server.work import Services

WORDS: Mapping[State, str] = {
    State.VERIFIED: "调阅档案并与经办人核对，情况属实（演示）",
    State.DISMISSED: "经核对系登记时点不同，不属实（演示）",
    State.ANSWERED: "已补办手续，答复见附件（演示）",
    State.CLOSED: "复查已整改（演示）",
}
PATHS = (
    (State.VERIFIED, State.ANSWERED, State.CLOSED),
    (State.VERIFIED, State.ANSWERED),
    (State.VERIFIED,),
    (State.DISMISSED,),
    (),
)
"""How far the first findings have come, one after the other; the rest are clues still."""
MOST = 15


def work_on_findings(services: Services, study: Study, cast: Mapping[str, Actor]) -> None:
    """Look through the answers, write one down from a file, and take some of them further."""
    collecting.collect(services, study.id)
    with services.write(cast["pingjia"]) as work:
        county = service.counties_of(work, study.id)[0]
        report = service.Report("10", "desk", "抽查档案缺公示照片（演示）")
        service.write_down(work, study.id, service.Subject(county, reference="档案盒3第12页"), report)
        for case in [case for case in cases_of(work, study.id) if case.released_at][:2]:
            hungry = service.Report("11", "visit", "家中断粮，老人独居（演示）", urgent=True)
            service.write_down(work, study.id, service.Subject(case.county, case.town, case.id), hungry)
    with services.write(cast["shenhe"]) as work:
        rows = [pair for pair in service.ledger(work, study.id, service.Wanted(), most=MOST)[0] if not pair[0].urgent]
        for place, (row, _number) in enumerate(rows):
            for state in PATHS[place % len(PATHS)]:
                service.move(work, study.id, [row.id], state.value, WORDS[state])
        waiting = [one.row for one in urgent.urgent_findings(work, study.id) if one.waiting]
        for row in waiting[1:]:
            urgent.take_stage(work, study.id, row.id, "referred", "情况已电话告知（演示）", "区民政局社会救助科")
