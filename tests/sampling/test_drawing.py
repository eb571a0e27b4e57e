"""Draws: what they hold, that nothing but roster, design and seed decides them, and how often each unit is met."""

from __future__ import annotations

import copy
import doctest
import json
import pickle
import time
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sampling
from sampling import DesignError, Frame, SampleDesign, draw, ticket


def roster(sizes=None):
    df = pd.DataFrame({"id": [f"户{i:03d}" for i in range(60)], "kind": ["低保"] * 40 + ["特困"] * 20})
    df["persons"] = sizes if sizes is not None else [1 + i % 5 for i in range(60)]
    df["village"] = [f"村{i % 7}" for i in range(60)]
    return df


def frame(df=None, **arguments):
    return Frame.from_table(roster() if df is None else df, unit_id="id", strata=["kind"], **arguments)


def test_a_simple_sample_is_the_units_with_the_smallest_tickets():
    sample = draw(frame(), SampleDesign(take=5, reserve=3), seed="2026").sample
    by_hand = sorted((ticket(f"户{i:03d}", "2026"), f"户{i:03d}") for i in range(40))
    drawn = sample[sample["kind"] == "低保"]
    assert drawn["unit_id"].tolist() == [unit for _, unit in by_hand[:8]]
    assert drawn["ticket"].tolist() == [number for number, _ in by_hand[:8]]


def test_the_sample_has_the_columns_of_the_contract():
    sample = draw(frame(cluster="village"), SampleDesign(take=5, reserve=2), seed=1).sample
    assert list(sample) == ["unit_id", "kind", "role", "order", "ticket", "probability", "weight", "cluster"]
    assert sample["role"].tolist() == (["main"] * 5 + ["reserve"] * 2) * 2
    assert sample["order"].tolist() == [1, 2, 3, 4, 5, 1, 2] * 2
    villages = roster().set_index("id")["village"]
    assert sample["cluster"].tolist() == villages[sample["unit_id"]].tolist()


def test_probabilities_and_weights_are_stated_for_main_units_and_blank_for_reserves():
    sample = draw(frame(), SampleDesign(take={"低保": 10, "特困": 5}, reserve=2), seed=1).sample
    main = sample[sample["role"] == "main"]
    assert main.groupby("kind")["probability"].unique().map(list).to_dict() == {"低保": [0.25], "特困": [0.25]}
    assert main.groupby("kind")["weight"].sum().to_dict() == {"低保": 40, "特困": 20}
    assert sample.loc[sample["role"] == "reserve", ["probability", "weight"]].isna().all(axis=None)


def test_a_take_by_tuple_is_the_same_as_by_value_and_all_is_a_census():
    by_value = SampleDesign(take={"低保": 3, "特困": "all"})
    assert by_value == SampleDesign(take={("低保",): 3, ("特困",): "all"})
    sample = draw(frame(), by_value, seed=1).sample
    assert sample["kind"].value_counts().to_dict() == {"特困": 20, "低保": 3}
    assert (sample.loc[sample["kind"] == "特困", "weight"] == 1).all()


def test_a_frame_without_strata_is_drawn_as_one():
    whole = Frame.from_table(roster(), unit_id="id")
    assert len(draw(whole, SampleDesign(take=7), seed=1).sample) == 7


def test_a_reserve_larger_than_what_is_left_gives_what_is_left():
    sample = draw(frame(), SampleDesign(take=18, reserve=5), seed=1).sample
    assert sample[sample["role"] == "reserve"]["kind"].value_counts().to_dict() == {"低保": 5, "特困": 2}


def test_a_start_shift_turns_the_order():
    plain = draw(frame(), SampleDesign(take=20), seed=1).sample
    least = int(plain[plain["kind"] == "特困"]["ticket"].iloc[4] * 2**52)
    shifted = draw(frame(), SampleDesign(take=20, shift=least), seed=1).sample
    order = plain[plain["kind"] == "特困"]["unit_id"].tolist()
    assert shifted[shifted["kind"] == "特困"]["unit_id"].tolist() == order[4:] + order[:4]


@pytest.mark.parametrize("method", ["srs", "pareto"])
def test_the_order_of_rows_does_not_matter(method):
    design = SampleDesign(take=6, reserve=4, method=method)
    first = draw(frame(size="persons"), design, seed="s")
    shuffled = roster().sample(frac=1, random_state=4)
    second = draw(frame(shuffled, size="persons"), design, seed="s")
    pd.testing.assert_frame_equal(first.sample, second.sample)
    assert first.certificate == second.certificate


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_another_seed_is_another_draw_of_the_same_shape(one, other):
    samples = [draw(frame(), SampleDesign(take=10), seed=seed).sample for seed in (one, other)]
    assert [len(sample) for sample in samples] == [20, 20]
    assert (one == other) == samples[0].equals(samples[1])


def test_a_stratum_alone_is_drawn_as_among_others():
    alone = frame(roster().query("kind == '特困'"))
    together = draw(frame(), SampleDesign(take=5), seed=1).sample.query("kind == '特困'")
    assert draw(alone, SampleDesign(take=5), seed=1).sample["unit_id"].tolist() == together["unit_id"].tolist()


def certain_roster():
    return pd.DataFrame({"id": list("abcdef"), "kind": ["k"] * 6, "persons": [100, 30, 5, 5, 5, 5]})


def test_units_too_large_for_chance_are_certain_and_found_again_and_again():
    # Σ = 150, n = 3: λ_a = 2 ≥ 1; then n = 2, Σ = 50: λ_b = 1.2 ≥ 1; then n = 1, Σ = 20: λ = 0.25 each.
    sample = draw(frame(certain_roster(), size="persons"), SampleDesign(take=3, method="pareto"), seed=1).sample
    assert set(sample["unit_id"][:2]) == {"a", "b"}
    assert sample["probability"].tolist() == [1, 1, 0.25]


def test_certain_units_stand_first_in_the_order_of_their_tickets():
    sample = draw(frame(certain_roster(), size="persons"), SampleDesign(take=3, method="pareto"), seed=1).sample
    assert sample["ticket"][0] < sample["ticket"][1]


def test_a_take_of_everybody_by_size_is_a_census():
    sample = draw(frame(certain_roster(), size="persons"), SampleDesign(take=6, method="pareto"), seed=1).sample
    assert (sample["probability"] == 1).all()


def test_decimal_sizes_are_summed_exactly():
    # In floats 0.1 × 3 is above 0.3; here n·size / Σ is 1 to the last digit, and the unit is certain.
    df = pd.DataFrame({"id": list("abc"), "kind": ["k"] * 3})
    df["persons"] = pd.Series([Decimal("0.3"), Decimal("0.1"), Decimal("0.2")], dtype=object)
    sample = draw(frame(df, size="persons"), SampleDesign(take=2, method="pareto"), seed=1).sample
    assert sample["unit_id"][0] == "a"
    assert sample["probability"][0] == 1


def test_equal_sizes_by_pareto_are_a_simple_sample():
    # Equal odds leave the order of the tickets.
    df = roster(sizes=[3] * 60)
    designs = [SampleDesign(take=6, reserve=3, method=method) for method in ("srs", "pareto")]
    samples = [draw(frame(df, size="persons"), design, seed=9).sample for design in designs]
    assert samples[0]["unit_id"].tolist() == samples[1]["unit_id"].tolist()
    np.testing.assert_allclose(samples[0]["weight"], samples[1]["weight"])


@pytest.mark.parametrize(
    ("design", "code", "strata"),
    [
        (lambda: SampleDesign(take=21), "take_exceeds_stratum", [("特困",)]),
        (lambda: SampleDesign(take={"低保": 5}), "stratum_without_take", [("特困",)]),
        (lambda: SampleDesign(take={"低保": 5, "特困": 5, "孤儿": 1}), "stratum_empty", [("孤儿",)]),
        (lambda: SampleDesign(take=5, reserve={"孤儿": 1}), "stratum_empty", [("孤儿",)]),
        (lambda: SampleDesign(take={"低保": 0, "特困": -3}), "take_not_positive", [("低保",), ("特困",)]),
        (lambda: SampleDesign(take=5, reserve={"低保": -1}), "reserve_not_positive", [("低保",)]),
        (lambda: SampleDesign(take=0), "take_not_positive", []),
        (lambda: SampleDesign(take=2.0), "take_not_positive", []),
        (lambda: SampleDesign(take=True), "take_not_positive", []),
        (lambda: SampleDesign(take={}), "take_empty", []),
        (lambda: SampleDesign(take={1: 2, "1": 3}), "stratum_twice", []),
        (lambda: SampleDesign(take=5, method="magic"), "method", []),
        (lambda: SampleDesign(take=5, shift=-1), "shift", []),
        (lambda: SampleDesign(take=5, stage=0), "stage", []),
        (lambda: SampleDesign(take=5, method="pareto"), "size_wanted", []),
    ],
)
def test_a_design_that_cannot_be_is_refused_with_its_strata(design, code, strata):
    with pytest.raises(DesignError) as caught:
        draw(frame(), design(), seed=1)
    assert caught.value.code == code
    assert list(caught.value.strata) == strata
    assert all("|".join(stratum) in str(caught.value) for stratum in strata)


numbers = st.integers(1, 10**6)
strata = st.tuples(st.text(min_size=1, max_size=4), st.text(min_size=1, max_size=4))
designs = st.builds(
    SampleDesign,
    take=numbers | st.just("all") | st.dictionaries(strata, numbers | st.just("all"), min_size=1, max_size=5),
    reserve=st.integers(0, 99) | st.dictionaries(strata, st.integers(0, 99), max_size=3),
    method=st.sampled_from(["srs", "pareto"]),
    stage=st.integers(1, 5),
    shift=st.integers(0, 2**52 - 1) | st.dictionaries(strata, st.integers(0, 2**52 - 1), max_size=3),
)


@given(designs)
def test_a_design_goes_through_json_and_comes_back(design):
    assert SampleDesign.from_json(json.loads(json.dumps(design.to_json()))) == design


@given(designs)
def test_a_design_is_pickled_and_copied(design):
    assert pickle.loads(pickle.dumps(design)) == copy.deepcopy(design) == design


def test_a_design_takes_the_numbers_of_a_table():
    takes = roster()["kind"].value_counts().floordiv(np.int64(4)).to_dict() | {"特困": np.int64(5)}
    design = SampleDesign(take=takes, reserve=np.int32(2))
    assert json.loads(json.dumps(design.to_json()))["take"] == [[["低保"], 10], [["特困"], 5]]


@pytest.mark.parametrize(
    "data", [{}, {"take": 3}, {"take": [[1]], "reserve": 0, "method": "srs", "stage": 1, "shift": 0}]
)
def test_json_that_is_no_design_is_refused(data):
    with pytest.raises(DesignError):
        SampleDesign.from_json(data)


def test_a_design_cannot_be_changed():
    design = SampleDesign(take={"低保": 3})
    with pytest.raises(AttributeError):
        design.method = "pareto"
    with pytest.raises(TypeError):
        design.take[("低保",)] = 4


def big_roster(rows=400_000):
    number = np.arange(rows)
    return pd.DataFrame(
        {"id": [f"HH{i:07d}" for i in range(rows)], "kind": [f"层{i}" for i in number % 24], "persons": 1 + number % 8}
    )


def test_four_hundred_thousand_rows_are_drawn_and_certified_in_seconds():
    started = time.process_time()
    big = frame(big_roster(), size="persons")
    for method in ("srs", "pareto"):
        drawn = draw(big, SampleDesign(take=80, reserve=20, method=method), seed="s")
        assert len(drawn.sample) == 2400
    assert drawn.certificate["frame"]["rows"] == 400_000
    assert time.process_time() - started < 8


def test_the_example_of_the_package_is_true():
    assert doctest.testmod(sampling).failed == 0
