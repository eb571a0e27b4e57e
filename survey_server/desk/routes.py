"""The call desk at ``/call/``: one household at a time, by keyboard."""

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
from survey_server.desk import drafts, handing_over, numbers, queue, quotas, script, service
from survey_server.desk.rules import rules_of
from survey_server.desk.words import LANGUAGES, NUMBER_STATES
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import CallCase
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import attempts_of, case_of, facts_of, write_csv
from survey_server.studies.forms import current_form
from survey_server.studies.models import Channel, FormVersion, Purpose, Study
from survey_server.studies.service import study_of
from survey_server.submissions.service import receive
from survey_server.submissions.uploads import uploaded
from survey_server.work import Services, Work

pages = Blueprint("desk", __name__, template_folder="templates", static_folder="static", static_url_path="/static/desk")
CLIENT = Path(str(mobile_forms.__file__)).parent / "client" / "dist"


@disclosure(pages, "/call/", who=OPERATORS)
def show_desk(work: Work) -> str:
    """The case in hand, or a button for the next one."""
    case = queue.case_in_hand(work)
    if case is None:
        return render_template("desk/idle.html", today=_today(work), empty="empty" in request.args, opens=_opens(work))
    record(work, "call.open", "case", case.id, study_id=case.study_id)
    return _case_page(work, case)


@action(pages, "/call/next", who=OPERATORS)
def take_next(work: Work) -> Response:
    """Take the next case."""
    return see_other("/call/" if queue.take_next(work) else "/call/?empty")


@action(pages, "/call/<uuid:case_id>/dial", who=OPERATORS)
def dial(work: Work, case_id: uuid.UUID) -> Response:
    """Begin a call: the number stands in full on the page that follows, as a link and as a code to scan."""
    number = request.form.get("number", "")
    numbers.dial(work, case_of(work, case_id), _uuid(number) if number else None)
    return see_other("/call/")


@action(pages, "/call/<uuid:case_id>/number", who=OPERATORS)
def learn_number(work: Work, case_id: uuid.UUID) -> Response:
    """Write down a number that somebody gave."""
    numbers.learn(work, case_of(work, case_id), request.form.get("number", ""))
    return see_other("/call/")


@action(pages, "/call/<uuid:case_id>/outcome", who=OPERATORS)
def close_call(work: Work, case_id: uuid.UUID) -> Response:
    """Write the outcome down and go on to the next case."""
    form = request.form
    language = form.get("language", "")
    ending = service.Ending(
        form.get("outcome", ""),
        _moment(work, form.get("due_at", "")),
        form.get("note", ""),
        language if language in LANGUAGES else "",
    )
    service.close_call(work, case_of(work, case_id), ending)
    return see_other("/call/")


@action(pages, "/call/<uuid:case_id>/put-back", who=OPERATORS)
def put_back(work: Work, case_id: uuid.UUID) -> Response:
    """Give the case back."""
    queue.put_back(work, case_of(work, case_id))
    return see_other("/call/")


@action(pages, "/call/<uuid:case_id>/alive", who=OPERATORS)
def keep_hold(work: Work, case_id: uuid.UUID) -> tuple[str, int]:
    """A sign of life of the page: the case stays with this operator."""
    queue.keep_hold(work, case_of(work, case_id))
    return "", 204


@action(pages, "/call/<uuid:case_id>/hand-over", who=OPERATORS)
def hand_over(work: Work, case_id: uuid.UUID) -> Response:
    """Hand over what the caller complains of or asks for (转办)."""
    case = case_of(work, case_id)
    queue.require_hold(work, case)
    form = request.form
    handing_over.hand_over(work, case, form.get("kind", ""), form.get("words", ""), urgent="urgent" in form)
    return see_other("/call/")


@disclosure(pages, "/call/<uuid:case_id>/draft", who=OPERATORS)
def show_draft(work: Work, case_id: uuid.UUID) -> Response:
    """The interview that is under way, by whoever began it; ``null`` where there is none."""
    case = _held(work, case_id)
    found = drafts.draft_of(work, case)
    record(work, "call.open", "case", case.id, study_id=case.study_id)
    return jsonify(None if found is None else found[1].model_dump())


@action(pages, "/call/<uuid:case_id>/draft", who=OPERATORS)
def keep_draft(work: Work, case_id: uuid.UUID) -> Response:
    """Keep the interview that is under way."""
    case = case_of(work, case_id)
    count = drafts.keep_draft(work, case, _form(work, case), request.get_data(cache=False))
    return jsonify({"kept": count})


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
    with services.write(actor) as work:
        service.after_interview(work, case_of(work, case_id))
    return jsonify(receipt.as_json()), 201


def _case_page(work: Work, case: Case) -> str:
    fact = facts_of(work, case.study_id, [case.id])[0]
    study, standing = study_of(work, case.study_id), queue.standing_of(work, case)
    dialled = standing.dialled_id if numbers.current_call(work, case) else None
    return render_template(
        "desk/case.html",
        study=study,
        case=case,
        home=fact.household,
        standing=standing,
        numbers=numbers.lines(work, case, dialled),
        number_states=NUMBER_STATES,
        dialled=dialled,
        qr=lambda number: svg(f"tel:{number}"),
        attempts=attempts_of(work, case.id),
        outcomes=service.call_outcomes(),
        spoken=LANGUAGES,
        kinds=handing_over.KINDS,
        form=_form(work, case),
        draft=drafts.draft_of(work, case) is not None,
        script=_script(work, study, standing),
        full=quotas.to_mind(quotas.quotas_of(work, case.study_id)),
        today=_today(work),
        program=program(),
    )


def _script(work: Work, study: Study, standing: CallCase) -> list[script.Section]:
    values = {
        "company": study.company,
        "client": study.client,
        "hotline": study.hotline,
        "staff_no": work.actor.staff_no,
    }
    return script.sections(rules_of(work, standing.study_id).script or script.usual(), values)


@cache
def program() -> dict[str, list[str]]:
    """The addresses of the desk's script and styles, from the build's own manifest."""
    manifest = json.loads((CLIENT / "manifest.json").read_text("utf-8"))
    entry = manifest["src/desk/main.tsx"]
    return {"scripts": [f"/{entry['file']}"], "styles": [f"/{style}" for style in entry.get("css", [])]}


def _form(work: Work, case: Case) -> FormVersion:
    """The questionnaire of the interview under way, else the current one."""
    found = drafts.draft_of(work, case)
    form = work.session.get(FormVersion, found[0].form_version_id) if found else None
    form = form or current_form(work, case.study_id, Purpose.PHONE)
    if form is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return form


def _held(work: Work, case_id: uuid.UUID) -> Case:
    case = queue.case_in_hand(work)
    if case is None or case.id != case_id:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this case is not in your hands any more"))
    return case


def _today(work: Work) -> service.Today:
    return service.today(work, queue.local_now(work).replace(hour=0, minute=0, second=0, microsecond=0))


def _opens(work: Work) -> dt.datetime | None:
    """When calls are allowed again, where they are not now."""
    practice = queue.callable_studies(work)
    return queue.next_opening(work, practice)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ZoufangError(Problem.NOT_FOUND) from None


def _moment(work: Work, text: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(work.settings.timezone))
    except ValueError:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Call again at"), why=N_("type a date and a time")) from None
