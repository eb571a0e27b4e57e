"""Rates and scores with their intervals: overall, by county, by category, and by both.

Everything is estimated from one design by the definitions of :mod:`analysis.metrics`: the stratum is the one that
was drawn from, the finite population is what the stratum's N covers, and the headline is a domain of the design, not
a deletion of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis import SurveyDesign, estimate_metrics
from analysis.metrics import codes, volunteer_metrics
from survey_server.results.dataset import Dataset
from survey_server.results.figures import Figure, print_figure
from survey_server.results.measures import (
    AWARENESS,
    HEARD,
    OF_SOME,
    PROCESS,
    SATISFACTION,
    SATISFACTION_TAG,
    SEVERAL,
    VOLUNTEERS,
    figure_name,
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
    """One row a figure × denominator × domain × group; empty county or category means all of them.

    The study's own definition is crossed by county and category; the others stand beside it less finely. What was
    heard of and the process rates are estimated under the study's own alone, and where they concern somebody.

    Rates are fractions, scores are points; ``n`` is the denominator, ``yes`` the numerator (rates of one question),
    ``missing`` the interviews of the group that are not in the denominator: n + missing = interviews.
    """
    rows = dataset.cases[dataset.cases["counted"]]
    if rows.empty:
        return pd.DataFrame(columns=list(FIGURE_COLUMNS))
    data = rows.join(dataset.answers.drop(columns=list(SEVERAL)).apply(codes))
    design = design_of(data)
    own = {"denominators": (definitions["denominator"],), "domains": (definitions["domain"],)}
    parts = []
    for grouping in GROUPINGS:
        crossed = len(grouping) > 1
        found = [_estimated(design, (*SATISFACTION, *AWARENESS), grouping, own if crossed else {})]
        found += [] if crossed else [_estimated(design, (*HEARD, *PROCESS), grouping, own)]
        parts.append(_with_units(pd.concat(found), rows, grouping))
    table = pd.concat(parts, ignore_index=True)
    table = table[(table["n"] > 0) | ~table["metric"].isin(OF_SOME)]
    names = [figure_name(*pair) for pair in zip(table["metric"], table["item"], strict=True)]
    return table.assign(metric=names, interviews=table["n"] + table["missing"])[list(FIGURE_COLUMNS)]


def design_of(data: pd.DataFrame) -> SurveyDesign:
    """How the counted cases were drawn.

    Where villages were drawn first, neighbours are alike: villages are the units of the variance then, as if drawn
    with replacement, which errs on the side of the wider interval.
    """
    if "cluster" in data:
        return SurveyDesign(data, weight="weight", stratum="stratum", cluster="cluster", lonely="adjust")
    return SurveyDesign(data, weight="weight", stratum="stratum", population="covered", lonely="adjust")


def _estimated(
    design: SurveyDesign, metrics: tuple[str, ...], grouping: tuple[str, ...], wanted: Mapping[str, Any]
) -> pd.DataFrame:
    table = estimate_metrics(design, metrics, by=list(grouping) or None, level=LEVEL, **wanted)
    return table.assign(**{name: "" for name in ("county", "category") if name not in grouping})


def _with_units(table: pd.DataFrame, rows: pd.DataFrame, grouping: tuple[str, ...]) -> pd.DataFrame:
    """Say of each group whether its interviews are of 户, of 人, or of both."""
    both = pd.concat([rows.assign(domain="all"), rows[rows["headline"]].assign(domain="headline")])
    keys = ["domain", *grouping]
    found = both.groupby(keys)["unit"].agg(units).reset_index()
    joined = table.drop(columns="unit").merge(found, how="left", on=keys)
    return joined.assign(unit=joined["unit"].fillna(""))


def units(found: pd.Series) -> str:
    """户, 人, or 户/人 where a group has both."""
    return "/".join(unit for unit in ("户", "人") if (found == unit).any())


def volunteer_figure(dataset: Dataset) -> Figure:
    """QR_TOP2: what those said who chose themselves by a public code; a plain share, without an interval."""
    table = volunteer_metrics(dataset.volunteers[[SATISFACTION_TAG]], [VOLUNTEERS])
    for row in table[table["denominator"] == "valid"].to_dict("records"):
        return print_figure({**row, "county": "", "category": "", "interviews": len(dataset.volunteers), "unit": "人"})
    return Figure(VOLUNTEERS, "valid", "all", "", "", yes=0, unit="人")
