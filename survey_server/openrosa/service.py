"""What an interviewer's ODK Collect is given, and where its records belong."""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from collections.abc import Collection, Sequence

from sqlmodel import col, select

from mobile_forms.instance import identify
from mobile_forms.safe_xml import XmlError
from survey_server.accounts.service import actor_of_device, join_phone, new_phone_link
from survey_server.actors import INTERVIEWERS, Actor
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import active_cases_of_interviewer, facts_of, write_csv
from survey_server.scopes import hold
from survey_server.studies.forms import current_form
from survey_server.studies.models import FormVersion, Purpose, Study
from survey_server.studies.service import places
from survey_server.work import Work

# What an interviewer asks in person; places and training sessions have their printed codes.
PURPOSES = (Purpose.VISIT, Purpose.RECIPIENT)
LIST = "households"
HOUSEHOLDS = f"{LIST}.csv"
ICON, COLOR = "走", "#1f5f8b"
VERSION = {"__version": "1"}
"""A household's row is read from a frame that no longer changes, so that its first version is its last."""
PLACES = {"places.csv": Purpose.PUBLIC, "sessions.csv": Purpose.TRAINING}


def interviewer_of(work: Work, token: str) -> Actor:
    """The interviewer whose phone has this secret, to whose reach the work is held; raises DEVICE_UNKNOWN."""
    actor = actor_of_device(work, token)
    if actor is None or not actor.may(INTERVIEWERS):
        raise ZoufangError(Problem.DEVICE_UNKNOWN)
    hold(work.session, actor.reach)
    return actor


def new_collect(work: Work, person_id: uuid.UUID) -> str:
    """Sign a phone's ODK Collect in as this person; its secret, shown once."""
    return join_phone(work, new_phone_link(work, person_id), "ODK Collect")[0]


def settings_code(server: str, project: str) -> str:
    """What Collect reads from a settings QR code: base64 of zlib of JSON."""
    general = {
        "protocol": "odk_default",
        "server_url": server,
        "form_update_mode": "match_exactly",
        "periodic_form_updates_check": "every_fifteen_minutes",
        "autosend": "wifi_and_cellular",
        "image_size": "medium",
    }
    settings = {"general": general, "admin": {}, "project": {"name": project, "icon": ICON, "color": COLOR}}
    return base64.b64encode(zlib.compress(json.dumps(settings).encode())).decode("ascii")


def studies_of(work: Work, person_id: uuid.UUID | None) -> Sequence[Study]:
    """The studies in which this interviewer has households; real ones before practice, the newest first."""
    given = select(Case.study_id).where(Case.interviewer_id == person_id, col(Case.released_at).is_not(None))
    query = select(Study).where(col(Study.id).in_(given))
    return work.session.exec(query.order_by(col(Study.practice), col(Study.created_at).desc())).all()


def forms_of(work: Work, studies: Sequence[Study]) -> list[FormVersion]:
    """The current forms of these studies, each form_id once: Collect cannot hold the same one twice."""
    forms: dict[str, FormVersion] = {}
    for study in studies:
        for purpose in PURPOSES:
            form = current_form(work, study.id, purpose)
            if form is not None:
                forms.setdefault(form.form_id, form)
    return list(forms.values())


def form_of(work: Work, actor: Actor, form_version_id: uuid.UUID) -> FormVersion:
    """A published form of one of the interviewer's studies; raises NOT_FOUND."""
    form = work.session.get(FormVersion, form_version_id)
    if form is None or not form.form_id or form.study_id not in {study.id for study in studies_of(work, actor.id)}:
        raise ZoufangError(Problem.NOT_FOUND)
    return form


def media_of(work: Work, actor: Actor, form: FormVersion) -> dict[str, bytes]:
    """The form's files by name, as far as they are here: of households, only this interviewer's."""
    return {name: _media(work, actor, form, name) for name in sorted(form.media) if name in {HOUSEHOLDS, *PLACES}}


def list_name(study_id: uuid.UUID) -> str:
    """What a study's list of households is called on a phone, which may hold those of several studies."""
    return f"{LIST}-{study_id.hex[-8:]}"


def gone(work: Work, actor: Actor, form: FormVersion, names: Collection[str]) -> dict[str, bool]:
    """Of the households that a phone holds, by sample number: whether they are this interviewer's no more."""
    held = {row["name"] for row in _households(work, actor, form.study_id)}
    return {name: name not in held for name in names}


def study_of_record(work: Work, actor: Actor, study_id: uuid.UUID | None, xml: bytes) -> uuid.UUID:
    """The study that a record belongs to: the one of its address, else the interviewer's that published its form.

    Who has no household there any more still hands in, where only one study published the form. Raises NOT_FOUND for
    a study that is not there, SUBMISSION_UNREADABLE, FORM_UNKNOWN.
    """
    if study_id is not None:
        if work.session.get(Study, study_id) is None:
            raise ZoufangError(Problem.NOT_FOUND)
        return study_id
    try:
        record = identify(xml)
    except XmlError as error:
        raise ZoufangError(Problem.SUBMISSION_UNREADABLE, why=N_("it is not well-formed XML")) from error
    query = select(FormVersion.study_id).where(
        FormVersion.form_id == record.form_id, FormVersion.version == record.version
    )
    publishers = set(work.session.exec(query).all())
    own = [study.id for study in studies_of(work, actor.id) if study.id in publishers]
    if own or len(publishers) == 1:
        return (own or list(publishers))[0]
    raise ZoufangError(Problem.FORM_UNKNOWN, form=record.form_id, version=record.version)


def _media(work: Work, actor: Actor, form: FormVersion, name: str) -> bytes:
    if name == HOUSEHOLDS:
        return write_csv(_households(work, actor, form.study_id))
    if name in PLACES:
        rows = [place for place in places(work, form.study_id) if place.purpose == PLACES[name].value]
        return write_csv([{"name": place.code, "label": place.label, "p_county": place.county} for place in rows])
    raise ZoufangError(Problem.NOT_FOUND)


def _households(work: Work, actor: Actor, study_id: uuid.UUID) -> list[dict[str, str]]:
    if actor.id is None:
        return []
    cases = [case.id for case in active_cases_of_interviewer(work, actor.id) if case.study_id == study_id]
    return [facts.as_item() | VERSION for facts in facts_of(work, study_id, cases)]
