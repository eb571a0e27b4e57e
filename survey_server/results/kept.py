"""What a page shows of a large study: its result as it was computed last, so that no reader waits for the next one.

The worker computes it anew each minute where something came in, and keeps it sealed under the study's key among the
files. A page says from when it is. Only what adds may wait so: after a withdrawal, a change of definitions or anything
else that is not known to add, what was kept is shown to nobody any more. What is printed, exported, scored or issued
is computed from everything that is there (:func:`survey_server.results.service.results_of`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import pickle  # nosec B403
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
import structlog
from sqlmodel import col

import analysis
from survey_server.actors import Grant
from survey_server.audit.models import Event
from survey_server.crypto import SealBrokenError
from survey_server.privacy.service import cipher_of
from survey_server.results.dataset import Dataset
from survey_server.results.service import Results, State, results_of, state_of
from survey_server.samples.service import draw_of
from survey_server.studies.lock import changes_of
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.submissions.models import Submission
from survey_server.work import Services, Work

log = structlog.get_logger()

LARGE = 2_000
"""A study of fewer submissions is computed while its reader waits."""
REST = 10
"""Between two computings of a study pass so many times the seconds that one takes, unless something was taken out."""
CLOSED_LATELY = dt.timedelta(days=2)
MOST_REMEMBERED = 8
OF_NOW = ("study", "draw", "changes")
"""Rows of the database that are read when the rest is shown."""
_guard = threading.Lock()
_remembered: dict[tuple[str, uuid.UUID], Kept] = {}


@dataclass(frozen=True)
class Kept:
    """A result without answers and without :data:`OF_NOW`; from what state, and how many seconds it took."""

    state: State
    took: float
    made: Mapping[str, Any]


def kept_name(study_id: uuid.UUID) -> str:
    """Among the files."""
    return f"results/{study_id.hex}"


def results_to_look_at(work: Work, study_id: uuid.UUID) -> Results:
    """The result for a page: of a large study the last one that was computed, which is ``behind`` if more came since.

    Raises NOT_FOUND, and STUDY_CLOSED.
    """
    study = study_of(work, study_id)
    if study.closed_at is not None or not _is_large(work, study_id) or not work.actor.reaches(Grant(study_id)):
        return results_of(work, study_id)
    now = state_of(work, study_id)
    kept = _read(work, study_id, now)
    if kept is None or not _may_be_shown(work, kept, now):
        return keep(work, study_id)
    made = dict(kept.made)
    made.update(study=study, draw=draw_of(work, study_id), changes=changes_of(work, study_id), behind=kept.state != now)
    return Results(**made)


def keep(work: Work, study_id: uuid.UUID) -> Results:
    """Compute the result of now and keep it in the place of what was kept; raises NOT_FOUND, and STUDY_CLOSED."""
    state, began = state_of(work, study_id), time.thread_time()
    results = results_of(work, study_id)
    bare = replace(results, dataset=_without_rows(results.dataset))
    made = {field.name: getattr(bare, field.name) for field in fields(bare) if field.name not in OF_NOW}
    kept = Kept(state, time.thread_time() - began, made)
    sealed = cipher_of(work, study_id).seal(_seal_id(study_id), pickle.dumps(kept))
    work.blobs.put(kept_name(study_id), sealed)
    _remember(work, study_id, kept)
    return results


def keep_large(services: Services) -> None:
    """The worker's part, each minute: compute the large studies of which more is known than what is kept says."""
    with services.read() as work:
        for study_id in _closed_lately(work):
            work.blobs.delete(kept_name(study_id))
        due = [study_id for study_id in _large(work) if _is_due(work, study_id)]
    for study_id in due:
        try:
            with services.read() as work:
                keep(work, study_id)
        except Exception:
            log.exception("results.not_kept", study=str(study_id))


def _is_due(work: Work, study_id: uuid.UUID) -> bool:
    """Whether what is kept is behind and rested; what may be shown no more is deleted at once."""
    now = state_of(work, study_id)
    kept = _read(work, study_id, now)
    if kept is None or not _may_be_shown(work, kept, now):
        work.blobs.delete(kept_name(study_id))
        return True
    return kept.state != now and (work.now - kept.made["computed_at"]).total_seconds() >= REST * kept.took


def _may_be_shown(work: Work, kept: Kept, now: State) -> bool:
    """Whether the record only grew since, by what adds; one restored from a backup may have grown otherwise."""
    if kept.state == now:
        return True
    code = sa.select(col(Event.mac)).where(col(Event.id) == kept.state.last)
    same_past = kept.state.count < now.count and work.session.execute(code).scalar() == kept.state.code_of_last
    return same_past and kept.state.taking == now.taking


def _read(work: Work, study_id: uuid.UUID, now: State) -> Kept | None:
    """What is kept; None where there is nothing, or another version of the code made it."""
    with _guard:
        remembered = _remembered.get((work.settings.url, study_id))
    if remembered is not None and remembered.state == now:
        return remembered
    try:
        plain = cipher_of(work, study_id).open(_seal_id(study_id), work.blobs.get(kept_name(study_id)))
    except (FileNotFoundError, SealBrokenError):
        return None
    kept = pickle.loads(plain)  # noqa: S301 - sealed under the study's key: nobody else wrote it # nosec B301
    _remember(work, study_id, kept)
    return kept


def _remember(work: Work, study_id: uuid.UUID, kept: Kept) -> None:
    with _guard:
        _remembered.pop((work.settings.url, study_id), None)
        _remembered[work.settings.url, study_id] = kept
        while len(_remembered) > MOST_REMEMBERED:
            _remembered.pop(next(iter(_remembered)))


def _large(work: Work) -> list[uuid.UUID]:
    query = (
        sa.select(col(Submission.study_id))
        .join(Study, col(Study.id) == col(Submission.study_id))
        .where(col(Study.closed_at).is_(None))
        .group_by(col(Submission.study_id))
        .having(sa.func.count() >= LARGE)
    )
    return list(work.session.execute(query).scalars())


def _closed_lately(work: Work) -> list[uuid.UUID]:
    """Their key is destroyed; what it sealed goes too, also what was being computed as they closed."""
    query = sa.select(col(Study.id)).where(col(Study.closed_at) >= work.now - CLOSED_LATELY)
    return list(work.session.execute(query).scalars())


def _is_large(work: Work, study_id: uuid.UUID) -> bool:
    query = sa.select(sa.func.count()).select_from(Submission).where(col(Submission.study_id) == study_id)
    return work.session.execute(query).scalar_one() >= LARGE


def _without_rows(dataset: Dataset) -> Dataset:
    """How many records stand how, and how many findings there are; no case and no answer."""
    frames = ("cases", "answers", "evidence", "volunteers", "drawn")
    empty = {name: pd.DataFrame(columns=getattr(dataset, name).columns) for name in frames}
    return replace(dataset, **empty, words={})


def _seal_id(study_id: uuid.UUID) -> uuid.UUID:
    """What the seal is bound to: the study, and the code that computes; what other code made does not open."""
    return uuid.uuid5(study_id, _code_digest())


@cache
def _code_digest() -> str:
    """SHA-256 over the code and the definitions that make a result."""
    folders = [Path(__file__).parent, Path(analysis.__file__).parent]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".yaml"})
    digest = hashlib.sha256(pd.__version__.encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
