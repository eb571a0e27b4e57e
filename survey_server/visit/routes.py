"""The phone program at ``/visit/`` and the addresses that it speaks to."""

from __future__ import annotations

import uuid
from pathlib import Path

from flask import Blueprint, jsonify, request, send_from_directory
from werkzeug.wrappers import Response

import mobile_forms
from survey_server.accounts.links import limited
from survey_server.accounts.service import join_phone
from survey_server.actors import INTERVIEWERS, Actor
from survey_server.console.routing import ANYONE, disclosure, handler, view
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.service import case_of
from survey_server.studies.models import Channel
from survey_server.submissions.service import receive
from survey_server.submissions.uploads import uploaded
from survey_server.visit import service
from survey_server.work import Services, Work

pages = Blueprint("visit", __name__)
PROGRAM = Path(str(mobile_forms.__file__)).parent / "client" / "dist" / "visit"


@view(pages, "/visit/", who=ANYONE)
def program(_work: Work) -> Response:
    """The phone program's page."""
    return _program_file("index.html")


@view(pages, "/visit/<path:name>", who=ANYONE)
def program_file(_work: Work, name: str) -> Response:
    """Its scripts, styles and icons; those with a hash in their name never change."""
    return _program_file(name)


@handler(pages, "/visit/api/join", methods=["POST"], who=ANYONE)
def join(services: Services, _actor: Actor) -> Response:
    """Bind this phone by a one-time link."""
    sent = request.get_json(silent=True)
    typed = sent if isinstance(sent, dict) else {}
    link, name = str(typed.get("token", "")), str(typed.get("device_name", ""))
    secret, person = limited(services, request.remote_addr, lambda work: join_phone(work, link, name))
    return jsonify(
        device_token=secret,
        person={"id": str(person.id), "name": person.name, "staff_no": person.staff_no},
        server_time=services.clock().isoformat(),
    )


@disclosure(pages, "/visit/api/day", who=INTERVIEWERS)
def day(work: Work) -> Response:
    """This interviewer's households and questionnaires."""
    return jsonify(service.day(work))


@view(pages, "/visit/api/studies/<uuid:study_id>/forms/<form_id>/<version>.xml", who=INTERVIEWERS)
def form(work: Work, study_id: uuid.UUID, form_id: str, version: str) -> Response:
    """A questionnaire."""
    xform = service.form_xml(work, study_id, form_id, version)
    return Response(xform, content_type="text/xml; charset=utf-8")


@disclosure(pages, "/visit/api/studies/<uuid:study_id>/households.csv", who=INTERVIEWERS)
def households(work: Work, study_id: uuid.UUID) -> Response:
    """The list that the questionnaire reads."""
    content = service.households_csv(work, study_id)
    return Response(content, content_type="text/csv; charset=utf-8")


@handler(pages, "/visit/api/submissions", methods=["POST"], who=INTERVIEWERS)
def submit(services: Services, actor: Actor) -> tuple[Response, int]:
    """Take a finished visit; the receipt tells the phone what we have."""
    xml, files = uploaded(services.settings)
    case_id = _case_id(request.form.get("case_id", ""))
    with services.read(actor) as work:
        study_id = case_of(work, case_id).study_id
    receipt = receive(services, actor, study_id, xml, files, channel=Channel.VISIT, case_id=case_id)
    return jsonify(receipt.as_json()), 201


def _case_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ZoufangError(Problem.NOT_FOUND) from None


def _program_file(name: str) -> Response:
    response = send_from_directory(PROGRAM, name)
    hashed = name.startswith("assets/")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
    return response
