"""Whether two questions hang together, and regressions, in weighted and clustered samples.

Rao and Scott (1984): Pearson's X² of the weighted table, corrected by the eigenvalues of the design effects of the
interactions, to first order (chisq), to second order as an F test (f, the default), or exactly in law (saddlepoint).
Wald tests of independence of the totals are there as wald and, adjusted for few clusters, adj_wald.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import brentq

from analysis.crossing import Crossing, crossing
from analysis.errors import AnalysisError
from analysis.stages import Floats
from analysis.variance import covariance

if TYPE_CHECKING:
    from analysis.design import SurveyDesign

Statistic = Literal["f", "chisq", "saddlepoint", "wald", "adj_wald"]


@dataclass(frozen=True)
class Test:
    """A test: its statistic, its degrees of freedom (one, or two for an F), and its p-value."""

    __test__ = False  # no test of pytest

    statistic: float
    df: tuple[float, ...]
    p_value: float


def cross_table(design: SurveyDesign, rows: str, cols: str) -> pd.DataFrame:
    """The weighted counts of two columns against each other; rows of data that lack one are left out."""
    found = crossing(design, rows, cols)
    return pd.DataFrame(found.table, index=pd.Index(found.rows, name=rows), columns=pd.Index(found.cols, name=cols))


def independence(design: SurveyDesign, rows: str, cols: str, statistic: Statistic = "f") -> Test:
    """Whether two columns are independent, among the rows that have both.

    Raises AnalysisError for a table with fewer than two rows or columns, and for a Wald test with too few clusters.
    """
    crossed = crossing(design, rows, cols)
    table, n = crossed.table, crossed.n
    if min(table.shape) < 2:
        raise AnalysisError("table", f"{rows} × {cols} is a table of {table.shape}: nothing to test", shape=table.shape)
    if statistic in {"wald", "adj_wald"}:
        return _wald(crossed, adjust=statistic == "adj_wald")
    share = table.ravel() / table.sum()
    variance = crossed.covariance((np.eye(table.size) - share) / table.sum())
    ratio = _effects(share, table.shape, variance, n)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    pearson = float(n / table.sum() * ((table - expected) ** 2 / expected).sum())
    trace = float(np.trace(ratio))
    if statistic == "chisq":
        size = len(ratio)
        return Test(pearson, (size,), float(stats.chi2.sf(pearson / (trace / size), size)))
    if statistic == "saddlepoint":
        return Test(pearson, (), _saddlepoint(pearson, np.real(np.linalg.eigvals(ratio)).tolist()))
    first = trace**2 / float(np.trace(ratio @ ratio))
    df = (first, first * design.df)
    return Test(pearson / trace, df, float(stats.f.sf(pearson / trace, *df)))


@dataclass(frozen=True, eq=False)
class Regression:
    """A regression: coefficients and their design-based covariance, with degrees of freedom for t."""

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    df: int

    @property
    def frame(self) -> pd.DataFrame:
        """A row per variable: coefficient, se, statistic and two-sided p-value."""
        se = np.sqrt(np.diag(self.covariance))
        statistic = self.coefficients / se
        p_value = 2 * stats.t.sf(np.abs(statistic), self.df)
        columns = {"coefficient": self.coefficients, "se": se, "statistic": statistic, "p_value": p_value}
        return pd.DataFrame({"variable": self.names, **columns})


def regress(
    design: SurveyDesign,
    y: ArrayLike | str,
    variables: pd.DataFrame,
    *,
    family: Literal["linear", "logistic"] = "linear",
) -> Regression:
    """Weighted regression of y on `variables` and a constant; rows that lack a value are a domain that is left out.

    Raises AnalysisError where the fit does not converge, or variables are the same thing twice.
    """
    outcome = np.asarray(design.values(y), np.float64)
    x = np.column_stack([np.ones(len(outcome)), variables.to_numpy(np.float64)])
    inside = np.isfinite(outcome) & np.isfinite(x).all(axis=1)
    if design.within is not None:
        inside &= design.within
    w = np.where(inside, design.weights, 0.0)
    x, outcome = np.where(inside[:, None], x, 0.0), np.where(inside, outcome, 0.0)
    if np.linalg.matrix_rank(x[inside]) < x.shape[1]:
        raise AnalysisError("collinear", "a variable is a sum of others: leave one category of each out")
    slope, residual, curve = _fit(x, outcome, w, family)
    inverse = np.linalg.inv((x * (w * curve)[:, None]).T @ x)
    scores = (x * (w * residual)[:, None]) @ inverse
    names = ("constant", *map(str, variables.columns))
    return Regression(names, slope, covariance(design, scores), design.df + 1 - x.shape[1])


def _fit(x: Floats, y: Floats, w: Floats, family: str) -> tuple[Floats, Floats, Floats]:
    """Coefficients, residuals and the slope of the mean, by Newton; one step is all that a linear fit takes."""
    slope = np.zeros(x.shape[1])
    for _ in range(60):
        line = x @ slope
        mean = line if family == "linear" else 1 / (1 + np.exp(-np.clip(line, -500, 500)))
        curve = np.ones_like(line) if family == "linear" else mean * (1 - mean)
        step = np.linalg.lstsq((x * (w * curve)[:, None]).T @ x, x.T @ (w * (y - mean)), rcond=None)[0]
        if np.abs(step).max() < 1e-10 * (1 + np.abs(slope).max()):
            return slope, y - mean, curve
        slope = slope + step
    raise AnalysisError("no_convergence", "the logistic fit does not converge: a variable separates yes from no")


def _effects(share: Floats, shape: tuple[int, ...], variance: Floats, n: int) -> Floats:
    """The generalised design effects of the interactions of a saturated log-linear model."""
    rows, cols = (axis.ravel() for axis in np.indices(shape))
    row_dummies = rows[:, None] == np.arange(1, shape[0])
    col_dummies = cols[:, None] == np.arange(1, shape[1])
    main = np.column_stack([np.ones(len(rows)), row_dummies, col_dummies]).astype(np.float64)
    both = np.column_stack([a & b for a in row_dummies.T for b in col_dummies.T]).astype(np.float64)
    contrast = both - main @ np.linalg.lstsq(main, both, rcond=None)[0]
    inverse = np.divide(1.0, share, out=np.zeros_like(share), where=share > 0)
    scaled = contrast * inverse[:, None]
    return np.asarray(np.linalg.solve(contrast.T @ scaled / n, scaled.T @ variance @ scaled), np.float64)


def _wald(crossed: Crossing, *, adjust: bool) -> Test:
    table, size = crossed.table, crossed.table.sum()
    rows, cols = table.sum(axis=1), table.sum(axis=0)
    part = np.eye(table.size).reshape(table.size, *table.shape)
    row, col = part.sum(axis=2), part.sum(axis=1)
    gap = (table - np.outer(rows, cols) / size)[:-1, :-1]
    scores = part - row[:, :, None] * cols / size - rows[:, None] * col[:, None, :] / size
    scores += np.outer(rows, cols) / size**2
    k, df = gap.size, float(crossed.design.df)
    if df < k:
        message = f"{df:g} degrees of freedom are too few for a Wald test of {k} interactions: use statistic='f'"
        raise AnalysisError("freedom", message, df=df, interactions=k)
    variance = crossed.covariance(scores[:, :-1, :-1].reshape(table.size, -1))
    if np.linalg.matrix_rank(variance) < k:
        raise AnalysisError("singular", "a cell of the table hardly varies: join rows or columns, or use statistic='f'")
    distance = float(gap.ravel() @ np.linalg.solve(variance, gap.ravel()))
    if adjust:
        statistic, below = distance * (df - k + 1) / (df * k), df - k + 1
    else:
        statistic, below = distance / k, df
    return Test(statistic, (k, below), float(stats.f.sf(statistic, k, below)))


def _saddlepoint(x: float, weights: Sequence[float]) -> float:
    """The upper tail of a sum of weighted chi squares with one degree of freedom each (Kuonen 1999)."""
    lam = np.asarray(weights, np.float64)
    lam = lam[lam > 1e-12 * lam.max()] / lam.max()
    x = x / max(weights)

    def slope(z: float) -> float:
        return float((lam / (1 - 2 * z * lam)).sum()) - x

    upper = 0.5 - 1e-12
    lower = -1.0
    while slope(lower) > 0:
        lower *= 2
    z = float(brentq(slope, lower, upper)) if slope(upper) > 0 else upper
    if abs(z) < 1e-8:
        return 0.5
    log = -0.5 * float(np.log(1 - 2 * z * lam).sum())
    w = np.sign(z) * np.sqrt(2 * (z * x - log))
    v = z * np.sqrt(2 * float((lam**2 / (1 - 2 * z * lam) ** 2).sum()))
    return float(stats.norm.sf(w + np.log(v / w) / w))
