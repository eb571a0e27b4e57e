"""Samples for a purpose of their own: found, drawn, marked, and kept apart from the rates. All people are invented."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from sampling import (
    DesignError,
    Frame,
    FrameError,
    SampleDesign,
    Stage,
    back_checks,
    contradictions,
    draw,
    risk_sample,
    risk_scores,
    undercoverage_sample,
    verify,
)
from sampling.tickets import ticket

TODAY = date(2026, 7, 1)


def persons():
    rows = [
        ("h1", "p1", "1950-03-02", "6222 0001"),
        ("h1", "p2", "1926-07-01", "6222 0001"),  # the same household may share its card; 100 today, not above
        ("h2", "p3", "1925-07-01", "62220002"),  # 101 today
        ("h3", "p4", "1925-07-02", "6222 0002"),  # 101 tomorrow; the card of h2, written otherwise
        ("h4", "p5", None, None),
        ("h5", "p6", "not a date", ""),
        ("h6", "p7", "1980-01-01", ""),
    ]
    return pd.DataFrame(rows, columns=["household", "key", "born", "card"])


LISTS = {"dead": {"p3", "p6", ""}, "relatives_of_officials": ["p1", " p3 "]}
BY_HOUSEHOLD = {"unit_id": "household", "as_of": TODAY}
COLUMNS = {"unit_id": "household", "person": "key", "birth": "born", "bank_card": "card", "as_of": TODAY}


def flags():
    return contradictions(persons(), **COLUMNS, **LISTS)


def test_each_contradiction_is_named_with_its_unit_reason_and_rows():
    assert flags().to_numpy().tolist() == [
        ["h1", "relative_of_official", (1,)],
        ["h2", "dead_elsewhere", (3,)],
        ["h2", "over_100", (3,)],
        ["h2", "relative_of_official", (3,)],
        ["h2", "shared_bank_card", (3,)],
        ["h3", "shared_bank_card", (4,)],
        ["h5", "dead_elsewhere", (6,)],
    ]


def test_what_is_not_named_is_not_looked_at():
    assert set(contradictions(persons(), unit_id="household", birth="born", as_of=TODAY)["reason"]) == {"over_100"}
    assert contradictions(persons(), unit_id="household", as_of=TODAY).empty


def test_a_reason_of_ones_own_is_added():
    owns = persons()["key"].isin(["p7"])
    found = contradictions(persons(), unit_id="household", as_of=TODAY, also={"owns_a_car": owns})
    assert found.to_numpy().tolist() == [["h6", "owns_a_car", (7,)]]


def test_flags_repeat_nothing_personal():
    text = flags().to_csv()
    assert not any(value in text for value in ("6222", "p1", "p3", "1925"))


def test_scores_add_up_the_weights_and_the_gravest_comes_first():
    scores = risk_scores(flags())
    assert scores["unit_id"].tolist() == ["h2", "h5", "h3", "h1"]
    assert scores["score"].tolist() == [20, 10, 3, 2]
    assert scores["reasons"][0] == ("dead_elsewhere", "over_100", "shared_bank_card", "relative_of_official")


def test_weights_are_summed_in_decimal():
    one = flags().query("unit_id == 'h2'")
    weights = {"dead_elsewhere": 0.1, "over_100": 0.1, "shared_bank_card": 0.1, "relative_of_official": 1}
    assert risk_scores(one, weights)["score"].tolist() == [Decimal("1.3")]


def test_a_risk_sample_has_no_weight_and_says_what_it_is():
    special = risk_sample(flags(), 2, seed="s", reserve=1)
    assert list(special.sample) == ["unit_id", "purpose", "role", "order", "ticket", "score", "reasons"]
    assert set(special.sample["purpose"]) == {"risk"}
    assert special.for_rates is False
    assert special.denominators == {(): 4}
    # Σ = 35, n = 2: λ = 40/35 ≥ 1, so h2 is certain.
    assert special.sample["unit_id"][0] == "h2"


def test_a_risk_sample_is_verified_like_any_other():
    special = risk_sample(flags(), 2, seed="s", reserve=1)
    stated = json.loads(json.dumps(special.draw.certificate))
    assert verify(special.table.sample(frac=1, random_state=1), stated).certificate == stated


def test_the_graver_is_drawn_more_often():
    met = Counter(unit for seed in range(150) for unit in risk_sample(flags(), 2, seed=seed).sample["unit_id"])
    assert met["h2"] == 150
    assert met["h5"] > met["h3"] + 25 > met["h1"] + 25


def test_a_risk_sample_tells_nothing_about_the_main_sample_of_the_same_seed():
    many = pd.DataFrame({"household": [f"h{i:04d}" for i in range(2000)]})
    found = contradictions(many, unit_id="household", as_of=TODAY, also={"over_100": np.ones(2000)})
    risk = set(risk_sample(found, 1000, seed="s").sample["unit_id"])
    main = set(draw(Frame.from_table(many, unit_id="household"), SampleDesign(1000), seed="s").sample["unit_id"])
    assert abs(len(risk & main) - 500) < 60


@pytest.mark.parametrize(
    ("call", "error", "code"),
    [
        (lambda: contradictions(persons(), **BY_HOUSEHOLD, dead={"p1"}), DesignError, "person_wanted"),
        (lambda: contradictions(persons(), unit_id="house", as_of=TODAY), FrameError, "column_missing"),
        (lambda: contradictions(persons().iloc[:0], **BY_HOUSEHOLD), FrameError, "frame_empty"),
        (lambda: contradictions(persons().assign(household=1.5), **COLUMNS), FrameError, "unit_id_float"),
        (lambda: contradictions(persons(), **BY_HOUSEHOLD, also={"x": [True]}), DesignError, "mask_length"),
        (lambda: risk_scores(flags(), {"over_100": 5}), DesignError, "reason_without_weight"),
        (lambda: risk_sample(flags().iloc[:0], 1, seed=1), DesignError, "nothing_flagged"),
        (lambda: risk_sample(flags(), 9, seed=1), DesignError, "take_exceeds_stratum"),
    ],
)  # fmt: skip
def test_a_risk_sample_that_cannot_be_is_refused(call, error, code):
    with pytest.raises(error) as caught:
        call()
    assert caught.value.code == code


def candidates():
    df = pd.DataFrame({"id": [f"c{i:02d}" for i in range(40)], "town": [f"镇{i % 2}" for i in range(40)]})
    return df.assign(key=[f"k{i}" for i in range(40)])


def undercoverage(**arguments):
    receiving = [f"k{i}" for i in range(0, 40, 4)]  # all in 镇0
    options = {"unit_id": "id", "strata": "town", "key": "key", "seed": "s"} | arguments
    return undercoverage_sample(candidates(), receiving, SampleDesign(take=5, reserve=2), **options)


def test_non_recipients_have_a_frame_and_a_denominator_of_their_own():
    special = undercoverage()
    assert special.denominators == {("镇0",): 10, ("镇1",): 20}
    main = special.sample.query("role == 'main'")
    assert main.groupby("town")["weight"].sum().to_dict() == {"镇0": 10, "镇1": 20}
    assert not set(special.sample["unit_id"]) & {f"c{i:02d}" for i in range(0, 40, 4)}
    assert set(special.sample["purpose"]) == {"undercoverage"}
    assert special.for_rates is False


def test_a_sample_of_non_recipients_is_verified_from_their_list():
    special = undercoverage()
    assert verify(special.table, special.draw.certificate).sample.equals(special.draw.sample)


def test_non_recipients_are_drawn_in_villages_too():
    stages = SampleDesign(take=3, stages=(Stage(take=1, method="srs"),))
    special = undercoverage_sample(candidates(), [], stages, seed="s", unit_id="id", cluster="town")
    assert len(set(special.sample["cluster"])) == 1
    assert special.sample["weight"].sum() == 40


def test_lists_that_hold_recipients_only_leave_nobody_to_draw():
    with pytest.raises(FrameError) as caught:
        undercoverage_sample(candidates(), candidates()["id"], SampleDesign(take=1), seed=1, unit_id="id")
    assert caught.value.code == "all_recipients"
    with pytest.raises(FrameError) as caught:
        undercoverage(key="nothing")
    assert caught.value.code == "column_missing"


def interviews(count=60):
    df = pd.DataFrame({"unit_id": [f"u{i:03d}" for i in range(count)]})
    return df.assign(interviewer=["甲" if i % 10 < 7 else "乙" if i % 10 < 9 else "丙" for i in range(count)])


def test_back_checks_take_a_share_of_each_interviewer_and_at_least_so_many():
    special = back_checks(interviews(), share=0.1, at_least=3, seed="secret")
    assert special.sample["interviewer"].value_counts().to_dict() == {"甲": 5, "乙": 3, "丙": 3}
    assert special.denominators == {("丙",): 6, ("乙",): 12, ("甲",): 42}
    assert (special.purpose, special.for_rates, special.draw) == ("backcheck", False, None)
    assert "weight" not in special.sample


def test_back_checks_are_those_with_the_smallest_tickets_of_their_own():
    sample = back_checks(interviews(), share=0.1, seed="secret").sample.query("interviewer == '甲'")
    own = interviews().query("interviewer == '甲'")["unit_id"]
    by_hand = sorted((ticket(f"#backcheck/{unit}", "secret"), unit) for unit in own)[:5]
    assert list(zip(sample["ticket"], sample["unit_id"], strict=True)) == by_hand


def test_an_interviewer_with_few_interviews_is_checked_whole():
    sample = back_checks(interviews(10), share=0.05, at_least=4, seed=1).sample
    assert sample["interviewer"].value_counts().to_dict() == {"甲": 4, "乙": 2, "丙": 1}


def test_those_chosen_before_stay_and_count_when_more_interviews_come_in():
    first = back_checks(interviews(40), share=0.2, seed="s").sample
    later = back_checks(interviews(60), share=0.2, seed="s", chosen=first["unit_id"]).sample
    assert set(first["unit_id"]) < set(later["unit_id"])
    assert later["interviewer"].value_counts().to_dict() == {"甲": 9, "乙": 3, "丙": 2}


def test_the_order_of_interviews_does_not_matter():
    one, other = (
        back_checks(table, share=0.1, at_least=2, seed="s").sample
        for table in (interviews(), interviews().sample(frac=1, random_state=2))
    )
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("table", "share", "error"),
    [
        (interviews(), 1.5, DesignError),
        (interviews(), -0.1, DesignError),
        (interviews().assign(interviewer=""), 0.1, FrameError),
        (pd.concat([interviews(), interviews()]), 0.1, FrameError),
    ],
)
def test_back_checks_that_cannot_be_are_refused(table, share, error):
    with pytest.raises(error):
        back_checks(table, share=share, seed="s")
