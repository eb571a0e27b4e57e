"""The short reference of a printed figure (编号): from the paper back to the page that shows what is behind it.

``ABCD-EFGHIJKL`` names the study and, in it, the figure by its metric, denominator, domain, county and category. It
says nothing of either, and is the same each time the figure is printed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid

from sqlmodel import select

from survey_server.errors import Problem, ZoufangError
from survey_server.results.figures import Figure
from survey_server.results.service import Results, results_of
from survey_server.studies.models import Study
from survey_server.work import Work

OF_STUDY, OF_FIGURE = 4, 8
_FORM = re.compile(r"([A-Z2-7]{4})-?([A-Z2-7]{8})")


def reference(study_id: uuid.UUID, figure: Figure) -> str:
    """The reference that is printed beside a figure."""
    named = json.dumps([str(study_id), figure.keys], sort_keys=True, ensure_ascii=False)
    return f"{_short(str(study_id), OF_STUDY)}-{_short(named, OF_FIGURE)}"


def find(work: Work, text: str) -> tuple[Results, Figure]:
    """The figure of a reference, among the studies that the reader reaches; raises NOT_FOUND."""
    match = _FORM.fullmatch(text.strip().upper())
    if match is None:
        raise ZoufangError(Problem.NOT_FOUND)
    wanted = f"{match[1]}-{match[2]}"
    for study_id in work.session.exec(select(Study.id)).all():
        if _short(str(study_id), OF_STUDY) != match[1]:
            continue
        results = results_of(work, study_id)
        for figure in results.figures:
            if reference(study_id, figure) == wanted:
                return results, figure
    raise ZoufangError(Problem.NOT_FOUND)


def _short(text: str, length: int) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode("ascii")[:length]
