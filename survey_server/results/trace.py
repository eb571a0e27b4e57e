"""From a figure down to the answers behind it: every released case of its group, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from survey_server.results.dataset import Dataset
from survey_server.results.measures import AW_AVG, AWARENESS, MEASURES, Measure


class Part(StrEnum):
    """What a case is to a figure."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    NO_VALID_ANSWER = "no_valid_answer"
    NOT_ASKED = "not_asked"
    OUTSIDE_DOMAIN = "outside_domain"
    NOT_INTERVIEWED = "not_interviewed"


COUNTING = (Part.NUMERATOR, Part.DENOMINATOR)


@dataclass(frozen=True)
class Question:
    """Which figure is asked about; empty county or category means all of them."""

    metric: str
    denominator: str = "valid"
    domain: str = "headline"
    county: str = ""
    category: str = ""

    @property
    def measures(self) -> Sequence[Measure]:
        """The single-question measures behind it; raises KeyError for an unknown metric."""
        return AWARENESS if self.metric == AW_AVG else (MEASURES[self.metric],)


def trace(dataset: Dataset, question: Question) -> pd.DataFrame:
    """One row a released case of the group, by sample number, with ``part`` and its codes.

    Columns: county, category, category_name, channel, outcome, outcome_class, weight, headline, a column ``code.TAG``
    a question, and part. Where several questions make the figure, a case counts that has a valid answer to one.
    """
    cases = _group(dataset.cases, question)
    columns = ["county", "category", "category_name", "unit", "channel", "outcome", "outcome_class", "weight"]
    table = cases[[*columns, "headline", "counted"]].copy()
    codes = dataset.answers.reindex(table.index)
    for measure in question.measures:
        table[f"code.{measure.tag}"] = codes[measure.tag]
    table["part"] = _parts(table, codes, question)
    return table


def records(dataset: Dataset, question: Question) -> Mapping[str, list[dict[str, object]]]:
    """The other records of the group's cases, which stay as evidence, by sample number."""
    inside = dataset.evidence["sample_id"].isin(_group(dataset.cases, question).index)
    others = dataset.evidence[inside & (dataset.evidence["standing"] != "counted")]
    found: dict[str, list[dict[str, object]]] = {}
    for row in others[["sample_id", "channel", "received_at", "outcome", "standing"]].to_dict("records"):
        found.setdefault(str(row["sample_id"]), []).append({str(name): value for name, value in row.items()})
    return found


def _group(cases: pd.DataFrame, question: Question) -> pd.DataFrame:
    for name, wanted in (("county", question.county), ("category", question.category)):
        if wanted:
            cases = cases[cases[name] == wanted]
    return cases


def _parts(table: pd.DataFrame, codes: pd.DataFrame, question: Question) -> pd.Series:
    measures = question.measures
    worth = pd.DataFrame({measure.tag: measure.valid(codes[measure.tag]) for measure in measures})
    asked = codes[[measure.tag for measure in measures]].notna().any(axis=1)
    parts = pd.Series(Part.DENOMINATOR.value, index=table.index)
    if len(measures) == 1 and measures[0].is_rate:
        parts[worth.eq(1).any(axis=1)] = Part.NUMERATOR.value
    if question.denominator == "valid":
        parts[worth.isna().all(axis=1)] = Part.NO_VALID_ANSWER.value
    parts[~asked] = Part.NOT_ASKED.value
    if question.domain == "headline":
        parts[~table["headline"]] = Part.OUTSIDE_DOMAIN.value
    parts[~table["counted"]] = Part.NOT_INTERVIEWED.value
    return parts
