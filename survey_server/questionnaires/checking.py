"""A workbook looked over before it is published: what forbids it, what spoils it, what is worth knowing."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from mobile_forms.definition import FormDefinition, read_form
from mobile_forms.lint import lint
from mobile_forms.lint_collect import lint_for_collect
from mobile_forms.problems import Problem
from mobile_forms.translations import MissingText, missing_texts
from mobile_forms.xlsform import WorkbookError, compile_workbook
from survey_server.errors import ZoufangError
from survey_server.openrosa.service import PURPOSES as GIVEN_TO_COLLECT
from survey_server.questionnaires.drafts import is_draft, purpose_of
from survey_server.questionnaires.validate import odk_faults
from survey_server.studies.forms import require_files, require_flat, settings_of, with_settings
from survey_server.studies.models import FormVersion, Purpose, Study

KEPT = 32


@dataclass(frozen=True)
class Checked:
    """What was found.

    ``faults`` forbid publishing; ``findings`` need one sentence to publish against; ``notices`` are for knowledge;
    ``unset`` names the study's settings that the form asks for and that are empty. ``xform`` and ``form`` are None
    where there are faults. ``validated`` says whether ODK Validate was asked.
    """

    faults: tuple[Problem, ...] = ()
    findings: tuple[Problem, ...] = ()
    notices: tuple[Problem, ...] = ()
    missing: tuple[MissingText, ...] = ()
    unset: str = ""
    xform: bytes | None = None
    form: FormDefinition | None = None
    validated: bool = False

    @property
    def publishable(self) -> bool:
        """Whether nothing forbids it."""
        return not self.faults and not self.unset and self.form is not None


def check(study: Study, form: FormVersion) -> Checked:
    """Look a draft or a version over; the same workbook under the same settings is looked over once."""
    settings = tuple(settings_of(study).items())
    name = form.title if is_draft(form) else f"{form.form_id}.xlsx"
    return _checked(form.workbook, name, settings, purpose_of(form))


@functools.lru_cache(maxsize=KEPT)
def _checked(workbook: bytes, filename: str, settings: tuple[tuple[str, str], ...], purpose: Purpose) -> Checked:
    try:
        compiled = compile_workbook(workbook, filename=filename)
        require_files(compiled, purpose)
        require_flat(compiled, purpose)
    except WorkbookError as error:
        return Checked(faults=error.problems)
    findings = lint(compiled.definition, compiled.rows)
    if purpose in GIVEN_TO_COLLECT:
        findings += lint_for_collect(compiled.definition, compiled.rows)
    missing = missing_texts(compiled.definition)
    told = odk_faults(compiled.xml)
    if told:
        return Checked(told, findings, compiled.warnings, missing, validated=True)
    try:
        xform = with_settings(dict(settings), compiled.xml)
        unset = ""
    except ZoufangError as error:
        xform, unset = compiled.xml, str(error.fields["names"])
    form = read_form(xform)
    return Checked((), findings, compiled.warnings, missing, unset, xform, form, validated=told is not None)
