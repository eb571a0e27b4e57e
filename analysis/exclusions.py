"""What a rate becomes when some answers are left out: a cadre was present, somebody else answered (主口径).

Those who stay are a domain of the weighted design, never fewer rows of it, and the difference from everybody has the
variance of two estimates of which one contains the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.compare import Adjustment, differences
from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from analysis.design import SurveyDesign
    from analysis.totals import Columns

EVERYBODY = "everybody"
ANY_REASON = "any reason"


def exclusions(
    design: SurveyDesign,
    item: ArrayLike | str,
    reasons: Mapping[str, ArrayLike | str],
    by: Columns = None,
    *,
    interval: str = "auto",
    level: float = 0.95,
    adjust: Adjustment = "holm",
) -> pd.DataFrame:
    """A rate with everybody, without each reason alone, and without any of them: a row each, by domains of `by`.

    item: a column of yes and no, or its name. reasons: maps a reason to a column of yes (to be left out) and no;
    missing is no. Columns: excluded ("everybody", the reason, or "any reason"), the domain columns, estimate, se, low,
    high, n, method, left_out (answers), change (from everybody), change_se, p_value, p_adjusted (over all changes).
    """
    taken = {EVERYBODY, ANY_REASON} & set(reasons)
    if taken or not reasons:
        raise AnalysisError("reasons", f"give reasons by names other than {EVERYBODY!r} and {ANY_REASON!r}")
    answers = np.asarray(design.values(item), np.float64)
    out = {name: np.asarray(design.values(column) == 1, dtype=bool) for name, column in reasons.items()}
    variants: dict[str, NDArray[np.bool_]] = {EVERYBODY: np.zeros(len(answers), dtype=bool), **out}
    variants[ANY_REASON] = np.logical_or.reduce(list(out.values()))
    items = {name: np.where(gone, np.nan, answers) for name, gone in variants.items()}
    found = design.rates(items, by=by, interval=interval, level=level)
    frame = found.frame
    size = len(frame) // len(items)
    base = [row % size for row in range(size, len(frame))]
    known = [(row, whole) for row, whole in enumerate(base, start=size) if frame["n"].iloc[row] > 0]
    changes = differences(found, known, adjust=adjust).set_index("row_one")
    table = frame.rename(columns={"item": "excluded"}).assign(
        left_out=frame["n"].to_numpy()[np.arange(len(frame)) % size] - frame["n"].to_numpy()
    )
    for name, column in {"change": "estimate", "change_se": "se", "p_value": "p_value"}.items():
        table[name] = changes[column].reindex(table.index)
    table["p_adjusted"] = changes["p_adjusted"].reindex(table.index)
    return table[_columns(frame)]


def _columns(frame: pd.DataFrame) -> list[Any]:
    keys = list(frame.columns[1 : list(frame.columns).index("estimate")])
    figures = ["estimate", "se", "low", "high", "n", "method", "left_out"]
    return ["excluded", *keys, *figures, "change", "change_se", "p_value", "p_adjusted"]
