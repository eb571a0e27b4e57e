"""Pages of a study's sample: the design, the draw, its certificate, its reserves."""

from __future__ import annotations

import json
import uuid

from flask import Blueprint, Response, render_template, request

from survey_server.actors import EVALUATORS
from survey_server.console.routing import view
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.samples import service
from survey_server.studies.service import study_of
from survey_server.work import Work

pages = Blueprint("samples", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/sample", who=EVALUATORS)
def show_sample(work: Work, study_id: uuid.UUID) -> str:
    """The design, or what was drawn."""
    study = study_of(work, study_id)
    strata = service.strata_of(work, study_id)
    drawn = service.draw_of(work, study_id)
    if drawn is not None:
        return render_template(
            "samples/drawn.html", study=study, draw=drawn, strata=_drawn_strata(strata, drawn.certificate)
        )
    wish = {name: request.args.get(name, default) for name, default in DEFAULTS.items()}
    proposal = service.propose(
        strata,
        precision=number_typed(wish["precision"], N_("Precision")) / 100,
        minimum=int(number_typed(wish["minimum"], N_("At least in each stratum"))),
        reserve_share=number_typed(wish["reserve"], N_("Reserve")) / 100,
    )
    return render_template("samples/design.html", study=study, strata=proposal, wish=wish)


DEFAULTS = {"precision": "5", "minimum": "30", "reserve": "20"}


@view(pages, "/studies/<uuid:study_id>/certificate.json", who=EVALUATORS)
def certificate(work: Work, study_id: uuid.UUID) -> Response:
    """The certificate as a file."""
    drawn = service.draw_of(work, study_id)
    if drawn is None:
        raise ZoufangError(Problem.NOT_FOUND)
    text = json.dumps(drawn.certificate, ensure_ascii=False, indent=1)
    return _file(text.encode(), "certificate.json", "application/json")


@view(pages, "/studies/<uuid:study_id>/frame.csv", who=EVALUATORS)
def frame(work: Work, study_id: uuid.UUID) -> Response:
    """The frame without personal facts: what the certificate is checked against."""
    table = service.frame_table(work, study_id)
    return _file(table.to_csv(index=False).encode("utf-8-sig"), "frame.csv", "text/csv")


def _drawn_strata(strata: list[service.Stratum], certificate: dict) -> list[tuple[service.Stratum, dict]]:
    counts = {tuple(entry["stratum"]): entry for entry in certificate["strata"]}
    return [(stratum, counts[stratum.key]) for stratum in strata if stratum.key in counts]


def number_typed(text: str, field: str) -> float:
    """A number that was typed into a field; raises INVALID_FIELD naming it."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100_000_000:
        raise ZoufangError(Problem.INVALID_FIELD, field=field, why=N_("type a number"))
    return number


def _file(content: bytes, name: str, kind: str) -> Response:
    response = Response(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
