"""``create_app(settings)``: the only place where the parts are put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

import survey_server.accounts.account_routes
import survey_server.accounts.people_routes
import survey_server.accounts.routes
import survey_server.accounts.token_routes
import survey_server.api.odata
import survey_server.api.routes
import survey_server.cards.routes
import survey_server.closing.routes
import survey_server.console.routes
import survey_server.desk.routes
import survey_server.desk.routes_board
import survey_server.exports.routes
import survey_server.fieldwork.routes
import survey_server.fieldwork.routes_proof
import survey_server.fieldwork.routes_release
import survey_server.fieldwork.routes_special
import survey_server.fieldwork.routes_tasks
import survey_server.findings.routes
import survey_server.imports.paper_routes
import survey_server.imports.routes
import survey_server.openrosa.routes
import survey_server.operations.routes
import survey_server.public.class_routes
import survey_server.public.code_routes
import survey_server.public.routes
import survey_server.public.withdrawing
import survey_server.questionnaires.preview_routes
import survey_server.questionnaires.routes
import survey_server.questionnaires.text_routes
import survey_server.reports.issued_routes
import survey_server.reports.routes
import survey_server.results.routes
import survey_server.rights.routes
import survey_server.rosters.routes
import survey_server.samples.routes
import survey_server.scores.round_routes
import survey_server.scores.routes
import survey_server.scores.table_routes
import survey_server.studies.routes
import survey_server.submissions.routes
import survey_server.visit.routes
import survey_server.workpapers.base_data_routes
import survey_server.workpapers.document_routes
import survey_server.workpapers.interview_routes
import survey_server.workpapers.progress_routes
import survey_server.workpapers.routes
from survey_server import logs
from survey_server.clock import Clock, system_clock
from survey_server.config import Settings
from survey_server.console import headers, language, problems
from survey_server.fieldwork.models import Status
from survey_server.fieldwork.words import outcome_name, status_name
from survey_server.handlers import open_queue
from survey_server.operations import metrics
from survey_server.operations.uploads import request_class
from survey_server.studies.words import channel_name, definition_words, purpose_name
from survey_server.work import Services

ROOMS = (
    survey_server.api.routes.pages,
    survey_server.exports.routes.pages,
    survey_server.accounts.people_routes.pages,
    survey_server.studies.routes.pages,
    survey_server.questionnaires.routes.pages,
    survey_server.rosters.routes.pages,
    survey_server.samples.routes.pages,
    survey_server.fieldwork.routes.pages,
    survey_server.submissions.routes.pages,
    survey_server.fieldwork.routes_release.pages,
    survey_server.fieldwork.routes_proof.pages,
    survey_server.fieldwork.routes_special.pages,
    survey_server.fieldwork.routes_tasks.pages,
    survey_server.findings.routes.pages,
    survey_server.visit.routes.pages,
    survey_server.desk.routes.pages,
    survey_server.desk.routes_board.pages,
    survey_server.public.withdrawing.pages,
    survey_server.public.class_routes.pages,
    survey_server.public.routes.pages,
    survey_server.openrosa.routes.pages,
    survey_server.imports.routes.pages,
    survey_server.imports.paper_routes.pages,
    survey_server.cards.routes.pages,
    survey_server.results.routes.pages,
    survey_server.rights.routes.pages,
    survey_server.closing.routes.pages,
    survey_server.operations.routes.pages,
    survey_server.scores.routes.pages,
    survey_server.scores.table_routes.pages,
    survey_server.scores.round_routes.pages,
    survey_server.workpapers.routes.pages,
    survey_server.workpapers.document_routes.pages,
    survey_server.workpapers.interview_routes.pages,
    survey_server.workpapers.base_data_routes.pages,
    survey_server.workpapers.progress_routes.pages,
    survey_server.reports.routes.pages,
    survey_server.reports.issued_routes.pages,
)


WORDS: dict[str, Any] = {
    "channel_name": channel_name,
    "definition_words": definition_words,
    "purpose_name": purpose_name,
    "outcome_name": outcome_name,
    "status_name": status_name,
    "status_names": [status.value for status in Status],
}


class _Json(DefaultJSONProvider):
    """Chinese stays Chinese in an answer."""

    ensure_ascii = False


def create_app(settings: Settings, clock: Clock = system_clock, wake: Callable[[], object] | None = None) -> Flask:
    """The whole server over a migrated database; ``wake`` is called when something is in the outbox."""
    logs.install()
    app = Flask("survey_server", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes
    app.config["MAX_FORM_PARTS"] = 2_000
    app.json = _Json(app)
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=0)  # type: ignore[method-assign]
    services = Services.open(settings, clock)
    services = replace(services, wake=wake or open_queue(services)[1])
    services = metrics.install(app, services)
    app.request_class = request_class(settings)
    app.extensions["zoufang"] = services
    app.extensions["zoufang.authenticate"] = survey_server.accounts.routes.authenticate
    language.install(app, services)
    problems.install(app)
    headers.install(app, services)
    survey_server.console.routes.install(app)
    app.jinja_env.globals.update(WORDS)
    for pages in ROOMS:
        app.register_blueprint(pages)
    return app
