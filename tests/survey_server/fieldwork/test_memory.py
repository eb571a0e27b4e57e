"""Was this household asked last year? Also when last year's key is destroyed."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlmodel import select

from survey_server.actors import Actor, Grant, Role
from survey_server.fieldwork.drawing import draw_cases
from survey_server.fieldwork.memory import asked_before, settle_memory
from survey_server.fieldwork.models import Attempt, Case
from survey_server.fieldwork.service import note_attempt
from survey_server.privacy.bureaus import BureauMemory
from survey_server.privacy.service import destroy_keys
from survey_server.studies.models import Channel, Study
from survey_server.studies.service import create_study
from survey_server.work import Services, Work
from tests.support.installation import SteppingClock
from tests.support.studies import household

COUNTY = ("柳湾县", "1")
PEOPLE = [f"51010119600101{number:04d}" for number in range(1, 9)]


def study(
    services: Services, people: list[str], take: int, *, client: str = "某区民政局", practice: bool = False
) -> Study:
    """A study of these people (and one whose number is not known), of whom some are drawn."""
    with services.write() as work:
        made = create_study(work, name="评价", client=client, company="", hotline="", practice=practice)
        homes = [household(work, made, number, *COUNTY) for number in range(len(people) + 1)]
        for home, number in zip(homes, people, strict=False):
            home.id_index = work.vault.index("id_number", number)
        work.session.add_all(homes)
        work.session.flush()
        draw_cases(work, made, takes={COUNTY: take}, reserves={}, seed="1")
        return made


def units_drawn(work: Work, study_id: uuid.UUID) -> set[bytes]:
    """The names under which the drawn are remembered."""
    return set(work.session.exec(select(BureauMemory.household).where(BureauMemory.study_id == study_id)))


def test_households_drawn_before_by_the_same_bureau_are_told_with_when_and_how(
    services: Services, clock: SteppingClock
) -> None:
    last = study(services, PEOPLE, 9)
    clock.advance(days=3)
    with services.write() as work:
        remembered = work.session.exec(select(BureauMemory.case_id)).all()
        assert len(remembered) == len(PEOPLE)
        case = work.session.get_one(Case, remembered[0])
        note_attempt(work, case, channel=Channel.PHONE, outcome="T1")
        asked_class = case.outcome_class
    asked_at = clock()
    clock.advance(days=365)
    now = study(services, [*PEOPLE[4:], "510101196001019999"], 1)
    with services.read() as work:
        found = asked_before(work, now)
        assert [one.unit_id for one in found] == ["u00000", "u00001", "u00002", "u00003"]
        assert {one.study_id for one in found} == {last.id}
    with_all = study(services, PEOPLE, 1)
    with services.read() as work:
        everybody = asked_before(work, with_all)
    asked = [one for one in everybody if one.asked_at]
    assert [(one.asked_at, one.outcome_class) for one in asked] == [(asked_at, asked_class)]
    assert len(everybody) == len(PEOPLE)


def test_another_bureau_s_households_are_not_told_and_carry_other_names(services: Services) -> None:
    here = study(services, PEOPLE, 9)
    there = study(services, PEOPLE, 9, client="另一区民政局")
    with services.read() as work:
        assert asked_before(work, there) == []
        assert not units_drawn(work, here.id) & units_drawn(work, there.id)


def test_blanks_and_wide_letters_in_a_client_s_name_make_no_difference(services: Services) -> None:
    study(services, PEOPLE, 9, client="Ａ区 民政局")
    with services.read() as work:
        assert len(asked_before(work, study(services, PEOPLE, 1, client="a区民政局 "))) == len(PEOPLE)


def test_a_practice_study_leaves_no_memory(services: Services) -> None:
    study(services, PEOPLE, 9, practice=True)
    with services.read() as work:
        assert asked_before(work, study(services, PEOPLE, 1)) == []


def test_the_memory_outlives_the_study_s_key_and_its_cases(services: Services, clock: SteppingClock) -> None:
    last = study(services, PEOPLE, 9)
    with services.write() as work:
        for case in work.session.exec(select(Case).where(Case.study_id == last.id)).all():
            note_attempt(work, case, channel=Channel.PHONE, outcome="T1")
    with services.write() as work:
        settle_memory(work, last.id)
        destroy_keys(work, last.id)
        work.session.execute(sa.delete(Attempt).where(sa.true()))
        work.session.execute(sa.delete(Case).where(sa.true()))
    then = clock()
    clock.advance(days=365)
    now = study(services, PEOPLE, 1)
    with services.read() as work:
        found = asked_before(work, now)
    assert [one.asked_at for one in found] == [then] * len(PEOPLE)


def test_who_does_not_reach_last_year_s_study_does_not_learn_who_was_asked_in_it(services: Services) -> None:
    study(services, PEOPLE, 9)
    now = study(services, PEOPLE, 1)
    bound = Actor("person", uuid.uuid4(), roles=frozenset({Role.EVALUATOR}), reach=(Grant(now.id),))
    with services.read(bound) as work:
        assert asked_before(work, now) == []
