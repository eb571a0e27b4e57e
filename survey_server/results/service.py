"""The result of a study, put together once: what the page shows and the workbook holds."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import col

from survey_server.actors import Grant
from survey_server.audit.models import Event
from survey_server.fieldwork.calls import CallRules
from survey_server.results import fieldwork
from survey_server.results.accuracy import Accuracy, accuracy_of
from survey_server.results.dataset import Dataset, load
from survey_server.results.estimates import estimate, volunteer_figure
from survey_server.results.figures import Figure, Figures, print_figures
from survey_server.results.keywords import count_words, place_words
from survey_server.results.measures import TAGS
from survey_server.results.notices import Notice, notices, of_changes
from survey_server.results.questions import Questions, questions_of
from survey_server.results.scores import ScoreCard, score_card
from survey_server.samples.models import Draw
from survey_server.samples.service import draw_of
from survey_server.samples.wishes import How, Wish
from survey_server.studies.lock import changes_of
from survey_server.studies.models import ChangeAfterLock, Study
from survey_server.studies.service import study_of
from survey_server.work import Work

MOST_REMEMBERED = 8
State = tuple[str, int, int | None]
Asked = tuple[uuid.UUID, frozenset[Grant] | None]
"""A study, and the reach of whoever asks: who reaches one county gets the result of that county."""
_guard = threading.Lock()
_remembered: dict[Asked, tuple[State, Results]] = {}
_took: dict[Asked, float] = {}
LONG, KEPT_TIMES = 2.0, 10
"""What took more seconds of the processor than that is shown for ten times as long before it is computed anew."""


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
    changes: Sequence[ChangeAfterLock] = ()
    questions: Questions | None = None
    open_answers: Sequence[tuple[str, int]] = ()
    """Words of the open answers and how many people used each, the most frequent first; none under five."""
    contracted: int | None = None
    """As many complete interviews as the contract asks for; None where none was agreed."""
    accuracy: Sequence[Accuracy] = ()
    """What findings say was wrong, between the bounds of the clues that are still open."""
    issue: int = 0
    """The number of the issued report that prints it; 0 where it is what the database says now."""

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
    def completed(self) -> int | None:
        """Complete interviews that count (有效问卷); None where the reader is not told."""
        found = self.response["complete"].iloc[-1] if len(self.response) else 0
        return None if found is None else int(found)

    @property
    def certificate_digest(self) -> str:
        """SHA-256 of the certificate's canonical JSON; empty before the draw."""
        if self.draw is None:
            return ""
        canonical = json.dumps(self.draw.certificate, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def results_of(work: Work, study_id: uuid.UUID) -> Results:
    """A study's result from what is in the database now; computed again only after something was done to the study.

    Raises NOT_FOUND.
    """
    reach = work.actor.reach
    asked = study_id, None if reach is None else frozenset(reach)
    study_of(work, study_id)
    state = _state(work, study_id)
    with _guard:
        remembered = _remembered.get(asked)
    if remembered is not None and remembered[0] == state:
        return remembered[1]
    began = time.thread_time()
    results = _compute(work, study_of(work, study_id))
    with _guard:
        _took[asked] = time.thread_time() - began
        _remembered.pop(asked, None)
        _remembered[asked] = (state, results)
        while len(_remembered) > MOST_REMEMBERED:
            _remembered.pop(next(iter(_remembered)))
    return results


def results_to_look_at(work: Work, study_id: uuid.UUID) -> Results:
    """The result for a page: of a study so large that computing takes long, it may be some moments old.

    The page says when it was computed; what is printed, exported or issued takes :func:`results_of`. Raises NOT_FOUND.
    """
    reach = work.actor.reach
    asked = study_id, None if reach is None else frozenset(reach)
    study = study_of(work, study_id)
    with _guard:
        remembered, took = _remembered.get(asked), _took.get(asked, 0.0)
    if remembered is not None and took > LONG and study.closed_at is None:
        age = (work.now - remembered[1].computed_at).total_seconds()
        if remembered[0][0] == work.services.settings.url and 0 <= age < took * KEPT_TIMES:
            return remembered[1]
    return results_of(work, study_id)


def _state(work: Work, study_id: uuid.UUID) -> State:
    """How many events the study's record has, and the last: every change is an event of the same transaction.

    Both, for PostgreSQL may commit a lower number after a higher one. That a result was looked at changes nothing.
    """
    query = sa.select(sa.func.count(), sa.func.max(Event.id)).where(
        col(Event.study_id) == study_id, ~col(Event.action).startswith("results.")
    )
    count, last = work.session.execute(query).one()
    return work.services.settings.url, count, last


def _compute(work: Work, study: Study) -> Results:
    return assemble(work, study, load(work, study, TAGS))


def assemble(work: Work, study: Study, dataset: Dataset) -> Results:
    """The result of a study from a dataset: the one in the database, or the one that an issued report pinned."""
    figures = print_figures(estimate(dataset, study.definitions), study.definitions)
    satisfaction = figures.get(study.definitions["satisfaction"])
    changes = changes_of(work, study.id)
    return Results(
        study=study,
        draw=draw_of(work, study.id),
        dataset=dataset,
        figures=figures,
        volunteers=volunteer_figure(dataset),
        response=fieldwork.by_channel(dataset),
        strata=fieldwork.by_stratum(dataset),
        score=score_card(study, figures),
        notices=[*notices(dataset, satisfaction), *of_changes(changes, work.settings.timezone)],
        changes=changes,
        counties=sorted(dataset.drawn["county"].unique()),
        categories=_categories(dataset.drawn),
        computed_at=work.now,
        questions=questions_of(work, dataset, study.definitions["domain"]),
        open_answers=_open_answers(dataset),
        contracted=_contracted(work, study.id),
        accuracy=accuracy_of(dataset),
    )


def _open_answers(dataset: Dataset) -> list[tuple[str, int]]:
    """Of everybody who is counted; names of the study's towns and villages are left out too."""
    places = place_words([*dataset.drawn["town"].dropna().unique(), *dataset.drawn["village"].dropna().unique()])
    return count_words(dataset.words.values(), places)


def _contracted(work: Work, study_id: uuid.UUID) -> int | None:
    """As the call desk's rules say, else as the sample was planned."""
    rules = work.session.get(CallRules, study_id)
    if rules is not None and rules.contracted is not None:
        return rules.contracted
    draw = draw_of(work, study_id)
    wish = Wish.read(draw.wish) if draw is not None else None
    return wish.whole("total") if wish is not None and wish.how is How.CONTRACT else None


def _categories(drawn: pd.DataFrame) -> list[tuple[str, str]]:
    """Codes with names, in the order of the code list."""
    first = drawn.drop_duplicates("category")
    pairs = zip(first["category"].tolist(), first["category_name"].tolist(), strict=True)
    return sorted(pairs, key=lambda pair: (len(pair[0]), pair[0]))
