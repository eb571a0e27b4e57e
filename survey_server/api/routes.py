"""The JSON API at ``/api/v1``: what programs may read."""

from __future__ import annotations

import uuid

from flask import jsonify
from werkzeug.wrappers import Response

from survey_server.accounts.tokens import Scope
from survey_server.api import reading
from survey_server.api.document import document
from survey_server.api.endpoint import PREFIX, Call, endpoint, pages, require
from survey_server.api.schemas import (
    CasePage,
    EstimatePage,
    EventPage,
    Nothing,
    PageQuery,
    PersonPage,
    Progress,
    Scores,
    Study,
    StudyPage,
    SubmissionPage,
    SubmissionQuery,
)
from survey_server.console.routing import ANYONE, view
from survey_server.work import Work

__all__ = ["pages"]


@endpoint("/studies", Scope.STUDIES, query=PageQuery, answer=StudyPage)
def list_studies(call: Call[PageQuery]) -> StudyPage:
    """The studies that the token reaches."""
    return reading.studies(call.work, call.query)


@endpoint("/studies/<uuid:study_id>", Scope.STUDIES, query=Nothing, answer=Study)
def show_study(call: Call[Nothing], study_id: uuid.UUID) -> Study:
    """One study."""
    return reading.study(call.work, study_id)


@endpoint("/studies/<uuid:study_id>/cases", Scope.CASES, query=PageQuery, answer=CasePage)
def list_cases(call: Call[PageQuery], study_id: uuid.UUID) -> CasePage:
    """The drawn cases, without a personal fact."""
    return reading.cases(call.work, call.query, study_id)


@endpoint("/studies/<uuid:study_id>/progress", Scope.PROGRESS, query=Nothing, answer=Progress)
def show_progress(call: Call[Nothing], study_id: uuid.UUID) -> Progress:
    """How the fieldwork stands, by stratum. Counts under 5 need the scope `small-cells:read`."""
    return reading.progress(call.work, study_id, guarded=not call.bearer.may(Scope.SMALL_CELLS))


@endpoint("/studies/<uuid:study_id>/estimates", Scope.RESULTS, query=PageQuery, answer=EstimatePage)
def list_estimates(call: Call[PageQuery], study_id: uuid.UUID) -> EstimatePage:
    """Every printed figure with its interval. Cells under 5 need the scope `small-cells:read`."""
    return reading.estimates(call.work, call.query, study_id, guarded=not call.bearer.may(Scope.SMALL_CELLS))


@endpoint("/studies/<uuid:study_id>/scores", Scope.RESULTS, query=Nothing, answer=Scores)
def show_scores(call: Call[Nothing], study_id: uuid.UUID) -> Scores:
    """The indicator table, scored."""
    return reading.scores(call.work, study_id, guarded=not call.bearer.may(Scope.SMALL_CELLS))


@endpoint(
    "/studies/<uuid:study_id>/submissions",
    Scope.SUBMISSIONS,
    query=SubmissionQuery,
    answer=SubmissionPage,
    discloses=lambda query: query.answers,
)
def list_submissions(call: Call[SubmissionQuery], study_id: uuid.UUID) -> SubmissionPage:
    """What was handed in, in the order in which it came; coded answers with the scope `answers:read`."""
    if call.query.answers:
        require(call.bearer, Scope.ANSWERS)
    return reading.submissions(call.work, call.query, study_id)


@endpoint("/people", Scope.PEOPLE, query=PageQuery, answer=PersonPage, discloses=lambda _query: True)
def list_people(call: Call[PageQuery]) -> PersonPage:
    """Who works here. That it was read is recorded."""
    return reading.people(call.work, call.query)


@endpoint("/audit", Scope.AUDIT, query=PageQuery, answer=EventPage)
def list_events(call: Call[PageQuery]) -> EventPage:
    """The record of what was done, within the token's reach."""
    return reading.events(call.work, call.query)


@view(pages, f"{PREFIX}/openapi.json", who=ANYONE)
def show_document(_work: Work) -> Response:
    """The OpenAPI document; it describes the program and says nothing of this installation."""
    return jsonify(document())
