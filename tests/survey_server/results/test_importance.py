"""What drives satisfaction, and whether the channel changes the answers: both only from enough answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survey_server.results.dataset import Dataset
from survey_server.results.importance import importance_of
from survey_server.results.modes import gaps_of
from survey_server.results.satisfaction import QUESTIONS

PEOPLE = 400


def dataset_of(answers: pd.DataFrame, channel: list[str]) -> Dataset:
    """So many people of one stratum who all answered."""
    cases = pd.DataFrame(
        {
            "counted": True,
            "headline": True,
            "weight": 10.0,
            "stratum": "s",
            "covered": 10 * len(answers),
            "channel": channel,
            "county": ["甲县", "乙县"] * (len(answers) // 2),
            "category": "1",
        },
        index=answers.index,
    )
    empty = pd.DataFrame()
    return Dataset(cases, answers, empty, empty, empty, {})


@pytest.fixture
def asked() -> Dataset:
    """The whole follows the staff's score alone, which is low; openness is high and matters little."""
    rng = np.random.default_rng(2026)
    staff = rng.integers(1, 5, PEOPLE)
    parts = {tag: rng.integers(1, 6, PEOPLE) for tag in QUESTIONS[1:]}
    parts |= {"sat_staff": staff, "sat_open": rng.integers(4, 6, PEOPLE)}
    whole = np.clip(staff + (rng.random(PEOPLE) < 0.2), 1, 5)
    table = pd.DataFrame({"sat_overall": whole, **parts}, index=[f"S{n}" for n in range(PEOPLE)]).astype(str)
    channels = ["visit" if satisfied >= 4 or n % 3 else "phone" for n, satisfied in enumerate(whole)]
    return dataset_of(table, channels)


def test_what_the_whole_follows_has_the_largest_share_and_is_to_improve_first(asked: Dataset) -> None:
    found = importance_of(asked, "headline")
    assert found is not None
    assert (found.drivers[0].tag, found.drivers[0].quadrant, found.n) == ("sat_staff", "improve", PEOPLE)
    assert found.drivers[0].low > 0.9
    assert sum(one.share for one in found.drivers) == pytest.approx(1)
    assert next(one for one in found.drivers if one.tag == "sat_open").quadrant == "overkill"


def test_too_few_answers_say_nothing_of_what_drives_what(asked: Dataset) -> None:
    few = Dataset(asked.cases.iloc[:29], asked.answers.iloc[:29], *[pd.DataFrame()] * 3, {})
    assert importance_of(few, "headline") is None


def test_a_channel_that_hears_fewer_satisfied_is_said_to_be_lower(asked: Dataset) -> None:
    (gap,) = gaps_of(asked, "headline")
    named = (gap.one, gap.other) if gap.estimate < 0 else (gap.other, gap.one)
    assert named == ("phone", "visit")
    assert gap.p < 0.001
    assert gap.alike


def test_one_channel_alone_is_compared_with_nothing(asked: Dataset) -> None:
    alone = Dataset(asked.cases.assign(channel="visit"), asked.answers, *[pd.DataFrame()] * 3, {})
    assert gaps_of(alone, "headline") == []
