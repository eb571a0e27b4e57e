"""Scales, against R (psych, survey) and published definitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle_cases import cases, data, design, near
from scipy.stats import t as student

from analysis import AnalysisError, SurveyDesign
from analysis.scales import composite, cronbach_alpha, net_promoter, points, scale_alpha, top_box

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


def test_the_net_promoter_score_equals_the_reference():
    case = case_of("sa_strat.nps", "sa_strat")
    row = design(case).means({"nps": net_promoter(data("sa_strat")["nps"])}).frame.iloc[0]
    want = case["result"]
    for name, wanted in (("estimate", want["est"][0]), ("se", want["se"][0]), ("low", want["ci95_t"][0][0])):
        assert near(row[name], wanted, case["tol"]), name


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


SAT5 = [5] * 120 + [4] * 60 + [3] * 15 + [2] * 4 + [1] + [98] * 8 + [99] * 2


def test_the_first_vector_of_the_definitions_comes_out_by_every_one_of_them():
    answers = pd.Series(SAT5)
    scores = {
        "A": {5: 100, 4: 80, 3: 60, 2: 30, 1: 0},
        "B": {5: 100, 4: 75, 3: 50, 2: 25, 1: 0},
        "C": {5: 100, 4: 80, 3: 60, 2: 40, 1: 20},
    }
    items = {"TOP2": top_box(answers, {5, 4}), "TOP2_all": top_box(answers, {5, 4}, missing=())}
    items |= {"TOP3": top_box(answers, {5, 4, 3})} | {name: points(answers, each) for name, each in scores.items()}
    found = SurveyDesign(pd.DataFrame(items)).means(list(items)).frame["estimate"]
    assert [round(value, 4) for value in found] == [0.9, round(180 / 210, 4), 0.975, 89.1, 86.75, 89.4]


def test_a_part_that_was_not_asked_leaves_its_weight_to_the_others():
    weights = {"process": 0.2, "open": 0.15, "pay": 0.25, "staff": 0.2, "level": 0.2}
    parts = pd.DataFrame({"process": [80, 80], "open": 60, "pay": [100, None], "staff": 80, "level": 60})
    nobody = pd.DataFrame({name: [np.nan] for name in weights})
    found = composite(pd.concat([parts, nobody], ignore_index=True), weights)
    assert found.round(2).tolist() == pytest.approx([78.00, 70.67, np.nan], nan_ok=True)


def scale(rng, clusters, of_cluster):
    """Five items of one trait, part of which is the cluster's."""
    who = np.repeat(np.arange(clusters), 10)
    trait = of_cluster * rng.normal(size=clusters)[who] + rng.normal(size=len(who))
    frame = pd.DataFrame({f"q{k}": trait + rng.normal(size=len(who)) for k in range(5)})
    return frame.assign(v=who, w=rng.uniform(1, 3, len(who)))


def test_the_interval_of_alpha_is_feldts_where_people_were_drawn_one_by_one():
    frame = scale(np.random.default_rng(2), 40, 0.0)
    items = [f"q{k}" for k in range(5)]
    feldt, ours = cronbach_alpha(frame[items]), scale_alpha(SurveyDesign(frame), items)
    assert ours.alpha == feldt.alpha
    assert [ours.low, ours.high] == pytest.approx([feldt.low, feldt.high], abs=0.01)


def test_the_standard_error_of_alpha_knows_clusters_as_the_jackknife_does():
    frame = scale(np.random.default_rng(4), 40, 1.0)
    items = [f"q{k}" for k in range(5)]
    ours = scale_alpha(SurveyDesign(frame, weight="w", cluster="v"), items)
    without = np.array(
        [
            cronbach_alpha(part[items], part["w"]).alpha
            for part in (frame[frame["v"] != village] for village in range(40))
        ]
    )
    jackknife = np.sqrt(39 / 40 * ((without - without.mean()) ** 2).sum())
    half = np.log((1 - ours.low) / (1 - ours.high)) / 2 * (1 - ours.alpha)
    assert half / student.ppf(0.975, 39) == pytest.approx(jackknife, rel=0.05)
    assert ours.high - ours.low > cronbach_alpha(frame[items], frame["w"]).high - cronbach_alpha(frame[items]).low


def test_alpha_of_a_domain_is_that_of_its_people():
    frame = scale(np.random.default_rng(5), 40, 0.5)
    items = [f"q{k}" for k in range(5)]
    part = SurveyDesign(frame, weight="w", cluster="v").where(frame["v"] < 20)
    assert scale_alpha(part, items).alpha == pytest.approx(cronbach_alpha(frame[items][:200], frame["w"][:200]).alpha)


def test_people_who_left_an_item_out_are_left_out_of_the_scale():
    rows = pd.DataFrame({"a": [1, 2, 3, None], "b": [1, 2, 4, 1]})
    assert cronbach_alpha(rows).n == 3


def test_what_says_nothing_is_refused():
    with pytest.raises(AnalysisError, match="two items"):
        cronbach_alpha(pd.DataFrame({"a": [1, 2]}))
    with pytest.raises(AnalysisError, match="same sum"):
        cronbach_alpha(pd.DataFrame({"a": [1, 1], "b": [2, 2]}))
    with pytest.raises(AnalysisError, match="row 1 scores 11"):
        net_promoter(pd.Series([9, 11]))
    with pytest.raises(AnalysisError, match="code 6"):
        points(pd.Series([5, 6]), {5: 100})
    with pytest.raises(AnalysisError, match="'b'"):
        composite(pd.DataFrame({"a": [1]}), {"a": 1, "b": 2})
