"""Every method against its stated probabilities, first and second order, over 20,000 draws on a small frame.

Chi-square bounds are 99.99 % points, seeds are fixed: a failure is a wrong probability, not bad luck.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from sampling import DesignError, Frame, SampleDesign, draw, release, verify
from sampling.joint import (
    inclusion_probabilities,
    joint_max_entropy,
    joint_midzuno,
    joint_pareto,
    joint_pivotal,
    joint_sampford,
    joint_simple,
    joint_systematic,
    joint_tille,
)
from sampling.methods import METHODS
from sampling.selection import Stream, Units
from sampling.systematic import in_list_order
from sampling.tickets import ticket_integers

ORACLE = json.loads((Path(__file__).parents[1] / "oracles/expected/sampling.json").read_text("utf-8"))["cases"]
SIZES = [374, 512, 288, 951, 130, 677, 402, 1190, 215, 333, 59, 861]
IDS = np.array([f"u{i:02d}" for i in range(12)], dtype=object)
DRAWS, TAKE = 20_000, 3


def small(seed):
    """Twelve units in list order, in three villages on a map."""
    place = np.array([[i % 4, i // 4] for i in range(12)], dtype=float)
    return Units(IDS, ticket_integers(IDS, seed), np.array(SIZES), None, place, Stream(str(seed), 1, "all"))


@pytest.fixture(scope="module")
def drawn():
    """The samples of each method, a row of 0 and 1 per draw, and the stated probabilities; made once for all tests."""
    known: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def samples(method):
        if method not in known:
            # Local pivotal samples are held to all their duels on a smaller frame, below, over all the draws.
            draws = DRAWS // 10 if method.startswith("local") else DRAWS
            met, stated = np.zeros((draws, 12)), np.zeros(12)
            for seed in range(draws):
                chosen = METHODS[method].select(small(seed), TAKE, 2)
                assert len(set(chosen.main) | set(chosen.reserve)) == TAKE + 2
                met[seed, chosen.main] = 1
                stated[chosen.main] = chosen.probability
            known[method] = met, stated
        return known[method]

    return samples


def pairs_of(met):
    """Which pairs each draw took, a column per pair."""
    one, other = np.triu_indices(met.shape[1], 1)
    return met[:, one] * met[:, other]


def agrees(indicators, stated):
    """Wald's chi-square of frequencies against probabilities, with the covariance that the draws themselves show.

    Units of a sample come together, so cells are not independent. Directions that hardly vary (a fixed size, pairs
    that never meet) have no chi-square; there the frequencies are the probabilities.
    """
    gap = indicators.mean(axis=0) - stated
    spread, directions = np.linalg.eigh(np.cov(indicators.T))
    open_ = spread > 1e-4
    along = directions.T @ gap
    assert np.abs(along[~open_]).max(initial=0) < 5 * np.sqrt(1e-4 / len(indicators))
    assert (along[open_] ** 2 / spread[open_]).sum() * len(indicators) < chi2.ppf(0.9999, open_.sum())


def true_pairs(method, sizes=SIZES, take=TAKE):
    """Exact joint probabilities of a method that has them, units in list order."""
    equal = [1] * len(sizes)
    return {
        "srs": lambda: joint_simple(len(sizes), take),
        "pareto": lambda: joint_pareto(sizes, take),
        "systematic": lambda: joint_systematic(equal, take),
        "systematic_pps": lambda: joint_systematic(sizes, take),
        "sampford": lambda: joint_sampford(sizes, take),
        "pivotal": lambda: joint_pivotal(equal, take),
        "pivotal_pps": lambda: joint_pivotal(sizes, take),
    }[method]()


WITH_PAIRS = [method for method in METHODS if not method.startswith("local")]


@pytest.mark.parametrize("method", METHODS)
def test_units_are_drawn_as_often_as_is_stated(drawn, method):
    met, stated = drawn(method)
    assert stated.sum() == pytest.approx(TAKE)
    if METHODS[method].exact:
        agrees(met, stated)
    else:
        exact = np.diag(joint_pareto(SIZES, TAKE))
        agrees(met, exact)
        # Pareto's λ are approximate: off by less than a hundredth even with three of twelve.
        assert 0 < np.abs(exact - stated).max() < 0.01


@pytest.mark.parametrize("method", WITH_PAIRS)
def test_pairs_are_drawn_as_often_as_is_stated(drawn, method):
    agrees(pairs_of(drawn(method)[0]), true_pairs(method)[np.triu_indices(12, 1)])


def test_a_wrong_probability_is_found(drawn):
    # The test itself is tested: simple samples against the pairs of systematic ones, and λ that are off by a fiftieth.
    with pytest.raises(AssertionError):
        agrees(pairs_of(drawn("srs")[0]), true_pairs("systematic")[np.triu_indices(12, 1)])
    with pytest.raises(AssertionError):
        agrees(drawn("srs")[0], np.array([0.255, 0.245] * 6))


@pytest.mark.parametrize("method", METHODS)
def test_equal_methods_state_n_over_N_and_the_others_the_reference_inclusion(drawn, method):  # noqa: N802
    case = next(case for case in ORACLE if case["id"] == "pi2.sampford.n3")
    expected = case["result"]["pi"] if METHODS[method].by_size else [0.25] * 12
    assert drawn(method)[1] == pytest.approx(expected, rel=1e-9)


PLACES = [(0.0, 0.0), (1.0, 0.0), (0.0, 2.0), (5.0, 5.0), (6.0, 5.0), (5.0, 7.5)]


def duels(mass, standing, total):
    """All that local pivotal sampling can come to, written anew from the paper: taken units and their chance."""
    if len(standing) < 2:
        return {frozenset(k for k, value in enumerate(mass) if value == total): 1.0}
    found: dict[frozenset[int], float] = {}
    for one in standing:
        away = {k: (PLACES[k][0] - PLACES[one][0]) ** 2 + (PLACES[k][1] - PLACES[one][1]) ** 2 for k in standing}
        other = min((k for k in standing if k != one), key=lambda k: (away[k], k))
        a, b = mass[one], mass[other]
        if a + b < total:
            outcomes = [(a + b, 0, a / (a + b)), (0, a + b, b / (a + b))]
        else:
            share = (total - b) / (2 * total - a - b)
            outcomes = [(total, a + b - total, share), (a + b - total, total, 1 - share)]
        for first, second, chance in outcomes:
            after = list(mass)
            after[one], after[other] = first, second
            left = tuple(k for k in standing if after[k] not in (0, total))
            for taken, part in duels(tuple(after), left, total).items():
                found[taken] = found.get(taken, 0.0) + part * chance / len(standing)
    return found


@pytest.mark.parametrize(("method", "sizes"), [("local_pivotal", [1] * 6), ("local_pivotal_pps", [3, 1, 2, 4, 2, 3])])
def test_local_pivotal_samples_come_as_often_as_all_duels_together_say(method, sizes):
    chances = duels(tuple(2 * size for size in sizes), tuple(range(6)), sum(sizes))
    assert sum(chances.values()) == pytest.approx(1)
    ids = IDS[:6]
    met = np.zeros((DRAWS, 6))
    for seed in range(DRAWS):
        stream = Stream(str(seed), 1, "all")
        units = Units(ids, ticket_integers(ids, seed), np.array([3, 1, 2, 4, 2, 3]), None, np.array(PLACES), stream)
        met[seed, METHODS[method].select(units, 2, 0).main] = 1
    pairs = [frozenset(pair) for pair in combinations(range(6), 2)]
    agrees(pairs_of(met), np.array([chances.get(pair, 0.0) for pair in pairs]))
    agrees(met, 2 * np.array(sizes) / sum(sizes))


@pytest.mark.parametrize("case", [c for c in ORACLE if c["estimator"] == "inclusion_probabilities"], ids=str)
def test_inclusion_probabilities_are_the_reference_answer(case):
    result = inclusion_probabilities(case["args"]["x"], case["args"]["n"])
    assert result == pytest.approx(case["result"]["pi"], abs=1e-9)


REFERENCES = {
    "sampford": joint_sampford,
    "systematic": joint_systematic,
    "maxentropy": joint_max_entropy,
    "tille": joint_tille,
    "midzuno": joint_midzuno,
}
JOINT_CASES = [c for c in ORACLE if c["estimator"] == "joint_inclusion"]


def test_no_case_of_the_reference_is_left_out():
    assert {case["estimator"] for case in ORACLE} == {"inclusion_probabilities", "joint_inclusion"}
    assert {case["args"]["method"] for case in JOINT_CASES} == set(REFERENCES)


@pytest.mark.parametrize("case", JOINT_CASES, ids=lambda case: case["id"])
def test_joint_probabilities_are_the_reference_answer(case):
    joint = REFERENCES[case["args"]["method"]](case["args"]["x"], case["args"]["n"])
    np.testing.assert_allclose(joint, case["result"]["pi2"], rtol=0, atol=case["tol"])
    assert case["tol"] <= 1e-9 or case["args"]["method"] == "maxentropy"  # which the reference iterates to


@settings(max_examples=40)
@given(st.lists(st.integers(1, 60), min_size=4, max_size=9), st.integers(1, 3))
def test_joint_probabilities_of_sampford_are_the_sum_over_all_samples(sizes, take):
    lam = inclusion_probabilities(sizes, take)
    open_ = [k for k in range(len(sizes)) if lam[k] < 1]
    left = take - (len(sizes) - len(open_))
    weights = {
        sample: sum(1 - lam[k] for k in sample) * np.prod([lam[k] / (1 - lam[k]) for k in sample])
        for sample in combinations(open_, left)
    }
    result = joint_sampford(sizes, take)
    for one, other in combinations(open_, 2):
        both = sum(weight for sample, weight in weights.items() if one in sample and other in sample)
        assert result[one, other] == pytest.approx(both / sum(weights.values()), abs=1e-9)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=12), st.data())
def test_joint_probabilities_of_a_fixed_size_add_up(sizes, data):
    take = data.draw(st.integers(1, len(sizes)))
    for joint in (joint_systematic, joint_sampford, joint_pivotal, joint_pareto, joint_max_entropy, joint_tille):
        result = joint(sizes, take)
        assert result.sum(axis=1) == pytest.approx(take * np.diag(result))


def test_decimal_sizes_have_the_probabilities_of_their_ratios():
    sizes = [Decimal("0.5"), Decimal("1.25"), Decimal(2), Decimal("0.25")]
    assert inclusion_probabilities(sizes, 1).tolist() == [0.125, 0.3125, 0.5, 0.0625]


def test_neighbours_on_the_map_are_rarely_taken_together(drawn):
    apart = joint_simple(12, TAKE)[0, 1]
    met = drawn("local_pivotal")[0]
    frequencies = met.T @ met / len(met)
    neighbours = [frequencies[i, i + 1] for i in range(11) if i % 4 != 3] + [frequencies[i, i + 4] for i in range(8)]
    assert np.mean(neighbours) < apart / 2


def test_neighbours_in_the_list_are_rarely_taken_together(drawn):
    apart = joint_simple(12, TAKE)[0, 1]
    met = drawn("pivotal")[0]
    frequencies = met.T @ met / len(met)
    assert np.mean([frequencies[i, i + 1] for i in range(11)]) < apart / 2


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(METHODS)),
    st.lists(st.integers(1, 500), min_size=1, max_size=25),
    st.integers(0, 10**6),
    st.data(),
)
def test_every_method_takes_exactly_what_was_asked(method, sizes, seed, data):
    take = data.draw(st.integers(1, len(sizes)))
    ids = np.array([f"u{i}" for i in range(len(sizes))], dtype=object)
    place = np.array([[i * 7 % 5, i * 3 % 4] for i in range(len(sizes))], dtype=float)
    units = Units(ids, ticket_integers(ids, seed), np.array(sizes), None, place, Stream(str(seed), 1, "k"))
    assume(method != "sampford" or take <= 3)  # larger parts are refused, as another test shows
    chosen = METHODS[method].select(units, take, 3)
    assert len(set(chosen.main.tolist())) == take
    assert not set(chosen.main.tolist()) & set(chosen.reserve.tolist())
    assert len(chosen.reserve) == min(3, len(sizes) - take)
    assert ((chosen.probability > 0) & (chosen.probability <= 1)).all()


def roster():
    df = pd.DataFrame({"id": [f"h{i:03d}" for i in range(120)], "county": ["甲"] * 70 + ["乙"] * 50})
    df["village"] = [f"村{i % 9}" for i in range(120)]
    df["house"] = [(i * 37) % 120 for i in range(120)]
    df["persons"] = [1 + i % 6 for i in range(120)]
    df["east"], df["north"] = [i % 11 * 1.5 for i in range(120)], [i // 11 * 2.5 for i in range(120)]
    return df


COLUMNS = {
    "unit_id": "id", "strata": ["county"], "size": "persons", "cluster": "village",
    "order_by": ["village", "house"], "place": ["east", "north"],
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_redrawn_from_the_roster_in_any_order(method):
    drawing = draw(Frame.from_table(roster(), **COLUMNS), SampleDesign(take=8, reserve=4, method=method), seed="s")
    stated = json.loads(json.dumps(drawing.certificate))
    again = verify(roster().sample(frac=1, random_state=5), stated)
    pd.testing.assert_frame_equal(again.sample, drawing.sample)


@pytest.mark.parametrize("method", METHODS)
def test_releasing_nothing_leaves_the_weights_of_every_method(method):
    drawing = draw(Frame.from_table(roster(), **COLUMNS), SampleDesign(take=8, reserve=4, method=method), seed="s")
    np.testing.assert_allclose(release(drawing, {})["weight"], drawing.sample["weight"], rtol=1e-12)


@pytest.mark.parametrize("method", ["systematic", "systematic_pps", "pivotal_pps"])
def test_units_are_issued_as_often_as_is_stated_after_a_release(method):
    met = np.zeros((DRAWS, 12))
    for seed in range(DRAWS):
        chosen = METHODS[method].select(small(seed), TAKE, 2)
        met[seed, np.concatenate([chosen.main, chosen.reserve])] = 1
    stated = METHODS[method].released(small(0), small(0), TAKE, TAKE + 2)
    assert stated.sum() == pytest.approx(TAKE + 2)
    agrees(met, stated)


def test_a_systematic_sample_meets_every_village_in_turn():
    drawing = draw(Frame.from_table(roster(), **COLUMNS), SampleDesign(take=14, method="systematic"), seed=3)
    counts = Counter(drawing.sample.query("county == '甲'")["cluster"])
    # 70 households in nine villages of seven or eight, every fifth one: one or two from each.
    assert set(counts) == {f"村{i}" for i in range(9)}
    assert set(counts.values()) <= {1, 2}


def test_the_list_runs_forth_and_back():
    ranks = np.array([[0, 0, 0, 1, 1, 1, 2, 2], [0, 1, 2, 0, 1, 2, 0, 1]])
    ids = np.array(list("abcdefgh"), dtype=object)
    assert in_list_order(Units(ids, np.arange(8), None, ranks)).tolist() == [0, 1, 2, 5, 4, 3, 6, 7]


def test_the_list_runs_forth_and_back_on_every_level():
    rows = [(town, village, house) for town in range(2) for village in range(2) for house in range(2)]
    ids = np.array([f"{i}" for i in range(8)], dtype=object)
    order = in_list_order(Units(ids, np.arange(8), None, np.array(rows).T))
    walk = [rows[i] for i in order]
    # From one house to the next only one of town, village and house changes: the interviewer never turns back.
    assert all(sum(a != b for a, b in zip(one, two, strict=True)) == 1 for one, two in pairwise(walk))


def test_house_numbers_are_put_in_order_as_numbers():
    df = roster().assign(house=[str(i) for i in range(120)])
    frame = Frame.from_table(df, unit_id="id", order_by="house")
    assert frame.ranks.tolist() == [list(range(120))]


def test_sampford_says_when_it_cannot_end():
    ids = np.array([f"u{i}" for i in range(60)], dtype=object)
    units = Units(ids, np.arange(60), np.arange(60) + 30, None, None, Stream("s", 1, "青河|低保"))
    with pytest.raises(DesignError) as caught:
        METHODS["sampford"].select(units, 45, 0)
    assert caught.value.code == "sampford_rejected"
    assert caught.value.strata == (("青河", "低保"),)


@pytest.mark.parametrize(("method", "code"), [("local_pivotal", "place_wanted"), ("systematic_pps", "size_wanted")])
def test_a_method_says_what_the_frame_lacks(method, code):
    frame = Frame.from_table(roster(), unit_id="id", strata=["county"])
    with pytest.raises(DesignError) as caught:
        draw(frame, SampleDesign(take=8, method=method), seed=1)
    assert caught.value.code == code


def test_every_method_names_its_source():
    assert all(method.source for method in METHODS.values())


@pytest.mark.parametrize(("sizes", "take"), [([1, 2], 3), ([1, 2], 0), ([1] * 500, 5)])
def test_joint_probabilities_that_cannot_be_are_refused(sizes, take):
    with pytest.raises(DesignError):
        joint_sampford(sizes, take)
