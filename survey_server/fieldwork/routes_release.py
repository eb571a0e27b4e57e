"""Pages after the design: the draw itself, reserves, how often households are asked."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS, SUPERVISORS, Grant
from survey_server.audit.models import Event
from survey_server.console.routing import action, see_other, view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork import coordinating, drawing, releasing
from survey_server.samples import service
from survey_server.samples.routes import design_of, number_typed, typed_plan
from survey_server.samples.wishes import How, Meeting, Wish
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Work

pages = Blueprint("release", __name__, template_folder="templates")


@action(pages, "/studies/<uuid:study_id>/sample", who=EVALUATORS)
def draw_sample(work: Work, study_id: uuid.UUID) -> Response:
    """Draw, and give the main sample out."""
    study, made = study_of(work, study_id), typed_plan(work, study_id)
    design = design_of(made)
    if made.wish.meeting is Meeting.NONE:
        seed = service.seed_of(request.form.get("seed", ""), request.form.get("seed_source", ""))
    else:
        design, seed = coordinating.coordinate(work, study, design, made.wish)
    drawing.draw_cases_by(work, study, design, seed, made.wish.typed)
    return see_other(f"/studies/{study_id}/sample")


@action(pages, "/studies/<uuid:study_id>/sample/announced", who=EVALUATORS)
def draw_announced(work: Work, study_id: uuid.UUID) -> Response:
    """Draw by what was announced, with the seed that came after it."""
    study, announced = study_of(work, study_id), service.announcement_of(work, study_id)
    if announced is None:
        raise ZoufangError(Problem.NOT_FOUND)
    source = request.form.get("seed_source", "")
    if not source.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Where it comes from"), why=N_("it is empty"))
    seed = service.seed_after(announced, request.form.get("seed", ""), source, work)
    drawing.draw_cases_by(work, study, service.announced_design(announced), seed, announced.wish)
    return see_other(f"/studies/{study_id}/sample")


@view(pages, "/studies/<uuid:study_id>/sample/reserves", who=SUPERVISORS)
def show_reserves(work: Work, study_id: uuid.UUID) -> str:
    """What is left in reserve, what the contract asks for, and who gave out what and why."""
    study, drawn = study_of(work, study_id), service.drawn_of(work, study_id)
    wish, whole = Wish.read(drawn.wish), work.actor.reaches(Grant(study_id))
    strata = releasing.reserves_of(work, study_id, wish.whole("attempts"))
    return render_template(
        "fieldwork/reserves.html",
        study=study,
        strata=strata,
        attempts=wish.whole("attempts"),
        whole=whole,
        contract=wish.whole("total") if wish.how is How.CONTRACT and whole else None,
        complete=sum(stratum.complete for stratum in strata),
        by_village=bool(drawn.design.get("stages")),
        reasons=releasing.REASONS,
        replicates=releasing.replicates_released(work, study_id),
        of=releasing.REPLICATES,
        releases=[event for event in releasing.releases_of(work, study_id) if whole or _is_within(work, event)],
    )


@action(pages, "/studies/<uuid:study_id>/sample/release", who=SUPERVISORS)
def release_reserves(work: Work, study_id: uuid.UUID) -> Response:
    """Give out reserves of one stratum."""
    study = study_of(work, study_id)
    county, _, category = request.form.get("stratum", "").partition("|")
    _require_whole(work, Grant(study_id, county))
    count = int(number_typed(request.form.get("count", ""), N_("How many")))
    drawing.release_reserves(work, study, (county, category), count, _reason(), attempts=_attempts(work, study))
    return see_other(f"/studies/{study_id}/sample/reserves")


@action(pages, "/studies/<uuid:study_id>/sample/release/replicate", who=SUPERVISORS)
def release_replicate(work: Work, study_id: uuid.UUID) -> Response:
    """Give out the next whole replicate."""
    study = study_of(work, study_id)
    _require_whole(work, Grant(study_id))
    releasing.release_replicate(work, study, _reason(), attempts=_attempts(work, study))
    return see_other(f"/studies/{study_id}/sample/reserves")


@view(pages, "/studies/<uuid:study_id>/sample/burden", who=EVALUATORS)
def show_burden(work: Work, study_id: uuid.UUID) -> str:
    """How often households of one client were asked, over its studies."""
    study = study_of(work, study_id)
    studies = [study, *(other for other, _ in service.earlier_draws(work, study_id))]
    times, shared = coordinating.burden_of(work, studies)
    return render_template(
        "fieldwork/burden.html", study=study, studies=studies, times=times, shared=shared.to_dict("records")
    )


def _is_within(work: Work, event: Event) -> bool:
    """Whether a release was of a stratum that the reader reaches."""
    county = (event.details.get("stratum") or [""])[0]
    return bool(county) and work.actor.reaches(Grant(event.study_id, county))


def _require_whole(work: Work, part: Grant) -> None:
    """Reserves come in their order, so that whoever gives them out must reach all that they come from."""
    if not work.actor.reaches(part):
        raise ZoufangError(Problem.NOT_ALLOWED)


def _attempts(work: Work, study: Study) -> int:
    """As often as the design says that an open household is tried before a reserve is given out."""
    return Wish.read(service.drawn_of(work, study.id).wish).whole("attempts")


def _reason() -> str:
    """The reason of the list, and what was typed beside it."""
    parts = (request.form.get(name, "").strip()[:200] for name in ("reason", "reason_more"))
    return "：".join(part for part in parts if part)
