"""错保率 from verified findings, between the bounds of what is still open; T7 by kind and county."""

from __future__ import annotations

from decimal import Decimal

from analysis.indicators import table_from
from survey_server.findings import service
from survey_server.reports.facts import problem_sentences
from survey_server.reports.rows import live_row
from survey_server.reports.tables import accuracy_table, problems_table
from survey_server.results.accuracy import accuracy_figure
from survey_server.results.references import reference
from survey_server.results.service import results_of
from survey_server.scores.sheet import make_card
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


def test_a_rate_of_accuracy_is_the_value_of_a_line_and_its_reference_leads_to_the_verdicts(services: Services) -> None:
    """As above, 1 of 10 is verified and 1 open: 10 % is the value, and the interval reaches beyond both together."""
    made = make_study(services, {("柳湾县", "1"): 20}, take={("柳湾县", "1"): 10})
    with services.write(OWNER) as work:
        for place, case in enumerate(made.main[:2]):
            subject = service.Subject(case.county, case.town, case.id)
            row = service.write_down(work, made.study.id, subject, service.Report("1", "list", "车辆登记比对"))
            if place == 0:
                service.move(work, made.study.id, [row.id], "verified", "两人复核")
    tree = [{"name": "错保率", "weight": 10, "target": "≤5%", "metric": "ERR_INCL"}]
    table = table_from({"id": "t", "title": "t", "tree": tree})
    with services.read() as work:
        results = results_of(work, made.study.id)
        for county in ("", "柳湾县"):
            source = make_card(table, results, county, {}, {}).source(table.leaves()[0])
            assert source.named is not None
            assert source.figure is not None
            assert (source.figure.estimate, source.figure.yes, source.figure.missing) == (Decimal("0.1000"), 1, 1)
            assert source.figure.low is not None
            assert source.figure.high is not None
            assert source.figure.low < Decimal("0.1") < Decimal("0.2") < source.figure.high
            behind = live_row(work, reference(made.study.id, source.named)).behind
            assert behind.cases is not None
            assert sorted(behind.cases["said"])[-2:] == ["open", "verified"]
        assert problem_sentences(results) == ["错保: 1 verified (柳湾县 1)."]


def test_where_nothing_was_ever_found_there_is_no_rate_of_nothing(services: Services) -> None:
    made = make_study(services, {("柳湾县", "1"): 4})
    with services.read() as work:
        results = results_of(work, made.study.id)
    assert accuracy_figure(results.dataset, "ERR_INCL") is None
    assert not accuracy_table(results).rows
