"""From design weights to weights of those who answered.

Nonresponse: within classes in which answering is taken to be unrelated to the answer, those who answered stand for
all who were eligible (Särndal and Lundström 2005, ch. 6). The finite population of the design stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import WeightingError


@dataclass(frozen=True, eq=False)
class Weighting:
    """New weights, and what the step did.

    weights: a Series like the cases, NaN for who did not answer. report: a row per class with the counts, the sum of
    weights before and after, and the factor. effect: Kish's n Σw²/(Σw)² after the step: 1 where weights are equal.
    """

    weights: pd.Series
    report: pd.DataFrame
    effect: float


def nonresponse_weights(
    cases: pd.DataFrame,
    *,
    weight: str,
    responded: str,
    classes: Sequence[str] | str = (),
    eligible: str | None = None,
) -> Weighting:
    """Weights of those who answered: design weight of all eligible in the class ÷ that of who answered.

    cases: a row per drawn case. weight: column of design weights. responded: column of yes and no. classes: columns
    whose crossings are the classes (none: one class). eligible: column of yes, no, or missing where it is not
    known; the unknown count by the eligible share of the known in their class. None: everybody is eligible.
    Raises WeightingError for a class in which nobody answered, naming it.
    """
    names = [classes] if isinstance(classes, str) else list(classes)
    missing = [name for name in (weight, responded, eligible, *names) if name and name not in cases.columns]
    if missing:
        raise WeightingError("column", f"there is no column {missing[0]!r} among the cases", column=missing[0])
    table = _classified(cases, weight, responded, names, eligible)
    sums = _class_sums(table)
    _refuse_empty(sums, names)
    factor = sums["eligible_weight"] / sums["answered_weight"]
    adjusted = (table["w"] * table["cell"].map(factor)).where(table["answered"])
    report = sums.assign(factor=factor).reset_index(drop=True)
    kept = adjusted.dropna()
    effect = float(len(kept) * (kept**2).sum() / kept.sum() ** 2)
    return Weighting(adjusted.rename("weight"), report, effect)


def trim_weights(weights: pd.Series, most: float) -> Weighting:
    """Weights cut at `most` times their median, what is cut shared among the others until none is above.

    Raises WeightingError where the cap is so low that the sum cannot be kept.
    """
    kept = weights.dropna().astype(float)
    cap = most * float(kept.median())
    if cap * len(kept) < kept.sum():
        raise WeightingError("cap", f"a cap of {most} × the median cannot hold the sum of weights: raise it", most=most)
    trimmed = kept.copy()
    for _ in range(len(kept)):
        over = trimmed > cap
        excess = float((trimmed[over] - cap).sum())
        if excess <= 1e-12 * cap:
            break
        trimmed[over] = cap
        under = trimmed < cap
        trimmed[under] *= 1 + excess / float(trimmed[under].sum())
    report = pd.DataFrame(
        {"cap": [cap], "cut": [int((kept > cap).sum())], "weight_before": [kept.sum()], "weight_after": [trimmed.sum()]}
    )
    effect = float(len(trimmed) * (trimmed**2).sum() / trimmed.sum() ** 2)
    return Weighting(trimmed.reindex(weights.index), report, effect)


def _classified(
    cases: pd.DataFrame, weight: str, responded: str, names: list[str], eligible: str | None
) -> pd.DataFrame:
    w = pd.to_numeric(cases[weight], errors="coerce").astype(float)
    wrong = ~(w > 0) | np.isinf(w)
    if wrong.any():
        row = wrong.index[int(np.argmax(wrong.to_numpy()))]
        raise WeightingError("weight", f"case {row!r} has no design weight above 0", row=row, column=weight)
    answered = cases[responded].astype("boolean").fillna(value=False).astype(bool)
    known = pd.Series(data=True, index=cases.index, dtype="boolean") if eligible is None else cases[eligible]
    known = known.astype("boolean").mask(answered, other=True)
    cell = cases.groupby(names, dropna=False).ngroup() if names else pd.Series(0, index=cases.index)
    table = pd.DataFrame({"w": w, "answered": answered, "known": known, "cell": cell})
    return table.join(cases[names].rename(columns={name: f"class:{name}" for name in names}))


def _class_sums(table: pd.DataFrame) -> pd.DataFrame:
    """Counts and weights by class; those of unknown eligibility count by the share of the known."""
    yes = table["known"].fillna(value=False).astype(bool)
    unknown = table["known"].isna()
    parts = pd.DataFrame(
        {
            "cell": table["cell"],
            "cases": 1,
            "eligible": yes,
            "unknown": unknown,
            "answered": table["answered"],
            "yes_weight": table["w"].where(yes, 0.0),
            "no_weight": table["w"].where(~yes & ~unknown, 0.0),
            "unknown_weight": table["w"].where(unknown, 0.0),
            "answered_weight": table["w"].where(table["answered"], 0.0),
        }
    )
    sums = parts.groupby("cell").sum()
    share = (sums["yes_weight"] / (sums["yes_weight"] + sums["no_weight"])).fillna(1.0)
    sums["eligible_weight"] = sums["yes_weight"] + share * sums["unknown_weight"]
    keys = table.drop(columns=["w", "answered", "known"]).drop_duplicates("cell").set_index("cell")
    keys.columns = [str(name).removeprefix("class:") for name in keys.columns]
    return keys.join(sums[["cases", "eligible", "unknown", "answered", "eligible_weight", "answered_weight"]])


def _refuse_empty(sums: pd.DataFrame, names: list[str]) -> None:
    silent = sums[(sums["answered"] == 0) & (sums["eligible_weight"] > 0)]
    if not silent.empty:
        where = ", ".join(f"{name} = {silent.iloc[0][name]}" for name in names) or "the whole sample"
        message = (
            f"nobody answered in {where}, so that nobody can stand for its {int(silent.iloc[0]['cases'])} cases: "
            "join it to a similar class, or say in the report that it is not covered"
        )
        raise WeightingError("empty_class", message, where=where, cases=int(silent.iloc[0]["cases"]))
