"""Weights by the analytic hierarchy process, against published examples and by hand."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from analysis import ScoringError
from analysis.ahp import judge, judge_together


def test_a_consistent_matrix_gives_back_the_weights_it_was_made_of():
    weights = np.array([12, 28, 30, 30]) / 100
    found = judge(["决策", "管理", "产出", "效益"], weights[:, None] / weights[None, :])
    assert found.weights == pytest.approx(weights)
    assert found.ratio == pytest.approx(0, abs=1e-9)
    assert found.advice is None


def test_three_items_by_hand():
    # a = [[1, 3, 5], [1/3, 1, 3], [1/5, 1/3, 1]]: λ³ - 3λ² = det-like term; λ = 3.0385, CR = 0.0385/2/0.58
    found = judge(["a", "b", "c"], [[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]])
    assert found.largest == pytest.approx(3.0385, abs=1e-4)
    assert found.ratio == pytest.approx(0.0385 / 2 / 0.58, abs=1e-4)
    geometric = np.array([15 ** (1 / 3), 1.0, (1 / 15) ** (1 / 3)])
    assert found.weights == pytest.approx(geometric / geometric.sum())  # for three items the two methods agree


def test_an_inconsistent_matrix_says_which_judgement_to_reconsider():
    found = judge(["a", "b", "c"], [[1, 3, 1 / 5], [1 / 3, 1, 3], [5, 1 / 3, 1]])
    assert not found.consistent
    advice = found.advice
    assert advice is not None
    assert advice.one in "abc"
    assert abs(np.log(advice.given / advice.consistent)) > 1


def test_experts_are_joined_by_the_geometric_mean():
    one, other = [[1, 2], [1 / 2, 1]], [[1, 8], [1 / 8, 1]]
    joint, each = judge_together(["a", "b"], {"甲": one, "乙": other})
    assert joint.weights == pytest.approx([0.8, 0.2])
    assert each["甲"].weights == pytest.approx([2 / 3, 1 / 3])
    leaning, _ = judge_together(["a", "b"], {"甲": one, "乙": other}, {"甲": 1, "乙": 0})
    assert leaning.weights == pytest.approx([2 / 3, 1 / 3])


def test_points_add_up_to_the_total_to_the_last_hundredth():
    found = judge(["a", "b", "c"], np.ones((3, 3)))
    assert sorted(found.points(100).values()) == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    assert sum(found.points(10, 0).values()) == 10


@pytest.mark.parametrize(
    ("matrix", "code"),
    [([[1, 2]], "ahp_shape"), ([[1, 0], [1, 1]], "ahp_value"), ([[1, 3], [3, 1]], "ahp_inverse")],
)
def test_a_matrix_that_cannot_be_is_refused(matrix, code):
    with pytest.raises(ScoringError) as caught:
        judge(["a", "b"], matrix)
    assert caught.value.code == code


def test_a_third_may_be_written_with_two_decimals():
    assert judge(["a", "b"], [[1, 3], [0.33, 1]]).weights == pytest.approx([0.75, 0.25])
