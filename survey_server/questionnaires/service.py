"""From an uploaded workbook to a published questionnaire."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from mobile_forms.catalog import ShippedForm, shipped
from mobile_forms.problems import Problem as Fault
from survey_server.actors import Actor
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.reasons import words_given
from survey_server.questionnaires.checking import Checked, check
from survey_server.questionnaires.drafts import discard, draft_of, is_draft, purpose_of
from survey_server.studies import forms
from survey_server.studies.models import FormVersion, Study
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

FAULTS_TOLD = 5


def publish_draft(
    services: Services, actor: Actor, study_id: uuid.UUID, draft_id: uuid.UUID, *, reason: str, against: str
) -> FormVersion:
    """Publish a draft and let go of it; ``against`` says why advice is not followed, where there is any.

    Raises WORKBOOK_UNREADABLE, PLACEHOLDER_LEFT, INVALID_FIELD, STUDY_CLOSED.
    """
    with services.read(actor) as work:
        study, draft = study_of(work, study_id), draft_of(work, study_id, draft_id)
    checked = check(study, draft)  # outside of any transaction: Java may take a second
    refuse_faulty(draft, checked)
    advice = _not_followed(checked, against)
    with services.write(actor) as work:
        study, draft = study_of(work, study_id), draft_of(work, study_id, draft_id)
        purpose, name = purpose_of(draft), draft.title
        made = forms.publish(work, study, purpose, name, draft.workbook, reason=reason, against=advice)
        discard(work, draft)
    return made


def refuse_faulty(draft: FormVersion, checked: Checked) -> None:
    """Raise what forbids to publish or to show a form: WORKBOOK_UNREADABLE with its places, or PLACEHOLDER_LEFT."""
    if checked.faults:
        language = forms.reading_language()
        told = [f"{fault.sentence(language)} {fault.remedy(language)}" for fault in checked.faults[:FAULTS_TOLD]]
        raise ZoufangError(Problem.WORKBOOK_UNREADABLE, file=draft.title, why=" ".join(told))
    if checked.unset:
        raise ZoufangError(Problem.PLACEHOLDER_LEFT, names=checked.unset)


def shown_xform(study: Study, form: FormVersion) -> bytes:
    """The XForm of a version, or of a draft as it would be published; raises WORKBOOK_UNREADABLE."""
    if not is_draft(form):
        return form.xform
    checked = check(study, form)
    if checked.xform is None:
        refuse_faulty(form, checked)
        raise ZoufangError(Problem.NOT_FOUND)
    return checked.xform


def shipped_form(form_id: str) -> ShippedForm:
    """A questionnaire that comes with the system; raises NOT_FOUND."""
    found = next((form for form in shipped() if form.form_id == form_id), None)
    if found is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return found


def before(work: Work, form: FormVersion) -> Sequence[FormVersion]:
    """The published versions that a form can be held against: of its purpose, newest first, without itself."""
    purpose = purpose_of(form).value
    kept = forms.forms_of(work, form.study_id)
    return [other for other in kept if other.purpose == purpose and other.id != form.id]


def _not_followed(checked: Checked, against: str) -> dict[str, object]:
    if not checked.findings:
        return {}
    if not against.strip():
        raise ZoufangError(
            Problem.INVALID_FIELD,
            field=N_("Why it is published all the same"),
            why=N_("the questionnaire has findings: mend them, or say in one sentence why it stays as it is"),
        )
    return {"findings": _counted(checked.findings), "reason": words_given(against)}


def _counted(findings: Sequence[Fault]) -> list[str]:
    return [f"{finding.code}:{finding.question}" for finding in findings]
