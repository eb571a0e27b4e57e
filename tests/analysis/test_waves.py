"""Change between waves whose samples overlap: by hand, against one stacked sample, and by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import AnalysisError, SurveyDesign
from analysis.waves import changes


def wave(ids, values, population=None):
    frame = pd.DataFrame({"id": ids, "y": values})
    if population is not None:
        frame["N"] = population
    return SurveyDesign(frame, population=None if population is None else "N").means("y")


def test_households_asked_twice_are_compared_one_with_itself():
    before, after = [1.0, 2.0, 4.0, 5.0], [2.0, 2.0, 5.0, 7.0]
    found = changes(wave(list("abcd"), before), wave(list("dcba"), after[::-1]), unit="id").iloc[0]
    by_pairs = np.subtract(after, before)
    assert found["estimate"] == pytest.approx(by_pairs.mean())
    assert found["se"] ** 2 == pytest.approx(by_pairs.var(ddof=1) / 4)
    assert found["shared"] == 4


def test_a_panel_of_a_finite_population_has_the_variance_of_its_differences():
    before, after = [1.0, 2.0, 4.0, 5.0], [2.0, 2.0, 5.0, 7.0]
    found = changes(wave(list("abcd"), before, 10), wave(list("abcd"), after, 10), unit="id").iloc[0]
    assert found["se"] ** 2 == pytest.approx((1 - 4 / 10) * np.subtract(after, before).var(ddof=1) / 4)


def test_two_years_of_full_satisfaction_have_a_change_of_nothing_with_its_doubt():
    waves = [SurveyDesign(pd.DataFrame({"id": range(12), "y": 1, "N": 19}), population="N").rates("y") for _ in (1, 2)]
    found = changes(*waves, unit="id").iloc[0]
    assert (found["estimate"], found["p_value"]) == (0, 1)
    assert found["low"] < -0.1 < 0.1 < found["high"]


def test_waves_that_share_nobody_in_a_large_population_are_independent():
    found = changes(wave(list("abcd"), [1.0, 2, 4, 5]), wave(list("efgh"), [2.0, 2, 5, 7]), unit="id").iloc[0]
    assert found["se"] ** 2 == pytest.approx(np.var([1, 2, 4, 5], ddof=1) / 4 + np.var([2, 2, 5, 7], ddof=1) / 4)
    assert found["correlation"] == 0


def test_waves_kept_apart_in_a_small_population_are_no_more_certain_than_without_a_finite_population():
    first, second = [1.0, 2.0, 4.0, 5.0], [2.0, 2.0, 5.0, 7.0]
    found = changes(wave(list("abcd"), first, 8), wave(list("efgh"), second, 8), unit="id").iloc[0]
    s1, s2 = np.std(first, ddof=1), np.std(second, ddof=1)
    assert found["se"] ** 2 == pytest.approx(s1**2 / 4 + s2**2 / 4 - (s1 - s2) ** 2 / 8)
    assert found["correlation"] < 0


def villages(rng, share_again):
    """Two waves of 24 villages of 2 strata; of the first, some are visited again."""
    town = np.repeat([0, 1], 12)
    names = np.arange(24)
    again = names[rng.random(24) < share_again]
    second = np.concatenate([again, 100 + np.setdiff1d(names, again)])
    level = dict(zip(np.concatenate([names, second]), rng.normal(size=48), strict=False))
    parts = []
    for at, drawn in enumerate((names, second)):
        stratum = np.array([town[v % 100] for v in drawn])
        frame = pd.DataFrame({"v": np.repeat(drawn, 6), "h": np.repeat(stratum, 6)})
        frame["y"] = frame["v"].map(level) + at * 0.3 + rng.normal(0, 1, len(frame))
        parts.append(frame)
    return parts


def test_villages_visited_twice_equal_one_stacked_sample_of_the_same_villages():
    first, second = villages(np.random.default_rng(4), 1.0)
    both = pd.concat([first.assign(wave=1), second.assign(wave=2)])
    stacked = SurveyDesign(both, cluster="v", stratum="h").means("y", by="wave").contrast({1: 1, 0: -1})
    apart = [SurveyDesign(part, cluster="v", stratum="h").means("y") for part in (first, second)]
    found = changes(*apart, unit="v", stratum="h").iloc[0]
    assert [found["estimate"], found["se"]] == pytest.approx([stacked.estimate, stacked.se])
    assert found["correlation"] > 0.3


def test_the_mean_variance_of_a_change_is_its_true_variance():
    # 300 households in 2 strata, 60 drawn in each wave of which half stay: 300 draws
    rng = np.random.default_rng(8)
    h = np.repeat([0, 1], [200, 100])
    y1 = rng.normal(0, 1, 300) + h
    y2 = 0.8 * y1 + rng.normal(0, 0.6, 300)
    sizes = np.where(h == 0, 200, 100)
    change, variance = [], []
    for _ in range(300):
        first, second = [], []
        for stratum, n in ((0, 40), (1, 20)):
            order = rng.permutation(np.flatnonzero(h == stratum))
            first.append(order[:n])
            second.append(order[n // 2 : n // 2 + n])
        waves = [
            SurveyDesign(
                pd.DataFrame({"id": rows, "h": h[rows], "N": sizes[rows], "y": y[rows]}), stratum="h", population="N"
            ).means("y")
            for rows, y in ((np.concatenate(first), y1), (np.concatenate(second), y2))
        ]
        row = changes(*waves, unit="id", stratum="h").iloc[0]
        change.append(row["estimate"])
        variance.append(row["se"] ** 2)
    assert np.mean(variance) / np.var(change) == pytest.approx(1, abs=0.15)


def test_domains_of_both_waves_are_one_family_and_others_are_left_out():
    first, second = villages(np.random.default_rng(2), 0.5)
    one = SurveyDesign(first, cluster="v", stratum="h").means("y", by="h")
    other = SurveyDesign(second[second["h"] == 1], cluster="v", stratum="h").means("y", by="h")
    table = changes(one, other, unit="v", stratum="h")
    assert list(table["h"]) == [1]
    both = changes(one, SurveyDesign(second, cluster="v", stratum="h").means("y", by="h"), unit="v", stratum="h")
    assert len(both) == 2
    assert (both["p_adjusted"] >= both["p_value"]).all()


def test_calibrated_waves_are_compared_by_what_is_left_of_them():
    first, second = villages(np.random.default_rng(6), 1.0)
    waves = [
        SurveyDesign(part, cluster="v", stratum="h").poststratify("h", {0: 500, 1: 900}).means("y")
        for part in (first, second)
    ]
    both = pd.concat([first.assign(wave=1), second.assign(wave=2)])
    stacked = SurveyDesign(both, cluster="v", stratum="h").poststratify(
        ["wave", "h"], {(1, 0): 500, (1, 1): 900, (2, 0): 500, (2, 1): 900}
    )
    wanted = stacked.means("y", by="wave").contrast({1: 1, 0: -1})
    found = changes(*waves, unit="v", stratum="h").iloc[0]
    assert [found["estimate"], found["se"]] == pytest.approx([wanted.estimate, wanted.se])


def test_villages_drawn_by_size_and_those_certain_to_be_drawn_are_compared_with_themselves():
    first, second = villages(np.random.default_rng(9), 1.0)
    chance = {village: 1.0 if village < 3 else 0.2 + 0.02 * village for village in range(24)}
    parts = [part.assign(p=part["v"].map(lambda v: chance[v % 100])) for part in (first, second)]
    waves = [SurveyDesign(part, cluster="v", stratum="h", probability="p").means("y") for part in parts]
    both = pd.concat([parts[0].assign(wave=1), parts[1].assign(wave=2)])
    stacked = SurveyDesign(both, cluster="v", stratum="h", probability="p").means("y", by="wave")
    wanted = stacked.contrast({1: 1, 0: -1})
    found = changes(*waves, unit="v", stratum="h").iloc[0]
    assert found["estimate"] == pytest.approx(wanted.estimate)
    assert found["se"] == pytest.approx(wanted.se, rel=0.1)
    independent = np.hypot(waves[0].frame["se"].iloc[0], waves[1].frame["se"].iloc[0])
    assert found["se"] < 0.9 * independent


def test_what_cannot_be_compared_is_named():
    one = wave(list("abcd"), [1.0, 2, 4, 5])
    with pytest.raises(AnalysisError, match="does not name the units"):
        changes(one, wave(list("aabb"), [1.0, 2, 4, 5]), unit="id")
    with pytest.raises(AnalysisError, match="no column 'village'"):
        changes(one, one, unit="village")
    with pytest.raises(AnalysisError, match="same columns"):
        changes(one, SurveyDesign(pd.DataFrame({"id": [1, 2], "y": [1, 2]})).means("y", by="id"), unit="id")
    with pytest.raises(AnalysisError, match="no item"):
        changes(one, SurveyDesign(pd.DataFrame({"id": [1, 2], "z": [1, 2]})).means("z"), unit="id")
