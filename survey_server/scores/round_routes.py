"""Pages of the rounds of experts."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from survey_server.actors import EVALUATORS
from survey_server.console.routing import action, see_other, view
from survey_server.scores import rounds, tables
from survey_server.scores.entering import parts_of, points_shared
from survey_server.scores.routes import JUDGES
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Work

pages = Blueprint("score_rounds", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/scores/rounds", who=JUDGES)
def show_rounds(work: Work, study_id: uuid.UUID) -> str:
    """What was said in each round, and the form of the open one."""
    study, parent = study_of(work, study_id), request.args.get("parent", "")
    table = tables.table_of(work, study)
    parts_of(table, parent)
    found = rounds.rounds_of(work, study_id, parent)
    last = found[-1] if found else None
    settled = last if last is not None and last.is_settled else None
    return render_template(
        "scores/rounds.html",
        study=study,
        parent=parent,
        groups=[line for _, line in table.walk() if len(line.children) > 1],
        rounds=found,
        open=last if last is not None and last.row.closed_at is None else None,
        mine=rounds.mine(work, last.row.id) if last is not None else None,
        before=found[-2].summary if len(found) > 1 else None,
        ratings=rounds.RATINGS,
        fewest=rounds.FEWEST,
        points=settled.summary.points(points_shared(table, parent)) if settled and settled.summary else {},
        fixed=study.fixed_at is not None,
    )


@action(pages, "/studies/<uuid:study_id>/scores/rounds", who=JUDGES)
def rate(work: Work, study_id: uuid.UUID) -> Response:
    """Keep an expert's ratings."""
    study, parent = _asked(work, study_id)
    names = request.form.getlist("item")
    given = (dict(zip(names, request.form.getlist(field), strict=False)) for field in ("rating", "reason"))
    rounds.give(work, study, parent, *given)
    return _back(study_id, parent)


@action(pages, "/studies/<uuid:study_id>/scores/rounds/open", who=EVALUATORS)
def open_round(work: Work, study_id: uuid.UUID) -> Response:
    """Begin the next round."""
    study, parent = _asked(work, study_id)
    rounds.open_round(work, study, parent, request.form.get("most_spread", ""))
    return _back(study_id, parent)


@action(pages, "/studies/<uuid:study_id>/scores/rounds/close", who=EVALUATORS)
def close_round(work: Work, study_id: uuid.UUID) -> Response:
    """End the open round."""
    study, parent = _asked(work, study_id)
    rounds.close_round(work, study, parent)
    return _back(study_id, parent)


@action(pages, "/studies/<uuid:study_id>/scores/rounds/use", who=EVALUATORS)
def use_round(work: Work, study_id: uuid.UUID) -> Response:
    """The weights that the experts agree on become the points of the table."""
    study, parent = _asked(work, study_id)
    total = points_shared(tables.table_of(work, study), parent)
    rounds.use_round(work, study, parent, total, request.form.get("change_reason", ""))
    return see_other(url_for("scores.show_scores", study_id=study_id))


def _asked(work: Work, study_id: uuid.UUID) -> tuple[Study, str]:
    return study_of(work, study_id), request.form.get("parent", "")


def _back(study_id: uuid.UUID, parent: str) -> Response:
    return see_other(url_for("score_rounds.show_rounds", study_id=study_id, parent=parent or None))
