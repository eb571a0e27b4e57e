"""Beside the headline: every question's classes, channel against channel, and questions with several answers."""

from __future__ import annotations

import pytest

from survey_server.config import Settings
from survey_server.results.questions import Questions
from survey_server.results.service import Results
from survey_server.studies.models import Channel
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.survey_server.results.conftest import LOW_INCOME, SPECIAL_CARE, Survey, begin, call, visit


@pytest.fixture
def told_by_two_channels(sqlite_settings: Settings, clock: SteppingClock) -> Questions:
    """Low income: 8 visited, of whom 6 want speed; special care: 12 called, of whom 3 want openness."""
    services = Services.open(sqlite_settings, clock)
    survey: Survey = begin(services)
    for number, case in enumerate(survey.cases(LOW_INCOME)):
        survey.hand_in(case, visit("5", h6_channel="1 2", **({"i7_why": "1 3"} if number < 6 else {})))
    for number, case in enumerate(survey.cases(SPECIAL_CARE)):
        survey.hand_in(case, call("4" if number < 6 else "2"), Channel.PHONE)
    results = survey.results()
    services.database.dispose()
    assert results.questions is not None
    return results.questions


def test_what_should_be_improved_is_a_share_of_everybody_who_was_asked(told_by_two_channels: Questions) -> None:
    # 6 of 8 of low income, who stand for 40; none of 12 of special care, who stand for 12
    first, second = told_by_two_channels.improve[:2]
    assert round(first.rate, 4) == round(30 / 52, 4)
    assert (first.yes, first.n) == (6, 20)
    assert first.low < first.rate < first.high
    assert first.rate == second.rate
    assert first.name != "1"


def test_from_where_people_know_is_a_share_of_those_who_said_so(told_by_two_channels: Questions) -> None:
    assert [(option.rate, option.yes, option.n) for option in told_by_two_channels.heard_from] == [(1, 8, 8), (1, 8, 8)]


def test_channels_stand_beside_each_other(told_by_two_channels: Questions) -> None:
    rates = told_by_two_channels.channels.set_index("channel")["estimate"].round(4).to_dict()
    assert rates == {"phone": 0.5, "visit": 1.0}


def test_every_question_has_its_five_classes(told: Results) -> None:
    assert told.questions is not None
    overall = told.questions.scales[0]
    assert (overall.tag, overall.counts, overall.n) == ("sat_overall", [11, 8, 3, 1, 1], 24)
    assert round(overall.rate, 4) == 0.7083  # 51 of 72: 30 of 40, 11 of 12, 10 of 20
