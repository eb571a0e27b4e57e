"""The attendance rate (出勤率) as the value of the lines that ask for it: from sign-in lists, not from answers."""

from __future__ import annotations

import uuid

from flask_babel import gettext

from survey_server.public.classes import METRIC, Attendance, classes_of
from survey_server.scores.models import ScoreEntry
from survey_server.scores.tables import table_of
from survey_server.studies.service import study_of
from survey_server.work import Work


def attendance_entries(work: Work, study_id: uuid.UUID) -> dict[tuple[str, str], ScoreEntry]:
    """By county (“”: the whole) and line, what would be typed for it; nothing where nobody is enrolled.

    They are made for reading and never stored: what is typed by hand stands before them.
    """
    keys = [line.key for line in table_of(work, study_of(work, study_id)).leaves() if line.metric == METRIC]
    lines = classes_of(work, study_id) if keys else []
    found: dict[str, Attendance] = {}
    for line in lines:
        for county in {"", line.place.county}:
            held = found.get(county, Attendance())
            enrolled = held.enrolled + line.attendance.enrolled
            found[county] = Attendance(enrolled, held.signed_in + line.attendance.signed_in)
    return {
        (county, key): _entry(work, study_id, county, key, attendance)
        for county, attendance in found.items()
        for key in keys
        if attendance.rate is not None
    }


def _entry(work: Work, study_id: uuid.UUID, county: str, key: str, attendance: Attendance) -> ScoreEntry:
    reason = gettext(
        "Sign-in lists of the classes: %(signed)s signed in of %(enrolled)s enrolled",
        signed=attendance.signed_in,
        enrolled=attendance.enrolled,
    )
    return ScoreEntry(
        study_id=study_id,
        county=county,
        indicator=key,
        value=str(attendance.rate),
        answers=attendance.enrolled,
        reason=reason,
        at=work.now,
    )
