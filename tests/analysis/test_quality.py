"""Each check of interviews that look wrong, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import AnalysisError
from analysis.quality import (
    COLUMNS,
    REASONS,
    at_night,
    by_interviewer,
    far_from_place,
    has_straight_line,
    in_company,
    interviewer_rates,
    look_alike,
    many_unknown,
    near_duplicates,
    one_place_for_many,
    overlapping,
    pace,
    reason,
    rounded,
    same_photo,
    straight_lines,
    too_fast,
    too_short,
    unlike_others,
    unlike_roster,
)


def timed(fast_one):
    """Twelve interviews of six questions at 20 seconds each; the last at `fast_one`, with one long pause."""
    rows = [(f"i{k}", f"q{q}", 20.0) for k in range(11) for q in range(6)]
    rows += [("i11", f"q{q}", 900.0 if q == 0 else fast_one) for q in range(6)]
    return pd.DataFrame(rows, columns=["interview", "question", "seconds"])


def test_who_answers_faster_than_anybody_can_read_is_flagged_whatever_one_pause_says():
    # 5 questions of 2 s and one pause that counts as 60: 70 of 120 s; of 0.2 s: 61 of 120
    assert pace(timed(2.0))["i11"] == pytest.approx(70 / 120)
    slow = timed(20.0)
    assert too_fast(slow).empty
    quick = timed(2.0)
    quick.loc[quick["seconds"] == 900, "seconds"] = 2.0
    found = too_fast(quick)
    assert found.to_dict("records") == [
        {"interview": "i11", "interviewer": None, "code": "too_fast", "value": 0.1, "limit": 0.4, "other": None}
    ]
    assert reason(found.iloc[0]) == "用时只有这些问题通常用时的10%（低于40%）"


def test_pace_is_of_the_questions_that_were_asked_and_of_its_mode():
    table = timed(20.0)
    part = table[(table["interview"] != "i11") | table["question"].isin(["q1", "q2"])]
    assert np.isnan(pace(part)["i11"])
    assert pace(part, least=2)["i11"] == pytest.approx(1.0)
    calls = table.assign(mode="phone", seconds=table["seconds"] / 4, interview="t" + table["interview"])
    both = pd.concat([table.assign(mode="visit"), calls])
    assert too_fast(both, mode="mode").empty
    assert len(too_fast(both)) > 0


def test_nothing_is_usual_before_ten_interviews():
    few = timed(2.0)
    few = few[few["interview"].isin([f"i{k}" for k in range(3, 12)])]
    assert too_fast(few).empty


def interviews(minutes, who="甲", begin="2025-11-03 09:00"):
    starts = pd.Timestamp(begin) + pd.to_timedelta(np.arange(len(minutes)) * 60, unit="m")
    ends = starts + pd.to_timedelta(minutes, unit="m")
    return pd.DataFrame({"who": who, "started": starts, "ended": ends}, index=[f"i{k}" for k in range(len(minutes))])


def test_an_interview_that_is_over_at_once_is_flagged_by_its_length_alone():
    found = too_short(interviews([30.0] * 12 + [6.0]), started="started", ended="ended")
    assert list(found["interview"]) == ["i12"]
    assert found["value"].iloc[0] == pytest.approx(0.2)
    mixed = interviews([30.0] * 12 + [6.0] * 12).assign(mode=["visit"] * 12 + ["phone"] * 12)
    assert too_short(mixed, started="started", ended="ended", mode="mode").empty


def test_hours_at_night_and_before_dawn_are_told_apart():
    table = pd.DataFrame(
        {"started": pd.to_datetime(["2025-11-03 06:59", "2025-11-03 07:00", "2025-11-03 20:59", "2025-11-03 21:00"])}
    )
    found = at_night(table, started="started")
    assert list(zip(found["interview"], found["code"], found["value"], strict=True)) == [
        (0, "early", 6),
        (3, "night", 21),
    ]
    assert reason(found.iloc[1], "en") == "began at 21 o'clock (work ends at 21)"
    assert at_night(table.iloc[1:3], started="started").empty


def test_nobody_can_be_at_two_doors_at_once():
    table = interviews([30.0, 130.0, 20.0, 20.0, 20.0])
    found = overlapping(table, interviewer="who", started="started", ended="ended")
    # the second runs from 10:00 to 12:10, over the third (11:00 to 11:20) and into the fourth (12:00)
    assert list(zip(found["interview"], found["other"], found["value"], strict=True)) == [
        ("i2", "i1", 20.0),
        ("i3", "i1", 10.0),
    ]
    apart = table.assign(who=["甲", "甲", "乙", "乙", "甲"])
    assert overlapping(apart, interviewer="who", started="started", ended="ended").empty
    one = overlapping(table.head(1), interviewer="who", started="started", ended="ended")
    assert list(one.columns) == COLUMNS


def test_many_households_in_one_spot_are_flagged_for_one_interviewer():
    # 0.0001° of latitude is 11 m: four within 15 m of each other, a fifth 22 m away
    table = pd.DataFrame({"who": "甲", "lat": [34.0, 34.0, 34.00005, 34.00005, 34.0003], "lon": 108.0})
    found = one_place_for_many(table, interviewer="who", latitude="lat", longitude="lon")
    assert list(found["interview"]) == [0, 1, 2, 3]
    assert set(found["value"]) == {4}
    two = table.assign(who=["甲", "甲", "乙", "乙", "乙"])
    assert one_place_for_many(two, interviewer="who", latitude="lat", longitude="lon").empty
    unlocated = table.assign(lat=[34.0, 34.0, 34.0, None, None])
    assert one_place_for_many(unlocated, interviewer="who", latitude="lat", longitude="lon").empty


def test_the_distance_from_the_village_is_in_metres():
    # one degree of latitude is 111.2 km; at 60° a degree of longitude is half of it
    table = pd.DataFrame({"a": [60.0, 60.0, 60.0], "o": [10.0, 10.1, 10.01], "va": 60.0, "vo": 10.0})
    found = far_from_place(table, latitude="a", longitude="o", place_latitude="va", place_longitude="vo")
    assert list(found["interview"]) == [1]
    assert found["value"].iloc[0] == pytest.approx(111_195 * 0.1 / 2, rel=1e-3)


SCALE = [f"s{k}" for k in range(6)]


def test_one_answer_all_down_a_scale_is_flagged_where_few_others_give_it():
    varied = pd.DataFrame([[5, 4, 3, 4, 5, 4]] * 30, columns=SCALE)
    lines = pd.DataFrame([[3] * 6, [5] * 6, [5] * 6, [5] * 6, [5] * 6, [5, None, 5, 5, None, None]], columns=SCALE)
    table = pd.concat([varied, lines], ignore_index=True)
    assert has_straight_line(table, SCALE).tolist() == [False] * 30 + [True] * 5 + [False]
    found = straight_lines(table, SCALE)
    # one in 36 says 3 throughout; four in 36 (11 %) say 5, as satisfied people do
    assert list(found["interview"]) == [30]
    assert found["value"].iloc[0] == pytest.approx(1 / 36)


def test_answers_that_are_none_are_counted_among_the_questions_asked():
    table = pd.DataFrame([[98, 99, 97, 1, 1, 1], [98, 1, 1, 1, 1, 1], [98, 98, None, None, None, None]], columns=SCALE)
    found = many_unknown(table, SCALE)
    assert list(found["interview"]) == [0]
    assert found["value"].iloc[0] == pytest.approx(0.5)


def varied_answers(rows, seed=1, questions=20):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.integers(0, 5, (rows, questions)), columns=[f"q{k}" for k in range(questions)])


def test_interviews_that_are_nearly_the_same_name_each_other():
    answers = varied_answers(40)
    answers.loc[7] = answers.loc[3]
    answers.loc[7, ["q0", "q1", "q2"]] = 9
    found = near_duplicates(answers, list(answers.columns))
    assert list(zip(found["interview"], found["other"], strict=True)) == [(3, 7), (7, 3)]
    assert found["value"].tolist() == pytest.approx([0.85, 0.85])
    answers.loc[7, "q3"] = 9
    assert near_duplicates(answers, list(answers.columns)).empty


def test_only_questions_that_both_were_asked_are_compared():
    answers = varied_answers(10).astype(float)
    answers.loc[4] = answers.loc[2]
    answers.loc[4, answers.columns[:9]] = np.nan
    assert len(near_duplicates(answers, list(answers.columns))) == 2
    answers.loc[4, answers.columns[:11]] = np.nan
    assert near_duplicates(answers, list(answers.columns)).empty


def test_words_that_nobody_else_wrote_match_nothing_and_copied_ones_do():
    answers = varied_answers(40).astype(object)
    answers["text"] = [f"各写各的{k}" for k in range(40)]
    answers["none"] = None
    answers.loc[7] = answers.loc[3]
    answers.loc[7, ["q0", "q1", "q2"]] = 9
    found = near_duplicates(answers, list(answers.columns))
    assert found["value"].tolist() == pytest.approx([18 / 21, 18 / 21])


def test_what_is_the_same_among_honest_people_too_is_no_duplicate():
    rng = np.random.default_rng(3)
    agreed = pd.DataFrame((rng.random((400, 20)) < 0.03).astype(int))  # 97 % of the answers are the same
    who = pd.Series(np.arange(400) % 10)
    questions = list(agreed.columns)
    assert len(near_duplicates(agreed, questions)) == 400
    assert len(near_duplicates(agreed, questions, who)) <= 4


def test_more_interviews_than_one_block_are_compared_all_with_all():
    answers = varied_answers(2100, seed=4)
    answers.loc[2050] = answers.loc[10]
    found = near_duplicates(answers, list(answers.columns))
    assert list(zip(found["interview"], found["other"], strict=True)) == [(10, 2050), (2050, 10)]


def test_an_interviewer_is_compared_with_others_in_the_same_places():
    # 甲 and 乙 each ask 20 in a village where all say yes and 20 where nobody does: who was sent where says nothing
    items = pd.DataFrame({"yes": [1.0] * 40 + [0.0] * 40})
    who = pd.Series(["甲"] * 30 + ["乙"] * 10 + ["甲"] * 10 + ["乙"] * 30)
    village = pd.Series(["东"] * 40 + ["西"] * 40)
    apart = interviewer_rates(items, who, village)
    assert apart["p_value"].isna().all()
    together = interviewer_rates(items, who).set_index("interviewer")
    assert together.loc["甲", "mean"] == pytest.approx(30 / 40)
    assert together.loc["甲", "expected"] == pytest.approx(0.5)
    # hypergeometric: 40 of 80, of whom 40 yes: variance 40 · 40 · 40 · 40 / (80² · 79)
    sd = np.sqrt(40**4 / (80**2 * 79))
    assert together.loc["甲", "z"] == pytest.approx((10 - 0.5) / sd)


def test_a_rare_answer_has_its_exact_law():
    # 12 of 60 answers are of 甲; 3 yes in all, and all three of them his
    items = pd.DataFrame({"yes": [1.0] * 3 + [0.0] * 57})
    who = pd.Series(["甲"] * 12 + ["乙"] * 48)
    row = interviewer_rates(items, who).set_index("interviewer").loc["甲"]
    assert row["p_value"] == pytest.approx(2 * stats.hypergeom.sf(2, 60, 3, 12))


def test_numbers_are_compared_by_their_means_about_what_is_usual():
    rng = np.random.default_rng(2)
    who, village = pd.Series(np.arange(600) % 12), pd.Series(np.arange(600) // 60)
    amount = pd.Series(1e6 + rng.normal(0, 10, 600))
    items = pd.DataFrame({"amount": amount.where(who != 5, amount + 15)})
    found = unlike_others(items, who, village)
    assert list(found["interviewer"]) == [5]
    assert found["code"].tolist() == ["unlike_others_mean"]
    assert found["value"].iloc[0] == pytest.approx(13.7, abs=3)
    assert interviewer_rates(items, who, village)["p_adjusted"].notna().all()


def test_interviewers_who_always_differ_are_not_each_held_to_be_strange():
    rng = np.random.default_rng(5)
    who, village = pd.Series(np.repeat(np.arange(20), 100)), pd.Series(np.tile(np.arange(10), 200))
    chance = 0.5 + 0.1 * rng.normal(size=20)
    items = pd.DataFrame({"yes": (rng.random(2000) < chance[who]).astype(float)})
    table = interviewer_rates(items, who, village)
    assert table["spread"].iloc[0] > 1.3
    assert (2 * stats.norm.sf(table["z"].abs()) < 0.05).sum() >= 5
    assert unlike_others(items, who, village).empty


def test_who_worked_alone_or_hardly_is_compared_with_nobody():
    items = pd.DataFrame({"yes": [1.0, 0.0] * 20})
    who = pd.Series(["甲"] * 20 + ["乙"] * 15 + ["丙"] * 5)
    village = pd.Series(["东"] * 20 + ["西"] * 20)
    table = interviewer_rates(items, who, village).set_index("interviewer")
    assert table.loc["甲", "n"] == 0
    assert table["p_value"].isna().to_dict() == {"甲": True, "乙": False, "丙": True}


def test_round_numbers_are_an_item_like_others():
    assert rounded(pd.Series([500, 517, None, 20])).tolist() == pytest.approx([1, 0, np.nan, 1], nan_ok=True)
    assert rounded(pd.Series([500, 550]), 100).tolist() == [1, 0]


def test_one_photo_for_two_households_is_flagged_on_both():
    photos = pd.DataFrame({"interview": list("aabcd"), "digest": ["x", "x", "x", "y", None]})
    found = same_photo(photos)
    assert list(zip(found["interview"], found["other"], found["value"], strict=True)) == [("a", "b", 2), ("b", "a", 2)]
    assert same_photo(photos.iloc[[0, 1, 3]]).empty


def test_photos_that_look_alike_are_found_by_their_hashes():
    top = 2**63
    photos = pd.DataFrame({"interview": list("abcda"), "hash": [top, top + 7, 2**64 - 1, None, top + 1]}, dtype=object)
    found = look_alike(photos)
    # b differs from a's second photo in 2 bits, from the first in 3
    assert list(zip(found["interview"], found["other"], found["value"], strict=True)) == [("b", "a", 2), ("a", "b", 2)]
    assert look_alike(photos, bits=1).empty
    with pytest.raises(AnalysisError, match="no hash"):
        look_alike(pd.DataFrame({"interview": ["a"], "hash": [2**64]}, dtype=object))


def test_company_and_what_differs_from_the_roster_are_flagged():
    table = pd.DataFrame(
        {"cadre": [1, 0, None], "paid": [500.0, 511.0, None], "roster": [505.0, 500.0, 500.0], "n": [2, 3, 3], "m": 3}
    )
    assert list(in_company(table, present="cadre")["interview"]) == [0]
    found = unlike_roster(table, {"amount": ("paid", "roster"), "persons": ("n", "m")}, tolerance={"amount": 10})
    assert list(zip(found["interview"], found["other"], found["value"], strict=True)) == [
        (1, "amount", 11),
        (0, "persons", -1),
    ]
    assert reason(found.iloc[0]) == "“amount”与名册不一致（相差11，允许10）"
    assert unlike_roster(table, {"same": ("m", "m")}).empty


def test_flags_are_counted_by_interviewer_the_most_flagged_first():
    table = pd.DataFrame({"who": ["甲", "甲", "乙", "乙", "乙"]}, index=list("abcde"))
    rows = [
        ("c", None, "night", 22, 21, None),
        ("c", None, "far", 4000, 3000, None),
        ("a", None, "night", 23, 21, None),
    ]
    rows += [(None, "乙", "unlike_others", 0.3, 0.05, "sat")]
    counted = by_interviewer(pd.DataFrame(rows, columns=COLUMNS), table, "who")
    assert counted["who"].tolist() == ["甲", "乙"]
    assert counted["share"].tolist() == pytest.approx([1 / 2, 1 / 3])
    assert counted.loc[1, ["flagged", "night", "far", "unlike_others"]].tolist() == [1, 1, 1, 1]
    nothing = by_interviewer(pd.DataFrame(columns=COLUMNS), table, "who")
    assert nothing["flagged"].tolist() == [0, 0]


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_has_words_in_both_languages(code):
    flag = {"code": code, "value": 0.456, "limit": 0.4, "other": "x"}
    for language in ("zh", "en"):
        text = reason(flag, language)
        assert "{" not in text
        if "{value}" in getattr(REASONS[code], language):
            assert ("46%" if REASONS[code].as_share else "0.46") in text
    with pytest.raises(AnalysisError, match="'guess'"):
        reason({**flag, "code": "guess"})
