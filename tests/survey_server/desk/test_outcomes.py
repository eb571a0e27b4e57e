from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
import sqlalchemy as sa
from sqlmodel import col

from analysis import aapor_rates
from survey_server.actors import Actor
from survey_server.desk import numbers, service
from survey_server.desk.rules import Rules, keep_rules
from survey_server.desk.skills import keep_skills
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case, Status
from survey_server.fieldwork.service import case_of
from survey_server.studies.models import Study
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import DrawnStudy, make_study
from tests.survey_server.desk.calling import close, give_numbers, interview, nothing_to_take, standing, take

ONE = {("柳湾县", "1"): 1}


@pytest.fixture
def drawn(desk: Services) -> DrawnStudy:
    return make_study(desk, ONE)


def keep(services: Services, study: Study, rules: Rules) -> None:
    with services.write() as work:
        keep_rules(work, study.id, rules)


@pytest.mark.parametrize(("outcome", "minutes"), [("T17", 180), ("T11", 180), ("T18", 7 * 24 * 60)])
def test_each_outcome_has_its_own_rest(
    desk: Services, drawn: DrawnStudy, caller: Actor, clock: SteppingClock, outcome: str, minutes: int
) -> None:
    case = take(desk, caller)
    close(desk, caller, case, outcome)
    assert standing(desk, case)[1].next_at == clock.now + dt.timedelta(minutes=minutes)


def test_what_only_an_interview_concludes_is_no_choice(desk: Services, drawn: DrawnStudy, caller: Actor) -> None:
    case = take(desk, caller)
    for outcome in ("T1", "T9", "T14", "F1"):
        with pytest.raises(ZoufangError) as caught:
            close(desk, caller, case, outcome)
        assert caught.value.problem is Problem.INVALID_FIELD


def test_a_soft_refusal_is_called_by_another_operator_after_a_week_and_a_second_one_is_final(
    desk: Services, drawn: DrawnStudy, caller: Actor, other: Actor, clock: SteppingClock
) -> None:
    case = take(desk, caller)
    close(desk, caller, case, "T18")
    assert standing(desk, case)[0].status == Status.TODO.value, "a soft refusal is interim"
    clock.advance(days=6)
    assert nothing_to_take(desk, other)
    clock.advance(days=1)
    assert nothing_to_take(desk, caller), "who met the refusal does not call"
    again = take(desk, other)
    close(desk, other, again, "T18")
    done, _ = standing(desk, case)
    assert (done.outcome, done.status) == ("T4", Status.DONE.value)


def test_where_there_is_nobody_else_the_same_operator_calls_after_three_more_days(
    desk: Services, drawn: DrawnStudy, caller: Actor, clock: SteppingClock
) -> None:
    close(desk, caller, take(desk, caller), "T18")
    clock.advance(days=7)
    assert nothing_to_take(desk, caller)
    clock.advance(days=3)
    assert take(desk, caller).id == drawn.main[0].id


def test_a_household_that_is_not_reached_in_three_times_of_day_goes_to_a_visit(
    desk: Services, drawn: DrawnStudy, caller: Actor, clock: SteppingClock
) -> None:
    case = take(desk, caller)
    assert close(desk, caller, case, "T17").outcome == "T17"
    clock.advance(hours=5)  # three in the afternoon
    assert close(desk, caller, take(desk, caller), "T17").outcome == "T17"
    assert nothing_to_take(desk, caller)
    clock.advance(hours=4, minutes=30)  # the evening: twice today is enough
    assert nothing_to_take(desk, caller)
    clock.advance(days=1)
    assert close(desk, caller, take(desk, caller), "T17").outcome == "T9"
    done, at_desk = standing(desk, case)
    assert (at_desk.left_why, at_desk.calls) == ("never_reached", 3)
    assert done.status != Status.DONE.value, "a visit may still reach them"
    clock.advance(days=3)
    assert nothing_to_take(desk, caller)


def test_a_language_goes_to_an_operator_who_speaks_it(
    desk: Services, drawn: DrawnStudy, caller: Actor, other: Actor, clock: SteppingClock
) -> None:
    assert other.id is not None
    with desk.write() as work:
        keep_skills(work, other.id, ["yue"])
    case = take(desk, caller)
    close(desk, caller, case, "T6", language="yue")
    assert nothing_to_take(desk, caller)
    assert take(desk, other).id == case.id


def test_a_language_that_nobody_speaks_goes_to_a_visit(
    desk: Services, drawn: DrawnStudy, caller: Actor, clock: SteppingClock
) -> None:
    case = take(desk, caller)
    close(desk, caller, case, "T6", language="yue")
    assert standing(desk, case)[1].left_why == "language"


def test_a_household_is_called_so_often_in_all_and_then_visited(
    desk: Services, drawn: DrawnStudy, caller: Actor, clock: SteppingClock
) -> None:
    keep(desk, drawn.study, Rules(most_calls=2, slots_needed=3))
    case = take(desk, caller)
    close(desk, caller, case, "T17")
    assert standing(desk, case)[1].left_at is None
    clock.advance(hours=5)
    close(desk, caller, take(desk, caller), "T17")
    assert standing(desk, case)[1].left_why == "out_of_calls"


def test_a_wrong_number_counts_among_the_calls_even_where_another_is_left(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    keep(desk, drawn.study, Rules(most_calls=1))
    give_numbers(desk, drawn, ["19000000001", "19000000002"])
    case = take(desk, caller)
    with desk.write(caller) as work:
        numbers.dial(work, case_of(work, case.id))
    close(desk, caller, case, "T10")
    assert standing(desk, case)[1].left_why == "out_of_calls"


def test_an_interview_that_is_sent_again_is_counted_once(desk: Services, drawn: DrawnStudy, caller: Actor) -> None:
    case = take(desk, caller)
    interview(desk, caller, drawn, case)
    with desk.write(caller) as work:
        service.after_interview(work, case_of(work, case.id))
    assert standing(desk, case)[1].calls == 1


def test_the_outcomes_of_a_desk_give_the_rates_worked_out_by_hand(
    desk: Services, caller: Actor, clock: SteppingClock
) -> None:
    """AAPOR Standard Definitions 10th ed. (2023): I=4 R=2 NC=1 O=1 U=2 (a dead number, one not answered), e=8/9."""
    drawn = make_study(desk, {("柳湾县", "1"): 11})
    for _ in range(4):
        interview(desk, caller, drawn, take(desk, caller))
    for outcome in ("T4", "T5", "T3", "T7", "T10", "T17", "T12"):
        due = clock.now + dt.timedelta(days=2) if outcome == "T3" else None
        close(desk, caller, take(desk, caller), outcome, due=due)
    with desk.read() as work:
        codes = list(work.session.execute(sa.select(col(Case.outcome))).scalars())
    rates = aapor_rates(Counter(code for code in codes if code))
    assert rates.e == pytest.approx(8 / 9)
    assert rates["RR1"] == pytest.approx(4 / 10)
    assert rates["RR3"] == pytest.approx(4 / (8 + 2 * 8 / 9))
    assert rates["RR5"] == pytest.approx(4 / 8)
    assert rates["COOP1"] == pytest.approx(4 / 7)
    assert rates["REF1"] == pytest.approx(2 / 10)
    assert rates["CON1"] == pytest.approx(7 / 10)
