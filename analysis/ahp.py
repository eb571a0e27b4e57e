"""Weights from paired comparisons: the analytic hierarchy process (层次分析法) for one expert or several.

A judgement matrix holds how many times as important row i is as column j, 1/9 to 9, with a_ji = 1/a_ij. Weights are
its principal eigenvector; λ_max tells how consistent it is: CI = (λ_max - n)/(n - 1), CR = CI/RI with Saaty's (1980)
random index. A ratio of 0.1 or more asks for second thoughts. Several experts are joined by the geometric mean of
their judgements (Aczél and Saaty 1983), which keeps a_ji = 1/a_ij.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ScoringError
from analysis.rounding import half_up
from analysis.stages import Floats

RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.54, 1.56, 1.58, 1.59)
"""Saaty's random index for 1 to 15 items."""

ACCEPTABLE = 0.1


@dataclass(frozen=True)
class Advice:
    """The judgement that disagrees most with the others, and the value that would agree."""

    one: str
    other: str
    given: float
    consistent: float


@dataclass(frozen=True, eq=False)
class Judgement:
    """Weights of items (fractions that add up to 1), λ_max, and the consistency ratio CR."""

    names: tuple[str, ...]
    matrix: Floats
    weights: Floats
    largest: float
    ratio: float

    @property
    def consistent(self) -> bool:
        """Whether CR is below 0.1."""
        return self.ratio < ACCEPTABLE

    @property
    def advice(self) -> Advice | None:
        """What to reconsider first where the matrix is not consistent; None where it is."""
        if self.consistent:
            return None
        implied = self.weights[:, None] / self.weights[None, :]
        gap = np.triu(np.abs(np.log(self.matrix) - np.log(implied)), 1)
        i, j = np.unravel_index(int(np.argmax(gap)), gap.shape)
        return Advice(self.names[i], self.names[j], float(self.matrix[i, j]), float(implied[i, j]))

    def points(self, total: Decimal | int, digits: int = 2) -> dict[str, Decimal]:
        """The weights as points that add up to `total` exactly: the last hundredths go to the largest remainders."""
        return share_points(self.names, self.weights, total, digits)


def share_points(names: Sequence[str], weights: Floats, total: Decimal | int, digits: int = 2) -> dict[str, Decimal]:
    """Points in proportion to weights (fractions that add up to 1), so rounded that they add up to `total` exactly."""
    unit = Decimal(1).scaleb(-digits)
    exact = [Decimal(str(weight)) * Decimal(total) for weight in weights]
    shares = [half_up(value, digits) for value in exact]
    left = int((Decimal(total) - sum(shares, Decimal(0))) / unit)
    order = sorted(range(len(exact)), key=lambda k: exact[k] - shares[k], reverse=left > 0)
    for k in order[: abs(left)]:
        shares[k] += unit if left > 0 else -unit
    return dict(zip(names, shares, strict=True))


def judge(names: Sequence[str], matrix: ArrayLike) -> Judgement:
    """Weights from one judgement matrix.

    Raises ScoringError for a matrix that is not square, not above 0, or in which a_ij is not 1/a_ji, naming the pair.
    """
    table = np.asarray(matrix, np.float64)
    size = len(names)
    if table.shape != (size, size) or not 1 <= size <= len(RANDOM_INDEX):
        message = f"{size} items need a matrix of {size} × {size}, at most {len(RANDOM_INDEX)}; it is {table.shape}"
        raise ScoringError("ahp_shape", message, size=size)
    if not (np.isfinite(table) & (table > 0)).all():
        raise ScoringError("ahp_value", "a judgement is above 0: 1/9 to 9")
    wrong = np.abs(table * table.T - 1) > 0.02  # 0.33 beside 3 is what people write
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        message = (
            f"{names[i]} over {names[j]} is {table[i, j]:g}, but the other way round {table[j, i]:g}, not its inverse"
        )
        raise ScoringError("ahp_inverse", message, one=names[i], other=names[j])
    upper = np.triu(table, 1)
    table = upper + np.eye(size) + np.triu(1 / np.where(table > 0, table, 1), 1).T
    values, vectors = np.linalg.eig(table)
    roots = np.real(values)
    at = int(np.argmax(roots))
    weights = np.abs(np.real(vectors)[:, at])
    largest = float(roots[at])
    ratio = 0.0 if size < 3 else (largest - size) / (size - 1) / RANDOM_INDEX[size - 1]
    return Judgement(tuple(names), table, weights / weights.sum(), largest, max(0.0, ratio))


def judge_together(
    names: Sequence[str], matrices: Mapping[str, ArrayLike], shares: Mapping[str, float] | None = None
) -> tuple[Judgement, dict[str, Judgement]]:
    """The joint judgement of several experts, and that of each; `shares` weighs the experts (None: equally)."""
    if not matrices:
        raise ScoringError("ahp_experts", "no expert has judged")
    each = {expert: judge(names, matrix) for expert, matrix in matrices.items()}
    weight = np.array([1.0 if shares is None else shares[expert] for expert in each])
    logs = np.stack([np.log(judgement.matrix) for judgement in each.values()])
    joint = np.exp(np.tensordot(weight / weight.sum(), logs, axes=1))
    return judge(names, joint), each
