"""Tests of independence, regressions and quantiles, against R survey."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle_cases import cases, data, design, exact, near

from analysis import AnalysisError, IntervalError, SurveyDesign
from analysis.association import Statistic, cross_table, independence, regress
from analysis.crossing import crossing
from analysis.quantiles import weighted_quantile
from analysis.variance import covariance

NAMES: dict[str, Statistic] = {
    "F": "f",
    "Chisq": "chisq",
    "Wald": "wald",
    "adjWald": "adj_wald",
    "saddlepoint": "saddlepoint",
}


def test_weighted_tables_equal_the_reference():
    for case in exact("table"):
        table = cross_table(design(case), case["args"]["rows"], case["args"]["cols"])
        assert table.to_numpy() == pytest.approx(np.array(case["result"]["counts"])), case["id"]


@pytest.mark.parametrize("statistic", NAMES)
def test_tests_of_independence_equal_the_reference(statistic):
    compared = 0
    for case in exact("chisq"):
        args, want = case["args"], case["result"]
        if args["statistic"] != statistic:
            continue
        found = independence(design(case), args["rows"], args["cols"], NAMES[statistic])
        assert near(found.statistic, np.ravel(want["statistic"])[0], max(case["tol"], 1e-8)), case["id"]
        assert near(found.p_value, want["p_value"], max(case["tol"], 1e-8)), case["id"]
        if statistic != "saddlepoint":
            assert list(found.df) == pytest.approx(list(np.ravel(want["parameter"]))), case["id"]
        compared += 1
    assert compared >= 16


def test_in_a_tail_where_the_two_references_differ_ours_is_the_nearest_to_the_exact_law():
    # a table of 2 × 3 of a simple random sample: both eigenvalues are (1 - f) n/(n - 1), and the sum of the two is
    # that times a chi square with two degrees of freedom, whose tail is exp(-x/2)
    (case,) = [case for case in cases("apisrs") if case["estimator"] == "chisq" and case["trust"] == "version"]
    found = independence(design(case), case["args"]["rows"], case["args"]["cols"], "saddlepoint")
    exact_tail = np.exp(-found.statistic / 2 / ((1 - 200 / 6194) * 200 / 199))
    assert found.statistic == pytest.approx(float(np.ravel(case["alt"]["statistic"])[0]), rel=1e-9)
    assert found.p_value == pytest.approx(exact_tail, rel=0.05)
    assert min(case[side]["p_value"] for side in ("result", "alt")) > 1.5 * exact_tail


def design_matrix(formula, rows):
    parts = [part.strip() for part in formula.split("~")[1].split("+")]
    columns = {}
    for part in parts:
        if pd.api.types.is_numeric_dtype(rows[part]):
            columns[part] = rows[part].astype(float)
        else:
            for value in sorted(rows[part].unique(), key=str)[1:]:
                columns[f"{part}{value}"] = (rows[part] == value).astype(float)
    return pd.DataFrame(columns)


def test_regressions_equal_the_reference():
    compared = 0
    for case in exact("glm"):
        args, want = case["args"], case["result"]
        bound = design(case)
        family = "linear" if args["family"] == "gaussian" else "logistic"
        variables = design_matrix(args["formula"], bound.data)
        found = regress(bound, args["formula"].split("~")[0].strip(), variables, family=family)
        at = [0, *[1 + list(variables.columns).index(name) for name in want["names"][1:]]]
        assert found.coefficients[at] == pytest.approx(want["coef"], abs=1e-6), case["id"]
        assert np.sqrt(np.diag(found.covariance))[at] == pytest.approx(want["se"], rel=1e-4), case["id"]
        assert found.df == want["df_residual"], case["id"]
        compared += 1
    assert compared >= 12


def test_the_difference_of_two_groups_equals_the_reference():
    for case in exact("ttest"):
        args, want = case["args"], case["result"]
        bound = design(case)
        groups = sorted(bound.data[args["group"]].unique(), key=str)
        found = regress(bound, args["y"], pd.DataFrame({"g": (bound.data[args["group"]] == groups[1]).astype(float)}))
        row = found.frame.iloc[1]
        for got, wanted in zip(
            row[["coefficient", "statistic", "p_value"]],
            (want["estimate"], want["statistic"], want["p_value"]),
            strict=True,
        ):
            assert near(float(got), float(np.ravel(wanted)[0]), 1e-7), case["id"]
        assert found.df == want["df"]


def test_a_variance_equals_the_reference():
    for case in exact("variance"):
        bound, want = design(case), case["result"]
        y = bound.data[case["args"]["y"]].to_numpy(float)
        mean = np.average(y, weights=bound.weights)
        found = bound.means({"s2": (y - mean) ** 2 * len(y) / (len(y) - 1)}).frame.iloc[0]
        assert near(found["estimate"], want["est"], case["tol"]), case["id"]
        assert near(found["se"], want["se"], case["tol"]), case["id"]


STEPS = {"math", "school", "hf1", "hf2"}


def flat_at(values, weights, prob):
    """Whether the distribution is flat at exactly this share: there R's step rules go by the last bit of a sum."""
    below = np.cumsum(weights[np.argsort(values, kind="stable")]) / weights.sum()
    return np.abs(below - prob).min() < 1e-12


def test_quantiles_by_every_rule_equal_the_reference():
    compared = 0
    for case in exact("quantile"):
        args, want = case["args"], case["result"]
        if "interval_type" in args or args["qrule"] in {"shahvaish", "hf3"}:
            continue
        bound = design(case)
        values = bound.data[args["y"]].to_numpy(float)
        for prob, wanted in zip(args["probs"], np.ravel(want["q"]), strict=True):
            if not flat_at(values, bound.weights, prob) or args["qrule"] not in STEPS:
                found = weighted_quantile(values, bound.weights, [prob], args["qrule"])[0]
                assert found == pytest.approx(wanted, abs=1e-6), case["id"]
                compared += 1
    assert compared >= 700


def test_intervals_of_quantiles_equal_the_reference():
    compared = 0
    for case in exact("quantile"):
        args, want = case["args"], case["result"]
        if "interval_type" not in args:
            continue
        found = design(case).quantiles(args["y"], args["probs"], rule=args["qrule"], interval=args["interval_type"])
        values, weights = design(case).data[args["y"]].to_numpy(float), design(case).weights
        for got, wanted in zip(found.to_dict("records"), want["q"], strict=True):
            if not flat_at(values, weights, got["prob"]):
                for name, figure in zip(("estimate", "low", "high", "se"), wanted, strict=True):
                    assert near(got[name], figure, 1e-6), case["id"]
                    compared += 1
    assert compared >= 1000


def test_quantiles_of_domains_are_those_of_their_rows():
    frame = data("sa_strat")
    bound = SurveyDesign(frame, weight="w", stratum="stratum", population="N_h")
    table = bound.quantiles("amount", by="category")
    part = frame[frame["category"] == "特困"]
    got = table[(table["category"] == "特困") & (table["prob"] == 0.5)]["estimate"].iloc[0]
    assert got == weighted_quantile(part["amount"].to_numpy(), part["w"].to_numpy(), [0.5])[0]


def test_what_cannot_be_tested_or_fitted_is_named():
    frame = pd.DataFrame({"y": [0, 0, 1, 1], "x": [1.0, 2.0, 3.0, 4.0], "one": 1.0})
    bound = SurveyDesign(frame)
    with pytest.raises(AnalysisError, match="nothing to test"):
        independence(bound, "y", "one")
    with pytest.raises(AnalysisError, match="leave one"):
        regress(bound, "y", frame[["x", "one"]])
    with pytest.raises(AnalysisError, match="separates"):
        regress(bound, "y", frame[["x"]], family="logistic")
    with pytest.raises(IntervalError, match="median"):
        bound.quantiles("x", rule="median")


def test_a_category_that_a_domain_leaves_out_is_no_row_of_its_table():
    frame = data("sa_strat")
    bound = SurveyDesign(frame, weight="w", stratum="stratum", population="N_h")
    part = bound.where(frame["category"] != "特困")
    assert list(cross_table(part, "category", "sat").index) == ["低保", "低保边缘"]
    assert independence(part, "category", "sat").df[0] == pytest.approx(1)


def test_the_table_of_a_domain_knows_everybody_who_was_drawn():
    frame = data("apiclus1").assign(stype=lambda f: f["stype"].where(f.index % 5 > 0))
    bound = SurveyDesign(frame, weight="pw", cluster="dnum")
    missing = independence(bound, "stype", "sch_wide")
    inside = independence(bound.where(frame["stype"].notna()), "stype", "sch_wide")
    assert [missing.statistic, missing.p_value] == pytest.approx([inside.statistic, inside.p_value])


def test_a_column_that_is_not_there_and_a_table_too_large_for_its_clusters_are_named():
    frame = pd.DataFrame({"v": np.repeat([1, 2, 3], 20), "a": np.arange(60) % 4, "b": np.arange(60) // 3 % 4})
    bound = SurveyDesign(frame, cluster="v")
    with pytest.raises(AnalysisError, match="no column 'c'"):
        independence(bound, "a", "c")
    with pytest.raises(AnalysisError, match="too few"):
        independence(bound, "a", "b", "wald")
    alone = SurveyDesign(
        pd.DataFrame({"a": [0, 0, 1, 1] * 9, "b": [0, 1, 0, 1] * 9, "h": [1, 2, 3, 4] * 9}), stratum="h"
    )
    with pytest.raises(AnalysisError, match="hardly varies"):
        independence(alone, "a", "b", "wald")


@pytest.mark.parametrize(
    "keys",
    [
        {"stratum": "h", "population": "N"},
        {"stratum": "h", "cluster": "v"},
        {"stratum": "h", "cluster": "v", "population": ["V", "M"]},
        {"stratum": "h", "cluster": "v", "lonely": "average"},
        {"cluster": "v", "lonely": "adjust"},
    ],
)
def test_sums_by_cell_give_the_covariance_that_the_rows_give(keys):
    rng = np.random.default_rng(3)
    village = np.repeat(np.arange(30), 8)
    frame = pd.DataFrame({"v": village, "h": village // 10, "N": 900, "V": 40, "M": 20, "w": rng.uniform(1, 4, 240)})
    frame["a"], frame["b"] = rng.integers(0, 3, 240), rng.choice(["x", "y", None], 240)
    bound = SurveyDesign(frame, weight="w", **keys).where(frame["a"] + frame["v"] % 4 > 0)
    crossed = crossing(bound, "a", "b")
    per_weight = rng.normal(size=(crossed.table.size, 4))
    rows = np.where((crossed.cell >= 0)[:, None], bound.weights[:, None] * per_weight[crossed.cell], 0.0)
    assert crossed.covariance(per_weight) == pytest.approx(covariance(bound, rows))


def test_calibrated_weights_leave_less_variance_in_the_table_too():
    frame = data("apistrat")
    bound = SurveyDesign(frame, weight="pw", stratum="stype", population="fpc")
    raked = bound.rake({"sch_wide": {"No": 1072, "Yes": 5122}})
    crossed = crossing(raked, "sch_wide", "awards")
    first = np.repeat([[1.0], [0.0]], 2, axis=0)  # the total of the first row of the table, which is known
    assert crossed.covariance(first)[0, 0] == pytest.approx(0, abs=1e-6)
    assert crossing(bound, "sch_wide", "awards").covariance(first)[0, 0] > 1
