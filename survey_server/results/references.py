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
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sqlmodel import select

from survey_server.errors import Problem, ZoufangError
from survey_server.results.figures import Figure
from survey_server.results.service import Results, results_of
from survey_server.studies.models import Study
from survey_server.work import Work

OF_STUDY, OF_FIGURE = 4, 8
ACCURACY = "T7accuracy"
"""The table of the accuracy rates."""
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


class Named(Protocol):
    """What a reference is made of: a figure, or a row of a table."""

    @property
    def keys(self) -> dict[str, str]:
        """What names it."""
        ...


@dataclass(frozen=True)
class TableRow:
    """A row of one of the common tables, by what its figures are of; an empty field means all of them.

    ``category`` by its name (in ACCURACY by its code); ``tag`` is a question, ``line`` the key of an indicator,
    ``metric`` one of accuracy.
    """

    table: str
    county: str = ""
    category: str = ""
    unit: str = ""
    channel: str = ""
    tag: str = ""
    line: str = ""
    metric: str = ""

    @property
    def keys(self) -> dict[str, str]:
        """What names it."""
        return {name: value for name, value in vars(self).items() if value}


def read_reference(text: str) -> Reference:
    """What was typed, as a reference; raises NOT_FOUND for what is none."""
    match = _FORM.fullmatch(text.strip().upper())
    if match is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return Reference(match[1], match[2], int(match[3] or 0))


def reference(study_id: uuid.UUID, named: Named, issue: int = 0) -> str:
    """The reference that is printed beside it; ``issue`` is the number of the issued report that prints it."""
    text = json.dumps([str(study_id), named.keys], sort_keys=True, ensure_ascii=False)
    bare = f"{_short(str(study_id), OF_STUDY)}-{_short(text, OF_FIGURE)}"
    return f"{bare}-{issue}" if issue else bare


def find(work: Work, text: str) -> tuple[Results, Figure] | None:
    """The figure of a reference as it is now, among the studies that the reader reaches; None where it names no figure.

    Raises NOT_FOUND where nothing of that reach is named.
    """
    wanted = read_reference(text)
    found = list(named_results(work, wanted))
    for results in found:
        figure = figure_named(results, wanted)
        if figure is not None:
            return results, figure
    if not found:
        raise ZoufangError(Problem.NOT_FOUND)
    return None


def named_results(work: Work, wanted: Reference) -> Iterator[Results]:
    """The results of the studies, among those that the reader reaches, that a reference may be of."""
    for study_id in work.session.exec(select(Study.id)).all():
        if wanted.names_study(study_id):
            yield results_of(work, study_id)


def figure_named(results: Results, wanted: Reference) -> Figure | None:
    """The figure that a reference names; None where it names none, but perhaps a row of a table."""
    study_id = results.study.id
    return next((each for each in results.figures if reference(study_id, each) == wanted.name), None)


def _short(text: str, length: int) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode("ascii")[:length]
