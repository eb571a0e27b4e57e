"""Who answered against who there is: respondents and frame on the facts of the roster (样本与总体构成).

Three looks: shares of categories (`composition`), means of numbers (`balance`), and how much the chance to answer
varies with the facts, in one figure (`r_indicator`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.association import regress
from analysis.design import SurveyDesign
from analysis.errors import AnalysisError


def composition(
    frame: pd.DataFrame, answered: pd.DataFrame, facts: Sequence[str], *, weight: str | None = None
) -> pd.DataFrame:
    """A row per value of each fact: fact, value, frame, frame_share, answered, share, weighted_share, difference.

    frame: the roster. answered: those who answered, with the same columns. weight: column of weights of the answered;
    None leaves weighted_share as the plain share. Shares are fractions; difference is weighted_share less
    frame_share; standardised is it over √(p(1 - p)) of the frame: beyond 0.1 it is usually looked at (Austin 2009).
    A missing value is a value of its own, shown as None.
    """
    parts = []
    for fact in facts:
        if fact not in frame.columns or fact not in answered.columns:
            raise AnalysisError("column", f"{fact!r} is not a column of both the frame and the answers", column=fact)
        there = frame[fact].value_counts(dropna=False)
        came = answered[fact].value_counts(dropna=False)
        weights = pd.Series(1.0, index=answered.index) if weight is None else answered[weight].astype(float)
        heavy = weights.groupby(answered[fact], dropna=False).sum()
        values = there.index.union(came.index)
        table = pd.DataFrame({"fact": fact, "value": values.astype(object)})
        table["frame"] = there.reindex(values, fill_value=0).to_numpy()
        table["frame_share"] = table["frame"] / max(1, len(frame))
        table["answered"] = came.reindex(values, fill_value=0).to_numpy()
        table["share"] = table["answered"] / max(1, len(answered))
        table["weighted_share"] = heavy.reindex(values, fill_value=0.0).to_numpy() / max(1e-300, float(weights.sum()))
        parts.append(table)
    whole = pd.concat(parts, ignore_index=True)
    difference = whole["weighted_share"] - whole["frame_share"]
    spread = (whole["frame_share"] * (1 - whole["frame_share"])) ** 0.5
    return whole.assign(difference=difference, standardised=difference / spread.where(spread > 0))


def balance(
    frame: pd.DataFrame, answered: pd.DataFrame, numbers: Sequence[str], *, weight: str | None = None
) -> pd.DataFrame:
    """The same for numbers such as age or persons: a row per fact, over who has it.

    Columns: fact, frame_n, frame_mean, frame_sd, answered_n, mean, weighted_mean, difference (weighted_mean less
    frame_mean), standardised (over frame_sd; NaN where the frame does not vary).
    """
    rows = []
    for fact in numbers:
        if fact not in frame.columns or fact not in answered.columns:
            raise AnalysisError("column", f"{fact!r} is not a column of both the frame and the answers", column=fact)
        there = frame[fact].astype(float).dropna()
        came = answered[fact].astype(float).dropna()
        w = pd.Series(1.0, index=came.index) if weight is None else answered.loc[came.index, weight].astype(float)
        mean = float((w * came).sum() / w.sum()) if len(came) else float("nan")
        sd = float(there.std(ddof=0))
        gap = mean - float(there.mean())
        rows.append(
            {
                "fact": fact,
                "frame_n": len(there),
                "frame_mean": float(there.mean()),
                "frame_sd": sd,
                "answered_n": len(came),
                "mean": float(came.mean()),
                "weighted_mean": mean,
                "difference": gap,
                "standardised": gap / sd if sd > 0 else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def r_indicator(cases: pd.DataFrame, *, weight: str, responded: str, variables: pd.DataFrame) -> float:
    """R = 1 - 2 S(ρ): 1 where everybody of the sample was as likely to answer, whatever the facts say.

    ρ are chances to answer by a weighted logistic regression on `variables` (numbers without gaps, a row per case), S
    their weighted standard deviation (Schouten, Cobben and Bethlehem 2009). By chance alone it is a little below 1.
    """
    answered = cases[responded].astype("boolean").fillna(value=False).astype(float)
    fitted = regress(SurveyDesign(cases, weight=weight), answered, variables, family="logistic")
    line = fitted.coefficients[0] + variables.to_numpy(np.float64) @ fitted.coefficients[1:]
    w, chance = cases[weight].to_numpy(np.float64), expit(line)
    return float(1 - 2 * np.sqrt(np.average((chance - np.average(chance, weights=w)) ** 2, weights=w)))
