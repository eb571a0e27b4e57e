"""Open answers become counts of words; no name, number or place, and nothing that fewer than five said."""

from __future__ import annotations

import pytest

from survey_server.config import Settings
from survey_server.results.keywords import count_words, place_words, words_of
from survey_server.results.service import Results
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.survey_server.results.conftest import SPECIAL_CARE, begin, visit

COMPLAINT = "低保审批太慢，打电话19912345678找王建国也没用，身份证110101199003078515"


def test_an_answer_becomes_its_telling_words() -> None:
    words = words_of(COMPLAINT)
    assert {"低保", "审批"} <= words
    assert not [word for word in words if any(letter.isdigit() for letter in word)]


def test_names_of_persons_are_no_words() -> None:
    assert "王建国" not in words_of(COMPLAINT)


def test_what_is_said_by_fewer_than_five_is_not_told() -> None:
    answers = [{"审批", "公示"}] * 4 + [{"审批"}]
    assert count_words(answers) == [("审批", 5)]


def test_the_most_frequent_word_comes_first_and_one_person_counts_once() -> None:
    answers = [words_of("公示公示公示")] * 5 + [words_of("审批")] * 6
    assert count_words(answers) == [("审批", 6), ("公示", 5)]


def test_names_of_places_are_left_out_whole_and_short() -> None:
    answers = [{"青石镇", "青石", "审批"}] * 5
    assert count_words(answers, place_words(["青石镇"])) == [("审批", 5)]


@pytest.fixture
def outspoken(sqlite_settings: Settings, clock: SteppingClock) -> Results:
    """Special care: all twelve wish for quicker approval, four of them for lamps too."""
    services = Services.open(sqlite_settings, clock)
    survey = begin(services)
    for number, case in enumerate(survey.cases(SPECIAL_CARE)):
        survey.hand_in(case, visit("5", j3_open="审批再快些，路灯要亮" if number < 4 else "审批再快些"))
    results = survey.results()
    services.database.dispose()
    return results


def test_a_study_tells_the_words_of_its_open_answers(outspoken: Results) -> None:
    counts = dict(outspoken.open_answers)
    assert counts["审批"] == 12
    assert "路灯" not in counts
