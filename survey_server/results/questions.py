"""Question by question: classes of satisfaction, channel against channel, questions with several answers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from sqlmodel import col, select

from analysis import multiple_answers
from survey_server.results.dataset import Dataset
from survey_server.results.estimates import LEVEL, design_of
from survey_server.results.importance import Importance, importance_of
from survey_server.results.measures import CHANNEL, IMPROVE
from survey_server.results.modes import Gap, gaps_of
from survey_server.results.satisfaction import Scale, by_channel, scales
from survey_server.studies.forms import definition_of
from survey_server.studies.models import FormVersion
from survey_server.work import Work

UNHAPPY = ("1", "2", "3")
SMALL = 5


@dataclass(frozen=True)
class Option:
    """One option of a question with several answers: who chose it among those asked, as fractions."""

    name: str
    rate: float
    low: float
    high: float
    yes: int
    n: int


@dataclass(frozen=True)
class Questions:
    """Everything that was asked beside the headline, in the study's own domain; ``channels`` as ``by_channel``."""

    scales: Sequence[Scale]
    channels: pd.DataFrame
    improve: Sequence[Option]
    heard_from: Sequence[Option]
    unhappy: Sequence[Option] = ()
    """What those want improved who are not satisfied over all; those that at least five of them named."""
    gaps: Sequence[Gap] = ()
    importance: Importance | None = None


def questions_of(work: Work, dataset: Dataset, domain: str) -> Questions:
    """Estimated from the counted answers; empty where nobody answered."""
    names = _option_names(work, dataset)
    return Questions(
        scales=scales(dataset, domain),
        channels=by_channel(dataset, domain),
        improve=_options(dataset, domain, IMPROVE, names.get(IMPROVE, {})),
        heard_from=_options(dataset, domain, CHANNEL, names.get(CHANNEL, {})),
        unhappy=_of_unhappy(dataset, domain, names.get(IMPROVE, {})),
        gaps=gaps_of(dataset, domain),
        importance=importance_of(dataset, domain),
    )


def _of_unhappy(dataset: Dataset, domain: str, names: Mapping[str, str]) -> list[Option]:
    unhappy = dataset.answers["sat_overall"].isin(UNHAPPY)
    return [option for option in _options(dataset, domain, IMPROVE, names, unhappy) if option.yes >= SMALL]


def _options(
    dataset: Dataset, domain: str, tag: str, names: Mapping[str, str], among: pd.Series | None = None
) -> list[Option]:
    """Rates among those who were asked; the most frequent first. Nobody has to choose what should be improved."""
    rows = dataset.cases[dataset.cases["counted"]]
    given = dataset.answers[tag].reindex(rows.index)
    valid = dataset.answers["sat_overall"].reindex(rows.index).notna() if tag == IMPROVE else given.notna()
    inside = valid & (rows["headline"] if domain == "headline" else True)
    if among is not None:
        inside &= among.reindex(rows.index, fill_value=False)
    if not names or not given[inside].notna().any():
        return []
    chosen = [set(text.split()) if isinstance(text, str) else set() for text in given.tolist()]
    columns = {
        code: pd.Series([float(code in codes) for codes in chosen], index=rows.index).where(inside) for code in names
    }
    data = rows.assign(**{f"option.{code}": column for code, column in columns.items()})
    found = multiple_answers(design_of(data), {code: f"option.{code}" for code in names}, level=LEVEL).respondents.frame
    options = [
        Option(names[row["item"]], row["estimate"], row["low"], row["high"], int(row["yes"]), int(row["n"]))
        for row in found.to_dict("records")
        if row["yes"]
    ]
    return sorted(options, key=lambda option: -option.rate)


def _option_names(work: Work, dataset: Dataset) -> dict[str, dict[str, str]]:
    """The words of each option by tag and code, as the newest questionnaire says them."""
    wanted: list[uuid.UUID] = dataset.cases["form_version_id"].dropna().unique().tolist()
    query = select(FormVersion).where(col(FormVersion.id).in_(wanted)).order_by(col(FormVersion.published_at).desc())
    names: dict[str, dict[str, str]] = {}
    for version in work.session.exec(query).all():
        form = definition_of(version)
        for question in form.questions:
            if question.metric in {IMPROVE, CHANNEL}:
                found = names.setdefault(question.metric, {})
                for choice in question.choices:
                    text = choice.label.get(form.default_language)
                    found.setdefault(choice.value, text.plain if text else choice.value)
    return names
