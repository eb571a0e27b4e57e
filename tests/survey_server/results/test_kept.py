"""The page of a large study shows at once what was computed last, and never what somebody took back.

The studies of these tests are small; what counts as large is set to what they have.
"""

from __future__ import annotations

import pickle
import uuid
from dataclasses import replace

import pytest

from survey_server.actors import SYSTEM, Actor, Grant, Role
from survey_server.app import create_app
from survey_server.audit.service import record
from survey_server.closing.service import close_study, note_bundle
from survey_server.errors import Problem, ZoufangError
from survey_server.operations.chores import each_minute
from survey_server.privacy.service import cipher_of
from survey_server.results import kept as keeping
from survey_server.results.kept import kept_name, results_to_look_at
from survey_server.results.service import Results
from survey_server.rights.withdrawal import BY_CODE, withdraw_case
from survey_server.studies.service import study_of
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import person
from tests.survey_server.results.conftest import LOW_INCOME, OTHER_COUNTY, Survey, begin, visit


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every study with answers is a large one."""
    monkeypatch.setattr(keeping, "LARGE", 1)


@pytest.fixture
def asked(survey: Survey) -> Survey:
    """Six were asked, of two counties, and the worker was there."""
    return ask_some(survey)


@pytest.fixture
def asked_anywhere(services: Services) -> Survey:
    """The same on each database."""
    return ask_some(begin(services))


def ask_some(survey: Survey) -> Survey:
    for case, satisfied in zip(survey.cases(LOW_INCOME)[:4], "5542", strict=True):
        survey.hand_in(case, visit(satisfied))
    for case in survey.cases(OTHER_COUNTY)[:2]:
        survey.hand_in(case, visit("4"))
    each_minute(survey.services)
    return survey


def look(survey: Survey, actor: Actor = SYSTEM) -> Results:
    with survey.services.read(actor) as work:
        return results_to_look_at(work, survey.drawn.study.id)


def forget_process() -> None:
    """What a restart forgets."""
    keeping._remembered.clear()


def names(survey: Survey) -> list[str]:
    return [name for name in survey.services.blobs.names() if name.startswith("results/")]


def withdraw(survey: Survey, number: int) -> None:
    with survey.services.write() as work:
        withdraw_case(work, work.session.merge(survey.cases(LOW_INCOME)[number]), BY_CODE)


def test_a_new_answer_does_not_make_the_reader_wait_and_is_there_after_the_next_minute(
    asked_anywhere: Survey, clock: SteppingClock
) -> None:
    asked = asked_anywhere
    before = look(asked)
    assert (before.completed, before.behind) == (6, False)
    clock.advance(minutes=10)
    asked.hand_in(asked.cases(LOW_INCOME)[4], visit("1"))
    shown = look(asked)
    assert (shown.completed, shown.behind, shown.computed_at) == (6, True, before.computed_at)
    each_minute(asked.services)
    after = look(asked)
    assert (after.completed, after.behind, after.computed_at) == (7, False, clock())
    assert after.satisfaction == asked.results().satisfaction != before.satisfaction


def test_what_is_exported_scored_or_issued_counts_the_newest_answer_while_the_page_is_behind(
    asked: Survey, clock: SteppingClock
) -> None:
    clock.advance(minutes=10)
    asked.hand_in(asked.cases(LOW_INCOME)[4], visit("1"))
    assert look(asked).completed == 6
    assert asked.results().completed == 7
    assert not asked.results().behind


def test_who_withdrew_is_in_no_page_from_that_moment_on(asked_anywhere: Survey, clock: SteppingClock) -> None:
    asked = asked_anywhere
    clock.advance(minutes=1)
    asked.hand_in(asked.cases(LOW_INCOME)[4], visit("1"))
    assert look(asked).behind
    withdraw(asked, 0)
    shown = look(asked)
    assert (shown.completed, shown.behind) == (6, False)
    assert any(notice.code == "withdrawn" for notice in shown.notices)


def test_what_was_kept_of_who_withdrew_is_replaced_within_the_minute(asked: Survey) -> None:
    name = kept_name(asked.drawn.study.id)
    before = asked.services.blobs.get(name)
    withdraw(asked, 0)
    each_minute(asked.services)
    assert asked.services.blobs.get(name) != before
    forget_process()
    assert look(asked).completed == 5


def test_a_process_that_was_just_started_shows_what_the_worker_computed(asked: Survey, clock: SteppingClock) -> None:
    before = look(asked)
    forget_process()
    clock.advance(hours=1)
    shown = look(asked)
    assert (shown.computed_at, shown.behind) == (before.computed_at, False), "it was not computed again"
    for name in ("satisfaction", "awareness", "completed", "notices", "score", "accuracy", "questions", "contracted"):
        told, fresh = getattr(shown, name), getattr(asked.results(), name)
        assert repr(told) == repr(fresh), name
    assert list(shown.figures) == list(asked.results().figures)


def test_the_page_says_when_it_was_computed_and_that_more_is_being_counted(asked: Survey, clock: SteppingClock) -> None:
    person(asked.services, Role.EVALUATOR, username="wang")
    app = create_app(asked.services.settings, clock, wake=lambda: None)
    desk, address = browser(app, "wang"), f"/studies/{asked.drawn.study.id}/results"
    assert "正在统计" not in desk.get(address).text
    clock.advance(minutes=10)
    asked.hand_in(asked.cases(LOW_INCOME)[4], visit("1"))
    page = desk.get(address).text
    assert "已计完整问卷 6 份" in page
    assert "正在统计" in page
    app.extensions["zoufang"].database.dispose()


def test_who_reaches_one_county_is_shown_that_county_alone(asked: Survey) -> None:
    study_id = asked.drawn.study.id
    part = Grant(study_id, LOW_INCOME[0])
    supervisor = person(asked.services, Role.OBSERVER, username="one", parts=[part])
    assert look(asked, supervisor).counties == [LOW_INCOME[0]]
    whole = person(asked.services, Role.OBSERVER, username="all", parts=[Grant(study_id)])
    assert look(asked, whole).counties == sorted({LOW_INCOME[0], OTHER_COUNTY[0]})


def test_a_change_of_what_is_asked_of_the_answers_is_computed_at_once(asked: Survey) -> None:
    with asked.services.write() as work:
        record(work, "study.definitions", "study", asked.drawn.study.id, study_id=asked.drawn.study.id)
    assert not look(asked).behind


def test_a_small_study_is_computed_while_its_reader_waits(asked: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LARGE", 1_000)
    asked.hand_in(asked.cases(LOW_INCOME)[4], visit("1"))
    assert (look(asked).completed, look(asked).behind) == (7, False)


def test_what_is_kept_is_sealed_and_holds_no_answer(asked: Survey) -> None:
    content = asked.services.blobs.get(kept_name(asked.drawn.study.id))
    assert b"Decimal" not in content
    forget_process()
    dataset = look(asked).dataset
    for table in (dataset.cases, dataset.answers, dataset.evidence, dataset.volunteers, dataset.drawn):
        assert table.empty
    assert not dataset.words


def test_of_a_closed_study_nothing_is_kept(asked: Survey) -> None:
    study_id: uuid.UUID = asked.drawn.study.id
    assert names(asked) == [kept_name(study_id)]
    with asked.services.write() as work:
        note_bundle(work, study_of(work, study_id), b"a bundle")
    with asked.services.write() as work:
        close_study(work, study_of(work, study_id), name=asked.drawn.study.name)
    each_minute(asked.services)
    assert names(asked) == []
    with asked.services.read() as work, pytest.raises(ZoufangError) as refused:
        results_to_look_at(work, study_id)
    assert refused.value.problem is Problem.STUDY_CLOSED


def test_a_backup_that_was_restored_and_went_on_otherwise_shows_nothing_of_the_other_way(
    asked: Survey, clock: SteppingClock
) -> None:
    study_id = asked.drawn.study.id
    clock.advance(hours=1)
    with asked.services.read() as work:
        cipher, seal_id = cipher_of(work, study_id), keeping._seal_id(study_id)
    there = pickle.loads(cipher.open(seal_id, asked.services.blobs.get(kept_name(study_id))))
    bent = replace(there, state=replace(there.state, code_of_last=b"another past"))
    asked.services.blobs.put(kept_name(study_id), cipher.seal(seal_id, pickle.dumps(bent)))
    forget_process()
    asked.hand_in(asked.cases(LOW_INCOME)[4], visit("1"))
    assert (look(asked).completed, look(asked).computed_at) == (7, clock())
