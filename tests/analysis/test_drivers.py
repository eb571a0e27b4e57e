"""What drives satisfaction, against R and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle_cases import cases, data, design

from analysis import AnalysisError, SurveyDesign
from analysis.association import regress
from analysis.drivers import QUADRANTS, driver_shares, importance_performance, key_drivers

ITEMS = [f"q{k}" for k in range(1, 7)]


def case_of(name):
    return next(case for case in cases("scores") if case["id"] == name)


def test_drivers_by_both_decompositions_equal_the_reference():
    rows = data("sa_strat")
    found = key_drivers(rows["nps"], rows[ITEMS], rows["w"])
    lmg, johnson = case_of("drivers.lmg")["result"], case_of("drivers.johnson")["result"]
    grid = case_of("drivers.importance_performance")["result"]
    assert found["lmg"].to_numpy() == pytest.approx(np.array(lmg["lmg"]), abs=1e-9)
    assert found["lmg"].sum() == pytest.approx(lmg["r2"])
    assert found["johnson"].to_numpy() == pytest.approx(np.array(johnson["raw"]), abs=1e-9)
    assert found["johnson_share"].to_numpy() == pytest.approx(np.array(johnson["share"]), abs=1e-9)
    assert found["importance"].to_numpy() == pytest.approx(np.array(grid["importance"]), abs=1e-9)
    assert found["performance"].to_numpy() == pytest.approx(np.array(grid["performance"]), abs=1e-9)


def test_the_regression_on_all_drivers_equals_the_reference():
    case = case_of("drivers.wls")
    found = regress(design(case), "nps", data("sa_strat")[ITEMS])
    assert found.coefficients == pytest.approx(np.array(case["result"]["coef"]), abs=1e-8)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(case["result"]["se"], rel=1e-6)
    assert found.df == case["result"]["df_residual"]


def test_drivers_that_have_nothing_in_common_explain_what_they_correlate():
    # with uncorrelated drivers both decompositions are the squared correlations
    x = pd.DataFrame({"a": [1, 1, -1, -1] * 4, "b": [1, -1, 1, -1] * 4})
    y = 2 * x["a"] + x["b"] + pd.Series([1, -1] * 4 + [-1, 1] * 4)
    found = key_drivers(y, x)
    r2 = np.corrcoef(x["a"], y)[0, 1] ** 2
    assert found.loc[0, ["lmg", "johnson"]].tolist() == pytest.approx([r2, r2])
    assert found["lmg_share"].sum() == pytest.approx(1)


def test_a_driver_that_says_the_same_as_another_shares_its_part():
    rng = np.random.default_rng(1)
    a = rng.normal(size=200)
    found = key_drivers(
        pd.Series(a + rng.normal(size=200)), pd.DataFrame({"a": a, "same": a, "b": rng.normal(size=200)})
    )
    assert found["lmg"].iloc[0] == pytest.approx(found["lmg"].iloc[1])
    assert found["johnson"].iloc[0] == pytest.approx(found["johnson"].iloc[1])


def satisfied_by(rng, clusters):
    """A score that hangs much on a, a little on b; people of a village are alike."""
    village = np.repeat(np.arange(clusters), 12)
    alike = rng.normal(size=(clusters, 3))[village]
    frame = pd.DataFrame(rng.normal(size=(len(village), 2)) + alike[:, :2], columns=["a", "b"])
    frame["y"] = 0.8 * frame["a"] + 0.4 * frame["b"] + rng.normal(size=len(village)) + 0.5 * alike[:, 2]
    return frame.assign(v=village, w=rng.uniform(1, 3, len(village)))


def test_shares_have_the_standard_errors_that_the_jackknife_of_villages_gives():
    frame = satisfied_by(np.random.default_rng(3), 90)
    found = driver_shares(SurveyDesign(frame, weight="w", cluster="v"), "y", ["a", "b"])
    plain = key_drivers(frame["y"], frame[["a", "b"]], frame["w"])
    assert found["lmg_share"].tolist() == pytest.approx(plain["lmg_share"].tolist())
    parts = [frame[frame["v"] != village] for village in range(90)]
    without = [key_drivers(part["y"], part[["a", "b"]], part["w"]) for part in parts]
    for name in ("lmg", "johnson"):
        shares = np.array([each[f"{name}_share"] for each in without])
        jackknife = np.sqrt(89 / 90 * ((shares - shares.mean(axis=0)) ** 2).sum(axis=0))
        assert found[f"{name}_se"].to_numpy() == pytest.approx(jackknife, rel=0.06)
        assert (found[f"{name}_low"] > 0).all()
        assert (found[f"{name}_high"] < 1).all()


def test_drivers_of_a_domain_leave_out_who_lacks_an_answer():
    frame = satisfied_by(np.random.default_rng(5), 20)
    holes = frame.assign(a=frame["a"].where(frame["v"] >= 3))
    whole = driver_shares(SurveyDesign(frame, weight="w", cluster="v").where(frame["v"] >= 3), "y", ["a", "b"])
    found = driver_shares(SurveyDesign(holes, weight="w", cluster="v"), "y", ["a", "b"])
    pd.testing.assert_frame_equal(found, whole)
    with pytest.raises(AnalysisError, match="at most 10"):
        driver_shares(SurveyDesign(frame), "y", ["a"] * 11)


def test_the_grid_puts_what_is_important_and_done_badly_first():
    table = pd.DataFrame(
        {
            "driver": ["staff", "pay", "open", "level"],
            "importance": [0.6, 0.5, 0.2, 0.1],
            "performance": [4.6, 3.0, 3.2, 4.4],
        }
    )
    grid = importance_performance(table)
    assert list(zip(grid["driver"], grid["quadrant"], strict=True)) == [
        ("pay", "improve"),
        ("staff", "keep"),
        ("open", "low_priority"),
        ("level", "overkill"),
    ]
    assert set(grid["quadrant"]) == set(QUADRANTS)
    assert set(importance_performance(table, importance=0.0, performance=5.0)["quadrant"]) == {"improve"}


def test_what_says_nothing_is_refused():
    with pytest.raises(AnalysisError, match="same for everybody"):
        key_drivers(pd.Series([1, 2, 3, 4]), pd.DataFrame({"a": [1, 1, 1, 1]}))
    with pytest.raises(AnalysisError, match="3 are needed"):
        key_drivers(pd.Series([1, None, 3]), pd.DataFrame({"a": [1, 2, None]}))
    with pytest.raises(AnalysisError, match="1 to 15"):
        key_drivers(pd.Series([1.0]), pd.DataFrame({f"a{k}": [1.0] for k in range(16)}))
