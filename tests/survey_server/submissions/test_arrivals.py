"""What came in and needs an eye is listed with question and rule, and nothing of what was answered."""

from __future__ import annotations

import pytest

from survey_server.actors import Actor, Role
from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.errors import Problem, ZoufangError
from survey_server.studies.models import Channel
from survey_server.submissions.arrivals import RULES, Arrivals, arrivals_of
from survey_server.submissions.reading import FILE_RULES
from survey_server.submissions.service import MOST_FILES, receive
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.pictures import photograph
from tests.support.studies import NOBODY_HOME, REFUSED_AT_THE_DOOR, DrawnStudy, filled, make_study, person

PHOTO = "照片.jpg"
WITH_PHOTO = REFUSED_AT_THE_DOOR | {
    "a7_consent": "1",
    "a8_spi": "2",
    "a9_photo": "1",
    "a10_audio": "2",
    "a12_geoc": "2",
    "a11_mode": "4",
    "c5_photo": PHOTO,
}


@pytest.fixture
def drawn(services: Services) -> DrawnStudy:
    return make_study(services, {("柳湾县", "1"): 3})


@pytest.fixture
def interviewer(services: Services) -> Actor:
    return person(services, Role.INTERVIEWER)


def listed(services: Services, drawn: DrawnStudy) -> Arrivals:
    with services.read() as work:
        return arrivals_of(work, drawn.study.id)


def hand_in(services: Services, who: Actor, drawn: DrawnStudy, xml: bytes, number: int = 0, **files: bytes) -> None:
    case = drawn.main[number]
    receive(services, who, drawn.study.id, xml, files, channel=Channel.VISIT, case_id=case.id)


def test_a_record_waits_until_its_photograph_is_here(services: Services, drawn: DrawnStudy, interviewer: Actor) -> None:
    xml = filled(services, drawn.study, drawn.main[0], WITH_PHOTO).xml
    hand_in(services, interviewer, drawn, xml)
    (one,) = listed(services, drawn).waiting
    assert (one.sample_id, one.missing, one.sender) == (drawn.main[0].sample_id, 1, interviewer.name)

    hand_in(services, interviewer, drawn, xml, **{PHOTO: photograph()})

    assert (listed(services, drawn).waiting, listed(services, drawn).waiting_in_all) == ([], 0)


def test_a_broken_rule_stands_with_the_words_of_its_question_and_no_answer(
    services: Services, drawn: DrawnStudy, interviewer: Actor
) -> None:
    xml = filled(services, drawn.study, drawn.main[1], NOBODY_HOME | {"a1_visit_no": "97"}).xml
    hand_in(services, interviewer, drawn, xml, 1)
    (one,) = listed(services, drawn).broken
    assert ("a1_visit_no", RULES["constraint"]) in {(fault.name, fault.rule) for fault in one.faults}
    assert all(fault.question and fault.question != fault.name for fault in one.faults)
    assert "97" not in str(one.faults)


@pytest.mark.parametrize("late", [False, True])
def test_files_that_nothing_names_and_pictures_that_are_none_are_kept_and_told(
    services: Services, drawn: DrawnStudy, interviewer: Actor, late: bool
) -> None:
    xml = filled(services, drawn.study, drawn.main[0], WITH_PHOTO).xml
    if late:
        hand_in(services, interviewer, drawn, xml)
    hand_in(services, interviewer, drawn, xml, **{PHOTO: b"MZ\x90\x00 a program", "别的.jpg": photograph()})

    (one,) = listed(services, drawn).broken
    found = {fault.rule for fault in one.faults}
    assert {RULES[rule] for rule in FILE_RULES} <= found
    assert len(list(services.blobs.names())) == 2


def test_a_submission_takes_no_endless_row_of_files(services: Services, drawn: DrawnStudy, interviewer: Actor) -> None:
    xml = filled(services, drawn.study, drawn.main[0], NOBODY_HOME).xml
    hand_in(services, interviewer, drawn, xml)
    hand_in(services, interviewer, drawn, xml, **{f"{number}.jpg": b"" for number in range(MOST_FILES)})
    with pytest.raises(ZoufangError) as caught:
        hand_in(services, interviewer, drawn, xml, **{"one-more.jpg": b""})
    assert caught.value.problem is Problem.TOO_MANY_FILES
    assert len(list(services.blobs.names())) == MOST_FILES


def test_the_page_shows_both_in_words(settings: Settings, clock: SteppingClock) -> None:
    app = create_app(settings, clock)
    services = app.extensions["zoufang"]
    drawn, interviewer = make_study(services, {("柳湾县", "1"): 3}), person(services, Role.INTERVIEWER)
    person(services, Role.REVIEWER, username="reviewer")
    hand_in(services, interviewer, drawn, filled(services, drawn.study, drawn.main[0], WITH_PHOTO).xml)
    broken = filled(services, drawn.study, drawn.main[1], NOBODY_HOME | {"a1_visit_no": "97"}).xml
    hand_in(services, interviewer, drawn, broken, 1)

    page = browser(app, "reviewer").get(f"/studies/{drawn.study.id}/arrivals").text

    assert "还在等文件" in page
    assert "超出问卷允许的范围" in page
    assert drawn.main[0].sample_id in page
    assert ">97<" not in page
    services.database.dispose()
