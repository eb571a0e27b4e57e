"""Questionnaires: published as versions that never change, and read once by each process."""

from __future__ import annotations

import functools
import hashlib
import uuid
from collections.abc import Mapping, Sequence

from flask_babel import get_locale
from lxml import etree
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from mobile_forms.answers import Rules
from mobile_forms.catalog import shipped
from mobile_forms.definition import FormDefinition, FormError, Group, read_form
from mobile_forms.media import absent_files
from mobile_forms.problems import Language
from mobile_forms.problems import Problem as Fault
from mobile_forms.xlsform import (
    CompiledForm,
    FormFaultError,
    WorkbookError,
    compile_workbook,
    fill_placeholders,
    left_placeholders,
)
from survey_server.audit.service import record
from survey_server.errors import Problem, ZoufangError
from survey_server.studies.lock import FORM, allow_change
from survey_server.studies.models import FormVersion, Purpose, Study
from survey_server.work import Work

SHIPPED_PURPOSES = {
    "hv_household_visit": Purpose.VISIT,
    "ph_phone_followup": Purpose.PHONE,
    "sa_recipient_survey": Purpose.RECIPIENT,
    "qr_public": Purpose.PUBLIC,
    "tr_training": Purpose.TRAINING,
}

FAULTS_SHOWN = 5
ON_PAGES = frozenset({Purpose.RECIPIENT, Purpose.PUBLIC, Purpose.TRAINING})
"""What respondents fill in by themselves, on the pages behind a QR code."""
_OF_HOUSEHOLDS, _OF_PLACES = frozenset({"households.csv"}), frozenset({"places.csv", "sessions.csv"})
FILES: Mapping[Purpose, frozenset[str]] = {
    Purpose.VISIT: _OF_HOUSEHOLDS,
    Purpose.PHONE: _OF_HOUSEHOLDS,
    Purpose.RECIPIENT: _OF_HOUSEHOLDS,
    Purpose.PUBLIC: _OF_PLACES,
    Purpose.TRAINING: _OF_PLACES,
}
"""The files that a form of each purpose finds beside it, on a phone, on a page and when answers are checked."""


def publish(
    work: Work,
    study: Study,
    purpose: Purpose,
    filename: str,
    workbook: bytes,
    *,
    reason: str = "",
    against: Mapping[str, object] | None = None,
) -> FormVersion:
    """Compile a workbook, fill the study's settings in and publish it.

    The same content again gives the version that is there; earlier words again, after others, get a number of their
    own, for new interviews use what was published last. After the lock other words need a ``reason``. ``against``
    is advice that was not followed, and why: the record keeps it.
    Raises WORKBOOK_UNREADABLE, PLACEHOLDER_LEFT, INVALID_FIELD.
    """
    try:
        compiled = compile_workbook(workbook, filename=filename)
        require_files(compiled, purpose)
        require_flat(compiled, purpose)
    except WorkbookError as error:
        raise ZoufangError(Problem.WORKBOOK_UNREADABLE, file=filename, why=_faults(error)) from error
    except FormError as error:
        raise ZoufangError(Problem.WORKBOOK_UNREADABLE, file=filename, why=str(error)) from error
    xform = with_settings(settings_of(study), compiled.xml)
    return _keep(work, study, purpose, compiled.definition, compiled.media, xform, workbook, reason, against or {})


def require_files(compiled: CompiledForm, purpose: Purpose) -> None:
    """Raise FormFaultError where a form names a file that none of its purpose is given, each with its row."""
    absent = absent_files(compiled.named, FILES[purpose])
    if absent:
        raise FormFaultError(absent)


def require_flat(compiled: CompiledForm, purpose: Purpose) -> None:
    """Raise FormFaultError where a form for the QR pages has a repeat within a repeat: the pages show rows of one."""
    if purpose not in ON_PAGES:
        return
    within = [
        inner.name
        for outer in compiled.definition.repeats
        for inner in outer.walk()
        if isinstance(inner, Group) and inner.repeat
    ]
    if within:
        raise FormFaultError(
            tuple(Fault("repeat_in_repeat", "survey", compiled.rows.get(name), "type", name) for name in within)
        )


def publish_shipped(work: Work, study: Study, *, reason: str = "") -> list[FormVersion]:
    """Publish the five questionnaires that come with the system."""
    return [
        publish(work, study, SHIPPED_PURPOSES[form.form_id], form.filename, form.read(), reason=reason)
        for form in shipped()
    ]


def current_form(work: Work, study_id: uuid.UUID, purpose: Purpose) -> FormVersion | None:
    """The version that new interviews use."""
    query = _published(study_id).where(FormVersion.purpose == purpose.value)
    return work.session.exec(query.order_by(col(FormVersion.published_at).desc()).limit(1)).first()


def forms_of(work: Work, study_id: uuid.UUID) -> Sequence[FormVersion]:
    """Every published version, newest first."""
    query = _published(study_id)
    return work.session.exec(query.order_by(col(FormVersion.published_at).desc())).all()


def form_version(work: Work, study_id: uuid.UUID, form_id: str, version: str) -> FormVersion:
    """The version that a submission names; raises FORM_UNKNOWN."""
    query = _published(study_id).where(FormVersion.form_id == form_id, FormVersion.version == version)
    found = work.session.exec(query).first()
    if found is None:
        raise ZoufangError(Problem.FORM_UNKNOWN, form=form_id, version=version)
    return found


def _published(study_id: uuid.UUID) -> SelectOfScalar[FormVersion]:
    """The rows that are questionnaires of the study: drafts lie in the same table, under purposes of their own."""
    return select(FormVersion).where(
        FormVersion.study_id == study_id, col(FormVersion.purpose).in_([purpose.value for purpose in Purpose])
    )


@functools.lru_cache(maxsize=64)
def _rules(_version_id: uuid.UUID, xform: bytes) -> Rules:
    return Rules(read_form(xform))


def rules_of(form: FormVersion) -> Rules:
    """The form's rules, compiled once by each process."""
    return _rules(form.id, form.xform)


def definition_of(form: FormVersion) -> FormDefinition:
    """What the form asks."""
    return rules_of(form).form


def _faults(error: WorkbookError) -> str:
    """The first faults with sheet, row, column and remedy, in the reader's language."""
    language = reading_language()
    shown = error.problems[:FAULTS_SHOWN]
    return " ".join(f"{fault.sentence(language)} {fault.remedy(language)}".strip() for fault in shown)


def reading_language() -> Language:
    """The language in which the reader is told what is wrong with a form."""
    return "en" if str(get_locale() or "") == "en" else "zh"


def settings_of(study: Study) -> dict[str, str]:
    """What a study's questionnaires name."""
    return {"company": study.company, "client": study.client, "hotline": study.hotline}


def with_settings(values: Mapping[str, str], xform: bytes) -> bytes:
    """The form with a study's company, client and hotline in their places; raises PLACEHOLDER_LEFT."""
    filled = fill_placeholders(xform, {name: value for name, value in values.items() if value})
    left = left_placeholders(filled)
    if left:
        raise ZoufangError(Problem.PLACEHOLDER_LEFT, names="、".join(f"{{{{{name}}}}}" for name in left))
    return filled


def _keep(
    work: Work,
    study: Study,
    purpose: Purpose,
    definition: FormDefinition,
    media: Sequence[str],
    xform: bytes,
    workbook: bytes,
    reason: str,
    against: Mapping[str, object],
) -> FormVersion:
    digest = hashlib.sha256(xform).hexdigest()
    siblings = [form for form in forms_of(work, study.id) if form.form_id == definition.form_id]
    current = next((form for form in siblings if form.purpose == purpose.value), None)
    if current is not None and current.digest == digest:
        return current
    version = _next_version(definition.version, {form.version for form in siblings})
    form = FormVersion(
        study_id=study.id,
        purpose=purpose.value,
        form_id=definition.form_id,
        version=version,
        title=definition.title,
        media=list(media),
        xform=_with_version(xform, definition.version, version),
        workbook=workbook,
        digest=digest,
        published_at=work.now,
    )
    before, after = _named(current), _named(form)
    allow_change(work, study, FORM, before=before, after=after, reason=reason)
    work.session.add(form)
    facts = {"form_id": form.form_id, "version": version, **against}
    record(work, "form.publish", "form", form.id, study_id=study.id, **facts)
    return form


def _named(form: FormVersion | None) -> dict[str, str]:
    """A version, as the list of changes names it."""
    return {"form_id": form.form_id, "version": form.version, "digest": form.digest} if form else {}


def _next_version(version: str, taken: set[str]) -> str:
    """A published version never changes: other words under the same number get the next one."""
    if version not in taken:
        return version
    number = 2
    while f"{version}.{number}" in taken:
        number += 1
    return f"{version}.{number}"


def _with_version(xform: bytes, old: str, new: str) -> bytes:
    if old == new:
        return xform
    root = etree.fromstring(xform)
    for element in root.iter("{*}instance"):
        for instance in element:
            if instance.get("version") == old:
                instance.set("version", new)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")
