"""Nobody reaches a row outside of what was granted, however it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col, func, select

import survey_server.migrations.tables  # noqa: F401 - every table is known
from survey_server.actors import Actor, Grant, Role, reach_of
from survey_server.fieldwork.models import Case
from survey_server.rosters.models import Household
from survey_server.scopes import LIMITS
from survey_server.studies.models import Study
from survey_server.studies.service import create_study
from survey_server.work import Services, Work
from tests.support.studies import household

WITHOUT_PLACE = {
    "person_grant": "says what a person reaches",
    "study_key": "opened by cipher_of alone, for a row that was found",
}


@pytest.fixture
def study(services: Services) -> Study:
    """Two counties, two towns in the first."""
    with services.write() as work:
        study = create_study(work, name="某区评价")
        for number, (county, town) in enumerate([("甲县", "东镇"), ("甲县", "西镇"), ("乙县", "南镇")]):
            home = household(work, study, number, county, "1")
            home.town = town
            work.session.add(home)
            work.session.flush()
            work.session.add(_case(study, home, number))
    return study


def _case(study: Study, home: Household, number: int) -> Case:
    return Case(
        study_id=study.id,
        household_id=home.id,
        sample_id=f"A-{number}",
        stratum="s",
        county=home.county,
        town=home.town,
        category="1",
        role="main",
        draw_order=1,
        population=1,
    )


def reader(*grants: Grant) -> Actor:
    return Actor("person", roles=frozenset({Role.SUPERVISOR}), reach=grants)


def seen(services: Services, actor: Actor) -> list[str]:
    with services.read(actor) as work:
        return sorted(work.session.exec(select(Case.sample_id)).all())


def test_a_county_a_town_and_a_study_are_reached_and_nothing_else(services: Services, study: Study) -> None:
    assert seen(services, reader(Grant(study.id, "甲县"))) == ["A-0", "A-1"]
    assert seen(services, reader(Grant(study.id, "甲县", "西镇"))) == ["A-1"]
    assert seen(services, reader(Grant(study.id, "甲县", "西镇"), Grant(None, "乙县"))) == ["A-1", "A-2"]
    assert seen(services, reader(Grant(study.id))) == ["A-0", "A-1", "A-2"]
    assert seen(services, reader()) == []
    assert seen(services, replace(reader(), reach=None)) == ["A-0", "A-1", "A-2"]


def other_ways(work: Work, case: Case) -> Iterator[object]:
    """A row asked for by key, by a column, counted, through another table and inside a subquery."""
    session = work.session
    yield session.get(Case, case.id)
    yield session.exec(select(Case).where(Case.id == case.id)).first()
    yield session.exec(select(func.count()).select_from(Case).where(Case.id == case.id)).one()
    yield session.execute(sa.select(col(Case.sample_id)).where(col(Case.id) == case.id)).first()
    joined = select(Household.village).join(Case, col(Case.household_id) == Household.id).where(Case.id == case.id)
    yield session.exec(joined).first()
    inner = select(Case.study_id).where(Case.id == case.id)
    yield session.exec(select(Study).where(col(Study.id).in_(inner))).first()
    other = sa.orm.aliased(Case)
    yield session.execute(sa.select(other.id).where(other.id == case.id)).first()


def test_no_way_of_asking_leads_to_a_row_elsewhere(services: Services, study: Study) -> None:
    with services.read() as work:
        case = work.session.exec(select(Case).where(Case.county == "乙县")).one()
        assert all(other_ways(work, case))
    with services.read(reader(Grant(study.id, "乙县"))) as work:
        assert all(other_ways(work, case))
    with services.read(reader(Grant(study.id, "甲县"))) as work:
        assert not any(other_ways(work, case))


def test_a_change_of_many_rows_stops_at_the_border(services: Services, study: Study) -> None:
    with services.write(reader(Grant(study.id, "甲县"))) as work:
        work.session.execute(sa.update(Case).values(status="done"))
    with services.read() as work:
        done = work.session.exec(select(Case.sample_id).where(Case.status == "done")).all()
    assert sorted(done) == ["A-0", "A-1"]


def test_every_table_that_belongs_to_a_study_or_a_case_is_limited() -> None:
    def belongs(table: sa.Table) -> bool:
        names = {"study_id", "case_id", "submission_id", "import_id"}
        return bool(names & set(table.columns.keys())) or table.name == "study"

    limited = {model.__tablename__ for model in LIMITS}
    expected = {table.name for table in SQLModel.metadata.sorted_tables if belongs(table)}
    assert expected - limited == set(WITHOUT_PLACE)


def test_supervisors_and_observers_reach_nothing_until_it_is_granted() -> None:
    granted = (Grant(county="甲县"),)
    assert reach_of(frozenset({Role.SUPERVISOR}), ()) == ()
    assert reach_of(frozenset({Role.OBSERVER, Role.INTERVIEWER}), ()) == ()
    assert reach_of(frozenset({Role.SUPERVISOR}), granted) == granted
    assert reach_of(frozenset({Role.EVALUATOR}), ()) is None
    assert reach_of(frozenset({Role.EVALUATOR}), granted) == granted
    assert reach_of(frozenset({Role.OWNER, Role.OBSERVER}), granted) is None
