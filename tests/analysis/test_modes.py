"""Modes of asking against each other, and exclusions as domains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle_cases import data

from analysis import AnalysisError, SurveyDesign, WeightingError
from analysis.exclusions import exclusions
from analysis.modes import mode_effects, repeated_answers


def two_modes():
    """Visits and calls among towns and villages; visited people are more often from villages, and more satisfied."""
    cells = [("visit", "城", 10, 8), ("visit", "乡", 30, 27), ("phone", "城", 30, 21), ("phone", "乡", 10, 8)]
    return pd.concat(
        [
            pd.DataFrame({"channel": mode, "area": area, "y": [1.0] * yes + [0.0] * (n - yes)})
            for mode, area, n, yes in cells
        ],
        ignore_index=True,
    )


def test_modes_are_compared_among_the_same_people_of_the_roster():
    found = mode_effects(SurveyDesign(two_modes()), "y", margins={"area": {"城": 500, "乡": 500}}).iloc[0]
    assert (found["one"], found["other"]) == ("phone", "visit")
    assert found["mean_one"] == pytest.approx((0.7 + 0.8) / 2)
    assert found["mean_other"] == pytest.approx((0.8 + 0.9) / 2)
    by_hand = 0.25 * (0.7 * 0.3 / 30 + 0.8 * 0.2 / 10 + 0.8 * 0.2 / 10 + 0.9 * 0.1 / 30) * 80 / 79
    assert found["se"] ** 2 == pytest.approx(by_hand)
    assert found["estimate"] == pytest.approx(-0.1)


def test_without_margins_modes_differ_also_by_who_answered():
    found = mode_effects(SurveyDesign(two_modes()), "y").iloc[0]
    assert found["estimate"] == pytest.approx(29 / 40 - 35 / 40)
    assert (found["n_one"], found["n_other"]) == (40, 40)


def test_a_mode_in_which_everybody_agrees_keeps_its_doubt():
    frame = pd.DataFrame({"channel": ["visit"] * 12 + ["phone"] * 100, "y": [1] * 12 + [1] * 88 + [0] * 12})
    found = mode_effects(SurveyDesign(frame), "y").iloc[0]
    assert found["mean_other"] == 1
    assert found["p_value"] > 0.05


def test_three_modes_and_two_items_are_one_family_of_six_looks():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"channel": np.repeat(["visit", "phone", "qr_household"], 50), "village": np.arange(150) % 12})
    frame["a"], frame["b"] = rng.integers(1, 6, 150), rng.random(150) < 0.5
    table = mode_effects(SurveyDesign(frame, cluster="village"), {"a": frame["a"], "b": frame["b"].astype(float)})
    assert len(table) == 6
    assert table["p_adjusted"].max() <= 1
    assert (table["p_adjusted"] >= table["p_value"]).all()
    assert (table["df"] == 11).all()


def test_what_cannot_be_compared_is_named():
    frame = two_modes()
    with pytest.raises(WeightingError, match="phone × area=乡"):
        mode_effects(
            SurveyDesign(frame[~((frame["channel"] == "phone") & (frame["area"] == "乡"))]),
            "y",
            margins={"area": {"城": 500, "乡": 500}},
        )
    with pytest.raises(AnalysisError, match="volunteers"):
        mode_effects(SurveyDesign(frame.replace("phone", "qr_place")), "y")
    with pytest.raises(AnalysisError, match="two modes"):
        mode_effects(SurveyDesign(frame[frame["channel"] == "visit"]), "y")
    with pytest.raises(AnalysisError, match="row 0 has no mode"):
        mode_effects(SurveyDesign(frame.assign(channel=[None, *frame["channel"][1:]])), "y")
    with pytest.raises(AnalysisError, match="no column"):
        mode_effects(SurveyDesign(frame), "y", mode="way")


def test_people_who_were_asked_twice_are_compared_with_themselves():
    frame = pd.DataFrame({"visit": [5, 4, 4, 3, None], "phone": [4, 4, 3, 3, 1]})
    found = repeated_answers(SurveyDesign(frame), {"sat": ("visit", "phone")}).iloc[0]
    gaps = np.array([-1, 0, -1, 0])
    assert found["n"] == 4
    assert [found["first"], found["second"], found["estimate"]] == pytest.approx([4, 3.5, -0.5])
    assert found["same"] == pytest.approx(0.5)
    # one answer of five is a domain: its size is random, as ever
    assert found["se"] ** 2 == pytest.approx(5 / 4 * ((gaps - gaps.mean()) ** 2).sum() / 16)


def test_leaving_answers_out_is_a_domain_with_a_difference_from_everybody():
    frame = data("sa_strat").reset_index(drop=True)
    cadre = frame.index % 7 == 0
    proxy = frame.index % 11 == 0
    bound = SurveyDesign(frame, weight="w", stratum="stratum", population="N_h")
    table = exclusions(bound, "sat", {"cadre": cadre, "proxy": proxy}).set_index("excluded")
    assert list(table.index) == ["everybody", "cadre", "proxy", "any reason"]
    alone = bound.where(~cadre).rates("sat").frame.iloc[0]
    assert table.loc["cadre", ["estimate", "se", "low"]].tolist() == pytest.approx(
        alone[["estimate", "se", "low"]].tolist()
    )
    assert table.loc["cadre", "left_out"] == cadre.sum()
    assert table.loc["any reason", "n"] == (~cadre & ~proxy).sum()
    assert table.loc["any reason", "change"] == pytest.approx(
        table.loc["any reason", "estimate"] - table.loc["everybody", "estimate"]
    )
    # the part is most of the whole, so their difference is far surer than either
    assert table.loc["cadre", "change_se"] < 0.6 * table.loc["cadre", "se"]
    assert np.isnan(table.loc["everybody", "change"])


def test_the_variance_of_the_change_is_that_of_a_part_and_its_whole():
    # simple random sample: the whole is a mixture of who stays and who goes, W and 1 - W of the weight
    frame = pd.DataFrame({"y": [1.0] * 30 + [0.0] * 30, "out": [1, 0, 0] * 10 + [1, 1, 0] * 10})
    bound = SurveyDesign(frame)
    row = exclusions(bound, "y", {"out": "out"}).set_index("excluded").loc["out"]
    stay, go = bound.means("y", by="out").frame["estimate"]
    assert row["change"] == pytest.approx((stay - go) * frame["out"].mean())
    y, out = frame["y"].to_numpy(), frame["out"].to_numpy()
    score = (1 - out) * (y - stay) / 30 - (y - y.mean()) / 60
    assert row["change_se"] ** 2 == pytest.approx(60 / 59 * (score**2).sum())


def test_exclusions_by_county_have_rows_where_everybody_is_left_out():
    frame = pd.DataFrame({"county": ["a"] * 4 + ["b"] * 3, "y": [1, 0, 1, 1, 1, 0, 1], "out": [0, 0, 0, 1, 1, 1, 1]})
    table = exclusions(SurveyDesign(frame), "y", {"out": "out"}, by="county")
    row = table[(table["excluded"] == "out") & (table["county"] == "b")].iloc[0]
    assert (row["n"], row["left_out"], row["method"]) == (0, 3, "none")
    assert np.isnan(row["change"])
    with pytest.raises(AnalysisError, match="names other than"):
        exclusions(SurveyDesign(frame), "y", {"everybody": "out"})
