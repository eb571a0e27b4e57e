"""Taking one consent back (撤回单独同意): the photographs go, the interview stays."""

from __future__ import annotations

import json
from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.privacy.reasons import Reason
from survey_server.privacy.service import cipher_of
from survey_server.rights.erasing import erase_blobs
from survey_server.studies.forms import definition_of
from survey_server.studies.models import FormVersion
from survey_server.submissions.consents import AUDIO, CALL_RECORDING, PHOTO, PLACE, PURPOSES, purpose_of
from survey_server.submissions.models import Consent, Submission, SubmissionFile
from survey_server.work import Work

ALONE = {purpose: PURPOSES[purpose] for purpose in (PHOTO, AUDIO, PLACE, "consent_contact")}
"""Purposes that can be withdrawn while the interview itself stays; the others take the answers with them."""


def withdraw_purpose(work: Work, case: Case, purpose: str, reason: Reason) -> int:
    """Take the consent to one purpose back and delete its files, of every record of a household; returns how many.

    Raises INVALID_FIELD for a purpose that does not stand alone.
    """
    if purpose not in ALONE:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Purpose"), why=N_("choose one of the list"))
    gone = list(_files(work, case, purpose))
    erase_blobs(work, [file.blob for file in gone])
    work.session.execute(sa.delete(SubmissionFile).where(col(SubmissionFile.id).in_([file.id for file in gone])))
    records = select(Submission.id).where(Submission.case_id == case.id)
    work.session.execute(
        sa.update(Consent)
        .where(col(Consent.submission_id).in_(records), col(Consent.purpose) == purpose)
        .where(col(Consent.withdrawn_at).is_(None))
        .values(withdrawn_at=work.now)
        .execution_options(synchronize_session=False)
    )
    details = {"purpose": purpose, "reason": reason.code, "words": reason.words, "files": len(gone)}
    record(work, "consent.withdraw", "case", case.id, study_id=case.study_id, **details)
    return len(gone)


def _files(work: Work, case: Case, purpose: str) -> Iterator[SubmissionFile]:
    """The files that were made under this consent."""
    query = select(Submission, FormVersion).join(FormVersion, col(FormVersion.id) == Submission.form_version_id)
    query = query.where(Submission.case_id == case.id, col(Submission.withdrawn_at).is_(None))
    for row, version in work.session.exec(query).all():
        form = definition_of(version)
        values = json.loads(cipher_of(work, case.study_id).open(row.id, row.answers))["values"]
        names = {
            values.get(question.name)
            for question in form.questions
            if question.takes_file and purpose_of(form, question) == purpose
        }
        held = select(SubmissionFile).where(SubmissionFile.submission_id == row.id)
        recorded = CALL_RECORDING if purpose == AUDIO else "\0"
        yield from (
            file for file in work.session.exec(held).all() if file.name in names or file.name.startswith(recorded)
        )
