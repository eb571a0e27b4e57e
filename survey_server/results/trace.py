"""From a figure down to the answers behind it: every released case of its group, and what became of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import col

from analysis.metrics import BY_SHARE
from survey_server.results.dataset import Dataset
from survey_server.results.measures import definition_of, figure_name, tags_of
from survey_server.submissions.models import Submission
from survey_server.work import Work


class Part(StrEnum):
    """What a case is to a figure."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    NO_VALID_ANSWER = "no_valid_answer"
    NOT_ASKED = "not_asked"
    NOT_CONCERNED = "not_concerned"
    OUTSIDE_DOMAIN = "outside_domain"
    NOT_INTERVIEWED = "not_interviewed"


COMPARED = ("near", "equal")


@dataclass(frozen=True)
class Question:
    """Which figure is asked about; empty county or category means all of them."""

    metric: str
    denominator: str = "valid"
    domain: str = "headline"
    county: str = ""
    category: str = ""

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the questions behind it; raises KeyError for an unknown metric."""
        return tags_of(self.metric)

    @property
    def shown(self) -> tuple[str, ...]:
        """Those whose answers may be shown: sums of money that are compared are sensitive, and stay unseen."""
        return () if definition_of(self.metric).kind in COMPARED else self.tags


def trace(dataset: Dataset, question: Question) -> pd.DataFrame:
    """One row a released case of the group, by sample number, with ``part`` and its codes.

    Columns: county, category, category_name, channel, outcome, outcome_class, weight, headline, a column ``code.TAG``
    a question that may be shown, and part. Where several rates make the figure, a case counts that has a valid answer
    to one.
    """
    cases = _group(dataset.cases, question)
    columns = ["county", "category", "category_name", "unit", "channel", "outcome", "outcome_class", "weight"]
    table = cases.reindex(columns=[*columns, "headline", "counted", "submission_id"])
    answers = dataset.answers.reindex(table.index)
    for tag in question.shown:
        table[f"code.{tag}"] = answers[tag]
    table["part"] = _parts(table, answers, question)
    return table


def records(dataset: Dataset, question: Question) -> Mapping[str, list[dict[str, object]]]:
    """The other records of the group's cases, which stay as evidence, by sample number."""
    inside = dataset.evidence["sample_id"].isin(_group(dataset.cases, question).index)
    others = dataset.evidence[inside & (dataset.evidence["standing"] != "counted")]
    found: dict[str, list[dict[str, object]]] = {}
    for row in others[["sample_id", "channel", "received_at", "outcome", "standing"]].to_dict("records"):
        found.setdefault(str(row["sample_id"]), []).append({str(name): value for name, value in row.items()})
    return found


def receipts_of(work: Work, record_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Mapping[str, Any]]:
    """Receipt (instance_id), time of arrival and flags of these records by id; one query."""
    names = ("id", "instance_id", "received_at", "flags")
    query = sa.select(*(getattr(Submission, name) for name in names)).where(
        col(Submission.id).in_(record_ids), col(Submission.withdrawn_at).is_(None)
    )
    return {row[0]: dict(zip(names, row, strict=True)) for row in work.session.execute(query)}


def _group(cases: pd.DataFrame, question: Question) -> pd.DataFrame:
    for name, wanted in (("county", question.county), ("category", question.category)):
        if wanted:
            cases = cases[cases[name] == wanted]
    return cases


def _parts(table: pd.DataFrame, answers: pd.DataFrame, question: Question) -> pd.Series:
    metric = definition_of(question.metric)
    worth = _worth(answers, question)
    parts = pd.Series(Part.DENOMINATOR.value, index=table.index)
    if metric.kind in BY_SHARE:
        parts[worth.eq(1).any(axis=1)] = Part.NUMERATOR.value
    parts[worth.isna().all(axis=1)] = Part.NO_VALID_ANSWER.value
    parts[answers[list(question.tags)].isna().all(axis=1)] = Part.NOT_ASKED.value
    parts[~_concerned(answers, question)] = Part.NOT_CONCERNED.value
    if question.domain == "headline":
        parts[~table["headline"]] = Part.OUTSIDE_DOMAIN.value
    parts[~table["counted"]] = Part.NOT_INTERVIEWED.value
    return parts


def _worth(answers: pd.DataFrame, question: Question) -> pd.DataFrame:
    """What each case adds to the figure: the columns of its items, missing where it is not in the denominator."""
    metric = definition_of(question.metric)
    items = metric.items(answers, question.denominator)
    chosen = {item: column for item, column in items.items() if figure_name(metric.id, item) == question.metric}
    return pd.DataFrame(chosen)


def _concerned(answers: pd.DataFrame, question: Question) -> pd.Series:
    """Whether the figure is about the case at all: those who are paid monthly; those who were asked what is apart."""
    metric = definition_of(question.metric)
    concerned = metric.concerned(answers)
    if not metric.apart:
        return concerned
    return concerned & (answers[metric.apart].notna() == (question.metric == metric.id))
