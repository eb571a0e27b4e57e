"""Reserves: in order, by stratum, and weights that stay right after a release."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sampling import Frame, ReleaseError, SampleDesign, check_release, draw, next_reserves, release, replicate_counts
from sampling.selection import Units, pareto, released_pareto


def drawn(method="srs", take=10, reserve=6, seed=1):
    df = pd.DataFrame({"id": [f"u{i:02d}" for i in range(60)], "k": ["a"] * 40 + ["b"] * 20})
    df["s"] = [1 + (i * 7) % 11 for i in range(60)]
    df.loc[0, "s"] = 400
    return draw(
        Frame.from_table(df, unit_id="id", strata=["k"], size="s"),
        SampleDesign(take=take, reserve=reserve, method=method),
        seed=seed,
    )


def test_the_next_reserves_are_those_of_the_sample_in_order():
    result = drawn()
    order = result.sample.query("k == 'b' and role == 'reserve'")["unit_id"].tolist()
    assert next_reserves(result, "b", 2) == order[:2]
    assert next_reserves(result, ("b",), 3, released=2) == order[2:5]


@pytest.mark.parametrize(("stratum", "count", "code"), [("c", 1, "stratum_unknown"), ("a", 7, "reserve_exhausted")])
def test_what_cannot_be_released_is_refused_with_its_stratum(stratum, count, code):
    with pytest.raises(ReleaseError) as caught:
        next_reserves(drawn(), stratum, count)
    assert caught.value.code == code
    assert caught.value.strata == ((stratum,),)


def test_a_negative_release_is_refused():
    with pytest.raises(ReleaseError):
        release(drawn(), {"a": -1})


def test_after_a_release_the_stratum_is_the_sample_that_a_larger_take_would_have_drawn():
    after = release(drawn(), {"a": 4})
    issued = after[after["weight"].notna()].query("k == 'a'")
    larger = drawn(take=14).sample.query("k == 'a' and role == 'main'")
    assert issued["unit_id"].tolist() == larger["unit_id"].tolist()
    assert issued["weight"].tolist() == larger["weight"].tolist()
    assert issued["released"].sum() == 4


def test_other_strata_and_waiting_reserves_are_untouched_by_a_release():
    before, after = drawn(), release(drawn(), {"a": 4})
    pd.testing.assert_frame_equal(
        after.query("k == 'b'").drop(columns="released"), before.sample.query("k == 'b'"), check_exact=True
    )
    assert after["weight"].isna().sum() == 2 + 6


@pytest.mark.parametrize("method", ["srs", "pareto"])
def test_releasing_nothing_changes_no_weight(method):
    result = drawn(method)
    np.testing.assert_allclose(release(result, {})["weight"], result.sample["weight"], rtol=1e-12)


def test_the_weights_of_a_simple_sample_always_add_up_to_the_population():
    after = release(drawn(), {"a": 3, "b": 6})
    assert after.groupby("k")["weight"].sum().to_dict() == pytest.approx({"a": 40, "b": 20})


def test_a_certain_unit_stays_certain_when_reserves_are_released():
    after = release(drawn("pareto"), {"a": 5})
    assert after.loc[after["unit_id"] == "u00", "probability"].tolist() == [1]


def test_released_pareto_probabilities_are_how_often_units_are_issued():
    # 20,000 draws of 10 + 5 from 40: stated probability against how often a unit was among those issued.
    ids = np.array([f"u{i:02d}" for i in range(40)], dtype=object)
    size = np.array([400, *(1 + (i * 7) % 11 for i in range(1, 40))])
    random, draws = np.random.default_rng(20260701), 20_000
    counts, stated = np.zeros(40), np.zeros(40)
    for x in random.integers(0, 2**52, (draws, 40)):
        units = Units(ids, x, size)
        chosen = pareto(units, 10, 5)
        issued = np.concatenate([chosen.main, chosen.reserve])
        counts[issued] += 1
    stated = released_pareto(units, units, 10, issued=15)
    assert stated.sum() == pytest.approx(15)
    assert counts[0] == draws
    z = (counts / draws - stated)[1:] / np.sqrt(stated * (1 - stated) / draws)[1:]
    assert np.abs(z).max() < 4


def test_a_release_that_takes_the_whole_stratum_is_a_census():
    result = drawn("pareto", take=15, reserve=5)
    after = release(result, {"b": 5}).query("k == 'b'")
    assert (after["probability"] == 1).all()


def test_whole_replicates_take_the_same_part_of_every_stratum():
    result = drawn(reserve={"a": 12, "b": 6})
    assert [replicate_counts(result, k, of=3) for k in range(4)] == [{("a",): 4 * k, ("b",): 2 * k} for k in range(4)]
    after = release(result, replicate_counts(result, 1, of=3))
    assert after.groupby("k")["released"].sum().to_dict() == {"a": 4, "b": 2}


@pytest.mark.parametrize(("replicates", "of"), [(4, 3), (-1, 3), (0, 0)])
def test_replicates_that_are_not_there_are_refused(replicates, of):
    with pytest.raises(ReleaseError):
        replicate_counts(drawn(), replicates, of=of)


def cases(*rows):
    return pd.DataFrame(rows, columns=["attempts", "closed"])


def test_a_release_waits_until_every_open_case_was_tried_as_the_protocol_asks():
    check_release(cases((1, True), (3, False), (5, False)), "村里无人在家", attempts=3)
    with pytest.raises(ReleaseError) as caught:
        check_release(cases((1, True), (2, False), (0, False)), "村里无人在家", attempts=3)
    assert (caught.value.code, caught.value.fields["short"]) == ("attempts_missing", 2)


def test_a_release_needs_its_reason():
    with pytest.raises(ReleaseError) as caught:
        check_release(cases((3, False)), "  ", attempts=3)
    assert caught.value.code == "reason_missing"


def test_the_response_rate_keeps_every_unit_that_was_issued():
    after = release(drawn(), {"a": 4, "b": 2})
    issued = after[after["weight"].notna()]
    assert len(issued) == 20 + 6
    # All ten main units refuse, the substitutes answer: the rate is 4 of 14, and not 4 of 4.
    answered = issued.query("k == 'a'")["released"]
    assert answered.mean() == 4 / 14
    assert issued.query("k == 'a' and role == 'main'")["unit_id"].tolist() == drawn().sample["unit_id"][:10].tolist()
