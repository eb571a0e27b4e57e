"""What an interviewer's phone is given: the day's households, the questionnaires, the lists they need."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from survey_server.audit.service import record
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import CaseFacts, active_cases_of_interviewer, facts_of, write_csv
from survey_server.privacy.service import mask_name
from survey_server.studies.forms import current_form, forms_of
from survey_server.studies.models import FormVersion, Purpose, Study
from survey_server.studies.service import study_of
from survey_server.work import Work

HOUSEHOLDS = "households.csv"


def day(work: Work) -> dict[str, Any]:
    """Everything that the phone shows and needs without signal; seeing it is recorded."""
    cases = active_cases_of_interviewer(work, _person(work))
    studies = [
        _study(work, study_id, [case.id for case in own])
        for study_id, own in groupby(cases, key=lambda case: case.study_id)
    ]
    record(work, "phone.day", "person", work.person_id, cases=len(cases), shown=[case.sample_id for case in cases])
    return {"person": person(work), "server_time": work.now.isoformat(), "studies": studies}


def person(work: Work) -> dict[str, str]:
    """Who the phone belongs to."""
    return {"id": str(work.person_id), "name": work.actor.name, "staff_no": work.actor.staff_no}


def form_xml(work: Work, study_id: uuid.UUID, form_id: str, version: str) -> bytes:
    """A published questionnaire; raises NOT_FOUND."""
    for form in forms_of(work, study_id):
        if (form.form_id, form.version) == (form_id, version):
            return form.xform
    raise ZoufangError(Problem.NOT_FOUND)


def households_csv(work: Work, study_id: uuid.UUID) -> bytes:
    """The household list of the form: this interviewer's own households and no others; raises NOT_FOUND."""
    study_of(work, study_id)
    cases = [case for case in active_cases_of_interviewer(work, _person(work)) if case.study_id == study_id]
    facts = facts_of(work, study_id, [case.id for case in cases])
    shown = [case.sample_id for case in cases]
    record(work, "phone.households", "study", study_id, study_id=study_id, cases=len(cases), shown=shown)
    return write_csv([fact.as_item() for fact in facts])


def _study(work: Work, study_id: uuid.UUID, case_ids: Sequence[uuid.UUID]) -> dict[str, Any]:
    study = study_of(work, study_id)
    form = current_form(work, study_id, Purpose.VISIT)
    facts = facts_of(work, study_id, case_ids)
    return {
        "study_id": str(study_id),
        "name": study.name,
        "practice": study.practice,
        "client": study.client,
        "company": study.company,
        "hotline": study.hotline,
        "forms": [_form(study, form, facts)] if form else [],
        "cases": [_case(place, fact) for place, fact in enumerate(_by_village(facts))],
    }


def _form(study: Study, form: FormVersion, facts: Sequence[CaseFacts]) -> dict[str, Any]:
    base = f"/visit/api/studies/{study.id}"
    households = write_csv([fact.as_item() for fact in facts])
    return {
        "form_id": form.form_id,
        "version": form.version,
        "title": form.title,
        "url": f"{base}/forms/{form.form_id}/{form.version}.xml",
        "hash": hashlib.sha256(form.xform).hexdigest(),
        "media": [
            {
                "filename": HOUSEHOLDS,
                "hash": hashlib.sha256(households).hexdigest(),
                "url": f"{base}/{HOUSEHOLDS}",
            }
        ],
    }


def _case(place: int, fact: CaseFacts) -> dict[str, Any]:
    case: Case = fact.case
    return {
        "case_id": str(case.id),
        "sample_id": case.sample_id,
        "county": fact.household.county,
        "town": fact.household.town,
        "village": fact.household.village,
        "address": fact.address,
        "name_masked": mask_name(fact.name),
        "phone": fact.phones[0] if fact.phones else "",
        "category_name": fact.household.category_name,
        "status": case.status,
        "outcome": case.outcome,
        "attempts": case.attempts,
        "due": case.due_at.isoformat() if case.due_at else None,
        "note": None,
        "order": place,
    }


def _by_village(facts: Sequence[CaseFacts]) -> list[CaseFacts]:
    def place(fact: CaseFacts) -> tuple[str, ...]:
        home = fact.household
        return (home.county, home.town, home.village, fact.case.sample_id)

    return sorted(facts, key=place)


def _person(work: Work) -> uuid.UUID:
    if work.person_id is None:
        raise ZoufangError(Problem.DEVICE_UNKNOWN)
    return work.person_id
