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
