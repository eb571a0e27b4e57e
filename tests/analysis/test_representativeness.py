"""Respondents against the frame, and cells that are too small to show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import AnalysisError
from analysis.report.disclosure import suppress_small
from analysis.representativeness import balance, composition, r_indicator


def test_shares_of_who_answered_stand_beside_those_of_the_frame():
    roster = pd.DataFrame({"area": ["城市"] * 30 + ["农村"] * 70})
    answered = pd.DataFrame({"area": ["城市"] * 12 + ["农村"] * 8, "w": [2.5] * 12 + [8.75] * 8})
    plain = composition(roster, answered, ["area"]).set_index("value")
    found = plain.loc["农村"].to_dict()
    assert [found[name] for name in ("frame_share", "share", "difference")] == pytest.approx([0.7, 0.4, -0.3])
    weighted = composition(roster, answered, ["area"], weight="w").set_index("value")
    assert weighted["difference"].tolist() == pytest.approx([0, 0])

    assert plain.loc["农村", "standardised"] == pytest.approx(-0.3 / np.sqrt(0.21))


def test_means_of_who_answered_stand_beside_those_of_the_frame():
    roster = pd.DataFrame({"age": [20.0, 40.0, 60.0, 80.0, None], "one": 1})
    answered = pd.DataFrame({"age": [60.0, 80.0, None], "one": 1, "w": [3.0, 1.0, 1.0]})
    row = balance(roster, answered, ["age"], weight="w").iloc[0]
    assert [row["frame_mean"], row["mean"], row["weighted_mean"], row["difference"]] == pytest.approx([50, 70, 65, 15])
    assert row["standardised"] == pytest.approx(15 / np.sqrt(500))
    assert (row["frame_n"], row["answered_n"]) == (4, 2)
    assert np.isnan(balance(roster, answered, ["one"])["standardised"].iloc[0])
    with pytest.raises(AnalysisError, match="'persons'"):
        balance(roster, answered, ["persons"])


def test_the_r_indicator_falls_as_answering_hangs_on_the_facts():
    # half of the sample answers with 0.9, half with 0.3: S = 0.3, R = 0.4
    even = pd.DataFrame({"w": 1.0, "yes": [True, False] * 50, "village": [0, 0, 1, 1] * 25})
    uneven = pd.DataFrame({"w": 1.0, "yes": [True] * 45 + [False] * 5 + [True] * 15 + [False] * 35})
    uneven["village"] = [1] * 50 + [0] * 50
    assert r_indicator(even, weight="w", responded="yes", variables=even[["village"]]) == pytest.approx(1)
    assert r_indicator(uneven, weight="w", responded="yes", variables=uneven[["village"]]) == pytest.approx(0.4)


def test_a_value_that_nobody_has_or_that_is_missing_keeps_its_row():
    table = composition(pd.DataFrame({"a": ["x", None, "y"]}), pd.DataFrame({"a": ["x"]}), ["a"])
    assert table["frame"].sum() == 3
    assert table["answered"].sum() == 1
    with pytest.raises(AnalysisError, match="'b'"):
        composition(pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), ["b"])


def test_a_small_cell_takes_a_second_one_along_in_its_row_and_column():
    counts = pd.DataFrame([[3, 20, 30], [40, 50, 60], [70, 80, 90]])
    hidden = suppress_small(counts).to_numpy()
    assert hidden[0, 0]
    assert all(line.sum() != 1 for line in (*hidden, *hidden.T))
    assert hidden.sum() == 4


def test_a_table_without_small_cells_is_shown_whole_and_nobody_is_no_small_cell():
    assert not suppress_small(pd.DataFrame([[0, 20], [40, 50]])).to_numpy().any()
