"""Estimates from Parquet by DuckDB, against the same rows in memory and the reference."""

from __future__ import annotations

import importlib
import sys

import duckdb
import numpy as np
import pandas as pd
import pytest
from oracle_cases import data, exact, near

from analysis import DesignError, IntervalError, SurveyDesign

TOLERANCE = 1e-9


def people(n=6000, seed=5):
    """Villages in counties, of people with weights; answers of every kind, some missing."""
    rng = np.random.default_rng(seed)
    village = rng.integers(0, 90, n)
    frame = pd.DataFrame(
        {
            "county": np.array(["青河县", "平湖区", "o'brien"])[village % 3],
            "village": village,
            "w": rng.uniform(1, 5, n),
            "sex": rng.choice(["男", "女"], n),
            "age": rng.integers(1, 5, n),
            "villages": np.array([200, 300, 400])[village % 3],
            "households": 500,
            "yes": rng.random(n) < 0.9,
            "knows": np.where(rng.random(n) < 0.2, np.nan, rng.random(n) < 0.6 + (village % 5) / 20),
            "income": rng.normal(1e6, 1, n),
            "visited": rng.random(n) < 0.5,
        }
    )
    frame.loc[:2, "age"] = 9  # a small domain
    frame["people"] = frame["county"].map(frame["county"].value_counts() * 7)
    return frame


DESIGNS = {
    "strata of people": {"weight": "w", "stratum": "county", "population": "people"},
    "weights from populations": {"stratum": "county", "population": "people"},
    "weights alone": {"weight": "w"},
    "nothing": {},
    "villages": {"weight": "w", "stratum": "county", "cluster": "village"},
    "villages of many": {"weight": "w", "stratum": "county", "cluster": "village", "population": "villages"},
    "villages of many, without weights": {"stratum": "county", "cluster": "village", "population": "villages"},
    "villages, then people": {"stratum": "county", "cluster": "village", "population": ["villages", "households"]},
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    frame = people()
    path = tmp_path_factory.mktemp("parquet") / "people.parquet"
    duckdb.from_df(frame).write_parquet(str(path), row_group_size=2048)
    return frame, path


def assert_same(found, wanted, scale=1.0):
    assert list(found.frame.columns) == list(wanted.frame.columns)
    assert len(found.frame) == len(wanted.frame)
    for name in wanted.frame.columns:
        got, want = found.frame[name], wanted.frame[name]
        if pd.api.types.is_float_dtype(want):
            np.testing.assert_allclose(got, want, rtol=TOLERANCE * scale, atol=TOLERANCE, err_msg=name)
        else:
            assert list(got) == list(want), name


@pytest.mark.parametrize("by", [None, "sex", ["county", "age"]])
@pytest.mark.parametrize("name", DESIGNS)
def test_rates_from_parquet_are_those_of_the_rows_in_memory(table, name, by):
    frame, path = table
    here = SurveyDesign(frame, **DESIGNS[name]).rates(["yes", "knows"], by=by)
    there = SurveyDesign.from_parquet(path, **DESIGNS[name]).rates(["yes", "knows"], by=by)
    assert_same(there, here)
    assert_same(there.at(level=0.9, interval="logit"), here.at(level=0.9, interval="logit"))


@pytest.mark.parametrize("name", DESIGNS)
def test_means_and_totals_from_parquet_are_those_of_the_rows_in_memory(table, name):
    frame, path = table
    here, there = SurveyDesign(frame, **DESIGNS[name]), SurveyDesign.from_parquet(path, **DESIGNS[name])
    items = {"rate": "knows", "age": "age"}
    assert_same(there.means(items, by="sex"), here.means(items, by="sex"))
    assert_same(there.totals(items, by="sex"), here.totals(items, by="sex"))
    # A mean of a million with a spread of one: its own digits are the limit
    assert_same(there.means("income", by="sex"), here.means("income", by="sex"), scale=1000)


@pytest.mark.parametrize("name", DESIGNS)
def test_covariances_and_contrasts_from_parquet_are_those_of_the_rows_in_memory(table, name):
    frame, path = table
    here = SurveyDesign(frame, **DESIGNS[name]).rates(["yes", "knows"], by="sex")
    there = SurveyDesign.from_parquet(path, **DESIGNS[name]).rates(["yes", "knows"], by="sex")
    assert there.covariance() == pytest.approx(here.covariance(), rel=TOLERANCE, abs=1e-14)
    assert there.design_df == here.design_df
    one, other = there.contrast({0: 1, 3: -1}), here.contrast({0: 1, 3: -1})
    assert [one.estimate, one.se, one.low] == pytest.approx([other.estimate, other.se, other.low], rel=TOLERANCE)
    for kind in ("wr", "wor"):
        np.testing.assert_allclose(there.design_effects()[kind], here.design_effects()[kind], rtol=TOLERANCE)


def test_totals_have_their_covariance_from_parquet_too(table):
    frame, path = table
    design = DESIGNS["strata of people"]
    here, there = SurveyDesign(frame, **design), SurveyDesign.from_parquet(path, **design)
    wanted = here.totals(["age", "knows"]).covariance()
    assert there.totals(["age", "knows"]).covariance() == pytest.approx(wanted, rel=TOLERANCE)


@pytest.mark.parametrize("cluster", [None, "village"])
def test_a_total_of_large_numbers_with_little_spread_keeps_its_digits(cluster):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"h": [1, 2] * 200, "village": np.repeat(np.arange(40), 10), "y": rng.normal(1e8, 1, 400)})
    frame = frame.assign(N=frame["h"] * 4000, villages=100, h=frame["h"] if cluster is None else 1)
    design = {"stratum": "h", "cluster": cluster, "population": "N" if cluster is None else "villages"}
    here = SurveyDesign(frame, **design).totals("y")
    there = SurveyDesign.from_parquet(duckdb.from_df(frame), **design).totals("y")
    assert there.frame["se"][0] == pytest.approx(here.frame["se"][0], rel=1e-6)
    assert there.covariance() == pytest.approx(here.covariance(), rel=1e-6)


def test_a_part_of_the_file_keeps_everybody_in_the_design(table):
    frame, path = table
    design = DESIGNS["villages"]
    here = SurveyDesign(frame, **design).where("visited").where("yes").rates("knows", by="sex")
    there = SurveyDesign.from_parquet(path, **design).where("visited").where("yes").rates("knows", by="sex")
    assert_same(there, here)


@pytest.mark.parametrize("lonely", ["adjust", "average", "remove", "certainty"])
@pytest.mark.parametrize("cluster", [None, "village"])
def test_lonely_units_from_parquet_are_handled_as_in_memory(tmp_path, lonely, cluster):
    frame = people(400)
    alone = frame["village"].isin(frame.loc[frame["county"] == "青河县", "village"].unique()[:1])
    frame = frame[(frame["county"] != "青河县") | (alone & ~frame.duplicated("village"))].reset_index(drop=True)
    path = str(tmp_path / "lonely.parquet")
    duckdb.from_df(frame).write_parquet(path)
    design = {"weight": "w", "stratum": "county", "cluster": cluster, "lonely": lonely}
    here = SurveyDesign(frame, **design).rates(["yes", "knows"], by="sex")
    there = SurveyDesign.from_parquet(path, **design).rates(["yes", "knows"], by="sex")
    assert_same(there, here)
    assert there.covariance() == pytest.approx(here.covariance(), rel=TOLERANCE, abs=1e-14)


@pytest.mark.parametrize("dataset", ["apistrat", "apiclus1", "apisrs", "sa_strat"])
def test_means_from_a_relation_equal_the_reference(dataset):
    relation = duckdb.from_df(data(dataset))
    compared = 0
    for case in exact("mean", dataset):
        args, want = case["args"], case["result"]
        if "where" in args:
            continue
        parts = case["design"]
        bound = SurveyDesign.from_parquet(
            relation,
            weight=parts["weights"],
            stratum=parts.get("strata"),
            cluster=parts.get("id"),
            population=parts.get("fpc"),
        )
        frame = bound.means(args["y"], by=args.get("by")).frame
        if "keys" in want:
            wanted = pd.DataFrame(want["keys"]).astype(str)
            frame = frame.assign(**{name: frame[name].astype(str) for name in args["by"]})
            frame = wanted.merge(frame, on=args["by"], how="left")
        for got, value in zip(frame["estimate"], want["est"], strict=True):
            assert near(float(got), value, case["tol"]), case["id"]
        for got, value in zip(frame["se"], want["se"], strict=True):
            assert near(float(got), value, case["tol"]), case["id"]
        compared += 1
    assert compared > 10


def test_several_files_are_one_sample(tmp_path):
    frame = people(900)
    for at, part in enumerate(np.array_split(np.arange(900), 3)):
        duckdb.from_df(frame.iloc[part]).write_parquet(str(tmp_path / f"{at}.parquet"))
    wanted = SurveyDesign(frame, weight="w").rates(["yes", "knows"])
    files = sorted(tmp_path.glob("*.parquet"))
    assert_same(SurveyDesign.from_parquet(files, weight="w").rates(["yes", "knows"]), wanted)
    assert_same(SurveyDesign.from_parquet(tmp_path / "*.parquet", weight="w").rates(["yes", "knows"]), wanted)


def test_a_census_in_parquet_says_so(tmp_path):
    frame = people(300).assign(people=lambda rows: rows["county"].map(rows["county"].value_counts()))
    path = tmp_path / "census.parquet"
    duckdb.from_df(frame).write_parquet(str(path))
    found = SurveyDesign.from_parquet(path, stratum="county", population="people").rates("yes").frame.iloc[0]
    assert found["method"] == "census"
    assert found["low"] == found["high"] == found["estimate"] == pytest.approx(frame["yes"].mean())


def test_names_that_sql_would_misread_are_names():
    frame = people(200).rename(columns={"w": 'the "weight"', "yes": "select", "sex": "w2", "age": "k0"})
    relation = duckdb.from_df(frame)
    here = SurveyDesign(frame, weight='the "weight"').rates("select", by=["w2", "k0"])
    assert_same(SurveyDesign.from_parquet(relation, weight='the "weight"').rates("select", by=["w2", "k0"]), here)


@pytest.mark.parametrize(
    ("change", "keys", "code"),
    [
        ({"w": 0.0}, {"weight": "w"}, "weight"),
        ({"w": np.nan}, {"weight": "w"}, "weight"),
        ({"w": np.inf}, {"weight": "w"}, "weight"),
        ({"county": None}, {"stratum": "county"}, "design_missing"),
        ({"people": 2}, {"stratum": "county", "population": "people"}, "population_small"),
        ({"village": 1}, {"stratum": "county", "cluster": "village"}, "cluster_in_strata"),
        ({"county": "one"}, {"stratum": "county", "population": "people"}, "population_varies"),
        ({}, {"stratum": "nowhere"}, "column"),
        ({}, {"stratum": "county", "cluster": "county"}, "lonely"),
        ({"yes": 3}, {}, "not_binary"),
        ({"yes": "是"}, {}, "text"),
        ({"yes": np.inf}, {}, "not_binary"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_as_of_a_frame(change, keys, code):
    relation = duckdb.from_df(people(60).assign(**change))
    with pytest.raises(DesignError) as caught:
        SurveyDesign.from_parquet(relation, **keys).rates("yes")
    assert caught.value.code == code


def test_further_mistakes_have_their_codes():
    relation = duckdb.from_df(people(60).assign(endless=np.inf))
    bound = SurveyDesign.from_parquet(relation)
    for wrong, code in [
        (lambda: bound.rates([]), "items"),
        (lambda: bound.rates("missing"), "column"),
        (lambda: bound.rates("yes", by="missing"), "column"),
        (lambda: bound.where("missing"), "column"),
        (lambda: bound.means("endless"), "infinite"),
        (lambda: bound.rates("yes")._linear.scores(0), "scores"),
        (lambda: SurveyDesign.from_parquet(relation.limit(0)).rates("yes"), "empty"),
    ]:
        with pytest.raises(DesignError) as caught:
            wrong()
        assert caught.value.code == code
    with pytest.raises(IntervalError):
        bound.rates("yes", interval="wilsson")


def test_without_duckdb_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    engines = importlib.import_module("analysis.engines")
    with pytest.raises(DesignError, match=r"zoufang\[parquet\]"):
        engines.ParquetDesign("people.parquet")
