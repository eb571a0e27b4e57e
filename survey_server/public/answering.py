"""What a respondent sends besides words: photographs are held as they come, and the whole is handed in at the end."""

from __future__ import annotations

from flask import request, url_for
from sqlmodel import select

from survey_server.actors import PUBLIC
from survey_server.audit.service import record
from survey_server.console.problems import sentence
from survey_server.errors import Problem, ZoufangError
from survey_server.public import pictures
from survey_server.public.devices import require_room
from survey_server.public.interview import WITHOUT, Sitting
from survey_server.rights.withdrawal import code_of_answers
from survey_server.submissions.models import Submission
from survey_server.submissions.service import receive
from survey_server.work import Services, Work

HELPED = "filled_for_somebody"
"""The flag of answers that somebody gave for the one who was asked (代填)."""


def take_pictures(services: Services, sitting: Sitting) -> tuple[Sitting, dict[str, str]]:
    """Hold what was photographed for the shown screen; what could not be read is said by the name of its field."""
    refused: dict[str, str] = {}
    given: list[tuple[str, int, str]] = []
    for question, name, row in sitting.asked:
        upload = request.files.get(name)
        if not question.takes_file:
            continue
        if WITHOUT + name in request.form:
            given.append((question.name, row, ""))
        elif upload is not None and upload.filename:
            try:
                given.append((question.name, row, _held(services, sitting, question.name, upload.stream.read())))
            except ZoufangError as error:
                if error.problem is not Problem.INVALID_FIELD:
                    raise
                refused[name] = sentence(error.problem.value.title, error.fields)
    return sitting.changed_answers(given) if given else sitting, refused


def hand_in(services: Services, sitting: Sitting) -> str:
    """Hand the interview in and say where its thanks stand; what was handed in before stays as it is."""
    subject, instance_id = sitting.subject, sitting.interview.instance_id
    with services.read(PUBLIC) as work:
        files = pictures.held(work, subject.study.id, instance_id)
    if subject.place_id is not None:
        with services.write(PUBLIC) as work:
            require_room(work, subject.token)
    try:
        receive(
            services,
            PUBLIC,
            subject.study.id,
            sitting.filled.xml,
            files,
            channel=subject.channel,
            case_id=subject.case_id,
            place_id=subject.place_id,
        )
    except ZoufangError as error:
        # Sent before from this very page: the first one stands, and its sender sees the same thanks.
        if error.problem is not Problem.INSTANCE_CONFLICT:
            raise
    if files or sitting.interview.helped:
        with services.write(PUBLIC) as work:
            _tidy(work, sitting)
    if subject.case_id is not None:
        return url_for("public.open_code", token=subject.token)
    with services.read(PUBLIC) as work:
        return url_for("public.thank", token=subject.token, receipt=code_of_answers(work, instance_id))


def _held(services: Services, sitting: Sitting, question: str, content: bytes) -> str:
    drawn = pictures.redrawn(content)
    with services.write(PUBLIC) as work:
        return pictures.hold(work, sitting.subject.study.id, sitting.interview.instance_id, question, drawn)


def _tidy(work: Work, sitting: Sitting) -> None:
    """The photographs are where they belong; that somebody helped is a flag for whoever reviews."""
    instance_id, study_id = sitting.interview.instance_id, sitting.subject.study.id
    pictures.let_go(work, instance_id)
    query = select(Submission).where(Submission.study_id == study_id, Submission.instance_id == instance_id)
    row = work.session.exec(query.with_for_update()).first()
    flag = {"rule": HELPED, "question": ""}
    if row is not None and row.withdrawn_at is None and sitting.interview.helped and flag not in row.flags:
        row.flags = [*row.flags, flag]
        work.session.add(row)
        record(work, "submission.helped", "submission", row.id, study_id=study_id)
