"""Accuracy (错保率, 死亡后继续发放率): verified findings alone, with bounds for the clues that are still open.

metrics.yaml: the denominator is everybody who was drawn (weighted), not those who were looked at again. The lower end
takes every open clue as false, the upper end as true; each has its own interval. How many were left out (漏保发现率)
needs a sample of its own, of households that receive nothing, and is no rate of this sample.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pandas as pd

from analysis import SurveyDesign
from analysis.metrics import load_metrics
from analysis.rounding import half_up
from survey_server.results.dataset import Dataset
from survey_server.results.figures import Figure
from survey_server.results.measures import DEATH

WRONGLY_IN, PAID_AFTER_DEATH = "err_incl", "err_death"
METRICS = {WRONGLY_IN: "ERR_INCL", PAID_AFTER_DEATH: "ERR_DEATH"}
DIGITS = 4


@dataclass(frozen=True)
class End:
    """One end of the bounds: a fraction with four decimals, and its 95 % interval (None of a census)."""

    estimate: Decimal
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True)
class Accuracy:
    """A metric between its bounds: all unresolved false (``least``), all true (``most``); counts are unweighted."""

    metric: str
    least: End
    most: End
    verified: int
    unresolved: int
    n: int
    unit: str
    method: str


def accuracy_of(dataset: Dataset) -> list[Accuracy]:
    """Each accuracy metric that somebody is in the denominator of; none where the dataset knows no verdicts."""
    cases = dataset.cases
    if cases.empty or not set(METRICS) <= set(cases.columns):
        return []
    design = _design(cases)
    dead = _deceased(dataset)
    found = [_accuracy(design, cases, WRONGLY_IN)]
    if dead.any():
        found.append(_accuracy(design.where(dead), cases[dead], PAID_AFTER_DEATH))
    return found


def accuracy_figure(dataset: Dataset, metric: str, *, county: str = "", category: str = "") -> Figure | None:
    """A metric of a county or category as a score takes it: verified findings alone are its estimate.

    Its interval begins at that of ``least`` and ends at that of ``most``, so that it holds what open clues may become.
    None where nobody is in the denominator, and where no finding was ever written down: that is no rate of 0.
    """
    if dataset.findings.empty:
        return None
    found = next((one for one in accuracy_of(part_of(dataset, county, category)) if one.metric == metric), None)
    if found is None:
        return None
    low = found.least.estimate if found.least.low is None else found.least.low
    high = found.most.estimate if found.most.high is None else found.most.high
    return Figure(
        *(metric, "all", "all", county, category),
        *(found.least.estimate, low, high, found.method),
        n=found.n,
        yes=found.verified,
        missing=found.unresolved,
        interviews=found.n,
        unit=found.unit,
    )


def part_of(dataset: Dataset, county: str, category: str) -> Dataset:
    """The dataset of one county, one category (its code), or the whole where both are empty."""
    inside = pd.Series(True, index=dataset.cases.index)  # noqa: FBT003 - a mask
    for name, wanted in (("county", county), ("category", category)):
        if wanted:
            inside &= dataset.cases[name] == wanted
    return dataset if inside.all() else replace(dataset, cases=dataset.cases[inside])


def _accuracy(design: SurveyDesign, cases: pd.DataFrame, tag: str) -> Accuracy:
    bounds = replace(load_metrics()["ERR_INCL"], tags=(tag,)).items(design.data)
    rows = {row["item"]: row for row in design.rates(bounds).frame.to_dict("records")}
    least, most = rows[f"{tag}_low"], rows[f"{tag}_high"]
    states = cases[tag].value_counts()
    return Accuracy(
        metric=METRICS[tag],
        least=_end(least),
        most=_end(most),
        verified=int(states.get("verified", 0)),
        unresolved=int(states.get("open", 0)),
        n=len(cases),
        unit=load_metrics()[METRICS[tag]].unit,
        method=str(most["method"]),
    )


def _end(row: Any) -> End:  # noqa: ANN401 - a row of estimates
    ends = (row["low"], row["high"]) if row["method"] != "census" else (float("nan"), float("nan"))
    low, high = (None if pd.isna(value) else half_up(float(value), DIGITS) for value in ends)
    return End(half_up(float(row["estimate"]), DIGITS), low, high)


def _deceased(dataset: Dataset) -> pd.Series:
    """Whose household lost somebody: so says the outcome, the interview, or a finding."""
    cases = dataset.cases
    dead = (cases["outcome_class"] == "deceased") | (cases[PAID_AFTER_DEATH] != "")
    if DEATH not in dataset.answers:
        return dead
    asked = dataset.answers[DEATH]
    return dead | cases.index.isin(asked.index[asked.notna()])


def _design(cases: pd.DataFrame) -> SurveyDesign:
    """Everybody who was drawn and released, by the weights of the design: nobody is left out for not answering."""
    if "cluster" in cases:
        return SurveyDesign(cases, weight="design_weight", stratum="stratum", cluster="cluster", lonely="adjust")
    return SurveyDesign(cases, weight="design_weight", stratum="stratum", population="population", lonely="adjust")
