"""The page of the record, for owners; figures for Prometheus."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import cast
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, render_template, request
from werkzeug.wrappers import Response

from survey_server.accounts.service import people
from survey_server.actors import OWNERS, Actor
from survey_server.audit.service import record
from survey_server.audit.words import sentence
from survey_server.console.routing import ANYONE, handler, view
from survey_server.operations import record as records
from survey_server.operations.metrics import TYPE, Metrics, require_reader
from survey_server.studies.service import studies
from survey_server.work import Services, Work

pages = Blueprint("operations", __name__, template_folder="templates")


@view(pages, "/audit", who=OWNERS)
def show_record(work: Work) -> str:
    """What was done, newest first."""
    wish = _wish()
    found = records.lines(work, wish)
    return render_template(
        "operations/record.html",
        lines=found,
        wish=wish,
        asked={name: value for name, value in request.args.items() if name != "before" and value},
        older=found[-1].event.id if len(found) == records.PAGE else None,
        people=[person for person, _ in people(work)],
        studies=studies(work),
        actions=sorted((sentence(action), action) for action in records.actions(work)),
    )


@handler(pages, "/audit.csv", methods=["GET"], who=OWNERS)
def download_record(services: Services, actor: Actor) -> Response:
    """What is shown, as a table; that it was taken is recorded."""
    with services.write(actor) as work:
        asked = sorted(name for name, value in request.args.items() if value)
        record(work, "audit.download", "installation", "record", by=asked)
    with services.read(actor) as work:
        zone = ZoneInfo(services.settings.timezone)
        content = "".join(records.as_csv(records.lines(work, _wish(), records.MOST_ROWS), zone))
    disposition = {"Content-Disposition": "attachment; filename=zoufang-record.csv", "Cache-Control": "no-store"}
    return Response(content, content_type="text/csv; charset=utf-8", headers=disposition)


@handler(pages, "/metrics", methods=["GET"], who=ANYONE)
def metrics(services: Services, _actor: Actor) -> Response:
    """Figures for Prometheus, for this machine or a bearer of the token."""
    require_reader(services.settings.metrics_token)
    counted = cast("Metrics", current_app.extensions["zoufang.metrics"])
    return Response(counted.text(services), content_type=TYPE)


def _wish() -> records.Wish:
    """What was asked for; what cannot be read asks for nothing."""
    typed = {name: value.strip()[:100] for name, value in request.args.items()}
    before = typed.get("before", "")
    return records.Wish(
        person=_id(typed.get("person", "")),
        study=_id(typed.get("study", "")),
        action=typed.get("action", ""),
        subject=typed.get("subject", ""),
        since=_day(typed.get("since", "")),
        until=_day(typed.get("until", "")),
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
    )


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
