"""Joint inclusion probabilities of what was drawn: the right pairs, exact or said to be approximate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sampling import DesignError, Frame, SampleDesign, Stage, draw, joint_inclusion
from sampling.joint import hajek, joint_pareto, joint_pivotal, joint_sampford, joint_simple, joint_systematic

COLUMNS = {"unit_id": "id", "strata": "county", "size": "persons", "order_by": "house", "place": ["x", "y"]}


def roster(rows=48):
    df = pd.DataFrame({"id": [f"h{i * 31 % rows:04d}" for i in range(rows)]})
    df["county"] = ["甲" if i % 2 else "乙" for i in range(rows)]
    df["persons"] = [40 if i == 5 else 1 + i * 7 % 5 for i in range(rows)]
    df["house"] = [(i * 11) % rows for i in range(rows)]
    return df.assign(village=[f"v{i % 3}" for i in range(rows)], x=df["house"] % 7, y=df["house"] // 7)


def drawn(method, rows=48, take=5):
    design = SampleDesign(take=take, reserve=2, method=method)
    return draw(Frame.from_table(roster(rows), **COLUMNS), design, seed="s")


EXACT = {
    "pareto": (joint_pareto, "persons", "id"),
    "sampford": (joint_sampford, "persons", "id"),
    "systematic": (joint_systematic, None, "house"),
    "systematic_pps": (joint_systematic, "persons", "house"),
    "pivotal": (joint_pivotal, None, "house"),
    "pivotal_pps": (joint_pivotal, "persons", "house"),
}


@pytest.mark.parametrize("method", EXACT)
def test_the_pairs_of_a_sample_are_those_of_its_stratum_and_list(method):
    joint, by_size, order = EXACT[method]
    listed = roster().query("county == '甲'").sort_values(order, ignore_index=True)
    whole = joint(listed[by_size].tolist() if by_size else [1] * len(listed), 5)
    found = joint_inclusion(drawn(method), "甲")
    places = [listed.index[listed["id"] == unit][0] for unit in found.unit_id]
    np.testing.assert_allclose(found.matrix, whole[np.ix_(places, places)], atol=1e-12)
    assert found.exact
    assert found.source


def test_a_simple_sample_has_the_pairs_of_the_formula():
    found = joint_inclusion(drawn("srs"), ("乙",))
    np.testing.assert_allclose(found.matrix, joint_simple(24, 5)[:5, :5])
    assert found.unit_id == drawn("srs").sample.query("county == '乙' and role == 'main'")["unit_id"].tolist()


@pytest.mark.parametrize("method", ["sampford", "systematic_pps", "pivotal_pps", "srs", "systematic", "pivotal"])
def test_the_diagonal_is_the_probability_that_the_sample_states(method):
    drawing = drawn(method)
    main = drawing.sample.query("county == '甲' and role == 'main'")
    assert np.diag(joint_inclusion(drawing, "甲").matrix) == pytest.approx(main["probability"].tolist(), rel=1e-9)


@pytest.mark.parametrize("method", ["sampford", "pareto"])
def test_in_large_strata_pairs_are_approximate_and_say_so(method):
    found = joint_inclusion(drawn(method, rows=2_000), "甲")
    assert not found.exact
    assert "approximate" in found.source


def test_the_approximation_is_near_to_what_is_exact():
    sizes = [1 + i * 7 % 5 for i in range(120)]
    exact = joint_sampford(sizes, 30)
    single = np.diag(exact)
    near = hajek(single, float(single @ (1 - single)))
    assert np.abs(near / exact - 1).max() < 0.003


def test_long_lists_have_exact_pairs_in_systematic_samples():
    found = joint_inclusion(drawn("systematic", rows=50_000, take=100), "甲")
    assert found.exact
    # Every 250th of the list: units of one sample always come together, as rarely as one of them.
    np.testing.assert_allclose(found.matrix, 100 / 25_000)


def test_estimates_by_pairs_are_unbiased():
    # E Σ_kl y_k y_l / π_kl = (Σ y)² where no pair has probability 0: over 4,000 draws of sixteen households.
    y = np.arange(1, 17) % 5 + 1.0
    df = pd.DataFrame({"id": [f"u{i:02d}" for i in range(16)], "persons": [1 + i % 4 for i in range(16)]})
    frame, sums = Frame.from_table(df, unit_id="id", size="persons"), []
    whole = joint_pareto(df["persons"].tolist(), 4)
    for seed in range(4_000):
        main = draw(frame, SampleDesign(take=4, method="pareto"), seed=seed).chosen[()].main
        sums.append(float((np.outer(y[main], y[main]) / whole[np.ix_(main, main)]).sum()))
    assert abs(np.mean(sums) - y.sum() ** 2) < 4.5 * np.std(sums) / np.sqrt(len(sums))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: joint_inclusion(drawn("srs"), "丙"), "stratum_unknown"),
        (lambda: joint_inclusion(drawn("local_pivotal"), "甲"), "joint_unknown"),
        (lambda: joint_inclusion(drawn("pivotal", rows=2_000), "甲"), "stratum_too_large"),
        (lambda: joint_pareto([1, 2] * 40, 5), "stratum_too_large"),
    ],
)
def test_pairs_that_cannot_be_told_are_refused(call, code):
    with pytest.raises(DesignError) as caught:
        call()
    assert caught.value.code == code


def test_samples_in_stages_have_no_pairs():
    frame = Frame.from_table(roster(), unit_id="id", strata="county", cluster="village")
    drawing = draw(frame, SampleDesign(take=2, stages=(Stage(take=2),)), seed=1)
    with pytest.raises(DesignError) as caught:
        joint_inclusion(drawing, next(iter(drawing.chosen)))
    assert caught.value.code == "stages"
