"""Two versions held against each other, and a questionnaire's other languages."""

from __future__ import annotations

import uuid

from flask import render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from mobile_forms.compare import Comparison, compare_forms
from mobile_forms.translations import language_code, missing_texts, text_direction, translator_sheet, with_translations
from mobile_forms.xlsform import WorkbookError
from survey_server.actors import EVALUATORS
from survey_server.console.routing import action, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.questionnaires import drafts, preview
from survey_server.questionnaires.routes import as_file, named, pages, uploaded_workbook
from survey_server.questionnaires.service import before
from survey_server.questionnaires.words import change_name, pooling_name
from survey_server.studies.forms import definition_of, reading_language
from survey_server.studies.service import study_of
from survey_server.work import Work

MAX_LANGUAGE = 40


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/differences", who=EVALUATORS)
def show_differences(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> str:
    """What changed from another version (``?from=``, else the one before), and which columns may be pooled."""
    study = study_of(work, study_id)
    form = drafts.form_of(work, study_id, version_id)
    others = before(work, form)
    asked = request.args.get("from", "")
    other = next((one for one in others if str(one.id) == asked), None) or next(
        (one for one in others if drafts.is_draft(form) or one.published_at < form.published_at), None
    )
    new = definition_of(preview.tried(study, form))
    compared = compare_forms(definition_of(other), new) if other else None
    return render_template(
        "questionnaires/differences.html",
        study=study,
        form=form,
        named=named,
        other=other,
        others=others,
        compared=compared,
        new=new,
        old=definition_of(other) if other else None,
        pooled=_pooled(compared) if compared else {},
        change_name=change_name,
        pooling_name=pooling_name,
    )


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/translations", who=EVALUATORS)
def show_translations(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> str:
    """The languages of a questionnaire, what is missing in each, and the sheet for a translator."""
    study = study_of(work, study_id)
    form = drafts.form_of(work, study_id, version_id)
    definition = definition_of(preview.tried(study, form))
    missing = missing_texts(definition)
    return render_template(
        "questionnaires/translations.html",
        study=study,
        form=form,
        named=named(form),
        is_draft=drafts.is_draft(form),
        definition=definition,
        missing={name: [one for one in missing if one.language == name] for name in definition.languages},
        direction=text_direction,
    )


@view(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/translations.xlsx", who=EVALUATORS)
def download_translations(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """The sheet for a translator into ``?language=``, with what is translated already."""
    study_of(work, study_id)
    form = drafts.form_of(work, study_id, version_id)
    language = " ".join(request.args.get("language", "").split())[:MAX_LANGUAGE]
    if not language_code(language):
        raise ZoufangError(
            Problem.INVALID_FIELD,
            field=N_("Language"),
            why=N_("write it with its code, for example 维吾尔语 (ug)"),
        )
    try:
        sheet = translator_sheet(form.workbook, language=language)
    except WorkbookError as error:
        raise _refused(error, form.title) from error
    return as_file(sheet, f"{definition_name(form.title)}-{language_code(language)}.xlsx")


@action(pages, "/studies/<uuid:study_id>/forms/<uuid:version_id>/translations", who=EVALUATORS)
def take_translations(work: Work, study_id: uuid.UUID, version_id: uuid.UUID) -> Response:
    """Put a filled sheet into the questionnaire: what comes of it is a new draft, and the version stays as it is."""
    study = study_of(work, study_id)
    form = drafts.form_of(work, study_id, version_id)
    try:
        workbook = with_translations(form.workbook, uploaded_workbook())
    except WorkbookError as error:
        raise _refused(error, gettext("the translator's sheet")) from error
    name = form.title if drafts.is_draft(form) else f"{form.form_id}.xlsx"
    draft = drafts.keep_draft(work, study, drafts.purpose_of(form), name, workbook)
    return see_other(url_for("questionnaires.show_draft", study_id=study_id, version_id=draft.id))


def definition_name(title: str) -> str:
    """A title as the beginning of a file's name."""
    return title.removesuffix(".xlsx").replace("/", " ")[:60]


def _refused(error: WorkbookError, name: str) -> ZoufangError:
    language = reading_language()
    told = " ".join(f"{fault.sentence(language)} {fault.remedy(language)}" for fault in error.problems[:5])
    return ZoufangError(Problem.WORKBOOK_UNREADABLE, file=name, why=told)


def _pooled(compared: Comparison) -> dict[str, list[str]]:
    """The questions by whether their answers may be put together."""
    return {
        kind: [name for name, one in compared.pooling.items() if one == kind] for kind in ("no", "with_care", "yes")
    }
