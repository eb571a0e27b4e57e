"""The short reference of a printed figure (编号): from the paper back to the page that shows what is behind it.

``ABCD-EFGHIJKL`` names the study and, in it, the figure by its metric, denominator, domain, county and category. It
says nothing of either, and is the same each time the figure is printed. In an issued report the number of the issue
follows it, ``ABCD-EFGHIJKL-2``: that one names the figure as it was issued, for good.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from dataclasses import dataclass

from sqlmodel import select

from survey_server.errors import Problem, ZoufangError
from survey_server.results.figures import Figure
from survey_server.results.service import Results, results_of
from survey_server.studies.models import Study
from survey_server.work import Work

OF_STUDY, OF_FIGURE = 4, 8
_FORM = re.compile(r"([A-Z2-7]{4})-?([A-Z2-7]{8})(?:-([1-9]\d{0,4}))?")


@dataclass(frozen=True)
class Reference:
    """A reference as it was typed: of the study, of the figure in it, and the issue (0: none is named)."""

    of_study: str
    of_figure: str
    issue: int = 0

    @property
    def name(self) -> str:
        """The reference without the issue."""
        return f"{self.of_study}-{self.of_figure}"

    def names_study(self, study_id: uuid.UUID) -> bool:
        """Whether it is of this study."""
        return _short(str(study_id), OF_STUDY) == self.of_study


def read_reference(text: str) -> Reference:
    """What was typed, as a reference; raises NOT_FOUND for what is none."""
    match = _FORM.fullmatch(text.strip().upper())
    if match is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return Reference(match[1], match[2], int(match[3] or 0))


def reference(study_id: uuid.UUID, figure: Figure, issue: int = 0) -> str:
    """The reference that is printed beside a figure; ``issue`` is the number of the issued report that prints it."""
    named = json.dumps([str(study_id), figure.keys], sort_keys=True, ensure_ascii=False)
    bare = f"{_short(str(study_id), OF_STUDY)}-{_short(named, OF_FIGURE)}"
    return f"{bare}-{issue}" if issue else bare


def find(work: Work, text: str) -> tuple[Results, Figure]:
    """The figure of a reference as it is now, among the studies that the reader reaches; raises NOT_FOUND."""
    wanted = read_reference(text)
    for study_id in work.session.exec(select(Study.id)).all():
        if not wanted.names_study(study_id):
            continue
        results = results_of(work, study_id)
        for figure in results.figures:
            if reference(study_id, figure) == wanted.name:
                return results, figure
    raise ZoufangError(Problem.NOT_FOUND)


def _short(text: str, length: int) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode("ascii")[:length]
