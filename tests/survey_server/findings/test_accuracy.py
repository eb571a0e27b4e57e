"""错保率 from verified findings, between the bounds of what is still open; T7 by kind and county."""

from __future__ import annotations

from decimal import Decimal

from survey_server.findings import service
from survey_server.reports.tables import problems_table
from survey_server.results.service import results_of
from survey_server.work import Services
from tests.support.studies import OWNER, make_study


def test_of_ten_drawn_of_twenty_one_verified_and_two_open_make_ten_to_thirty_per_cent(services: Services) -> None:
    """10 of 20 drawn with equal probability: 1/10 and 3/10; a finding without a case is in no denominator."""
    made = make_study(services, {("柳湾县", "1"): 20}, take={("柳湾县", "1"): 10})
    with services.write(OWNER) as work:
        for place, case in enumerate(made.main[:4]):
            subject = service.Subject(case.county, case.town, case.id)
            row = service.write_down(work, made.study.id, subject, service.Report("1", "list", "车辆登记比对"))
            if place in (0, 3):
                service.move(work, made.study.id, [row.id], ("verified", "", "", "dismissed")[place], "两人复核")
        nobody = service.Report("1", "list", "比对发现，不在样本")
        service.write_down(work, made.study.id, service.Subject("柳湾县"), nobody)
    with services.read() as work:
        results = results_of(work, made.study.id)
        table = problems_table(results)
    (found,) = results.accuracy
    assert (found.metric, found.n, found.verified, found.unresolved) == ("ERR_INCL", 10, 1, 2)
    assert (found.least.estimate, found.most.estimate) == (Decimal("0.1000"), Decimal("0.3000"))
    assert found.least.low is not None
    assert found.most.high is not None
    assert found.least.low < found.least.estimate < found.most.estimate < found.most.high
    assert list(table.rows) == [["错保", "柳湾县", 1, 3, 1], ["错保", "All", 1, 3, 1]]


def test_of_a_census_there_is_no_interval(services: Services) -> None:
    made = make_study(services, {("柳湾县", "1"): 4})
    with services.write(OWNER) as work:
        subject = service.Subject("柳湾县", "", made.main[0].id)
        row = service.write_down(work, made.study.id, subject, service.Report("1", "list", "车辆登记比对"))
        service.move(work, made.study.id, [row.id], "verified", "两人复核")
    with services.read() as work:
        (found,) = results_of(work, made.study.id).accuracy
    assert (found.method, found.least.estimate, found.least.low) == ("census", Decimal("0.2500"), None)


def test_what_is_still_paid_after_a_death_is_of_those_who_died(services: Services) -> None:
    made = make_study(services, {("柳湾县", "1"): 4})
    with services.write(OWNER) as work:
        for case, state in zip(made.main[:2], ("verified", "dismissed"), strict=True):
            subject = service.Subject(case.county, "", case.id)
            row = service.write_down(work, made.study.id, subject, service.Report("4", "list", "死亡名单比对"))
            service.move(work, made.study.id, [row.id], state, "发放记录")
    with services.read() as work:
        found = {one.metric: one for one in results_of(work, made.study.id).accuracy}
    death = found["ERR_DEATH"]
    assert (death.n, death.verified, death.least.estimate) == (2, 1, Decimal("0.5000"))
