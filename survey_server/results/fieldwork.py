"""What became of the sample: outcomes and response by stratum and by channel."""

from __future__ import annotations

import pandas as pd

from analysis.response import CLASSES, aapor_rates
from survey_server.results.dataset import Dataset

IN_DENOMINATOR = CLASSES[:6]
FAMILIES = {"F": "visit", "T": "phone", "S": "qr_household"}


def by_channel(dataset: Dataset) -> pd.DataFrame:
    """A row a channel family and one for all (empty channel): counts by class, n, rr1, rr2 (fractions).

    RR1 and RR2 as AAPOR defines them (metrics.yaml RR1_F2F, RR2_F2F): what is unknown or was never tried stays in
    the denominator; the deceased are listed apart and those out of scope left out. The family is that of the outcome
    code: F visit, T telephone, S self-completed.
    """
    return of_channels(dataset.cases)


def of_channels(cases: pd.DataFrame) -> pd.DataFrame:
    """The same of some of the cases, such as those of a county."""
    families = cases["outcome"].str[0].map(FAMILIES).fillna(cases["channel"])
    counts = pd.crosstab(families, cases["outcome_class"]).reindex(columns=list(CLASSES), fill_value=0)
    counts = counts.reindex([name for name in FAMILIES.values() if name in counts.index])
    counts.loc[""] = counts.sum()
    return _with_rates(counts.rename_axis("channel").reset_index())


def by_stratum(dataset: Dataset) -> pd.DataFrame:
    """A row a stratum: county, category_name, unit, population, drawn, reserves drawn and released, classes, rates,
    design_weight and weight (of those counted; NaN where nobody answered)."""
    cases = dataset.cases
    facts = cases.groupby("stratum").agg(
        county=("county", "first"),
        category=("category", "first"),
        category_name=("category_name", "first"),
        unit=("unit", "first"),
        population=("population", "first"),
        covered=("covered", "first"),
        released=("role", "size"),
        design_weight=("design_weight", "mean"),
        weight=("weight", "mean"),
        headline=("headline", "sum"),
    )
    drawn = pd.crosstab(dataset.drawn["stratum"], dataset.drawn["role"])
    facts["main"] = drawn.get("main", 0)
    facts["reserves"] = drawn.get("reserve", 0)
    facts[["reserves"]] = facts[["reserves"]].fillna(0).astype(int)
    facts["reserves_released"] = facts["released"] - facts["main"]
    counts = pd.crosstab(cases["stratum"], cases["outcome_class"]).reindex(columns=list(CLASSES), fill_value=0)
    return _with_rates(facts.join(counts).sort_values(["county", "category"]).reset_index())


def _with_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Add rr1 and rr2 (NaN where there is no case in the denominator) and n, their denominator."""
    counts = table[list(CLASSES)].astype(int).to_dict("records")
    rates = [aapor_rates({str(name): count for name, count in row.items()}) for row in counts]
    return table.assign(
        n=[sum(row[name] for name in IN_DENOMINATOR) for row in counts],
        rr1=pd.array([rate["RR1"] for rate in rates], dtype="Float64").to_numpy(float, na_value=float("nan")),
        rr2=pd.array([rate["RR2"] for rate in rates], dtype="Float64").to_numpy(float, na_value=float("nan")),
    )
