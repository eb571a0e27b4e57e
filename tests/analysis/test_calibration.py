"""Calibrated weights and their variances, against R survey."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle_cases import cases, data, design, near

from analysis import SurveyDesign, WeightingError


def calibrated(case):
    bound, args = design(case), case["args"]
    if case["estimator"] == "poststratify":
        return bound.poststratify("stype", {cell["stype"]: cell["Freq"] for cell in args["totals"]})
    if case["estimator"] == "rake":
        names = [next(iter(margin[0])) for margin in args["margins"]]
        return bound.rake(
            {
                name: {cell[name]: cell["Freq"] for cell in margin}
                for name, margin in zip(names, args["margins"], strict=True)
            }
        )
    rows = bound.data
    variables = pd.DataFrame(
        {
            "(Intercept)": 1.0,
            "stypeH": (rows["stype"] == "H").astype(float),
            "stypeM": (rows["stype"] == "M").astype(float),
            "api99": rows["api99"].astype(float),
        }
    )[list(args["totals"])]
    whole = "aggregate_stage" in args
    bounds = (-10, 10) if whole else args.get("bounds")
    return bound.calibrate(variables, args["totals"], method=args["calfun"], bounds=bounds, whole_clusters=whole)


@pytest.mark.parametrize("case", cases("weighting_api"), ids=lambda case: case["id"])
def test_weights_estimates_and_standard_errors_equal_the_reference(case):
    want = case["result"] if case["trust"] == "exact" else case["alt"]
    found = calibrated(case)
    assert found.weights == pytest.approx(np.array(want["weights"]), abs=1e-6 if "rake" in case["id"] else case["tol"])
    for key in want:
        kind, _, name = key.partition("_")
        if kind not in {"mean", "total"} or not isinstance(want[key], dict):
            continue
        row = (found.means if kind == "mean" else found.totals)(name).frame.iloc[0]
        assert near(row["estimate"], want[key]["est"], 1e-7), key
        slack = 1e-3 if want[key]["se"] == 0 else 1e-7 * max(1.0, want[key]["se"])
        assert abs(row["se"] - want[key]["se"]) <= slack, key


def test_a_post_stratum_that_is_known_has_no_variance_left():
    bound = SurveyDesign(data("apistrat"), weight="pw", stratum="stype", population="fpc")
    found = bound.poststratify("sch_wide", {"No": 1072, "Yes": 5122})
    row = found.rates({"wide": data("apistrat")["sch_wide"] == "Yes"}, interval="logit").frame.iloc[0]
    assert row["estimate"] == pytest.approx(5122 / 6194)
    assert row["se"] == pytest.approx(0, abs=1e-9)


def test_each_step_says_what_it_did():
    bound = SurveyDesign(data("apistrat"), weight="pw", stratum="stype")
    found = bound.rake({"stype": {"E": 4421, "H": 755, "M": 1018}, "sch_wide": {"No": 1072, "Yes": 5122}})
    report = found.calibrations[-1].report
    assert report["after"].to_numpy() == pytest.approx(report["total"].to_numpy())
    assert list(report["variable"]) == ["stype=E", "stype=H", "stype=M", "sch_wide=Yes"]


def test_the_last_step_knows_its_totals_without_error_whatever_came_before():
    bound = SurveyDesign(data("apistrat").assign(one=1.0), weight="pw", stratum="stype", population="fpc")
    found = bound.poststratify("sch_wide", {"No": 1072, "Yes": 5122}).calibrate(
        ["one", "api99"], {"one": 6194, "api99": 3914069}
    )
    row = found.totals("api99").frame.iloc[0]
    assert row["estimate"] == pytest.approx(3914069)
    assert row["se"] == pytest.approx(0, abs=1e-3)
    # what only the step before knew is met no longer, and has a little variance again
    assert found.totals({"wide": data("apistrat")["sch_wide"] == "Yes"}).frame["se"].iloc[0] > 0.1


def fitted_by_turns(rows, cols, weights, row_totals, col_totals):
    """Iterated proportional fitting, as Deming and Stephan (1940) did it by hand."""
    w = weights.copy()
    for _ in range(2000):
        for column, totals in ((rows, row_totals), (cols, col_totals)):
            sums = np.bincount(column, w, minlength=len(totals))
            w *= (totals / sums)[column]
    return w


@pytest.mark.parametrize("seed", range(6))
def test_raking_finds_the_weights_of_iterated_proportional_fitting(seed):
    rng = np.random.default_rng(seed)
    rows, cols = np.repeat(np.arange(3), 40), np.tile(np.arange(4), 30)
    weights = rng.uniform(0.2, 20, 120)
    aim = rng.uniform(0.05, 30, 120)
    totals = np.bincount(rows, aim), np.bincount(cols, aim)
    frame = pd.DataFrame({"r": rows, "c": cols, "w": weights})
    found = SurveyDesign(frame, weight="w").rake({"r": dict(enumerate(totals[0])), "c": dict(enumerate(totals[1]))})
    assert found.weights == pytest.approx(fitted_by_turns(rows, cols, weights, *totals), rel=1e-8)


@pytest.mark.parametrize("method", ["linear", "raking", "logit"])
def test_bounds_hold_and_totals_are_met(method):
    bound = SurveyDesign(data("apistrat").assign(one=1.0), weight="pw", stratum="stype")
    free = bound.calibrate(["one", "api99"], {"one": 6194, "api99": 4.2e6}, method="raking")
    found = bound.calibrate(["one", "api99"], {"one": 6194, "api99": 4.2e6}, method=method, bounds=(0.4, 1.6))
    factor = found.weights / bound.weights
    assert factor.min() >= 0.4 - 1e-9
    assert factor.max() <= 1.6 + 1e-9
    assert (free.weights / bound.weights).max() > 1.6
    assert found.weights @ data("apistrat")["api99"] == pytest.approx(4.2e6)


def test_a_failure_names_the_variable_the_row_or_the_cell():
    frame = data("apistrat").assign(one=1.0).set_index(np.arange(1000, 1200))
    bound = SurveyDesign(frame, weight="pw", stratum="stype")
    with pytest.raises(WeightingError, match="api99 has to come to 9e"):
        bound.calibrate(["api99"], {"api99": 9e6}, method="logit", bounds=(0.9, 1.1))
    with pytest.raises(WeightingError, match=r"row 1\d\d\d would get .*use raking"):
        bound.calibrate(["api99", "one"], {"one": 6194, "api99": 1.2e6})
    with pytest.raises(WeightingError, match="stype = X: join it"):
        bound.rake({"stype": {"E": 4421, "H": 755, "M": 1018, "X": 6}})
    with pytest.raises(WeightingError, match="stype = M is 0"):
        bound.rake({"stype": {"E": 4421, "H": 755, "M": 0}})


def test_a_margin_may_be_the_crossing_of_several_columns():
    frame = data("apistrat")
    bound = SurveyDesign(frame, weight="pw", stratum="stype")
    crossed = {
        ("E", "No"): 400,
        ("E", "Yes"): 4021,
        ("H", "No"): 400,
        ("H", "Yes"): 355,
        ("M", "No"): 300,
        ("M", "Yes"): 718,
    }
    found = bound.rake({("stype", "sch_wide"): crossed, "awards": {"No": 2000, "Yes": 4194}})
    sums = pd.Series(found.weights).groupby([frame["stype"], frame["sch_wide"]]).sum()
    assert sums.to_dict() == pytest.approx(crossed)
    assert found.weights[frame["awards"] == "Yes"].sum() == pytest.approx(4194)
    with pytest.raises(WeightingError, match="stype × sch_wide"):
        bound.rake({("stype", "sch_wide"): {("E", "No"): 6194}})
    with pytest.raises(WeightingError, match="no column 'age'"):
        bound.rake({"age": {1: 6194}})
    with pytest.raises(WeightingError, match="row 0"):
        SurveyDesign(frame.assign(stype=frame["stype"].where(frame.index > 0))).rake({"stype": {"E": 6194}})


def test_a_value_that_nobody_has_and_nobody_should_have_is_passed_over():
    bound = SurveyDesign(data("apistrat"), weight="pw", stratum="stype")
    with_it = bound.rake({"stype": {"X": 0, "E": 4421, "H": 755, "M": 1018}, "sch_wide": {"No": 1072, "Yes": 5122}})
    without = bound.rake({"stype": {"E": 4421, "H": 755, "M": 1018}, "sch_wide": {"No": 1072, "Yes": 5122}})
    assert with_it.weights == pytest.approx(without.weights)


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (lambda d: d.poststratify("stype", {"E": 4421, "H": 755}), "total"),
        (lambda d: d.poststratify("stype", {"E": 1, "H": 1, "M": 1, "X": 1}), "empty_cell"),
        (lambda d: d.poststratify("stype", {"E": 4421, "H": 755, "M": 0}), "total"),
        (lambda d: d.rake({"stype": {"E": 1, "H": 1, "M": 1}, "sch_wide": {"No": 1, "Yes": 9}}), "margin_sum"),
        (lambda d: d.rake({"sch_wide": {"No": 6194}}), "margin"),
        (lambda d: d.calibrate(["api99"], {"api99": 9e6}, method="logit", bounds=(0.9, 1.1)), "no_convergence"),
        (lambda d: d.calibrate(["api99", "one"], {"one": 6194, "api99": 1.2e6}), "negative"),
        (lambda d: d.calibrate(["api99"], {"api00": 1}), "totals"),
        (lambda d: d.calibrate(["api99"], {"api99": 1}, method="magic"), "method"),
    ],
)
def test_what_cannot_be_met_is_named(verb, code):
    bound = SurveyDesign(data("apistrat").assign(one=1.0), weight="pw", stratum="stype")
    with pytest.raises(WeightingError) as caught:
        verb(bound)
    assert caught.value.code == code


def test_rows_that_are_alike_are_calibrated_as_one_and_others_by_themselves():
    # margins have few distinct rows, numbers have many: the same weights and variances either way
    frame = data("apistrat").assign(one=1.0, high=lambda f: (f["stype"] == "H").astype(float))
    bound = SurveyDesign(frame, weight="pw", stratum="stype", population="fpc")
    totals = {"one": 6194.0, "high": 800.0}
    few = bound.calibrate(["one", "high"], totals)
    many = bound.calibrate(pd.DataFrame({"one": 1.0, "high": frame["high"] + 1e-14 * np.arange(200)}), totals)
    assert len(few.calibrations[0].variables) == 2
    assert len(many.calibrations[0].variables) == 200
    assert few.weights == pytest.approx(many.weights)
    one, other = few.means("api00", by="awards").frame, many.means("api00", by="awards").frame
    assert one["se"].to_numpy() == pytest.approx(other["se"].to_numpy(), rel=1e-6)
