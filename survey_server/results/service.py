"""The result of a study, put together once: what the page shows and the workbook holds."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from survey_server.results import fieldwork
from survey_server.results.dataset import Dataset, load
from survey_server.results.estimates import estimate, volunteer_figure
from survey_server.results.figures import Figure, Figures, print_figures
from survey_server.results.measures import TAGS
from survey_server.results.notices import Notice, notices
from survey_server.results.scores import ScoreCard, score_card
from survey_server.samples.models import Draw
from survey_server.samples.service import draw_of
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Work


@dataclass(frozen=True)
class Results:
    """Everything that is said of a study.

    ``response`` and ``strata`` are the tables of :mod:`survey_server.results.fieldwork`; ``categories`` pairs the
    code of each category with its name.
    """

    study: Study
    draw: Draw | None
    dataset: Dataset
    figures: Figures
    volunteers: Figure
    response: pd.DataFrame
    strata: pd.DataFrame
    score: ScoreCard
    notices: Sequence[Notice]
    counties: Sequence[str]
    categories: Sequence[tuple[str, str]]
    computed_at: dt.datetime

    @property
    def definitions(self) -> Mapping[str, Any]:
        """The definitions (口径) that the study chose, locked when its sample was drawn."""
        return self.study.definitions

    @property
    def satisfaction(self) -> Figure:
        """The headline: the study's satisfaction under its own definition, over all."""
        return self.figures.get(self.definitions["satisfaction"])

    @property
    def awareness(self) -> Figure:
        """The study's awareness under its own definition, over all."""
        return self.figures.get(self.definitions["awareness"])

    @property
    def certificate_digest(self) -> str:
        """SHA-256 of the certificate's canonical JSON; empty before the draw."""
        if self.draw is None:
            return ""
        canonical = json.dumps(self.draw.certificate, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def results_of(work: Work, study_id: uuid.UUID) -> Results:
    """Compute a study's result from what is in the database now. Raises NOT_FOUND."""
    study = study_of(work, study_id)
    dataset = load(work, study, TAGS)
    figures = print_figures(estimate(dataset, study.definitions), study.definitions)
    satisfaction = figures.get(study.definitions["satisfaction"])
    return Results(
        study=study,
        draw=draw_of(work, study_id),
        dataset=dataset,
        figures=figures,
        volunteers=volunteer_figure(dataset),
        response=fieldwork.by_channel(dataset),
        strata=fieldwork.by_stratum(dataset),
        score=score_card(study, figures),
        notices=notices(dataset, satisfaction),
        counties=sorted(dataset.drawn["county"].unique()),
        categories=_categories(dataset.drawn),
        computed_at=work.now,
    )


def _categories(drawn: pd.DataFrame) -> list[tuple[str, str]]:
    """Codes with names, in the order of the code list."""
    first = drawn.drop_duplicates("category")
    pairs = zip(first["category"].tolist(), first["category_name"].tolist(), strict=True)
    return sorted(pairs, key=lambda pair: (len(pair[0]), pair[0]))
