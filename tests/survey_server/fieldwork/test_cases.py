from __future__ import annotations

import csv
import datetime as dt
import io
import uuid
from collections import Counter
from itertools import pairwise

import pytest
from sqlmodel import select

from analysis.outcomes import load_outcomes
from survey_server.actors import Actor, Role
from survey_server.audit.models import Event
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork import service
from survey_server.fieldwork.models import Attempt, Case, Status
from survey_server.privacy.service import cipher_of
from survey_server.rosters.models import Household
from survey_server.studies.models import Channel
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import DrawnStudy, person


@pytest.fixture
def interviewer(services: Services) -> Actor:
    return person(services, Role.INTERVIEWER)


def reloaded(services: Services, case: Case) -> Case:
    with services.read() as work:
        return service.case_of(work, case.id)


def tried(services: Services, case: Case, *outcomes: str, **more: object) -> Case:
    """The case after these outcomes of visits."""
    for outcome in outcomes:
        with services.write() as work:
            found = service.case_of(work, case.id)
            service.note_attempt(work, found, channel=Channel.VISIT, outcome=outcome, **more)  # type: ignore[arg-type]
    return reloaded(services, case)


def events(services: Services, action: str) -> list[Event]:
    with services.read() as work:
        return list(work.session.exec(select(Event).where(Event.action == action)).all())


# -- what the roster says of a household -----------------------------------------------------------


def test_sealed_facts_are_opened_for_the_cases_that_are_asked_for(services: Services, drawn: DrawnStudy) -> None:
    chosen = [drawn.cases[4], drawn.cases[1]]
    with services.read() as work:
        facts = service.facts_of(work, drawn.study.id, [case.id for case in chosen])
        homes = {case.id: work.session.get_one(Household, case.household_id) for case in chosen}
    assert [fact.case.sample_id for fact in facts] == sorted(case.sample_id for case in chosen)
    for fact in facts:
        number = int(homes[fact.case.id].unit_id[1:])
        assert (fact.name, fact.phones, fact.address) == (f"甲{number}", [f"190000{number:05d}"], f"某路{number}号")
        assert fact.name.encode() not in homes[fact.case.id].personal


def test_facts_of_another_study_do_not_open(services: Services, drawn: DrawnStudy) -> None:
    with services.read() as work:
        assert service.facts_of(work, drawn.study.id, [uuid.uuid4()]) == []
        with pytest.raises(ZoufangError) as caught:
            service.facts_of(work, uuid.uuid4(), [drawn.cases[0].id])
    assert caught.value.problem is Problem.STUDY_CLOSED, "there is no key that opens them"


def test_the_form_is_given_a_masked_name_and_a_visitor_still_less(services: Services, drawn: DrawnStudy) -> None:
    with services.read() as work:
        (fact,) = service.facts_of(work, drawn.study.id, [drawn.cases[0].id])
    item, public = fact.as_item(), fact.as_public_item()
    assert item["name"] == public["name"] == fact.case.sample_id
    assert (item["p_surname"], item["p_monthly"], item["p_standard"], item["p_amount"]) == ("甲", "1", "728", "728")
    for said in (item, public):
        assert fact.name not in said.values()
        assert not {*fact.phones, fact.address} & set(said.values())
    assert item["label"].endswith("甲*")
    assert (public["label"], public["p_amount"], public["p_category_name"]) == (fact.case.sample_id, "", "")
    assert list(public) == list(item)


def test_facts_that_a_roster_lacks_are_empty(services: Services, drawn: DrawnStudy) -> None:
    with services.write() as work:
        home = work.session.get_one(Household, drawn.cases[0].household_id)
        home.personal = cipher_of(work, drawn.study.id).seal(home.id, b"{}")
        home.monthly = home.persons = home.standard = None
    with services.read() as work:
        (fact,) = service.facts_of(work, drawn.study.id, [drawn.cases[0].id])
    assert (fact.name, fact.phones, fact.address) == ("", [], "")
    assert {fact.as_item()[name] for name in ("p_surname", "p_amount", "p_monthly", "p_persons", "p_standard")} == {""}


def test_a_list_reads_back_as_it_was_written_whatever_stands_in_it() -> None:
    rows = [{"name": "A-0001", "label": '青石镇,"第1村"\n甲*'}, {"name": "A-0002", "label": ""}]
    assert list(csv.DictReader(io.StringIO(service.write_csv(rows).decode(), newline=""))) == rows
    assert service.write_csv([]) == b"name,label\r\n"


# -- who asks whom -----------------------------------------------------------------------------------


def test_cases_are_given_to_one_and_taken_back(services: Services, drawn: DrawnStudy, interviewer: Actor) -> None:
    chosen = [case.id for case in drawn.main[:3]]
    assert interviewer.id is not None
    with services.write() as work:
        assert service.assign(work, drawn.study.id, chosen, interviewer.id) == 3
        assert service.assign(work, uuid.uuid4(), [drawn.main[4].id], interviewer.id) == 0
        assert service.assign(work, drawn.study.id, chosen[:1], None) == 1
    with services.read() as work:
        own = service.active_cases_of_interviewer(work, interviewer.id)
    assert [case.id for case in own] == chosen[1:]
    assert [event.details["cases"] for event in events(services, "case.assign")] == [3, 0, 1]


def test_a_reserve_that_is_not_given_out_is_nobodys_work(
    services: Services, drawn: DrawnStudy, interviewer: Actor
) -> None:
    reserves = [case.id for case in drawn.cases if case.role == "reserve"]
    assert interviewer.id is not None
    with services.write() as work:
        service.assign(work, drawn.study.id, reserves, interviewer.id)
        assert service.active_cases_of_interviewer(work, interviewer.id) == []


@pytest.mark.parametrize("people", [1, 2, 3])
def test_each_share_is_one_stretch_of_the_way_and_no_village_is_split(
    services: Services, drawn: DrawnStudy, people: int
) -> None:
    ids = [person(services, Role.INTERVIEWER, username=f"i{n}").id for n in range(people)]
    with services.write() as work:
        assert service.assign_evenly(work, drawn.study.id, [one for one in ids if one]) == 10
    with services.read() as work:
        query = select(Case, Household).join(Household).where(Case.role == "main")  # type: ignore[arg-type]
        rows = work.session.exec(query).all()
    way = sorted(rows, key=lambda row: (row[1].county, row[1].town, row[1].village, row[0].sample_id))
    holders = [case.interviewer_id for case, _ in way]
    assert sum(before != after for before, after in pairwise(holders)) == people - 1
    by_village: dict[str, set[object]] = {}
    for case, home in way:
        by_village.setdefault(home.village, set()).add(case.interviewer_id)
    assert all(len(whose) == 1 for whose in by_village.values())
    largest = max(Counter(home.village for _, home in way).values())
    assert all(abs(holders.count(one) - len(way) / people) <= largest for one in ids)
    assert all(case.interviewer_id is None for case in drawn.cases if case.role == "reserve")


def test_only_what_nobody_has_is_shared_out(services: Services, drawn: DrawnStudy, interviewer: Actor) -> None:
    second = person(services, Role.INTERVIEWER, username="second")
    assert interviewer.id is not None
    assert second.id is not None
    with services.write() as work:
        service.assign(work, drawn.study.id, [drawn.main[0].id], interviewer.id)
        assert service.assign_evenly(work, drawn.study.id, [second.id]) == 9
        assert service.assign_evenly(work, drawn.study.id, [second.id]) == 0
    assert reloaded(services, drawn.main[0]).interviewer_id == interviewer.id


# -- what came of it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "best", "status"),
    [
        (["F3"], "F3", Status.TODO),
        (["F3", "F3"], "F3", Status.TODO),
        (["F4", "F3"], "F3", Status.TODO),
        (["F3", "F4"], "F3", Status.TODO),
        (["F3", "F6"], "F6", Status.DONE),
        (["F6", "F1"], "F1", Status.DONE),
        (["F2", "F1"], "F1", Status.DONE),
        (["F1", "F2"], "F1", Status.DONE),
        (["F1", "F3", "F6"], "F1", Status.DONE),
        (["F8", "F6"], "F8", Status.DONE),
        (["F5", "F12"], "F12", Status.TODO),
    ],
)
def test_a_case_keeps_the_best_outcome_and_the_latest_of_equals(
    services: Services, drawn: DrawnStudy, outcomes: list[str], best: str, status: Status
) -> None:
    case = tried(services, drawn.main[0], *outcomes)
    assert (case.outcome, case.status, case.attempts) == (best, status.value, len(outcomes))
    assert case.outcome_class == load_outcomes()[best].outcome_class
    assert case.outcome_channel == "visit"


def test_every_outcome_of_the_list_has_its_place_in_the_ranking(services: Services, drawn: DrawnStudy) -> None:
    classes = {outcome.outcome_class for outcome in load_outcomes().values()}
    assert classes == set(service._RANK)
    assert classes > service.FINAL_CLASSES
    for outcome in load_outcomes().values():
        done = outcome.outcome_class in service.FINAL_CLASSES and not outcome.interim
        case = Case(status=Status.TODO.value, attempts=0)
        service._move_on(case, Attempt(outcome=outcome.code, outcome_class=outcome.outcome_class, channel="visit"))
        assert (case.status == Status.DONE.value) is done


def test_an_appointment_waits_for_its_time(services: Services, drawn: DrawnStudy, clock: SteppingClock) -> None:
    due = clock.now + dt.timedelta(hours=5)
    case = tried(services, drawn.main[0], "F12", due_at=due)
    assert (case.status, case.due_at, case.last_attempt_at) == (Status.APPOINTMENT.value, due, clock.now)
    clock.advance(hours=5)
    assert tried(services, case, "F1").status == Status.DONE.value


def test_a_try_names_the_answers_that_say_so(services: Services, drawn: DrawnStudy, clock: SteppingClock) -> None:
    case = tried(services, drawn.main[0], "F3", instance_id="uuid:1")
    clock.advance(hours=3)
    assert tried(services, case, "F3", instance_id="uuid:2").attempts == 2
    with services.read() as work:
        assert [attempt.instance_id for attempt in service.attempts_of(work, case.id)] == ["uuid:1", "uuid:2"]


def test_a_note_about_a_household_is_sealed(services: Services, drawn: DrawnStudy) -> None:
    tried(services, drawn.main[0], "F3", note="邻居说去了医院")
    with services.read() as work:
        (attempt,) = service.attempts_of(work, drawn.main[0].id)
        cipher = cipher_of(work, drawn.study.id)
    assert attempt.note is not None
    assert "医院".encode() not in attempt.note
    assert cipher.open(attempt.id, attempt.note).decode() == "邻居说去了医院"
    assert "医院" not in str([event.details for event in events(services, "attempt")])


def test_an_outcome_that_is_not_in_the_list_is_refused_and_changes_nothing(
    services: Services, drawn: DrawnStudy
) -> None:
    for code in ("", "F99", "complete"):
        with pytest.raises(ZoufangError) as caught:
            tried(services, drawn.main[0], code)
        assert caught.value.problem is Problem.INVALID_FIELD
    assert reloaded(services, drawn.main[0]).attempts == 0


def test_a_case_that_is_none_is_not_found(services: Services) -> None:
    with services.read() as work, pytest.raises(ZoufangError) as caught:
        service.case_of(work, uuid.uuid4())
    assert caught.value.problem is Problem.NOT_FOUND
