"""How many households each of the eight checks examined: opened once, then remembered as bits, never as answers."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping

import sqlalchemy as sa
from sqlmodel import col

from survey_server.findings.kinds import checks
from survey_server.privacy.service import cipher_of
from survey_server.studies.models import Study
from survey_server.submissions.models import Submission
from survey_server.work import Work

MOST_STUDIES = 8
CHUNK = 2_000
_guard = threading.Lock()
_studies: dict[tuple[str, uuid.UUID], dict[uuid.UUID, int]] = {}


def examined_by_check(work: Work, study_id: uuid.UUID) -> dict[int, int]:
    """Households by check, each once; none once the study is closed, whose answers nobody opens any more."""
    query = sa.select(col(Submission.id), col(Submission.case_id)).where(
        col(Submission.study_id) == study_id,
        col(Submission.case_id).is_not(None),
        col(Submission.withdrawn_at).is_(None),
        col(Submission.unusable) == "",
    )
    households = {row_id: case_id for row_id, case_id in work.session.execute(query)}  # noqa: C416 - rows are no pairs
    bits = _bits(work, study_id, households)
    seen: dict[uuid.UUID, int] = {}
    for row_id, case_id in households.items():
        seen[case_id] = seen.get(case_id, 0) | bits[row_id]
    return {check.no: sum(1 for found in seen.values() if found >> check.no & 1) for check in checks()}


def _bits(work: Work, study_id: uuid.UUID, wanted: Mapping[uuid.UUID, object]) -> dict[uuid.UUID, int]:
    """A bit a check for each of these submissions; a submission is never edited, so each is opened once a process."""
    key = (work.services.settings.url, study_id)
    with _guard:
        known = dict(_studies.get(key, {}))
    missing = [row_id for row_id in wanted if row_id not in known]
    known |= _opened(work, study_id, missing)
    with _guard:
        _studies.pop(key, None)
        _studies[key] = known
        while len(_studies) > MOST_STUDIES:
            _studies.pop(next(iter(_studies)))
    return known


def _opened(work: Work, study_id: uuid.UUID, ids: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    if not ids:
        return {}
    if work.session.get_one(Study, study_id).closed_at is not None:
        return dict.fromkeys(ids, 0)
    cipher, found = cipher_of(work, study_id), {}
    for start in range(0, len(ids), CHUNK):
        chosen = col(Submission.id).in_(ids[start : start + CHUNK])
        query = sa.select(col(Submission.id), col(Submission.answers)).where(chosen)
        for row_id, answers in work.session.execute(query):
            tags = json.loads(cipher.open(row_id, answers))["tags"]
            found[row_id] = sum(1 << check.no for check in checks() if any(tags.get(tag) for tag in check.tags))
    return found
