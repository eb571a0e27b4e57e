"""Pages of a study's roster: upload, what each column is, preview, progress, taking the good rows."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as Redirect

from survey_server.actors import EVALUATORS, Actor
from survey_server.console.routing import action, handler, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.rosters import service
from survey_server.rosters.categories import MAIN_ORDER, all_categories
from survey_server.rosters.models import Import, ImportState
from survey_server.rosters.prepare import Source
from survey_server.rosters.problems import Severity
from survey_server.rosters.report import SEVERITIES, problem_line, problem_workbook, unit_workbook
from survey_server.rosters.vocabulary import LABELS
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

pages = Blueprint("rosters", __name__, template_folder="templates")
MAX_FILES = 500
MAX_FILE = 64 * 1024 * 1024
SHOWN = 100
"""So many bad rows stand on the page; all are in the workbook."""
CONSTANTS = ("county", "category")
REASONS = {
    "alone": N_("the only row"),
    "household_no": N_("same household number"),
    "head_id_number": N_("same ID number of the head"),
    "id_number": N_("same ID number"),
    "name_address": N_("same name and address"),
}
"""Why a row was joined to its unit."""


@view(pages, "/studies/<uuid:study_id>/roster", who=EVALUATORS)
def show_roster(work: Work, study_id: uuid.UUID) -> str:
    """The files, how far their reading is, what was found, and the frame."""
    latest = service.latest_import(work, study_id)
    return render_template(
        "rosters/roster.html",
        study=study_of(work, study_id),
        files=service.files_of(work, study_id),
        latest=latest,
        busy=latest is not None and latest.state in {ImportState.WAITING, ImportState.READING},
        frame=service.frame_counts(work, study_id),
        problems=_problems(work, latest),
        labels={name: gettext(label) for name, label in LABELS.items()},
        categories=all_categories().values(),
        order=[all_categories()[code].name for code in MAIN_ORDER],
    )


def _problems(work: Work, latest: Import | None) -> dict[str, Any]:
    """Kinds with their number and one example each, and the first lines."""
    if latest is None or latest.problems is None:
        return {"kinds": [], "lines": [], "total": 0}
    table = service.problems_of(work, latest)
    order = {severity.value: place for place, severity in enumerate(Severity)}
    table = table.sort_values("severity", key=lambda column: column.map(order), kind="stable")
    kinds = [
        (Severity(group["severity"].iloc[0]), problem_line(group.iloc[0].to_dict(), gettext), len(group))
        for _, group in table.groupby("code", sort=False)
    ]
    lines = [problem_line(row, gettext) for row in table.head(SHOWN).to_dict("records")]
    return {"kinds": kinds, "lines": lines, "total": len(table), "names": SEVERITIES}


@handler(pages, "/studies/<uuid:study_id>/roster/files", methods=["POST"], who=EVALUATORS)
def upload_files(services: Services, actor: Actor, study_id: uuid.UUID) -> Redirect | str:
    """Keep the files and have them read."""
    with services.read(actor) as work:
        study_of(work, study_id)
    given = [file for file in request.files.getlist("files") if file.filename]
    if not given:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Roster files"), why=N_("no file was chosen"))
    if len(given) > MAX_FILES:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Roster files"), why=N_("too many files at once"))
    uploaded = service.upload(services, actor, study_id, [_source(file) for file in given])
    if uploaded.added or uploaded.replaced:
        with services.write(actor) as work:
            service.start_import(work, study_of(work, study_id))
    if uploaded.again:
        with services.read(actor) as work:
            study = study_of(work, study_id)
        return render_template("rosters/again.html", study=study, uploaded=uploaded)
    return see_other(f"/studies/{study_id}/roster")


def _source(file: FileStorage) -> Source:
    """A file under its bare name, never more of it than the limit and one byte."""
    name = re.sub(r"[\x00-\x1f]", "", re.split(r"[\\/]", file.filename or "")[-1])[-120:]
    return Source(name, lambda: _bounded(file, name))


def _bounded(file: FileStorage, name: str) -> bytes:
    data = file.stream.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise ZoufangError(Problem.ROSTER_UNREADABLE, file=name, why=N_("it is too large"))
    return data


@action(pages, "/studies/<uuid:study_id>/roster/files/<uuid:file_id>/remove", who=EVALUATORS)
def remove_file(work: Work, study_id: uuid.UUID, file_id: uuid.UUID) -> Redirect:
    """Take one file away and read the others again."""
    study = study_of(work, study_id)
    service.remove_file(work, study, file_id)
    service.start_import(work, study)
    return see_other(f"/studies/{study_id}/roster")


@action(pages, "/studies/<uuid:study_id>/roster/columns", who=EVALUATORS)
def correct_columns(work: Work, study_id: uuid.UUID) -> Redirect:
    """Keep what somebody said of columns and sheets, and read everything again."""
    study = study_of(work, study_id)
    latest = service.latest_import(work, study_id)
    if latest is None:
        raise ZoufangError(Problem.NOT_FOUND)
    for fingerprint, columns in latest.report.get("tables", {}).items():
        typed = _typed_columns(fingerprint, columns)
        if typed != {str(n): column["field"] for n, column in enumerate(columns) if column["field"]}:
            service.remember_columns(work, study_id, fingerprint, typed)
    for number, sheet in enumerate(latest.report.get("sheets", [])):
        said = _typed_constants(number, sheet)
        if said:
            service.say_constants(work, study_id, sheet["file"], sheet["sheet"], said)
    service.start_import(work, study)
    return see_other(f"/studies/{study_id}/roster")


def _typed_columns(fingerprint: str, columns: list[Mapping[str, Any]]) -> dict[str, str]:
    typed = {str(n): request.form.get(f"field|{fingerprint}|{n}", "") for n in range(len(columns))}
    return {number: field for number, field in typed.items() if field}


def _typed_constants(number: int, sheet: Mapping[str, Any]) -> dict[str, str]:
    """What was changed of a sheet; nothing where all is as it was shown."""
    typed = {name: request.form.get(f"constant|{number}|{name}", "").strip()[:60] for name in CONSTANTS}
    shown = {name: sheet["constants"].get(name, "") for name in CONSTANTS}
    return typed if typed != shown else {}


@action(pages, "/studies/<uuid:study_id>/roster/read", who=EVALUATORS)
def read_again(work: Work, study_id: uuid.UUID) -> Redirect:
    """Read all files again."""
    service.start_import(work, study_of(work, study_id))
    return see_other(f"/studies/{study_id}/roster")


@action(pages, "/studies/<uuid:study_id>/roster/take", who=EVALUATORS)
def take(work: Work, study_id: uuid.UUID) -> Redirect:
    """Make the good rows the frame."""
    latest = service.latest_import(work, study_id)
    if latest is None:
        raise ZoufangError(Problem.NOT_FOUND)
    service.take_import(work, latest.id)
    return see_other(f"/studies/{study_id}/roster")


@view(pages, "/studies/<uuid:study_id>/roster/units", who=EVALUATORS)
def show_units(work: Work, study_id: uuid.UUID) -> str:
    """Units of the frame without personal facts, and which rows each was made of."""
    wish = {name: request.args.get(name, "")[:200] for name in ("county", "category", "after")}
    units = service.units_page(work, study_id, **wish, size=SHOWN)
    return render_template(
        "rosters/units.html",
        study=study_of(work, study_id),
        units=units,
        wish=wish,
        more=len(units) == SHOWN,
        frame=service.frame_counts(work, study_id),
        reasons={name: gettext(words) for name, words in REASONS.items()},
        names={code: category.name for code, category in all_categories().items()},
    )


@view(pages, "/studies/<uuid:study_id>/roster/problems.xlsx", who=EVALUATORS)
def download_problems(work: Work, study_id: uuid.UUID) -> Response:
    """Every bad row, to be mended."""
    latest = service.latest_import(work, study_id)
    if latest is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return _workbook(problem_workbook(service.problems_of(work, latest), gettext), "roster-problems.xlsx")


@view(pages, "/studies/<uuid:study_id>/roster/units.xlsx", who=EVALUATORS)
def download_units(work: Work, study_id: uuid.UUID) -> Response:
    """The frame without personal facts."""
    units = service.units_of(work, study_of(work, study_id).id)
    return _workbook(unit_workbook(units, gettext), "roster-units.xlsx")


def _workbook(content: bytes, name: str) -> Response:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = Response(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
