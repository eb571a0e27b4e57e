"""Rates and scores with their intervals: overall, by county, by category, and by both.

Everything is estimated from one design: the stratum is the one that was drawn from, the finite population is
what the stratum's N covers, and the headline is a domain of the design, not a deletion of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from analysis import Estimates, SurveyDesign
from analysis.intervals import Evidence, design_interval
from survey_server.results.dataset import Dataset
from survey_server.results.figures import Figure, rounded
from survey_server.results.measures import (
    AW_AVG,
    AWARENESS,
    DENOMINATORS,
    DOMAINS,
    MEANS,
    MEASURES,
    RATES,
    SATISFACTION_TAG,
)

LEVEL = 0.95
NO_SPREAD = 1e-9  # what is left of a standard error of 0 by floating point
GROUPINGS: tuple[tuple[str, ...], ...] = ((), ("county",), ("category",), ("county", "category"))
FIGURE_COLUMNS = (
    "metric",
    "denominator",
    "domain",
    "county",
    "category",
    "estimate",
    "se",
    "low",
    "high",
    "method",
    "n",
    "yes",
    "missing",
    "interviews",
    "unit",
)


def estimate(dataset: Dataset, definitions: Mapping[str, Any]) -> pd.DataFrame:
    """One row a metric × denominator × domain × group; empty county or category means all of them.

    The study's own definition is crossed by county and category; the others stand beside it less finely.

    Rates are fractions, scores are points; ``n`` is the denominator, ``yes`` the numerator (rates of one question),
    ``missing`` the interviews of the group without a valid answer: n + missing = interviews.
    """
    rows = dataset.cases[dataset.cases["counted"]]
    if rows.empty:
        return pd.DataFrame(columns=list(FIGURE_COLUMNS))
    design = SurveyDesign(rows, weight="weight", stratum="stratum", population="covered", lonely="adjust")
    whole = {domain: design.where("headline") if domain == "headline" else design for domain in DOMAINS}
    inside = {domain: rows[rows["headline"]] if domain == "headline" else rows for domain in DOMAINS}
    values = {denominator: _values(dataset, denominator) for denominator in DENOMINATORS}
    locked = (definitions["domain"], definitions["denominator"])
    parts = [
        _with_counts(_in_group(whole[domain], values[denominator], grouping), inside[domain], grouping).assign(
            domain=domain, denominator=denominator
        )
        for domain, denominator in product(DOMAINS, DENOMINATORS)
        for grouping in GROUPINGS
        if len(grouping) < 2 or (domain, denominator) == locked
    ]
    return pd.concat(parts, ignore_index=True)[list(FIGURE_COLUMNS)]


def _in_group(design: SurveyDesign, values: Mapping[str, pd.Series], grouping: Sequence[str]) -> pd.DataFrame:
    """Rates, the mean of the five awareness rates, and scores, for every group of one domain and denominator."""
    by = list(grouping) or None
    rates = design.rates({name: values[name] for name in RATES}, by=by, level=LEVEL)
    parts = [rates.frame, _average_awareness(rates, grouping)]
    means = {name: values[name] for name in MEANS if name in values}
    if means:
        parts.append(design.means(means, by=by, level=LEVEL).frame.assign(yes=np.nan))
    table = pd.concat(parts, ignore_index=True).rename(columns={"item": "metric"})
    for name in ("county", "category"):
        table[name] = table[name] if name in grouping else ""
    return table


def _values(dataset: Dataset, denominator: str) -> dict[str, pd.Series]:
    """What each answer is worth, by metric, aligned with the counted cases; a score has valid answers alone."""
    answers = dataset.answers
    if denominator == "valid":
        return {name: measure.valid(answers[measure.tag]) for name, measure in MEASURES.items()}
    return {name: MEASURES[name].of_all(answers[MEASURES[name].tag]) for name in RATES}


def _average_awareness(rates: Estimates, grouping: Sequence[str]) -> pd.DataFrame:
    """AW_AVG: the plain mean of the five item rates of a group; none where one of the five is lacking.

    Its variance is that of the linear combination; the interval is the logit one, and where nothing varies, so that
    it has no width, Korn and Graubard's for the item with the fewest answers.
    """
    frame = rates.frame
    items = frame[frame["item"].isin([measure.metric for measure in AWARENESS])]
    groups = items.groupby(list(grouping), sort=False) if grouping else [((), items)]
    return pd.DataFrame([dict(zip(grouping, keys, strict=True)) | _average(rates, part) for keys, part in groups])


def _average(rates: Estimates, items: pd.DataFrame) -> dict[str, Any]:
    row: dict[str, Any] = {"item": AW_AVG, "n": int(items["n"].min()), "yes": np.nan}
    if row["n"] == 0:
        return row | {"estimate": np.nan, "se": np.nan, "low": np.nan, "high": np.nan, "method": "none"}
    mean = rates.contrast(dict.fromkeys(items.index.tolist(), 1 / len(items)))
    row |= {"estimate": mean.estimate, "se": mean.se}
    if (items["method"] == "census").all():
        return row | {"low": mean.estimate, "high": mean.estimate, "method": "census"}
    evidence = Evidence(
        p=np.array([mean.estimate]),
        se=np.array([mean.se]),
        df=np.array([items["df"].min()]),
        n=np.array([float(row["n"])]),
        population=np.array([items["population"].min()]),
        weight_effect=np.array([(items["n"] / items["n_effective"]).clip(lower=1).max()]),
    )
    method = "logit" if mean.se > NO_SPREAD else "kg"
    low, high = design_interval(evidence, method, rates.level)
    return row | {"low": float(low[0]), "high": float(high[0]), "method": method}


def _with_counts(table: pd.DataFrame, rows: pd.DataFrame, grouping: Sequence[str]) -> pd.DataFrame:
    """Add how many interviews the group has, how many of them have no valid answer, and 户 or 人."""
    facts = pd.DataFrame({"interviews": 1, "户": rows["unit"] == "户", "人": rows["unit"] == "人"}, index=rows.index)
    if grouping:
        counts = facts.groupby([rows[name] for name in grouping]).sum().reset_index()
        table = table.merge(counts, how="left", on=list(grouping))
    else:
        table = table.merge(facts.sum().to_frame().T, how="cross")
    table[["interviews", "户", "人"]] = table[["interviews", "户", "人"]].fillna(0).astype(int)
    unit = [units(*pair) for pair in zip(table["户"], table["人"], strict=True)]
    return table.assign(missing=table["interviews"] - table["n"], unit=unit)


def units(households: int, persons: int) -> str:
    """户, 人, or 户/人 where a group has both."""
    return "/".join(unit for unit, count in (("户", households), ("人", persons)) if count)


def volunteer_figure(dataset: Dataset) -> Figure:
    """QR_TOP2: what those said who chose themselves by a public code; a plain share, without an interval."""
    values = MEASURES["SAT_TOP2"].valid(dataset.volunteers[SATISFACTION_TAG])
    n = int(values.notna().sum())
    return Figure(
        *("QR_TOP2", "valid", "all", "", ""),
        estimate=rounded(values.mean(), 4) if n else None,
        n=n,
        yes=int(values.sum()),
        missing=len(values) - n,
        interviews=len(values),
        unit="人",
    )
