"""Interviews (访谈) with those who run the programme: by role, not name; words sealed, points for the report."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import func, select

from survey_server.audit.service import record
from survey_server.db import new_id
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.service import cipher_of
from survey_server.work import Work
from survey_server.workpapers.models import Interview
from survey_server.workpapers.service import MOST_NAME, MOST_WORDS, guide, open_study, words

MOST_POINT = 500


@dataclass(frozen=True)
class Answer:
    """What was said on a topic, sealed with the interview; ``point`` is it in a line, without names, for the report."""

    topic: str
    words: str
    point: str


@dataclass(frozen=True)
class Held:
    """What is typed of an interview besides its words."""

    county: str
    role: str
    unit: str
    held_on: dt.date
    place: str
    interviewers: str


def topics() -> Mapping[str, Mapping[str, str]]:
    """The outline (访谈提纲): by code the title of a topic and its question."""
    return {topic["code"]: topic for topic in guide("interviews")["topics"]}


def roles() -> Mapping[str, str]:
    """Who is interviewed, by code."""
    return dict(guide("interviews")["roles"])


def interviews_of(work: Work, study_id: uuid.UUID) -> Sequence[Interview]:
    """The interviews of a study by county and number; their words stay sealed."""
    query = select(Interview).where(Interview.study_id == study_id)
    return work.session.exec(query.order_by(Interview.county, Interview.number)).all()


def interview_of(work: Work, study_id: uuid.UUID, interview_id: uuid.UUID) -> Interview:
    """An interview; raises NOT_FOUND."""
    row = work.session.get(Interview, interview_id)
    if row is None or row.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    return row


def add_interview(work: Work, study_id: uuid.UUID, held: Held, answers: Sequence[Answer]) -> Interview:
    """Keep an interview under the county's next number; raises STUDY_CLOSED, INVALID_FIELD."""
    open_study(work, study_id)
    query = select(func.count()).where(
        Interview.study_id == study_id, Interview.county == held.county.strip()[:MOST_NAME]
    )
    row = Interview(
        id=new_id(),
        study_id=study_id,
        county=held.county.strip()[:MOST_NAME],
        number=f"FT{work.session.exec(query).one() + 1:02d}",
        role="",
        unit="",
        held_on=held.held_on,
        place="",
        interviewers="",
        content=b"",
        at=work.now,
    )
    _describe(row, held)
    return _keep(work, row, answers, "interview.add")


def change_interview(work: Work, row: Interview, held: Held, answers: Sequence[Answer]) -> None:
    """Correct an interview, which keeps its county and number; raises STUDY_CLOSED, INVALID_FIELD."""
    open_study(work, row.study_id)
    _describe(row, held)
    _keep(work, row, answers, "interview.change")


def read_interview(work: Work, row: Interview) -> list[Answer]:
    """The words of one interview, for one page view; recorded. Raises STUDY_CLOSED."""
    answers = _opened(work, row)
    record(work, "interview.read", "interview", row.id, study_id=row.study_id, number=row.number, county=row.county)
    return answers


def points_of(work: Work, study_id: uuid.UUID) -> dict[str, list[tuple[Interview, str]]]:
    """The points by topic, as the interview report prints them; what was said word by word is left out."""
    found: dict[str, list[tuple[Interview, str]]] = {code: [] for code in topics()}
    for row in interviews_of(work, study_id):
        for answer in _opened(work, row):
            if answer.point and answer.topic in found:
                found[answer.topic].append((row, answer.point))
    return found


def _keep(work: Work, row: Interview, answers: Sequence[Answer], action: str) -> Interview:
    kept = [answer for answer in answers if answer.words or answer.point]
    if not kept:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("What was said"), why=N_("write down what was said"))
    for answer in kept:
        if len(answer.words) > MOST_WORDS or len(answer.point) > MOST_POINT:
            raise ZoufangError(Problem.INVALID_FIELD, field=topics()[answer.topic]["title"], why=N_("it is too long"))
    plain = json.dumps([vars(answer) for answer in kept], ensure_ascii=False)
    row.content = cipher_of(work, row.study_id).seal(row.id, plain.encode())
    row.person_id, row.at = work.person_id, work.now
    work.session.add(row)
    record(work, action, "interview", row.id, study_id=row.study_id, number=row.number, county=row.county)
    return row


def _opened(work: Work, row: Interview) -> list[Answer]:
    content = json.loads(cipher_of(work, row.study_id).open(row.id, row.content))
    return [Answer(**answer) for answer in content]


def _describe(row: Interview, held: Held) -> None:
    if held.role not in roles():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Role"), why=N_("choose one of the list"))
    row.role, row.held_on = held.role, held.held_on
    row.unit = words(held.unit, N_("Unit"), most=MOST_NAME)
    row.place = held.place.strip()[:MOST_NAME]
    row.interviewers = words(held.interviewers, N_("Interviewers"), most=MOST_NAME)
