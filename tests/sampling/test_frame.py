"""Rosters made frames, or refused with their rows."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling import Frame, FrameError
from sampling.canonical import merkle_path, root_from_path


def roster(**columns):
    base = {"id": ["a", "b", "c", "d"], "county": ["青河", "青河", "白山", "白山"]}
    return pd.DataFrame(base | columns)


def refused(df, **arguments):
    with pytest.raises(FrameError) as caught:
        Frame.from_table(df, unit_id="id", strata=["county"], **arguments)
    return caught.value


def test_a_clean_roster_is_a_frame_with_its_populations():
    frame = Frame.from_table(roster(), unit_id="id", strata=["county"])
    assert frame.populations == {("白山",): 2, ("青河",): 2}
    assert len(frame) == 4


def test_without_strata_the_whole_frame_is_one_stratum():
    assert Frame.from_table(roster(), unit_id="id").populations == {(): 4}


def test_several_strata_columns_are_crossed_and_only_what_occurs_is_a_stratum():
    frame = Frame.from_table(roster(kind=["低保", "特困", "低保", "低保"]), unit_id="id", strata=["county", "kind"])
    assert frame.populations == {("白山", "低保"): 2, ("青河", "低保"): 1, ("青河", "特困"): 1}


@pytest.mark.parametrize(
    ("ids", "code", "rows"),
    [
        (["a", "b", "a", "d"], "unit_id_duplicate", (1, 3)),
        (["a", "", None, "  "], "unit_id_missing", (2, 3, 4)),
        (["a", "b\n", "c", "d\x00"], "unit_id_control", (2, 4)),
        (["a", "e\u0301", "c", "d"], "unit_id_not_nfc", (2,)),
        ([1.0, 2.0, 3.0, 4.0], "unit_id_float", (1, 2, 3, 4)),
        ([5.1e17, "b", "c", "d"], "unit_id_float", (1,)),
        (["a", "b", True, "d"], "unit_id_type", (3,)),
        (["a", "b", "c", "d" * 300], "unit_id_too_long", (4,)),
        ([1, "1", "c", "d"], "unit_id_duplicate", (1, 2)),
    ],
)
def test_a_bad_id_is_refused_with_its_rows(ids, code, rows):
    error = refused(roster(id=pd.Series(ids, dtype=object)))
    assert (error.code, error.rows) == (code, rows)
    assert "row" in str(error)


@pytest.mark.parametrize(
    ("values", "code", "rows"),
    [
        (["x", None, "x", ""], "stratum_missing", (2, 4)),
        (["x", "y\t", "x", "y\t"], "stratum_control", (2, 4)),
        ([1.0, 1.0, 2.0, np.nan], "stratum_float", (1, 2, 3)),
    ],
)
def test_a_bad_stratum_is_refused_with_its_rows(values, code, rows):
    problems = {problem.code: problem.rows for problem in refused(roster(county=values)).problems}
    assert problems[code] == rows


@pytest.mark.parametrize(
    ("sizes", "code", "rows"),
    [
        ([1, 0, 3, -4], "size_not_positive", (2, 4)),
        ([1.0, 2.0, 3.0, 4.0], "size_float", (1, 2, 3, 4)),
        ([1, None, 3, 4], "size_missing", (2,)),
        ([1, "two", 3, "-4"], "size_not_number", (2, 4)),
        ([1, Decimal("0.1234567"), 10**12, 4], "size_out_of_bounds", (2, 3)),
        ([1, Decimal("NaN"), Decimal("Infinity"), True], "size_missing", (2,)),
    ],
)
def test_a_bad_size_is_refused_with_its_rows(sizes, code, rows):
    column = pd.Series(sizes, dtype=None if isinstance(sizes[1], float) else object)
    problems = {problem.code: problem.rows for problem in refused(roster(size=column), size="size").problems}
    assert problems[code] == rows


def test_every_problem_of_a_roster_is_told_at_once():
    error = refused(roster(id=["a", "a", "", "d"], county=["x", None, "x", "x"]))
    assert [problem.code for problem in error.problems] == ["unit_id_missing", "unit_id_duplicate", "stratum_missing"]


def test_a_missing_cluster_is_refused():
    assert refused(roster(village=["v", None, "v", "v"]), cluster="village").code == "cluster_missing"


def test_an_id_never_stands_in_the_message():
    assert "510123" not in str(refused(roster(id=["510123", "510123", "x", "y"])))


@pytest.mark.parametrize(
    ("df", "code"),
    [
        (roster().drop(columns="county"), "column_missing"),
        (roster().iloc[:0], "frame_empty"),
        (pd.concat([roster(), roster()[["county"]]], axis=1), "column_twice"),
    ],
)
def test_a_roster_without_the_asked_columns_is_refused(df, code):
    assert refused(df).code == code


def test_a_strata_column_may_not_bear_a_name_of_the_sample():
    with pytest.raises(FrameError) as caught:
        Frame.from_table(roster(role=["a"] * 4), unit_id="id", strata=["role"])
    assert caught.value.code == "column_reserved"


def test_many_bad_rows_are_listed_up_to_ten():
    error = refused(pd.DataFrame({"id": [""] * 30, "county": ["x"] * 30}))
    assert "and 20 more" in str(error)
    assert len(error.rows) == 30


def test_whole_numbers_are_codes():
    frame = Frame.from_table(pd.DataFrame({"id": [3, 1, 2], "k": [7, 7, 8]}), unit_id="id", strata=["k"])
    assert frame.unit_id.tolist() == ["3", "1", "2"]
    assert frame.populations == {("7",): 2, ("8",): 1}


def test_the_canonical_form_is_tabs_between_fields_and_rows_sorted():
    df = pd.DataFrame(
        {"id": ["b", "a b", "a"], "k": ["x", "y", "x"], "s": [Decimal("1.50"), 2, 10], "v": ["v1", "v2", "v1"]}
    )
    frame = Frame.from_table(df, unit_id="id", strata=["k"], size="s", cluster="v")
    assert frame.canonical_rows() == ["a\tx\t10\tv1", "a b\ty\t2\tv2", "b\tx\t1.5\tv1"]


def test_the_roster_is_not_changed():
    df = roster()
    before = df.copy()
    Frame.from_table(df, unit_id="id", strata=["county"])
    pd.testing.assert_frame_equal(df, before)


texts = st.text(st.sampled_from("ab 户低保09|,\"'"), min_size=1, max_size=6).filter(str.strip)
tables = st.lists(st.tuples(texts, texts, st.integers(1, 10**6)), min_size=1, max_size=20, unique_by=lambda r: r[0])


def frame_of(rows):
    return Frame.from_table(pd.DataFrame(rows, columns=["id", "k", "s"]), unit_id="id", strata=["k"], size="s")


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_the_digest(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert frame_of(rows).digest == frame_of(shuffled).digest


@given(tables, st.data())
def test_a_changed_cell_gives_another_digest(rows, data):
    row = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, 2))
    changed = [list(line) for line in rows]
    changed[row][column] = changed[row][column] + (1 if column == 2 else "~")
    assert frame_of(rows).digest != frame_of(changed).digest


@given(tables, st.data())
def test_a_row_and_its_path_lead_to_the_digest(rows, data):
    canonical = frame_of(rows).canonical_rows()
    position = data.draw(st.integers(0, len(rows) - 1))
    path = merkle_path(canonical, position)
    assert root_from_path(canonical[position], path) == frame_of(rows).digest
    assert root_from_path(canonical[position] + "~", path) != frame_of(rows).digest


def test_the_digest_is_the_merkle_root_of_rfc_6962():
    # Worked by hand for three leaves: H(1 ‖ H(1 ‖ l1 ‖ l2) ‖ l3).
    leaves = [sha256(b"\x00" + row).digest() for row in (b"a\tx", b"b\tx", b"c\tx")]
    pair = sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    frame = Frame.from_table(pd.DataFrame({"id": list("abc"), "k": ["x"] * 3}), unit_id="id", strata=["k"])
    assert frame.digest == sha256(b"\x01" + pair + leaves[2]).hexdigest()


def test_a_household_is_shown_to_have_been_in_the_frame_without_showing_any_other():
    frame = Frame.from_table(roster(), unit_id="id", strata=["county"])
    row, path = frame.proof("c")
    assert row == "c\t白山"
    assert root_from_path(row, path) == frame.digest


@pytest.mark.parametrize("unit", ["", "bb", "z"])
def test_a_household_that_was_not_in_the_frame_has_no_proof(unit):
    with pytest.raises(FrameError) as caught:
        Frame.from_table(roster(), unit_id="id", strata=["county"]).proof(unit)
    assert caught.value.code == "unit_id_unknown"


def test_coordinates_that_are_none_are_refused_with_their_rows():
    df = roster(x=[1.5, 2, "?", 4], y=[1, None, 3, 4])
    problems = refused(df, place=["x", "y"]).problems
    assert [(problem.code, problem.column, problem.rows) for problem in problems] == [
        ("place_not_coordinate", "x", (3,)),
        ("place_not_coordinate", "y", (2,)),
    ]


def test_a_place_is_two_coordinates():
    assert refused(roster(x=[1, 2, 3, 4]), place=["x"]).code == "place_not_two"


def test_a_column_cannot_be_stratum_and_size():
    assert refused(roster(), size="county").code == "column_used_twice"


def test_sizes_as_text_are_the_same_frame_as_sizes_as_numbers():
    numbers = pd.Series([1, Decimal("2.50"), 3, 10], dtype=object)
    digests = [
        Frame.from_table(roster(size=sizes), unit_id="id", strata=["county"], size="size").digest
        for sizes in (numbers, ["1", "2.5", "3.0", "10"])
    ]
    assert digests[0] == digests[1]
