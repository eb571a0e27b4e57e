"""What rosters call the categories of assistance."""

from __future__ import annotations

import pytest

from survey_server.rosters.categories import MAIN_ORDER, Ambiguous, all_categories, mentioned, rank, recognise


def test_the_code_list_has_twenty_categories_with_their_units():
    categories = all_categories()

    assert len(categories) == 20
    assert {code for code, category in categories.items() if category.unit == "户"} == {
        *("1", "2", "5", "6", "7", "12", "18", "20")
    }
    assert categories["14"].monthly is None


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("城镇低保", ("1",)),
        ("城市居民最低生活保障", ("1",)),
        ("城市低保对象", ("1",)),
        ("农村低保户", ("2",)),
        ("农村五保（分散供养）", ("3",)),
        ("特困人员(集中供养)", ("4",)),
        ("分散供养", ("3",)),
        ("事实无人抚养儿童", ("9",)),
        ("重残护理补贴", ("11",)),
        ("精简退职老职工", ("15",)),
        ("涉诉救助", ("14",)),
        ("2", ("2",)),
        ("农村低保、重残", ("2", "11")),
        ("残疾人生活补贴", ("10",)),
        ("防返贫监测户", ("12",)),
    ],
)
def test_the_words_of_real_rosters_are_recognised(word, codes):
    assert recognise(word) == codes


def test_plain_words_need_the_area():
    assert recognise("低保", "城镇") == ("1",)
    assert recognise("低保", "农村") == ("2",)
    assert recognise("低保") == Ambiguous("低保")
    assert recognise("五保户") == Ambiguous("五保户")


def test_an_unknown_word_is_not_guessed_at():
    assert recognise("特殊照顾") is None
    assert recognise("农村低保、特殊照顾") is None


def test_a_title_says_the_category_only_where_it_names_one():
    assert mentioned("柳湾县青石镇2025年农村低保对象花名册") == "2"
    assert mentioned("农村低保和临时救助名册") is None
    assert mentioned("青石镇名册") is None


def test_the_order_ranks_every_category_and_may_be_changed():
    assert sorted(MAIN_ORDER, key=int) == sorted(all_categories(), key=int)
    assert rank()["4"] < rank()["3"] < rank()["8"] < rank()["1"] < rank()["11"] < rank()["7"]
    assert rank(("7",))["7"] == 0
    assert len(rank(("7",))) == 20
