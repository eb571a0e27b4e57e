"""Comparisons of estimates, and flags of what may be shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle_cases import data, design, exact, near
from scipy.stats import t as student

from analysis import AnalysisError, SurveyDesign
from analysis.compare import adjusted, against_rest, pairwise
from analysis.reliability import reliability


def test_holm_and_benjamini_hochberg_as_r_adjusts():
    # R: p.adjust(c(.01, .04, .03, .005), "holm"), "BH"
    p = [0.01, 0.04, 0.03, 0.005]
    assert adjusted(p, "holm") == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjusted(p, "bh") == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert adjusted(p, "none") == pytest.approx(p)
    assert adjusted([0.9, np.nan, 0.8]) == pytest.approx([1.0, np.nan, 1.0], nan_ok=True)
    with pytest.raises(AnalysisError, match="magic"):
        adjusted(p, "magic")  # ty: ignore[invalid-argument-type]


def test_the_first_pair_equals_the_contrast_of_the_reference():
    for case in exact("contrast", "apistrat", "apiclus1", "sa_strat"):
        args, want = case["args"], case["result"]
        found = pairwise(design(case).rates(args["y"], by=args["by"]), args["y"]).iloc[0]
        assert near(found["estimate"], want["est"], case["tol"]), case["id"]
        assert near(found["se"], want["se"], case["tol"]), case["id"]


def test_a_rate_of_one_of_twelve_does_not_make_every_difference_certain():
    frame = pd.DataFrame(
        {"h": ["a"] * 100 + ["b"] * 12, "N": [2000] * 100 + [19] * 12, "y": [1] * 88 + [0] * 12 + [1] * 12}
    )
    found = SurveyDesign(frame, stratum="h", population="N").rates("y", by="h")
    row = pairwise(found, "y").iloc[0]
    # the second has no variance of its own; its interval reaches down to 17 of 19
    alone = found.frame["se"].iloc[0]
    assert found.frame["se"].iloc[1] == 0
    assert row["se"] ** 2 == pytest.approx(alone**2 + ((1 - 17 / 19) / student.ppf(0.975, 110)) ** 2)
    assert row["p_value"] > 0.05
    census = SurveyDesign(frame.assign(N=frame["N"].replace(19, 12)), stratum="h", population="N").rates("y", by="h")
    assert pairwise(census, "y")["se"].iloc[0] == pytest.approx(census.frame["se"].iloc[0])


def test_thirty_counties_are_a_family_of_435_looks():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"county": np.repeat(np.arange(30), 40), "yes": rng.random(1200) < 0.9})
    table = pairwise(SurveyDesign(frame, stratum="county").rates("yes", by="county"), "yes")
    assert len(table) == 435
    assert (table["p_adjusted"] >= table["p_value"]).all()
    assert (table["p_value"] < 0.05).sum() > 0
    assert (table["p_adjusted"] < 0.05).sum() == 0


def test_every_county_against_one_of_them():
    bound = SurveyDesign(data("sa_strat"), weight="w", stratum="stratum", population="N_h")
    found = bound.rates("sat", by=["county", "category"])
    table = against_rest(found, "sat", 0, adjust="bh")
    assert len(table) == 23
    assert set(table["other"]) == {f"{found.frame.loc[0, 'county']}·{found.frame.loc[0, 'category']}"}
    with pytest.raises(AnalysisError, match="nothing"):
        against_rest(found, "nothing", 0)


def test_estimates_that_should_not_be_shown_are_flagged():
    frame = pd.DataFrame(
        {
            "g": ["few"] * 20 + ["good"] * 400 + ["all"] * 100,
            "yes": [1] * 15 + [0] * 5 + [1] * 360 + [0] * 40 + [1] * 100,
        }
    )
    found = SurveyDesign(frame).rates("yes", by="g").frame
    flags = dict(zip(found["g"], reliability(found), strict=True))
    assert flags == {"few": "suppress", "good": "", "all": "review"}
    few = pd.DataFrame({"yes": [1] * 57 + [0] * 3})
    high = SurveyDesign(few).rates("yes").frame
    # 95 % satisfied, within 86 and 99: the rate is sure enough, the 5 % who are not satisfied are not
    assert list(reliability(high)) == ["complement"]
    assert list(reliability(SurveyDesign(1 - few).rates("yes").frame)) == ["suppress"]
    census = SurveyDesign(frame.head(20).assign(N=20), population="N").rates("yes").frame
    assert list(reliability(census)) == [""]
