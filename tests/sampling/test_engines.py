"""Parquet files give the sample, the digest, the certificate and the refusals that the same table gives in memory."""

from __future__ import annotations

import json
import sys
import tempfile
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sampling import (
    CertificateError,
    DesignError,
    Frame,
    FrameError,
    ParquetFrame,
    SampleDesign,
    SamplingError,
    Stage,
    announcement,
    check_announced,
    draw,
    draw_parquet,
    engines,
    parquet,
    release,
    verify,
    verify_parquet,
)
from sampling.columns import text_fault

COLUMNS = {"unit_id": "id", "strata": ["county", "kind"], "size": "persons", "cluster": "village"}


def roster(rows=3_000, seed=4):
    random = np.random.default_rng(seed)
    df = pd.DataFrame({"id": [f"户{i:05d}" for i in random.permutation(rows)]})
    df["county"] = random.choice(["青河", "白山", 'O\'Hara "x"'], rows, p=[0.7, 0.2, 0.1])
    df["kind"] = random.choice([1, 2], rows, p=[0.9, 0.1])
    df["persons"] = random.integers(1, 8, rows)
    df.loc[random.choice(rows, 3, replace=False), "persons"] = 5_000  # certain
    return df.assign(village=[f"村{i}" for i in random.integers(0, 40, rows)])


def written(df, path, kind="INTEGER"):
    """The table as a Parquet file; `kind` is the type of the sizes."""
    sizes = df.assign(persons=df["persons"].astype(str)) if "persons" in df else df
    assert sizes is not None
    persons = f'REPLACE (CAST("persons" AS {kind}) AS persons)' if "persons" in df else ""
    with duckdb.connect() as database:
        database.register("sizes", sizes)
        database.execute(f"COPY (SELECT * {persons} FROM sizes) TO '{path}' (FORMAT parquet)")
    return path


def as_read(path):
    """The whole file in memory, as a table."""
    with duckdb.connect() as database:
        return database.execute(f"SELECT * FROM '{path}'").df()


@pytest.fixture(params=[None, 250], ids=["one range", "many ranges"])
def ranges(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(engines, "_RANGE", request.param)


DESIGNS = {
    "simple": SampleDesign(take=12, reserve=5),
    "by size": SampleDesign(take=12, reserve=7, method="pareto"),
    "shifted": SampleDesign(take=9, reserve=3, shift={("青河", "1"): 2**51 + 12_345}),
    "shifted by size": SampleDesign(take=9, method="pareto", shift=2**52 - 1),
    "another stage": SampleDesign(take=5, stage=7),
}


@pytest.mark.usefixtures("ranges")
@pytest.mark.parametrize("design", DESIGNS.values(), ids=list(DESIGNS))
def test_parquet_gives_the_sample_and_the_certificate_of_the_whole(tmp_path, design):
    path = written(roster(), tmp_path / "roster.parquet")
    streamed = draw_parquet(path, design, seed="s", **COLUMNS)
    whole = draw(Frame.from_table(as_read(path), **COLUMNS), design, seed="s")
    pd.testing.assert_frame_equal(streamed.sample, whole.sample)
    assert streamed.certificate == whole.certificate


def test_whole_strata_and_takes_of_their_own_are_drawn_alike(tmp_path):
    path = written(roster(), tmp_path / "roster.parquet")
    frame = Frame.from_table(as_read(path), **COLUMNS)
    takes = {key: 7 + 3 * place for place, key in enumerate(frame.populations)}
    takes[("白山", "2")] = "all"
    for method in ("srs", "pareto"):
        design = SampleDesign(take=takes, reserve={("青河", "1"): 40, ("青河", "2"): 10_000}, method=method)
        streamed, whole = draw_parquet(path, design, seed=1, **COLUMNS), draw(frame, design, seed=1)
        pd.testing.assert_frame_equal(streamed.sample, whole.sample)
        assert streamed.certificate == whole.certificate


@pytest.mark.parametrize("kind", ["DECIMAL(9,2)", "VARCHAR", "UBIGINT", "UTINYINT"])
def test_sizes_of_every_type_are_read_exactly(tmp_path, kind):
    decimal = kind in ("DECIMAL(9,2)", "VARCHAR")
    df = roster().assign(persons=[Decimal(i % 7 + 1) / (4 if decimal and i % 3 else 1) for i in range(3_000)])
    path = written(df, tmp_path / "roster.parquet", kind)
    in_memory = df.assign(persons=df["persons"] if decimal else df["persons"].astype(int))
    design = SampleDesign(take=10, method="pareto")
    streamed = draw_parquet(path, design, seed="s", **COLUMNS)
    whole = draw(Frame.from_table(in_memory, **COLUMNS), design, seed="s")
    assert streamed.certificate == whole.certificate
    assert streamed.sample["weight"].tolist() == whole.sample["weight"].tolist()


@pytest.mark.parametrize("method", ["srs", "pareto"])
def test_a_release_gives_the_weights_that_it_gives_in_memory(tmp_path, method):
    path = written(roster(), tmp_path / "roster.parquet")
    design = SampleDesign(take=12, reserve=9, method=method)
    counts = dict.fromkeys(Frame.from_table(as_read(path), **COLUMNS).populations, 4)
    streamed, whole = (
        release(drawing, counts)
        for drawing in (
            draw_parquet(path, design, seed="s", **COLUMNS),
            draw(Frame.from_table(as_read(path), **COLUMNS), design, seed="s"),
        )
    )
    pd.testing.assert_frame_equal(streamed, whole, rtol=1e-12)


def test_several_files_are_one_roster_and_numbered_ids_are_codes(tmp_path):
    df = roster().assign(id=np.random.default_rng(1).permutation(3_000) * 7 + 1)
    paths = [written(df.iloc[k::3], tmp_path / f"part{k}.parquet") for k in range(3)]
    frame = ParquetFrame.open(paths, unit_id="id")
    whole = Frame.from_table(df, unit_id="id")
    assert (len(frame), frame.digest, frame.populations) == (3_000, whole.digest, {(): 3_000})
    design = SampleDesign(take=20)
    pd.testing.assert_frame_equal(frame.draw(design, seed=3).sample, draw(whole, design, seed=3).sample)


def test_a_large_frame_is_announced_before_the_seed_and_verified_after(tmp_path):
    path = written(roster(), tmp_path / "roster.parquet")
    frame = ParquetFrame.open(path, **COLUMNS)
    design = SampleDesign(take=6, reserve=2, method="pareto")
    announced = json.loads(json.dumps(announcement(frame, design)))
    stated = json.loads(json.dumps(frame.draw(design, seed="2026188").certificate))
    check_announced(announced, stated)
    assert verify_parquet(path, stated).certificate == stated
    assert verify(as_read(path), stated).certificate == stated


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (lambda df: df.iloc[1:], "frame_rows", "frame.rows"),
        (lambda df: df.assign(village=["村99", *df["village"][1:]]), "frame_digest", "frame.digest"),
        (lambda df: df.assign(id=["户00001", *df["id"][1:]]), "frame_invalid", "frame"),
        (lambda df: df.drop(columns="village"), "frame_invalid", "frame"),
    ],
)
def test_a_changed_file_is_found(tmp_path, change, code, place):
    path = written(roster(), tmp_path / "roster.parquet")
    stated = draw_parquet(path, SampleDesign(take=6), seed="s", **COLUMNS).certificate
    with pytest.raises(CertificateError) as caught:
        verify_parquet(written(change(roster()), tmp_path / "other.parquet"), stated)
    assert (caught.value.code, caught.value.place) == (code, place)


def test_a_certificate_that_needs_the_whole_roster_is_not_verified_from_files(tmp_path):
    path = written(roster(), tmp_path / "roster.parquet")
    frame = Frame.from_table(as_read(path), unit_id="id", order_by="village")
    stated = draw(frame, SampleDesign(take=6, method="systematic"), seed="s").certificate
    with pytest.raises(CertificateError, match="in memory"):
        verify_parquet(path, stated)


def test_where_a_threshold_keeps_too_few_the_pass_is_repeated_wider(tmp_path, monkeypatch):
    path = written(roster(), tmp_path / "roster.parquet")
    queries = []
    monkeypatch.setattr(parquet, "_wanted", lambda issued, spare: max(1, issued - 25 + spare))
    limits_of = parquet.limits_of
    monkeypatch.setattr(parquet, "limits_of", lambda *given: queries.append(1) or limits_of(*given))
    for method in ("srs", "pareto"):
        design = SampleDesign(take=25, reserve=5, method=method)
        streamed = draw_parquet(path, design, seed="s", **COLUMNS)
        whole = draw(Frame.from_table(as_read(path), **COLUMNS), design, seed="s")
        pd.testing.assert_frame_equal(streamed.sample, whole.sample)
    assert len(queries) > 2


def spoiled(**cells):
    df = roster(60).astype(object)
    for column, values in cells.items():
        for row, value in values.items():
            df.loc[row, column] = value
    return df


@pytest.mark.parametrize(
    "df",
    [
        spoiled(id={3: None, 9: "  ", 11: "a\tb"}),
        spoiled(id={0: "e\u0301", 59: "x" * 257}, village={5: "", 6: "\u3000"}),
        spoiled(county={7: "\u2028", 8: None}, kind={1: None}),
        spoiled(persons={4: 0, 5: -2, 6: None, 7: 10**12}),
    ],
)
def test_cells_that_cannot_be_are_named_as_in_memory(tmp_path, df):
    path = tmp_path / "roster.parquet"
    with duckdb.connect() as database:
        frame = df.assign(persons=df["persons"].map(lambda value: None if value is None else str(value)))
        database.register("frame", frame.astype({"kind": "Int64"}))
        database.execute(
            f"COPY (SELECT * REPLACE (persons::BIGINT AS persons) FROM frame) TO '{path}' (FORMAT parquet)"
        )
    with pytest.raises(FrameError) as streamed:
        ParquetFrame.open(path, **COLUMNS)
    with pytest.raises(FrameError) as whole:
        Frame.from_table(df, **COLUMNS)
    assert sorted(map(str, streamed.value.problems)) == sorted(map(str, whole.value.problems))


@pytest.mark.parametrize("before", ["", "a"])
def test_every_character_is_judged_as_in_memory(before):
    # All of the basic plane and the ideographs beyond it, alone and after a letter.
    points = [*range(1, 0xD800), *range(0xE000, 0x10000), *range(0x20000, 0x20100)]
    df = pd.DataFrame({"id": [before + chr(point) for point in points]})
    with duckdb.connect() as database:
        database.register("units", df)
        judged = database.execute(f"SELECT {parquet._text_fault('id')} AS fault FROM units").fetchall()
    assert [fault for (fault,) in judged] == [text_fault(value) for value in df["id"]]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=4)


@settings(max_examples=10, deadline=None)
@example([("\x1c\x85", "甲", 1), ("\x0b", "甲", 0), ("\u2003", "甲", 2), ("a\u200b", "甲", 2)])
@given(st.lists(st.tuples(texts, st.sampled_from(["甲", "乙", "𠀀"]), st.integers(0, 9)), min_size=1, max_size=12))
def test_any_text_is_read_or_refused_as_in_memory(rows):
    df = pd.DataFrame(rows, columns=["id", "county", "persons"])
    columns = {"unit_id": "id", "strata": "county", "size": "persons"}

    def outcome(frame):
        try:
            opened = frame()
            found = opened.populations, opened.digest
        except FrameError as error:
            # In memory units that stand twice are told beside the rest; files tell them when they are read in order.
            return sorted(str(problem) for problem in error.problems if problem.code != "unit_id_duplicate")
        return found

    with tempfile.TemporaryDirectory() as folder:
        duckdb.from_df(df).write_parquet(f"{folder}/roster.parquet")
        streamed = outcome(lambda: ParquetFrame.open(f"{folder}/roster.parquet", **columns))
    assert streamed == outcome(lambda: Frame.from_table(df, **columns))


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "1.23456789", "1e3", "1000000000000", "0.0000001"])
def test_texts_that_are_no_sizes_are_named_as_in_memory(tmp_path, value):
    df = roster(20).astype({"persons": str})
    df.loc[4, "persons"] = value
    path = written(df, tmp_path / "roster.parquet", "VARCHAR")
    with pytest.raises(FrameError) as streamed:
        ParquetFrame.open(path, **COLUMNS)
    with pytest.raises(FrameError) as whole:
        Frame.from_table(df, **COLUMNS)
    assert list(map(str, streamed.value.problems)) == list(map(str, whole.value.problems))


@pytest.mark.usefixtures("ranges")
def test_units_that_stand_twice_are_named_with_their_rows_and_nothing_is_drawn(tmp_path):
    df = roster()
    df.loc[[5, 2_900], "id"] = df["id"][17]
    paths = [written(df.iloc[:1_000], tmp_path / "a.parquet"), written(df.iloc[1_000:], tmp_path / "b.parquet")]
    with pytest.raises(FrameError) as caught:
        draw_parquet(paths, SampleDesign(take=2), seed=1, **COLUMNS)
    assert (caught.value.code, caught.value.rows) == ("unit_id_duplicate", (6, 18, 2_901))
    assert df["id"][17] not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"unit_id": "no"}, "column_missing"),
        ({"unit_id": "id", "strata": "id"}, "column_used_twice"),
        ({"unit_id": "share"}, "unit_id_float"),
        ({"unit_id": "id", "strata": "born"}, "stratum_type"),
        ({"unit_id": "id", "size": "share"}, "size_float"),
        ({"unit_id": "id", "size": "born"}, "size_not_number"),
    ],
)
def test_columns_that_cannot_be_are_refused(tmp_path, columns, code):
    df = roster(10).assign(share=0.5, born=pd.Timestamp("1960-01-01"))
    with pytest.raises(FrameError) as caught:
        ParquetFrame.open(written(df, tmp_path / "roster.parquet"), **columns)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("design", "code"),
    [
        (SampleDesign(take=1, method="systematic"), "stream_method"),
        (SampleDesign(take=1, stages=(Stage(take=1),)), "stream_method"),
        (SampleDesign(take=2_900), "take_exceeds_stratum"),
        (SampleDesign(take={("青河", "1"): 1}), "stratum_without_take"),
    ],
)
def test_a_design_that_files_cannot_carry_is_refused(tmp_path, design, code):
    with pytest.raises(DesignError) as caught:
        draw_parquet(written(roster(), tmp_path / "roster.parquet"), design, seed=1, **COLUMNS)
    assert caught.value.code == code


def test_a_draw_by_size_needs_sizes(tmp_path):
    frame = ParquetFrame.open(written(roster(), tmp_path / "roster.parquet"), unit_id="id")
    with pytest.raises(DesignError) as caught:
        frame.draw(SampleDesign(take=5, method="pareto"), seed=1)
    assert caught.value.code == "size_wanted"


def test_files_that_are_none_are_refused(tmp_path):
    (tmp_path / "roster.parquet").write_text("编号,县\n", "utf-8")
    with pytest.raises(SamplingError) as caught:
        ParquetFrame.open(tmp_path / "roster.parquet", unit_id="id")
    assert caught.value.code == "parquet_unreadable"
    for nothing in ([], tmp_path / "nowhere.parquet"):
        with pytest.raises(FrameError) as caught:
            ParquetFrame.open(nothing, unit_id="id")
        assert caught.value.code == "file_missing"


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(FrameError) as caught:
        ParquetFrame.open(written(roster().iloc[:0], tmp_path / "roster.parquet"), **COLUMNS)
    assert caught.value.code == "frame_empty"


def test_without_duckdb_the_error_names_the_extra(tmp_path, monkeypatch):
    path = written(roster(10), tmp_path / "roster.parquet")
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(SamplingError, match=r"zoufang\[parquet\]") as caught:
        ParquetFrame.open(path, **COLUMNS)
    assert caught.value.code == "duckdb_missing"
