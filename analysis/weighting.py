"""From design weights to weights of those who answered.

Nonresponse: within classes in which answering is taken to be unrelated to the answer, those who answered stand for
all who were eligible (Särndal and Lundström 2005, ch. 6). The finite population of the design stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.association import regress
from analysis.design import SurveyDesign
from analysis.errors import WeightingError
from analysis.quantiles import weighted_quantile

THIN = 20
"""Answers from which a class is thought to bear its weights (Kalton and Flores-Cervantes 2003); fewer are marked."""


@dataclass(frozen=True, eq=False)
class Weighting:
    """New weights, and what the step did.

    weights: a Series like the cases, NaN for who did not answer. report: a row per class with the counts, the sum of
    weights before and after, and the factor. effect: Kish's n Σw²/(Σw)² after the step: 1 where weights are equal.
    """

    weights: pd.Series
    report: pd.DataFrame
    effect: float


def kish_effect(weights: ArrayLike) -> float:
    """n Σw²/(Σw)²: what uneven weights cost a mean that has nothing to do with them (Kish 1965, 11.7)."""
    w = np.asarray(weights, np.float64)
    w = w[~np.isnan(w)]
    return float(len(w) * (w**2).sum() / w.sum() ** 2)


def design_weights(cases: pd.DataFrame, *, population: str, stratum: str | None = None) -> Weighting:
    """N / n of each stratum: every case that was drawn stands for as many, whether it answers or not.

    population: column with the finite population of the stratum. The report has a row per stratum: stratum, drawn,
    population, factor. Raises WeightingError where a population varies within a stratum or is below what was drawn.
    """
    for name in (population, stratum):
        if name is not None and name not in cases.columns:
            raise WeightingError("column", f"there is no column {name!r} among the cases", column=name)
    strata = pd.Series("all", index=cases.index) if stratum is None else cases[stratum]
    if strata.isna().any():
        row = strata.index[int(np.argmax(strata.isna().to_numpy()))]
        raise WeightingError("stratum", f"case {row!r} has no stratum (column {stratum!r})", row=row, column=stratum)
    sizes = pd.to_numeric(cases[population], errors="coerce")
    facts = pd.DataFrame({"stratum": strata, "N": sizes}).groupby("stratum")["N"]
    table = pd.DataFrame(
        {"drawn": facts.size(), "population": facts.max(), "least": facts.min(), "given": facts.count()}
    )
    wrong = table[(table["given"] < table["drawn"]) | (table["population"] != table["least"])]
    if not wrong.empty:
        where = wrong.index[0]
        message = f"the population of stratum {where!r} is missing or not the same in all of its cases"
        raise WeightingError("population_varies", message, stratum=where)
    small = table[table["population"] < table["drawn"]]
    if not small.empty:
        where, row = small.index[0], small.iloc[0]
        message = f"stratum {where!r} has a population of {row['population']:g}, but {row['drawn']:g} cases were drawn"
        raise WeightingError("population_small", message, stratum=where)
    weights = sizes / strata.map(table["drawn"])
    report = table[["drawn", "population"]].assign(factor=table["population"] / table["drawn"]).reset_index()
    return Weighting(weights.rename("weight"), report, kish_effect(weights))


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
    The report marks classes of fewer than 20 answers as `thin`: consider to join them.
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
    report = sums.assign(factor=factor, thin=sums["answered"] < THIN).reset_index(drop=True)
    return Weighting(adjusted.rename("weight"), report, kish_effect(adjusted))


def propensity_classes(
    cases: pd.DataFrame, *, weight: str, responded: str, variables: pd.DataFrame, classes: int = 5
) -> pd.Series:
    """Classes of about equal size by the chance to answer, by a weighted logistic regression on roster facts.

    For use as `classes` of nonresponse_weights where the crossing of many facts would leave thin ones (Little 1986).
    variables: numbers without gaps, a row per case. Numbers from 1 (least likely to answer).
    """
    answered = cases[responded].astype("boolean").fillna(value=False).astype(float)
    fitted = regress(SurveyDesign(cases, weight=weight), answered, variables, family="logistic")
    line = fitted.coefficients[0] + variables.to_numpy(np.float64) @ fitted.coefficients[1:]
    bounds = weighted_quantile(line, cases[weight].to_numpy(np.float64), [k / classes for k in range(1, classes)])
    return pd.Series(1 + np.searchsorted(bounds, line, side="left"), index=cases.index, name="propensity_class")


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
    keys = keys.sort_index()
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
