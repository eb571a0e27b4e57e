"""The call desk at ``/call/``."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, render_template, request
from werkzeug.wrappers import Response

import mobile_forms
from survey_server.actors import OPERATORS, Actor
from survey_server.audit.service import record
from survey_server.console.qr import svg
from survey_server.console.routing import action, disclosure, handler, see_other, view
from survey_server.desk import service
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import attempts_of, case_of, facts_of, write_csv
from survey_server.privacy.service import mask_number
from survey_server.studies.forms import current_form
from survey_server.studies.models import Channel, FormVersion, Purpose
from survey_server.studies.service import study_of
from survey_server.submissions.service import receive
from survey_server.submissions.uploads import uploaded
from survey_server.work import Services, Work

pages = Blueprint("desk", __name__, template_folder="templates", static_folder="static", static_url_path="/static/desk")
CLIENT = Path(str(mobile_forms.__file__)).parent / "client" / "dist"


@disclosure(pages, "/call/", who=OPERATORS)
def show_desk(work: Work) -> str:
    """The case in hand, or a button for the next one."""
    case = service.case_in_hand(work)
    figures = service.today(work, _midnight(work))
    if case is None:
        return render_template("desk/idle.html", today=figures, empty="empty" in request.args)
    record(work, "call.open", "case", case.id, study_id=case.study_id)
    return _case_page(work, case, numbers=None)


@action(pages, "/call/next", who=OPERATORS)
def take_next(work: Work) -> Response:
    """Take the next case."""
    return see_other("/call/" if service.take_next(work) else "/call/?empty")


@action(pages, "/call/<uuid:case_id>/dial", who=OPERATORS)
def dial(work: Work, case_id: uuid.UUID) -> str:
    """Show the number in full, as a link and as a code for the phone that dials."""
    case = case_of(work, case_id)
    return _case_page(work, case, numbers=service.number_to_dial(work, case))


@action(pages, "/call/<uuid:case_id>/outcome", who=OPERATORS)
def close_call(work: Work, case_id: uuid.UUID) -> Response:
    """Write the outcome down and go on to the next case."""
    due = _moment(work, request.form.get("due_at", ""))
    service.close_call(work, case_of(work, case_id), request.form.get("outcome", ""), due, request.form.get("note", ""))
    return see_other("/call/")


@action(pages, "/call/<uuid:case_id>/put-back", who=OPERATORS)
def put_back(work: Work, case_id: uuid.UUID) -> Response:
    """Give the case back."""
    service.put_back(work, case_of(work, case_id))
    return see_other("/call/")


@view(pages, "/call/<uuid:case_id>/form.xml", who=OPERATORS)
def form(work: Work, case_id: uuid.UUID) -> Response:
    """The telephone questionnaire of the case's study."""
    return Response(_form(work, _held(work, case_id)).xform, content_type="text/xml; charset=utf-8")


@disclosure(pages, "/call/<uuid:case_id>/households.csv", who=OPERATORS)
def households(work: Work, case_id: uuid.UUID) -> Response:
    """The one household that the questionnaire is about."""
    case = _held(work, case_id)
    record(work, "call.open", "case", case.id, study_id=case.study_id)
    content = write_csv([fact.as_item() for fact in facts_of(work, case.study_id, [case.id])])
    return Response(content, content_type="text/csv; charset=utf-8")


@handler(pages, "/call/<uuid:case_id>/submission", methods=["POST"], who=OPERATORS)
def submit(services: Services, actor: Actor, case_id: uuid.UUID) -> tuple[Response, int]:
    """Take the interview; what it concludes is the outcome of the call."""
    with services.read(actor) as work:
        study_id = case_of(work, case_id).study_id
    xml, files = uploaded(services.settings)
    receipt = receive(services, actor, study_id, xml, files, channel=Channel.PHONE, case_id=case_id)
    return jsonify(receipt.as_json()), 201


def _case_page(work: Work, case: Case, numbers: list[str] | None) -> str:
    fact = facts_of(work, case.study_id, [case.id])[0]
    return render_template(
        "desk/case.html",
        study=study_of(work, case.study_id),
        case=case,
        home=fact.household,
        masked=[mask_number(number) for number in fact.phones],
        numbers=[(number, svg(f"tel:{number}")) for number in numbers] if numbers is not None else None,
        attempts=attempts_of(work, case.id),
        outcomes=service.call_outcomes(),
        form=_form(work, case),
        today=service.today(work, _midnight(work)),
        program=program(),
    )


@cache
def program() -> dict[str, list[str]]:
    """The addresses of the desk's script and styles, from the build's own manifest."""
    manifest = json.loads((CLIENT / "manifest.json").read_text("utf-8"))
    entry = manifest["src/desk/main.tsx"]
    return {"scripts": [f"/{entry['file']}"], "styles": [f"/{style}" for style in entry.get("css", [])]}


def _form(work: Work, case: Case) -> FormVersion:
    form = current_form(work, case.study_id, Purpose.PHONE)
    if form is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return form


def _held(work: Work, case_id: uuid.UUID) -> Case:
    case = service.case_in_hand(work)
    if case is None or case.id != case_id:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this case is not in your hands any more"))
    return case


def _midnight(work: Work) -> dt.datetime:
    zone = ZoneInfo(work.settings.timezone)
    return work.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _moment(work: Work, text: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(work.settings.timezone))
    except ValueError:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Call again at"), why=N_("type a date and a time")) from None
