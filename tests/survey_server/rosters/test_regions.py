"""Region codes, 2+2+2+3+3."""

from __future__ import annotations

import pytest

from survey_server.rosters.regions import judge, known_codes, repair

PLACE = ("柳湾县", "青石镇", "石桥村")


@pytest.mark.parametrize("code", ["519921", "519921103", "519921103205"])
def test_codes_of_county_town_and_village_can_be(code):
    assert judge(code) == ""


@pytest.mark.parametrize(
    "code", ["5.19921E+11", "51992110320", "5199211032", "5199211", "51-99-21-3-5", "51.99.21.103.5"]
)
def test_digits_lost_in_excel_are_noticed(code):
    assert judge(code) == "lost"


@pytest.mark.parametrize("code", ["991921103205", "519921103205000", "柳湾", "510021"])
def test_what_is_no_code_is_told_apart(code):
    assert judge(code) == "impossible"


def test_parts_that_are_told_apart_are_filled_with_zeros():
    assert repair("51-99-2-1-3", PLACE, {}) == "519902001003"


def test_other_rows_of_the_village_give_the_code_back_else_those_of_the_town():
    known = known_codes({("519921103205", PLACE), ("519921103206", ("柳湾县", "青石镇", "柳湾村"))})

    assert repair("5.19921E+11", PLACE, known) == "519921103205"
    assert repair("5.19921E+11", ("柳湾县", "青石镇", "新村"), known) == "519921103"


def test_a_village_with_two_codes_gives_none():
    known = known_codes({("519921103205", PLACE), ("519921104205", PLACE)})

    assert repair("5.19921E+11", PLACE, known) == ""
