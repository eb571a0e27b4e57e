"""Draws from a stream: the same sample, digest and certificate as in memory."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling import DesignError, Frame, FrameError, SampleDesign, Stage, canonical, draw, release, verify
from sampling.canonical import MerkleTree, leaves_of, merkle_root
from sampling.streams import draw_stream

COLUMNS = {"unit_id": "id", "strata": ["county"], "size": "persons", "cluster": "village"}


def roster(rows=500):
    df = pd.DataFrame({"id": [f"h{i:06d}" for i in range(rows)]})
    df["county"] = [f"县{i * 7 % 5}" for i in range(rows)]
    df["persons"] = pd.Series([Decimal("1.5") if i % 50 == 49 else i % 6 + 1 for i in range(rows)], dtype=object)
    df["village"] = [f"村{i % 13}" for i in range(rows)]
    return df


def batches(df, size):
    return (df.iloc[start : start + size] for start in range(0, len(df), size))


DESIGNS = [
    SampleDesign(take=12, reserve=5),
    SampleDesign(take={"县0": 3, "县1": "all", "县2": 40, "县3": 1, "县4": 7}, reserve={"县2": 100}),
    SampleDesign(take=4, shift={"县3": 2**51}),
]


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("size", [1, 37, 1000])
def test_a_stream_gives_the_sample_and_the_certificate_of_the_whole(design, size):
    streamed = draw_stream(batches(roster(), size), design, seed="s", **COLUMNS)
    whole = draw(Frame.from_table(roster(), **COLUMNS), design, seed="s")
    pd.testing.assert_frame_equal(streamed.sample, whole.sample)
    assert streamed.certificate == whole.certificate


def test_a_streamed_certificate_is_verified_in_memory():
    streamed = draw_stream(batches(roster(), 64), DESIGNS[0], seed="s", **COLUMNS)
    verify(roster().sample(frac=1, random_state=1), streamed.certificate)


def test_a_csv_file_is_drawn_from_piece_by_piece(tmp_path):
    roster().astype({"persons": str}).to_csv(tmp_path / "roster.csv", index=False, encoding="utf-8-sig")
    with pd.read_csv(tmp_path / "roster.csv", chunksize=70, dtype=str, encoding="utf-8-sig") as pieces:
        streamed = draw_stream(pieces, DESIGNS[0], seed="s", unit_id="id", strata=["county"])
    whole = draw(Frame.from_table(roster(), unit_id="id", strata=["county"]), DESIGNS[0], seed="s")
    pd.testing.assert_frame_equal(streamed.sample, whole.sample)


@given(st.lists(st.text(min_size=1), max_size=40))
def test_a_tree_that_grows_has_the_root_of_all_its_rows(rows):
    tree = MerkleTree()
    for row in rows:
        tree.add(row)
    assert tree.root() == merkle_root(rows)


@pytest.mark.parametrize("rows", [3, 4, 5, 16, 21, 64, 131])
def test_a_tree_grows_by_blocks_and_by_single_rows_alike(monkeypatch, rows):
    monkeypatch.setattr(canonical, "_BLOCK", 4)
    texts = [f"row {k}" for k in range(rows)]
    tree = MerkleTree()
    tree.add(texts[0])
    tree.add_leaves(leaves_of(texts[1:-1]))
    assert tree.root() == merkle_root(texts[:-1])
    tree.add(texts[-1])
    assert tree.root() == tree.root() == merkle_root(texts)


def test_a_release_after_a_stream_has_the_weights_of_the_whole():
    design = SampleDesign(take=6, reserve=9)
    streamed = draw_stream(batches(roster(), 37), design, seed="s", **COLUMNS)
    whole = draw(Frame.from_table(roster(), **COLUMNS), design, seed="s")
    counts = {"县0": 4, "县3": 9}
    pd.testing.assert_frame_equal(release(streamed, counts), release(whole, counts))
    assert release(streamed, counts).groupby("county")["weight"].sum().round(9).tolist() == [100] * 5


@pytest.mark.parametrize(
    ("ids", "rows"), [(["a", "c", "b", "d"], (3,)), (["a", "b", "b", "c"], (3,)), (["b", "a", "d", "c"], (2, 4))]
)
def test_a_stream_out_of_order_is_refused_with_its_rows(ids, rows):
    df = pd.DataFrame({"id": ids})
    with pytest.raises(FrameError) as caught:
        draw_stream(batches(df, 1 if rows == (3,) else 4), SampleDesign(take=1), seed=1, unit_id="id")
    assert (caught.value.code, caught.value.rows) == ("unit_id_order", rows)


def test_row_numbers_count_from_the_start_of_the_stream():
    df = roster(100)
    df.loc[[70, 77], "county"] = ""
    with pytest.raises(FrameError) as caught:
        draw_stream(batches(df, 30), SampleDesign(take=1), seed=1, **COLUMNS)
    assert caught.value.rows == (71, 78)


@pytest.mark.parametrize(
    ("design", "code"),
    [
        (SampleDesign(take=1, method="pareto"), "stream_method"),
        (SampleDesign(take=1, stages=(Stage(take=1),)), "stream_method"),
        (SampleDesign(take=101), "take_exceeds_stratum"),
        (SampleDesign(take={"县0": 1}), "stratum_without_take"),
    ],
)
def test_a_design_that_a_stream_cannot_carry_is_refused(design, code):
    with pytest.raises(DesignError) as caught:
        draw_stream(batches(roster(), 100), design, seed=1, **COLUMNS)
    assert caught.value.code == code


def test_an_empty_stream_is_refused():
    with pytest.raises(FrameError):
        draw_stream([], SampleDesign(take=1), seed=1, unit_id="id")


def test_memory_goes_with_the_sample_and_not_with_the_frame():
    def rows(count):
        for start in range(0, count, 5_000):
            number = np.arange(start, start + 5_000)
            yield pd.DataFrame({"id": [f"h{i:08d}" for i in number], "county": [f"县{i}" for i in number % 5]})

    def peak(count):
        tracemalloc.start()
        draw_stream(rows(count), SampleDesign(take=20), seed=1, unit_id="id", strata=["county"])
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(50_000) < 1.3 * peak(15_000)
