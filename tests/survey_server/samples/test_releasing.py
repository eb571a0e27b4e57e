from __future__ import annotations

import uuid

import pytest
from flask.testing import FlaskClient

from sampling import Seed, release
from survey_server.actors import Role
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.drawing import draw_cases_by
from survey_server.fieldwork.models import Case, Status
from survey_server.fieldwork.releasing import release_replicate, release_reserves, releases_of, replicates_released
from survey_server.fieldwork.service import cases_of
from survey_server.samples.planning import Frame, plan
from survey_server.samples.service import drawn_of, redraw
from survey_server.samples.strata import strata_of, villages_of
from survey_server.samples.wishes import Wish
from survey_server.studies.service import study_of
from survey_server.work import Services, Work
from tests.support.callers import browser
from tests.support.studies import person
from tests.survey_server.samples.a_frame import make_frame

LOW, POOR = ("柳湾县", "1"), ("柳湾县", "3")
COUNTS = {LOW: 60, POOR: 12}
WISH = {"how": "contract", "total": "24", "minimum": "4", "reserve": "50", "village_take": "2", "attempts": "2"}


def draw(services: Services, way: str = "srs") -> uuid.UUID:
    study_id = make_frame(services, COUNTS)
    with services.write() as work:
        wish = Wish.read({**WISH, "way": way})
        made = plan(Frame(strata_of(work, study_id), villages_of(work, study_id)), wish)
        draw_cases_by(work, study_of(work, study_id), made.design, Seed("2026"), wish.typed)
    return study_id


def issued(work: Work, study_id: uuid.UUID, key: tuple[str, str]) -> list[Case]:
    cases = cases_of(work, study_id)
    return [case for case in cases if (case.county, case.category) == key and case.released_at is not None]


def close(services: Services, study_id: uuid.UUID, *, attempts: int = 2) -> None:
    """Everybody given out was tried so often in vain."""
    with services.write() as work:
        for case in cases_of(work, study_id):
            if case.released_at is not None:
                case.attempts = attempts
                work.session.add(case)


def test_after_a_release_every_issued_household_has_the_chance_of_the_larger_take(services: Services) -> None:
    study_id = draw(services)
    with services.write() as work:
        before = len(issued(work, study_id, LOW))
        release_reserves(work, study_of(work, study_id), LOW, 3, "整村搬迁")
        after = issued(work, study_id, LOW)
        untouched = issued(work, study_id, POOR)
    assert len(after) == before + 3
    assert {case.probability for case in after} == {(before + 3) / 60}
    assert {case.probability for case in untouched} == {len(untouched) / 12}


@pytest.mark.parametrize("way", ["pareto", "villages", "systematic", "pivotal_pps", "sampford"])
def test_other_ways_of_choosing_keep_their_probabilities_right_too(services: Services, way: str) -> None:
    study_id = draw(services, way)
    with services.write() as work:
        given = release_reserves(work, study_of(work, study_id), LOW, 1, "整村搬迁")
        drawn = redraw(work, drawn_of(work, study_id))
        cells = {key: 1 if key[:2] == LOW else 0 for key in drawn.chosen}
        stated = release(drawn, {key: min(n, len(drawn.chosen[key].reserve)) for key, n in cells.items()})
        after = issued(work, study_id, LOW)
    low = stated[(stated["category"] == "1") & stated["probability"].notna()]
    assert len(low) == len(after)
    assert sorted(low["probability"]) == pytest.approx(sorted(case.probability or 0 for case in after))
    assert len(given) == sum(cells.values()) if way == "villages" else 1


def test_a_release_waits_for_the_tries_that_the_protocol_asks_for(services: Services) -> None:
    study_id = draw(services)
    close(services, study_id, attempts=1)
    with pytest.raises(ZoufangError) as caught, services.write() as work:
        release_reserves(work, study_of(work, study_id), LOW, 1, "整村搬迁", attempts=2)
    assert caught.value.problem is Problem.STATE_CONFLICT
    with services.write() as work:
        for case in issued(work, study_id, LOW):
            case.status = Status.DONE.value
            work.session.add(case)
    with services.write() as work:
        assert len(release_reserves(work, study_of(work, study_id), LOW, 1, "整村搬迁", attempts=2)) == 1


def test_whole_replicates_are_a_fifth_of_every_stratum_and_are_recorded(services: Services) -> None:
    study_id = draw(services)
    with services.read() as work:
        reserves = {key: sum(case.role == "reserve" for case in _all(work, study_id, key)) for key in COUNTS}
        before = {key: len(issued(work, study_id, key)) for key in COUNTS}
    for number in range(1, 6):
        with services.write() as work:
            release_replicate(work, study_of(work, study_id), "完成数不足")
        with services.read() as work:
            out = {key: len(issued(work, study_id, key)) - before[key] for key in COUNTS}
        assert out == {key: count * number // 5 for key, count in reserves.items()}
    with services.read() as work:
        assert replicates_released(work, study_id) == 5
        assert [event.details["replicate"] for event in releases_of(work, study_id)] == [1, 2, 3, 4, 5]
    with pytest.raises(ZoufangError), services.write() as work:
        release_replicate(work, study_of(work, study_id), "完成数不足")


def _all(work: Work, study_id: uuid.UUID, key: tuple[str, str]) -> list[Case]:
    return [case for case in cases_of(work, study_id) if (case.county, case.category) == key]


def test_the_page_offers_only_what_may_be_given_out_and_shows_the_contract(app, site: Services) -> None:
    person(site, Role.EVALUATOR, username="pingjia")
    client: FlaskClient = browser(app, "pingjia")
    study_id = draw(site)
    page = client.get(f"/studies/{study_id}/sample/reserves").text
    assert "现在没有哪一层可以放出备用样本" in page
    assert "/ 24" in page
    early = {"stratum": "柳湾县|1", "count": "1", "reason": "整村搬迁"}
    assert client.post(f"/studies/{study_id}/sample/release", data=early).status_code == 409
    close(site, study_id)
    assert client.post(f"/studies/{study_id}/sample/release", data={**early, "reason": " "}).status_code == 400
    more = {**early, "reason_more": "龙头村"}
    assert client.post(f"/studies/{study_id}/sample/release", data=more).status_code == 303
    assert "整村搬迁：龙头村" in client.get(f"/studies/{study_id}/sample/reserves").text
