"""Shares and counts of the categories of one question, with the covariance between them, against R survey."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_cases import data, design, exact, near


def categories(case):
    column = data(case["dataset"])[case["args"]["y"]]
    names = [name.partition(")")[2] for name in case["result"]["names"]]
    return {name: (column.astype(str) == name).astype(float).where(column.notna()) for name in names}


@pytest.mark.parametrize("estimator", ["prop", "count"])
def test_categories_and_their_covariance_equal_the_reference(estimator):
    for case in exact(estimator):
        bound, want = design(case), case["result"]
        items = categories(case)
        found = bound.means(items) if estimator == "prop" else bound.totals(items)
        for got, wanted in zip(found.frame["estimate"], want["est"], strict=True):
            assert near(got, wanted, case["tol"]), case["id"]
        for got, wanted in zip(found.covariance().ravel(), np.ravel(want["var"]), strict=True):
            assert near(got, wanted, case["tol"]), case["id"]


def test_weights_and_their_effect_equal_the_reference():
    for case in exact("degf"):
        bound, want = design(case), case["result"]
        w = bound.weights
        assert len(w) == want["n"]
        assert w.sum() == pytest.approx(want["sum_w"])
        assert len(w) * (w**2).sum() / w.sum() ** 2 == pytest.approx(want["deff_kish"])
