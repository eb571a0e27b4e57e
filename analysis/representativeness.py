"""Who answered against who there is: respondents and frame on the facts of the roster (样本与总体构成)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.errors import AnalysisError


def composition(
    frame: pd.DataFrame, answered: pd.DataFrame, facts: Sequence[str], *, weight: str | None = None
) -> pd.DataFrame:
    """A row per value of each fact: fact, value, frame, frame_share, answered, share, weighted_share, difference.

    frame: the roster. answered: those who answered, with the same columns. weight: column of weights of the answered;
    None leaves weighted_share as the plain share. Shares are fractions; difference is weighted_share less
    frame_share. A missing value is a value of its own, shown as None.
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
    return whole.assign(difference=whole["weighted_share"] - whole["frame_share"])
