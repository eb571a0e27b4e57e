"""Scales and drivers, against R (psych, survey) and published definitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle_cases import cases, data, design, near

from analysis import AnalysisError
from analysis.association import regress
from analysis.scales import cronbach_alpha, key_drivers, net_promoter

ITEMS = [f"q{k}" for k in range(1, 7)]


def case_of(name, file="scores"):
    return next(case for case in cases(file) if case["id"] == name)


def test_alpha_and_its_parts_equal_the_reference():
    found, want = cronbach_alpha(data("sa_strat")[ITEMS]), case_of("psych.alpha")["result"]
    assert found.alpha == pytest.approx(want["raw_alpha"], abs=1e-9)
    assert found.standardised == pytest.approx(want["std_alpha"], abs=1e-9)
    assert found.mean_r == pytest.approx(want["average_r"], abs=1e-9)
    assert found.if_dropped == pytest.approx(want["if_dropped"], abs=1e-9)
    assert found.item_rest == pytest.approx(want["item_total_r_drop"], abs=1e-9)
    assert [found.low, found.high] == pytest.approx(case_of("alpha.feldt")["result"]["ci"], abs=1e-9)


def test_weighted_alpha_equals_the_reference():
    found = cronbach_alpha(data("sa_strat")[ITEMS], data("sa_strat")["w"])
    assert found.alpha == pytest.approx(case_of("sa_strat.cralpha", "sa_strat")["result"]["alpha"], abs=1e-9)


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


def test_the_net_promoter_score_equals_the_reference():
    case = case_of("sa_strat.nps", "sa_strat")
    row = design(case).means({"nps": net_promoter(data("sa_strat")["nps"])}).frame.iloc[0]
    want = case["result"]
    for name, wanted in (("estimate", want["est"][0]), ("se", want["se"][0]), ("low", want["ci95_t"][0][0])):
        assert near(row[name], wanted, case["tol"]), name


def test_the_regression_on_all_drivers_equals_the_reference():
    case = case_of("drivers.wls")
    found = regress(design(case), "nps", data("sa_strat")[ITEMS])
    assert found.coefficients == pytest.approx(np.array(case["result"]["coef"]), abs=1e-8)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(case["result"]["se"], rel=1e-6)
    assert found.df == case["result"]["df_residual"]


def test_indices_equal_the_reference():
    rows = data("sa_strat")
    mean = rows[ITEMS].mean(axis=1)
    columns = {
        "index.top2box.q1": rows["q1"] >= 4,
        "index.top1box.q1": rows["q1"] >= 5,
        "index.bottom2box.q1": rows["q1"] <= 2,
        "index.csi20": mean * 20,
        "index.scale0_100": (mean - 1) / 4 * 100,
        "index.nps": 100 * net_promoter(rows["nps"]),
        "index.scored5": rows["q1"].map({5: 100, 4: 80, 3: 60, 2: 40, 1: 0}),
        "index.weighted_items": rows[ITEMS].mul([0.3, 0.2, 0.15, 0.15, 0.1, 0.1]).sum(axis=1) * 20,
    }
    for name, column in columns.items():
        case = case_of(name)
        row = design(case).means({"x": column.astype(float)}).frame.iloc[0]
        assert near(row["estimate"], case["result"]["est"][0], case["tol"]), name
        assert near(row["se"], case["result"]["se"][0], case["tol"]), name
        assert near(row["low"], case["result"]["ci95_t"][0][0], case["tol"]), name


def test_people_who_left_an_item_out_are_left_out_of_the_scale():
    rows = pd.DataFrame({"a": [1, 2, 3, None], "b": [1, 2, 4, 1]})
    assert cronbach_alpha(rows).n == 3


def test_what_says_nothing_is_refused():
    with pytest.raises(AnalysisError, match="two items"):
        cronbach_alpha(pd.DataFrame({"a": [1, 2]}))
    with pytest.raises(AnalysisError, match="same sum"):
        cronbach_alpha(pd.DataFrame({"a": [1, 1], "b": [2, 2]}))
    with pytest.raises(AnalysisError, match="same for everybody"):
        key_drivers(pd.Series([1, 2, 3]), pd.DataFrame({"a": [1, 1, 1]}))
