"""Pages of answers from elsewhere: upload, what each column and value is, progress, rates, report, undoing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Blueprint, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from analysis.rounding import percent_text
from survey_server.actors import EVALUATORS, Actor, Grant
from survey_server.console.routing import action, disclosure, handler, see_other
from survey_server.console.routing import view as look
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.imports import making, service, taking
from survey_server.imports.files import LIMITS, SOURCE_NAMES
from survey_server.imports.matching import BY, CHOOSING, DROP_ROW, KEYS, Decisions, may_be_fixed, takers
from survey_server.imports.models import AnswerFile, FileState, Linking
from survey_server.imports.rates import rates_of
from survey_server.imports.report import STATES, report_of
from survey_server.imports.undoing import undo
from survey_server.imports.words import KEY_NAMES, KINDS
from survey_server.studies.forms import definition_of
from survey_server.studies.models import Purpose, Study
from survey_server.studies.service import create_study, study_of
from survey_server.submissions.consents import INTERVIEW
from survey_server.work import Services, Work

pages = Blueprint(
    "imports", __name__, template_folder="templates", static_folder="static", static_url_path="/static/imports"
)
SURE = 0.9
"""What is surer than this needs no second look."""


@look(pages, "/imports/new", who=EVALUATORS)
def begin(work: Work) -> str:
    """Begin a study with a file of answers."""
    return render_template("imports/begin.html", study=None, actor_name=work.actor.name)


@handler(pages, "/imports/new", methods=["POST"], who=EVALUATORS)
def begin_study(services: Services, actor: Actor) -> Response:
    """A study without questionnaires, its file, and a look at what it asks."""
    if not actor.reaches(Grant()):
        raise ZoufangError(Problem.NOT_ALLOWED)  # it would lie outside of what its maker reaches
    name, data = _uploaded()
    with services.write(actor) as work:
        title = request.form.get("name", "").strip() or re.sub(r"\.\w{1,5}$", "", name)
        study = create_study(work, name=title, client=request.form.get("client", ""))
        study_id = study.id
    file = service.upload(services, actor, study_id, name, data)
    return see_other(f"/studies/{study_id}/imports/{file.id}/make")


@look(pages, "/studies/<uuid:study_id>/imports", who=EVALUATORS)
def show_files(work: Work, study_id: uuid.UUID) -> str:
    """The files of a study, and a place for the next."""
    return render_template(
        "imports/files.html",
        study=study_of(work, study_id),
        files=service.files_of(work, study_id),
        sources=SOURCE_NAMES,
    )


@handler(pages, "/studies/<uuid:study_id>/imports", methods=["POST"], who=EVALUATORS)
def upload_file(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """Keep a file and guess what it is."""
    with services.read(actor) as work:
        study_of(work, study_id)
    file = service.upload(services, actor, study_id, *_uploaded())
    return see_other(f"/studies/{study_id}/imports/{file.id}")


@disclosure(pages, "/studies/<uuid:study_id>/imports/<uuid:answers_id>", who=EVALUATORS)
def show_file(work: Work, study_id: uuid.UUID, answers_id: uuid.UUID) -> str:
    """What is decided of a file; later how far it is, and what came of it."""
    study, file = study_of(work, study_id), service.file_of(work, study_id, answers_id)
    if file.state == FileState.UPLOADED:
        return _match_page(work, study, file)
    taken = file.state == FileState.TAKEN
    return render_template(
        "imports/taken.html",
        study=study,
        file=file,
        form=service.form_of(work, file),
        rates=rates_of(work, file) if taken else [],
        states=[(state.value, words) for state, words in STATES.items() if file.counts.get(state.value)],
        volunteers=file.linking == Linking.VOLUNTEERS,
        percent=percent_text,
    )


def _match_page(work: Work, study: Study, file: AnswerFile) -> str:
    form = service.form_of(work, file)
    opened = service.open_file(work, file)
    decisions = service.decisions_of(work, file)
    questions = {question.name: question for question in takers(definition_of(form))} if form else {}
    told = {match.target for match in decisions.columns.values()}
    choosing = [q for q in questions.values() if may_be_fixed(q) and q.name not in told]
    return render_template(
        "imports/match.html",
        study=study,
        file=file,
        form=form,
        forms=service.current_forms(work, study.id),
        can_make=_can_make(work, study),
        lines=_lines(opened, decisions, questions) if form else [],
        questions=[(name, _label(question)) for name, question in questions.items()],
        fixed=[(q.name, _label(q), _choices(q), decisions.fixed.get(q.name, "")) for q in choosing],
        keys=[(kind, KEY_NAMES[kind], decisions.keys.get(kind, "")) for kind in KEYS],
        items=[(item.key, item.label or item.key) for item in opened.items],
        without_consent=_without_consent(questions, decisions),
        to_cases=file.linking == Linking.CASES,
        by=BY,
        drop=DROP_ROW,
        sure=SURE,
        sources=SOURCE_NAMES,
    )


def _without_consent(questions: Mapping[str, Any], decisions: Decisions) -> bool:
    """Whether the questionnaire asks for consent and nothing says that it was given: then no answer would count."""
    told = {match.target for match in decisions.columns.values()} | decisions.fixed.keys()
    return any(question.metric == INTERVIEW and name not in told for name, question in questions.items())


def _lines(opened: service.Opened, decisions: Decisions, questions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A line a question of the file, with its values where the question has choices."""
    lines = []
    for place, item in enumerate(opened.items):
        match = decisions.columns[item.key]
        question = questions.get(match.target)
        choosing = question is not None and question.kind in CHOOSING
        values = decisions.values.get(item.key, {}) if choosing else {}
        rows: list[dict[str, Any]] = [
            {"value": value, "means": item.labels.get(value, ""), "count": _count(item.values, value), "match": found}
            for value, found in values.items()
        ]
        rate = min((row["match"].confidence for row in rows), default=1.0)
        doubtful = bool(match.target) and (match.confidence < SURE or rate < SURE)
        choices = _choices(question) if choosing else []
        lines.append(
            {"place": place, "item": item, "match": match, "values": rows, "choices": choices, "doubtful": doubtful}
        )
    return lines


def _count(values: Mapping[str, int], value: str) -> int:
    """How many gave this value, alone or in one cell with others."""
    return values.get(value) or sum(
        count for cell, count in values.items() if value in re.split(r"[|;；,，、\s]+", cell)
    )


@action(pages, "/studies/<uuid:study_id>/imports/<uuid:answers_id>/form", who=EVALUATORS)
def choose_form(work: Work, study_id: uuid.UUID, answers_id: uuid.UUID) -> Response:
    """Match the file to another questionnaire."""
    file = service.file_of(work, study_id, answers_id)
    chosen = request.form.get("form", "")
    form = next((form for form in service.current_forms(work, study_id) if str(form.id) == chosen), None)
    if form is None:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Questionnaire"), why=N_("choose one of the list"))
    service.choose_form(work, service.open_file(work, file), form)
    return see_other(f"/studies/{study_id}/imports/{answers_id}")


@action(pages, "/studies/<uuid:study_id>/imports/<uuid:answers_id>/match", who=EVALUATORS)
def save_match(work: Work, study_id: uuid.UUID, answers_id: uuid.UUID) -> Response:
    """Keep what was decided; take the answers where that was asked and no column changed."""
    file = service.file_of(work, study_id, answers_id)
    changed = service.correct(work, service.open_file(work, file), request.form)
    if "take" in request.form and not changed:
        taking.start(work, file)
    return see_other(f"/studies/{study_id}/imports/{answers_id}{'?changed' if changed else ''}")


@action(pages, "/studies/<uuid:study_id>/imports/<uuid:answers_id>/remove", who=EVALUATORS)
def remove_file(work: Work, study_id: uuid.UUID, answers_id: uuid.UUID) -> Response:
    """Forget a file that was not taken."""
    service.remove(work, service.file_of(work, study_id, answers_id))
    return see_other(f"/studies/{study_id}/imports")


@action(pages, "/studies/<uuid:study_id>/imports/<uuid:answers_id>/undo", who=EVALUATORS)
def undo_file(work: Work, study_id: uuid.UUID, answers_id: uuid.UUID) -> Response:
    """Take a whole import back."""
    undo(work, service.file_of(work, study_id, answers_id), reason=request.form.get("reason", ""))
    return see_other(f"/studies/{study_id}/imports/{answers_id}")


@disclosure(pages, "/studies/<uuid:study_id>/imports/<uuid:answers_id>/report.xlsx", who=EVALUATORS)
def download_report(work: Work, study_id: uuid.UUID, answers_id: uuid.UUID) -> Response:
    """What was taken, what not, and why."""
    file = service.file_of(work, study_id, answers_id)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = Response(report_of(work, file, gettext), content_type=kind)
    safe = re.sub(r"[^\w.-]", "_", file.name)
    words = gettext("import report")
    name = quote(f"{words}-{safe}.xlsx")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


@disclosure(pages, "/studies/<uuid:study_id>/imports/<uuid:answers_id>/make", who=EVALUATORS)
def propose_form(work: Work, study_id: uuid.UUID, answers_id: uuid.UUID) -> str:
    """The questionnaire that the file itself suggests."""
    study, file = study_of(work, study_id), service.file_of(work, study_id, answers_id)
    _require_can_make(work, study, file)
    opened = service.open_file(work, file)
    proposals = making.propose(opened.items)
    return render_template(
        "imports/make.html",
        study=study,
        file=file,
        lines=list(zip(proposals, opened.items, strict=True)),
        kinds=KINDS,
        tags=making.TAGS,
        source=SOURCE_NAMES[file.source],
    )


@action(pages, "/studies/<uuid:study_id>/imports/<uuid:answers_id>/make", who=EVALUATORS)
def make_form(work: Work, study_id: uuid.UUID, answers_id: uuid.UUID) -> Response:
    """Publish the questionnaire and take the answers."""
    study, file = study_of(work, study_id), service.file_of(work, study_id, answers_id)
    _require_can_make(work, study, file)
    opened = service.open_file(work, file)
    proposals = making.corrected(making.propose(opened.items), request.form)
    making.make_form(work, study, opened, proposals, study.name)
    taking.start(work, file)
    return see_other(f"/studies/{study_id}/imports/{answers_id}")


def _can_make(work: Work, study: Study) -> bool:
    """A questionnaire of the public that is published already would be replaced at every printed code."""
    return all(form.purpose != Purpose.PUBLIC for form in service.current_forms(work, study.id))


def _require_can_make(work: Work, study: Study, file: AnswerFile) -> None:
    service.require_open(study)
    service.require_waiting(file)
    if not _can_make(work, study):
        raise ZoufangError(
            Problem.STATE_CONFLICT, why=N_("this study has a questionnaire for the public: match the file to it")
        )


def _uploaded() -> tuple[str, bytes]:
    """The file under its bare name, never more of it than the limit and one byte."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("File of answers"), why=N_("no file was chosen"))
    name = re.sub(r"[\x00-\x1f]", "", re.split(r"[\\/]", upload.filename)[-1])[-120:]
    data = upload.stream.read(LIMITS.bytes + 1)
    if len(data) > LIMITS.bytes:
        raise ZoufangError(Problem.TOO_LARGE, limit=LIMITS.bytes >> 20)
    return name, data


def _label(question: Any) -> str:  # noqa: ANN401 - a question
    return next((text.plain for text in question.label.values()), "") or question.name


def _choices(question: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - a question
    return [
        (choice.value, next((text.plain for text in choice.label.values()), choice.value))
        for choice in question.choices
    ]
