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
    Measure,
)

LEVEL = 0.95
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
    locked = (definitions["domain"], definitions["denominator"])
    parts = [
        _in_group(dataset, rows, whole[domain], domain, denominator, grouping)
        for domain, denominator in product(DOMAINS, DENOMINATORS)
        for grouping in GROUPINGS
        if len(grouping) < 2 or (domain, denominator) == locked
    ]
    return pd.concat(parts, ignore_index=True)[list(FIGURE_COLUMNS)]


def _in_group(
    dataset: Dataset,
    rows: pd.DataFrame,
    design: SurveyDesign,
    domain: str,
    denominator: str,
    grouping: Sequence[str],
) -> pd.DataFrame:
    by = list(grouping) or None
    rates = design.rates(_columns(dataset, RATES, denominator), by=by, level=LEVEL)
    parts = [rates.frame, _average_awareness(rates, grouping)]
    if denominator == "valid":
        means = design.means(_columns(dataset, MEANS, denominator), by=by, level=LEVEL).frame
        parts.append(means.assign(yes=np.nan))
    table = pd.concat(parts, ignore_index=True).rename(columns={"item": "metric"})
    for name in ("county", "category"):
        table[name] = table[name] if name in grouping else ""
    table = table.assign(denominator=denominator, domain=domain)
    return _with_counts(table, rows if domain == "all" else rows[rows["headline"]], grouping)


def _columns(dataset: Dataset, measures: Sequence[Measure], denominator: str) -> dict[str, Any]:
    """The values of each measure, aligned with the counted cases."""
    return {
        measure.metric: (measure.valid if denominator == "valid" else measure.of_all)(dataset.answers[measure.tag])
        for measure in measures
    }


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
    method = "logit" if mean.se > 0 else "kg"
    low, high = design_interval(evidence, method, rates.level)
    return row | {"low": float(low[0]), "high": float(high[0]), "method": method}


def _with_counts(table: pd.DataFrame, rows: pd.DataFrame, grouping: Sequence[str]) -> pd.DataFrame:
    """Add how many interviews the group has, how many of them have no valid answer, and 户 or 人."""
    if not grouping:
        counts = pd.DataFrame({"interviews": [len(rows)], "unit": [units(rows["unit"])]})
        table = table.merge(counts, how="cross")
    else:
        counts = rows.groupby(list(grouping)).agg(interviews=("unit", "size"), unit=("unit", units))
        table = table.merge(counts.reset_index(), how="left", on=list(grouping))
    table["interviews"] = table["interviews"].fillna(0).astype(int)
    return table.assign(missing=table["interviews"] - table["n"], unit=table["unit"].fillna(""))


def units(column: pd.Series) -> str:
    """户, 人, or 户/人 where a group has both."""
    return "/".join(unit for unit in ("户", "人") if (column == unit).any())


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
