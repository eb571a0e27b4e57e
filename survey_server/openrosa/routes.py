"""The OpenRosa face for ODK Collect and KoboCollect: the phone's secret stands in the address."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from survey_server.accounts.people import managed
from survey_server.actors import SUPERVISORS, Actor
from survey_server.audit.service import record
from survey_server.console.qr import svg
from survey_server.console.routing import ANYONE, action, disclosure, handler, services, view
from survey_server.errors import Problem, ZoufangError
from survey_server.openrosa import service
from survey_server.openrosa.documents import (
    CONTENT_TYPE,
    VERSION,
    ListedForm,
    MediaFile,
    as_served,
    form_list,
    integrity,
    manifest,
    thanks,
)
from survey_server.studies.models import Channel, FormVersion
from survey_server.submissions.service import receive
from survey_server.submissions.uploads import uploaded
from survey_server.work import Services, Work

pages = Blueprint("openrosa", __name__, template_folder="templates")
ROOT = "/openrosa/<token>"
MOST_ENTITIES = 1_000


@view(pages, f"{ROOT}/formList", who=ANYONE)
def list_forms(work: Work, token: str) -> Response:
    """The forms that this interviewer fills."""
    actor = service.interviewer_of(work, token)
    wanted = request.args.get("formID")
    forms = service.forms_of(work, service.studies_of(work, actor.id))
    return _xml(form_list(_listed(work, token, form) for form in forms if wanted in (None, form.form_id)))


@view(pages, f"{ROOT}/forms/<uuid:form_version_id>.xml", who=ANYONE)
def download_form(work: Work, token: str, form_version_id: uuid.UUID) -> Response:
    """One form."""
    actor = service.interviewer_of(work, token)
    return _xml(_content(work, token, service.form_of(work, actor, form_version_id)))


@view(pages, f"{ROOT}/manifest/<uuid:form_version_id>", who=ANYONE)
def show_manifest(work: Work, token: str, form_version_id: uuid.UUID) -> Response:
    """The files that a form needs, with their hashes."""
    actor = service.interviewer_of(work, token)
    form = service.form_of(work, actor, form_version_id)
    files = service.media_of(work, actor, form).items()
    return _xml(manifest(_media_file(_root(work, token), form, name, content) for name, content in files))


@view(pages, f"{ROOT}/integrity/<uuid:form_version_id>", who=ANYONE)
def show_integrity(work: Work, token: str, form_version_id: uuid.UUID) -> Response:
    """Which of the households named by ``?id=a,b`` a phone must drop."""
    actor = service.interviewer_of(work, token)
    form = service.form_of(work, actor, form_version_id)
    names = [name for name in request.args.get("id", "").split(",") if name]
    return _xml(integrity(service.gone(work, actor, form, names[:MOST_ENTITIES])))


@disclosure(pages, f"{ROOT}/media/<uuid:form_version_id>/<name>", who=ANYONE)
def download_media(work: Work, token: str, form_version_id: uuid.UUID, name: str) -> Response:
    """One file of a form, for this interviewer."""
    actor = service.interviewer_of(work, token)
    form = service.form_of(work, actor, form_version_id)
    files = service.media_of(work, actor, form)
    if name not in files:
        raise ZoufangError(Problem.NOT_FOUND)
    record(work, "phone.households", "person", actor.id, study_id=form.study_id, file=name)
    return Response(files[name], content_type="text/csv; charset=utf-8")


@handler(pages, f"{ROOT}/submission", methods=["HEAD", "POST"], who=ANYONE)
def submit(services: Services, _actor: Actor, token: str) -> Response:
    """Take a record; the study is found by its form."""
    return _submit(services, token, None)


@handler(pages, f"{ROOT}/<uuid:study_id>/submission", methods=["HEAD", "POST"], who=ANYONE)
def submit_to_study(services: Services, _actor: Actor, token: str, study_id: uuid.UUID) -> Response:
    """Take a record of the study that its form was downloaded from."""
    return _submit(services, token, study_id)


@pages.after_app_request
def add_headers(response: Response) -> Response:
    """Without these Collect says that this is no OpenRosa server; errors need them too."""
    if request.path.startswith("/openrosa/"):
        response.headers.update(VERSION)
        response.date = services().clock()
    return response


@action(pages, "/people/<uuid:person_id>/collect", who=SUPERVISORS)
def sign_collect_in(work: Work, person_id: uuid.UUID) -> str:
    """Show, once, the settings code that an interviewer's ODK Collect scans."""
    person = managed(work, person_id).person
    server = _root(work, service.new_collect(work, person_id))
    code = service.settings_code(server, f"{gettext('Zoufang')} {person.staff_no or person.name}")
    return render_template("openrosa/collect.html", person=person, server=server, qr=svg(code))


def _submit(services: Services, token: str, study_id: uuid.UUID | None) -> Response:
    limit = services.settings.max_submission_bytes
    with services.read() as work:
        actor = service.interviewer_of(work, token)
    if request.method == "HEAD":
        return Response(status=204, headers={"X-OpenRosa-Accept-Content-Length": str(limit)})
    xml, files = uploaded(services.settings)
    with services.read(actor) as work:
        study_id = service.study_of_record(work, actor, study_id, xml)
    receive(services, actor, study_id, xml, files, channel=Channel.COLLECT)
    # 201 also for what was here already: to anything else Collect sends the same record again for ever.
    return _xml(thanks(gettext("Received. Thank you.")), 201)


def _listed(work: Work, token: str, form: FormVersion) -> ListedForm:
    root = _root(work, token)
    return ListedForm(
        form_id=form.form_id,
        name=form.title,
        version=form.version,
        content=_content(work, token, form),
        download_url=f"{root}/forms/{form.id}.xml",
        manifest_url=f"{root}/manifest/{form.id}" if form.media else "",
    )


def _content(work: Work, token: str, form: FormVersion) -> bytes:
    lists = {service.LIST: service.list_name(form.study_id)}
    return as_served(form.xform, f"{_root(work, token)}/{form.study_id}/submission", lists)


def _media_file(root: str, form: FormVersion, name: str, content: bytes) -> MediaFile:
    address = f"{root}/media/{form.id}/{name}"
    if name != service.HOUSEHOLDS:
        return MediaFile(name, content, address)
    return MediaFile(f"{service.list_name(form.study_id)}.csv", content, address, f"{root}/integrity/{form.id}")


def _root(work: Work, token: str) -> str:
    """Where this face stands, as the phone reaches it."""
    return f"{work.settings.base_url.rstrip('/') or request.host_url.rstrip('/')}/openrosa/{token}"


def _xml(content: bytes, status: int = 200) -> Response:
    return Response(content, status, content_type=CONTENT_TYPE)
