"""The grades (等级) of a study: one of the shipped scales, or its own lines."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from analysis.scoring import scales
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.scores.models import GradeScale
from survey_server.studies.lock import INDICATORS, allow_change
from survey_server.studies.models import Study
from survey_server.work import Work

OWN = "own"
MOST_LINES, LONGEST = 10, 20
DEFAULT_THRESHOLD = Decimal(80)


@dataclass(frozen=True)
class Grades:
    """The lines in force (a grade and the per cent from which it is given), and below what a county is counted."""

    name: str
    lines: Mapping[str, float]
    threshold: Decimal

    @property
    def text(self) -> str:
        """The lines as they are typed."""
        return "，".join(f"{grade} {line:g}" for grade, line in self.lines.items())


def grades_of(work: Work, study_id: uuid.UUID, asked: str = "") -> Grades:
    """The study's own grades, else the shipped scale that is asked for, else the first."""
    own = work.session.get(GradeScale, study_id)
    threshold = Decimal(own.threshold) if own is not None else DEFAULT_THRESHOLD
    if own is not None and asked in {"", OWN}:
        return Grades(OWN, {grade: float(line) for grade, line in own.lines.items()}, threshold)
    name = asked if asked in scales() else next(iter(scales()))
    return Grades(name, scales()[name], threshold)


def set_grades(work: Work, study: Study, lines: str, threshold: str, reason: str = "") -> None:
    """Give a study its own grades, "优 90，良 80，中 60，差 0"; empty takes them back.

    Raises STUDY_CLOSED, and INVALID_FIELD for lines that are none, or where a locked table needs a reason.
    """
    before = grades_of(work, study.id)
    typed = _lines(lines) if lines.strip() else {}
    least = _number(threshold or str(DEFAULT_THRESHOLD), N_("Threshold"))
    after = {"grades": "，".join(f"{grade} {line}" for grade, line in typed.items()), "threshold": str(least)}
    was = {"grades": before.text if before.name == OWN else "", "threshold": str(before.threshold)}
    allow_change(work, study, INDICATORS, before=was, after=after, reason=reason)
    found = work.session.get(GradeScale, study.id)
    if not typed:
        if found is not None:
            work.session.delete(found)
    else:
        found = found or GradeScale(study_id=study.id, lines={}, changed_at=work.now)
        found.lines, found.threshold, found.changed_at = typed, str(least), work.now
        work.session.add(found)
    record(work, "score.grades", "study", study.id, study_id=study.id, **after)


def _lines(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.replace("，", ",").replace("；", ",").replace("\n", ",").split(","):
        name, _, line = part.strip().rpartition(" ")
        if not part.strip():
            continue
        if not name.strip() or name.strip() in found or len(name) > LONGEST:
            raise ZoufangError(
                Problem.INVALID_FIELD, field=N_("Grades"), why=N_("write them like 优 90，良 80，中 60，差 0")
            )
        found[name.strip()] = str(_number(line, N_("Grades")))
    ordered = sorted(found.items(), key=lambda pair: -Decimal(pair[1]))
    if not 2 <= len(ordered) <= MOST_LINES or Decimal(ordered[-1][1]) != 0 or len(set(found.values())) < len(found):
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Grades"), why=N_("each needs its own line, and the lowest begins at 0")
        )
    return dict(ordered)


def _number(text: str, field: str) -> Decimal:
    try:
        number = Decimal(text.strip().removesuffix("%"))
    except InvalidOperation as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=field, why=N_("a per cent from 0 to 100")) from error
    if not number.is_finite() or not 0 <= number <= 100:
        raise ZoufangError(Problem.INVALID_FIELD, field=field, why=N_("a per cent from 0 to 100"))
    return number
