"""What a design does with what cannot be: an error that names the place, or a result that is defined."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import AnalysisError, DesignError, SurveyDesign
from analysis.design_intervals import DESIGNS
from analysis.stages import LONELY

FRAME = pd.DataFrame(
    {
        "h": ["a"] * 4 + ["b"] * 4,
        "c": [1, 1, 2, 2, 3, 3, 4, 4],
        "d": ["x", "y"] * 4,
        "w": [1.0, 2.0] * 4,
        "N": 40,
        "yes": [1, 0, 1, 1, 0, 1, 1, 0],
        "money": [3.0, 5.0, 8.0, 1.0, 4.0, 4.0, 9.0, 2.0],
    },
    index=[f"户{number}" for number in range(8)],
)


@pytest.mark.parametrize(
    ("change", "keys", "code", "says"),
    [
        ({"w": [1.0] * 7 + [np.nan]}, {"weight": "w"}, "weight", "户7"),
        ({"w": [1.0] * 6 + [0.0, 1.0]}, {"weight": "w"}, "weight", "户6"),
        ({"w": [1.0, -2.0] * 4}, {"weight": "w"}, "weight", "户1"),
        ({"w": ["1", "two"] * 4}, {"weight": "w"}, "weight", "two"),
        ({"w": [np.inf] * 8}, {"weight": "w"}, "weight", "户0"),
        ({"N": 3}, {"stratum": "h", "population": "N"}, "population_small", "4 units"),
        ({"N": "many"}, {"stratum": "h", "population": "N"}, "population_varies", "'a'"),
        ({"N": range(8, 16)}, {"stratum": "h", "population": "N"}, "population_varies", "'a'"),
        ({"c": 1}, {"stratum": "h", "cluster": "c"}, "cluster_in_strata", "stands in two strata"),
        ({"h": ["a"] * 7 + [None]}, {"stratum": "h"}, "stratum_missing", "户7"),
        ({"c": [1] * 7 + [None]}, {"cluster": "c"}, "cluster_missing", "户7"),
        ({"c": 1}, {"cluster": "c"}, "lonely", "one unit alone"),
        ({"h": list("abbbbbbb")}, {"stratum": "h"}, "lonely", "'a'"),
        ({}, {"stratum": "nowhere"}, "column", "nowhere"),
        ({}, {"lonely": "ignore"}, "lonely", "ignore"),
        ({}, {"cluster": "c", "population": [9, 9, 9]}, "stages", "3 populations"),
    ],
)
def test_a_design_that_does_not_fit_its_data_is_refused_by_name(change, keys, code, says):
    with pytest.raises(DesignError, match=says) as caught:
        SurveyDesign(FRAME.assign(**change), **keys)
    assert caught.value.code == code


def test_a_table_without_rows_is_refused():
    with pytest.raises(DesignError) as caught:
        SurveyDesign(FRAME.iloc[:0])
    assert caught.value.code == "empty"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (lambda bound: bound.rates([]), "items"),
        (lambda bound: bound.rates("h"), "text"),
        (lambda bound: bound.rates("money"), "not_binary"),
        (lambda bound: bound.means({"m": [np.inf] * 8}), "infinite"),
        (lambda bound: bound.rates("yes", by="nowhere"), "column"),
        (lambda bound: bound.rates({"y": [1, 0]}), "length"),
        (lambda bound: bound.rates("yes", level=95), "level"),
        (lambda bound: bound.means("money", level=0), "level"),
        (lambda bound: bound.rates("yes", interval="exact"), "method"),
        (lambda bound: bound.quantiles("money", [1.5]), "probs"),
        (lambda bound: bound.quantiles("money", rule="hf3"), "rule"),
        (lambda bound: bound.rates("yes").contrast({0: 1, 4: -1}), "row"),
        (lambda bound: bound.rates("yes", by="d").at(interval="exact"), "method"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_with_its_code(wrong, code):
    with pytest.raises(AnalysisError) as caught:
        wrong(SurveyDesign(FRAME, weight="w"))
    assert caught.value.code == code


def test_a_domain_column_may_not_hide_a_result():
    frame = FRAME.rename(columns={"d": "estimate"})
    with pytest.raises(DesignError, match="rename column 'estimate'"):
        SurveyDesign(frame).rates("yes", by="estimate")


def designs():
    yield "people", {"weight": "w"}
    yield "strata", {"stratum": "h", "population": "N"}
    yield "clusters", {"weight": "w", "stratum": "h", "cluster": "c"}
    yield "probabilities", {"probability": "p"}


@pytest.mark.parametrize(("name", "keys"), list(designs()))
@pytest.mark.parametrize("interval", ["auto", "none", *DESIGNS])
def test_where_nobody_answered_there_is_a_row_that_says_so(name, keys, interval):
    bound = SurveyDesign(FRAME.assign(p=0.3), **keys)
    nothing = np.full(8, np.nan)
    some = np.where(FRAME["d"] == "x", FRAME["yes"], np.nan)
    for found in (
        bound.rates({"y": nothing}, interval=interval),
        bound.rates({"y": some}, by="d", interval=interval),
        bound.where(np.zeros(8, dtype=bool)).rates("yes", interval=interval),
    ):
        row = found.frame.iloc[-1]
        assert (row["n"], row["yes"], row["method"], row["population"]) == (0, 0, "none", 0)
        assert row[["estimate", "se", "low", "high"]].isna().all()


@pytest.mark.parametrize(("name", "keys"), list(designs()))
def test_means_totals_ratios_and_quantiles_of_nothing_say_so_too(name, keys):
    bound = SurveyDesign(FRAME.assign(p=0.3), **keys)
    nothing = np.full(8, np.nan)
    for found in (bound.means({"y": nothing}), bound.ratios({"y": (nothing, "money")}), bound.totals({"y": nothing})):
        row = found.frame.iloc[0]
        assert (row["n"], row["method"]) == (0, "none")
    row = bound.quantiles({"y": nothing}, [0.5]).iloc[0]
    assert row["n"] == 0
    assert row[["estimate", "low", "high"]].isna().all()


def test_a_ratio_to_nothing_is_none_and_not_endless():
    row = SurveyDesign(FRAME).ratios({"r": ("money", np.zeros(8))}).frame.iloc[0]
    assert (row["n"], row["method"]) == (8, "none")
    assert row[["estimate", "low", "high"]].isna().all()


def test_what_has_no_estimate_cannot_be_compared():
    some = np.where(FRAME["d"] == "x", FRAME["yes"], np.nan)
    found = SurveyDesign(FRAME).rates({"y": some}, by="d")
    with pytest.raises(DesignError, match="'y'") as caught:
        found.contrast({0: 1, 1: -1})
    assert caught.value.code == "no_estimate"


@pytest.mark.parametrize("lonely", ["adjust", "average", "remove", "certainty"])
def test_one_cluster_has_an_estimate_whose_interval_is_wide_where_that_was_asked_for(lonely):
    row = SurveyDesign(FRAME.assign(c=1), cluster="c", lonely=lonely).rates("yes").frame.iloc[0]
    assert row["df"] == 0
    assert row["estimate"] == 5 / 8
    assert row["low"] < 0.2
    assert row["high"] > 0.9


@pytest.mark.parametrize("lonely", [name for name in LONELY if name != "fail"])
@pytest.mark.parametrize("cluster", [None, "c"])
def test_in_domains_lonely_units_are_handled_as_in_the_whole(lonely, cluster):
    frame = FRAME.iloc[:5] if cluster is None else FRAME.iloc[:6]
    bound = SurveyDesign(frame, weight="w", stratum="h", cluster=cluster, lonely=lonely)
    found = bound.means(["yes", "money"], by="d")
    kernel = np.sqrt(np.diag(found.covariance()))
    assert found.frame["se"].to_numpy() == pytest.approx(kernel, abs=1e-14)


def test_a_lonely_unit_that_is_adjusted_varies_about_the_mean_of_its_domain_worked_by_hand():
    # Strata a: 1 and 3, b: 2 alone, all in domain x; totals t = 1, 3, 2 of 3 units (and 0, 0, 5 of domain y)
    frame = pd.DataFrame({"h": ["a", "a", "b", "b"], "c": [1, 2, 3, 3], "d": list("xxxy"), "y": [1.0, 3.0, 2.0, 5.0]})
    bound = SurveyDesign(frame.assign(w=1.0), weight="w", stratum="h", cluster="c", lonely="adjust")
    found = bound.totals("y", by="d").frame
    # x: 2 s²(1, 3) + (2 - 2)² = 4; y: 2 s²(0, 0) + (5 - 5/3)² = 11.11
    assert found["se"].to_numpy() ** 2 == pytest.approx([4.0, (10 / 3) ** 2])


def test_a_take_all_stratum_adds_nothing_and_is_not_lonely():
    frame = FRAME.assign(N=[4] * 4 + [40] * 4)
    whole = SurveyDesign(frame, stratum="h", population="N").totals("money").frame["se"][0]
    part = SurveyDesign(frame.iloc[4:], population=40.0).totals("money").frame["se"][0]
    assert whole == pytest.approx(part)
    alone = FRAME.iloc[3:].assign(N=[1] + [40] * 4)
    assert SurveyDesign(alone, stratum="h", population="N").totals("money").frame["se"][0] == pytest.approx(part)
