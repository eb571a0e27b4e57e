"""A draft sent for comment (征求意见): due by three working days, every comment with what became of it and why."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import col, func, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Work
from survey_server.workpapers.models import DraftComment, DraftSending
from survey_server.workpapers.service import MOST_NAME, calendar_of, days_late, open_study, today, words

WORKING_DAYS = 3
"""三个工作日."""
ADOPTED, PARTLY, REJECTED = "adopted", "partly", "rejected"
DECISIONS: Mapping[str, str] = {ADOPTED: N_("adopted"), PARTLY: N_("adopted in part"), REJECTED: N_("not adopted")}
NEEDS_REASON = {PARTLY, REJECTED}


@dataclass(frozen=True)
class Sent:
    """A draft that was sent to a unit, its comments by number, and by how many working days its answer is late."""

    row: DraftSending
    comments: Sequence[DraftComment]
    late: int

    @property
    def answered(self) -> bool:
        """Whether the unit answered, if only that it has no comment."""
        return bool(self.comments) or self.row.no_comment_on is not None


def sent_of(work: Work, study_id: uuid.UUID) -> list[Sent]:
    """The drafts that were sent, the oldest first; two queries."""
    comments: dict[uuid.UUID, list[DraftComment]] = defaultdict(list)
    of_study = select(DraftComment).where(DraftComment.study_id == study_id).order_by(col(DraftComment.number))
    for comment in work.session.exec(of_study).all():
        comments[comment.sending_id].append(comment)
    query = select(DraftSending).where(DraftSending.study_id == study_id)
    calendar, day = calendar_of(work), today(work)
    return [
        Sent(row, comments[row.id], days_late(calendar, row.due_on, _answered_on(row, comments[row.id]) or day))
        for row in work.session.exec(query.order_by(col(DraftSending.sent_on), col(DraftSending.at))).all()
    ]


def send_draft(work: Work, study_id: uuid.UUID, draft: str, units: Sequence[str], day: dt.date) -> dt.date:
    """Note that a draft went to these units; returns when comments are due. Raises STUDY_CLOSED, INVALID_FIELD."""
    open_study(work, study_id)
    draft = words(draft, N_("Draft"), most=MOST_NAME)
    units = list(dict.fromkeys(unit.strip()[:MOST_NAME] for unit in units if unit.strip()))
    if not 1 <= len(units) <= 500:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Units asked"), why=N_("name who gets the draft, one a line")
        )
    due = calendar_of(work).after(day, WORKING_DAYS)
    for unit in units:
        row = DraftSending(study_id=study_id, draft=draft, unit=unit, sent_on=day, due_on=due, at=work.now)
        row.person_id = work.person_id
        work.session.add(row)
    record(work, "draft.send", "study", study_id, study_id=study_id, units=len(units), due=due.isoformat())
    return due


def note_no_comment(work: Work, study_id: uuid.UUID, sending_id: uuid.UUID, day: dt.date) -> None:
    """The unit answered that it has no comment; raises STUDY_CLOSED, NOT_FOUND, INVALID_FIELD."""
    open_study(work, study_id)
    row = _sending(work, study_id, sending_id)
    _require_after(row, day)
    row.no_comment_on = day
    work.session.add(row)
    record(work, "draft.no_comment", "draft", row.id, study_id=study_id)


def log_comment(
    work: Work, study_id: uuid.UUID, sending_id: uuid.UUID, *, part: str, text: str, day: dt.date
) -> DraftComment:
    """Keep a comment under the study's next number; raises STUDY_CLOSED, NOT_FOUND, INVALID_FIELD."""
    open_study(work, study_id)
    row = _sending(work, study_id, sending_id)
    _require_after(row, day)
    last = work.session.exec(select(func.max(DraftComment.number)).where(DraftComment.study_id == study_id)).one()
    comment = DraftComment(
        study_id=study_id,
        sending_id=row.id,
        number=(last or 0) + 1,
        part=part.strip()[:MOST_NAME],
        text=words(text, N_("Comment")),
        received_on=day,
        person_id=work.person_id,
        at=work.now,
    )
    work.session.add(comment)
    record(work, "draft.comment", "comment", comment.id, study_id=study_id, number=comment.number)
    return comment


def decide(work: Work, study_id: uuid.UUID, comment_id: uuid.UUID, decision: str, answer: str) -> None:
    """Say what became of a comment; what is not adopted, or in part, needs a reason.

    Raises STUDY_CLOSED, NOT_FOUND, INVALID_FIELD.
    """
    open_study(work, study_id)
    comment = work.session.get(DraftComment, comment_id)
    if comment is None or comment.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    if decision not in DECISIONS:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Decision"), why=N_("choose one of the list"))
    needed = decision in NEEDS_REASON or bool(answer.strip())
    comment.answer = words(answer, N_("Reason, or what was changed")) if needed else ""
    comment.decision, comment.decided_by = decision, work.person_id
    work.session.add(comment)
    details = {"number": comment.number, "decision": decision}
    record(work, "draft.decide", "comment", comment.id, study_id=study_id, **details)


def _sending(work: Work, study_id: uuid.UUID, sending_id: uuid.UUID) -> DraftSending:
    row = work.session.get(DraftSending, sending_id)
    if row is None or row.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    return row


def _require_after(row: DraftSending, day: dt.date) -> None:
    if day < row.sent_on:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Date"), why=N_("the draft was sent later than that"))


def _answered_on(row: DraftSending, comments: Sequence[DraftComment]) -> dt.date | None:
    days = [comment.received_on for comment in comments]
    return min([*days, *([row.no_comment_on] if row.no_comment_on else [])], default=None)
