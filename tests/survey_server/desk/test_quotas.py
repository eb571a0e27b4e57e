from __future__ import annotations

import pytest

from survey_server.actors import Actor
from survey_server.desk import quotas
from survey_server.desk.quotas import Wanted
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Services
from tests.support.studies import DrawnStudy, make_study
from tests.survey_server.desk.calling import interview, nothing_to_take, take

HERE, THERE = "柳湾县", "白水县"


@pytest.fixture
def drawn(desk: Services) -> DrawnStudy:
    return make_study(desk, {(HERE, "1"): 3, (THERE, "1"): 3})


def want(services: Services, drawn: DrawnStudy, *wanted: Wanted) -> None:
    with services.write() as work:
        quotas.keep_quotas(work, drawn.study, wanted)


def done(services: Services, drawn: DrawnStudy) -> dict[tuple[str, str], int]:
    with services.read() as work:
        return {(each.field, each.value): each.done for each in quotas.quotas_of(work, drawn.study.id)}


def test_a_full_quota_of_a_roster_column_stops_calls_to_its_group(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    want(desk, drawn, Wanted("county", HERE, 1))
    case = take(desk, caller)
    assert case.county == HERE, "a group with a need comes first"
    interview(desk, caller, drawn, case)
    assert done(desk, drawn) == {("county", HERE): 0}, "counted each minute"
    quotas.count_all(desk)
    assert done(desk, drawn) == {("county", HERE): 1}
    for _ in range(3):
        case = take(desk, caller)
        assert case.county == THERE
        interview(desk, caller, drawn, case)
    assert nothing_to_take(desk, caller)


def test_the_group_that_misses_the_larger_share_is_called_first(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    want(desk, drawn, Wanted("county", HERE, 2), Wanted("county", THERE, 3))
    called = []
    for _ in range(5):
        case = take(desk, caller)
        called.append(case.county)
        interview(desk, caller, drawn, case)
        quotas.count_all(desk)
    assert sorted(called[:2]) == sorted([HERE, THERE])
    assert called[2:] == [THERE, HERE, THERE]  # missing 2/3 and 1/2; then 1/3 and 1/2; then 1/3 and none


def test_a_full_quota_that_stops_nothing_is_only_told(desk: Services, drawn: DrawnStudy, caller: Actor) -> None:
    want(desk, drawn, Wanted("area", "城镇", 1, stops=False))
    interview(desk, caller, drawn, take(desk, caller))
    quotas.count_all(desk)
    assert take(desk, caller) is not None
    with desk.read() as work:
        (met,) = quotas.to_mind(quotas.quotas_of(work, drawn.study.id))
        assert met.value == "城镇"


def test_a_full_quota_of_a_household_column_stops_calls(desk: Services, drawn: DrawnStudy, caller: Actor) -> None:
    want(desk, drawn, Wanted("area", "城镇", 1))
    interview(desk, caller, drawn, take(desk, caller))
    quotas.count_all(desk)
    assert nothing_to_take(desk, caller)


def test_a_quota_on_an_answer_is_counted_from_the_answers_and_told_to_the_operator(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    want(desk, drawn, Wanted("answer:t_sat_overall", "5", 1), Wanted("answer:t_sat_overall", "1", 1))
    interview(desk, caller, drawn, take(desk, caller))
    quotas.count_all(desk)
    assert done(desk, drawn) == {("answer:t_sat_overall", "5"): 1, ("answer:t_sat_overall", "1"): 0}
    with desk.read() as work:
        (met,) = quotas.to_mind(quotas.quotas_of(work, drawn.study.id))
        assert met.value == "5"


@pytest.mark.parametrize(
    "wanted",
    [
        [Wanted("county", HERE, 1), Wanted("county", HERE, 2)],
        [Wanted("village", "一村", 1)],
        [Wanted("answer:", "1", 1)],
        [Wanted("county", "", 1)],
        [Wanted("county", HERE, 0)],
        [Wanted("county", str(n), 1) for n in range(201)],
    ],
    ids=["twice", "no such column", "no question", "no value", "none wanted", "too many"],
)
def test_quotas_that_make_no_sense_are_refused(desk: Services, drawn: DrawnStudy, wanted: list[Wanted]) -> None:
    with pytest.raises(ZoufangError) as caught:
        want(desk, drawn, *wanted)
    assert caught.value.problem is Problem.INVALID_FIELD
    assert done(desk, drawn) == {}
