"""Pages of the self-evaluation data tables (自评基础数据表)."""

from __future__ import annotations

import uuid

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS, Actor
from survey_server.console.routing import action, handler, see_other, view
from survey_server.privacy.reasons import OPENING, reason_given
from survey_server.studies.service import study_of
from survey_server.work import Services, Work
from survey_server.workpapers import base_data, sheets
from survey_server.workpapers.files import XLSX, handed_out, uploaded
from survey_server.workpapers.service import counties_of

pages = Blueprint("base_data", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/base-data", who=EVALUATORS)
def show_tables(work: Work, study_id: uuid.UUID) -> str:
    """Which counties sent their table, and the table to send them."""
    return _page(work, study_id, None)


@handler(pages, "/studies/<uuid:study_id>/base-data", methods=["POST"], who=EVALUATORS)
def take_table(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """Keep a county's table, or say everything that is wrong in it."""
    name, data = uploaded("table", base_data.LIMITS.bytes)
    with services.write(actor) as work:
        reading = base_data.take_table(work, study_id, request.form.get("county", ""), name, data)
        if reading.faults:
            return make_response(_page(work, study_id, reading), 400)
    return see_other(url_for("base_data.show_tables", study_id=study_id, taken=1))


@view(pages, "/studies/<uuid:study_id>/base-data/<uuid:table_id>", who=EVALUATORS)
def show_table(work: Work, study_id: uuid.UUID, table_id: uuid.UUID) -> str:
    """One county's figures; the contact masked."""
    row = base_data.table_of(work, study_id, table_id)
    return _table_page(work, study_id, row, base_data.masked_contact(work, row), opened=False)


@action(pages, "/studies/<uuid:study_id>/base-data/<uuid:table_id>/contact", who=EVALUATORS)
def open_contact(work: Work, study_id: uuid.UUID, table_id: uuid.UUID) -> Response:
    """The contact in full, for this one page view."""
    row = base_data.table_of(work, study_id, table_id)
    reason = reason_given(OPENING, request.form.get("reason", ""), request.form.get("words", ""))
    page = _table_page(work, study_id, row, base_data.open_contact(work, row, reason), opened=True)
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@handler(pages, "/studies/<uuid:study_id>/base-data/form.xlsx", methods=["GET"], who=EVALUATORS)
def download_form(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The table that a county fills in."""
    county = request.args.get("county", "")
    with services.read(actor) as work:
        study = study_of(work, study_id)
    content = sheets.base_data_form(study, county)
    return handed_out(services, actor, study_id, content, XLSX, f"自评基础数据表-{county or '空表'}.xlsx")


@handler(pages, "/studies/<uuid:study_id>/base-data.xlsx", methods=["GET"], who=EVALUATORS)
def download(services: Services, actor: Actor, study_id: uuid.UUID) -> Response:
    """The tables of all counties side by side."""
    with services.read(actor) as work:
        study = study_of(work, study_id)
        content = sheets.base_data_book(work, study, base_data.tables_of(work, study_id))
    return handed_out(services, actor, study_id, content, XLSX, f"{study.name}-自评基础数据.xlsx")


def _page(work: Work, study_id: uuid.UUID, reading: base_data.Reading | None) -> str:
    faults = [
        (fault, gettext(base_data.FAULTS[fault.code]) % {"value": fault.value})
        for fault in (reading.faults if reading else ())
    ]
    return render_template(
        "workpapers/base_data.html",
        study=study_of(work, study_id),
        counties=counties_of(work, study_id),
        tables={row.county: row for row in base_data.tables_of(work, study_id)},
        faults=faults,
        county=request.form.get("county", ""),
    )


def _table_page(
    work: Work, study_id: uuid.UUID, row: base_data.BaseData, contact: dict[str, str], *, opened: bool
) -> str:
    return render_template(
        "workpapers/base_table.html",
        study=study_of(work, study_id),
        row=row,
        sections=base_data.sections(),
        contact=contact,
        contact_fields=base_data.contact_section()[1],
        opened=opened,
        reasons=OPENING,
    )
