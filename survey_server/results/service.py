"""The result of a study, put together once: what the page shows and the workbook holds."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
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
NO_CHANGE = "results"
ADDING = frozenset(
    {"attempt", "call", "card", "case", "class", "clue", "codes", "document", "draft", "evidence", "export"}
    | {"finding", "handover", "interview", "milestone", "paper", "phone", "place", "recall", "report", "submission"}
    | {"tasks", "workpaper"}
)
"""First words of actions of fieldwork and office: they add to a result or do not touch it, and take nothing out."""
Asked = tuple[uuid.UUID, frozenset[Grant] | None]
"""A study, and the reach of whoever asks: who reaches one county gets the result of that county."""
_guard = threading.Lock()
_remembered: dict[Asked, tuple[State, Results]] = {}


@dataclass(frozen=True)
class State:
    """Up to where a study's record is read: how many events, the last with its keyed code, how many do not just add.

    All of it, for PostgreSQL may commit a lower number after a higher one, and a backup may be restored.
    """

    url: str
    count: int
    taking: int
    last: int | None
    code_of_last: bytes | None


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
    behind: bool = False
    """Whether more came in since it was computed; so only on a page (:mod:`survey_server.results.kept`)."""

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
    state = state_of(work, study_id)
    with _guard:
        remembered = _remembered.get(asked)
    if remembered is not None and remembered[0] == state:
        return remembered[1]
    results = _compute(work, study_of(work, study_id))
    with _guard:
        _remembered.pop(asked, None)
        _remembered[asked] = (state, results)
        while len(_remembered) > MOST_REMEMBERED:
            _remembered.pop(next(iter(_remembered)))
    return results


def state_of(work: Work, study_id: uuid.UUID) -> State:
    """Where the study's record stands: every change is an event of its transaction; looking changes nothing."""
    of_study = sa.select(col(Event.action), sa.func.count(), sa.func.max(col(Event.id)))
    query = of_study.where(col(Event.study_id) == study_id).group_by(col(Event.action))
    rows = [(action.partition(".")[0], count, last) for action, count, last in work.session.execute(query)]
    rows = [row for row in rows if row[0] != NO_CHANGE]
    last = max((row[2] for row in rows), default=None)
    return State(
        url=work.services.settings.url,
        count=sum(row[1] for row in rows),
        taking=sum(row[1] for row in rows if row[0] not in ADDING),
        last=last,
        code_of_last=work.session.execute(sa.select(col(Event.mac)).where(col(Event.id) == last)).scalar(),
    )


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
