"""Pages of a study's sample: the designer, designs that are weighed, what was announced."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from werkzeug.wrappers import Response

from sampling import SampleDesign, SamplingError
from survey_server.actors import EVALUATORS, Actor
from survey_server.console.routing import ANYONE, action, handler, see_other, view
from survey_server.samples import options, pictures, proof, service, wishes, wording
from survey_server.samples.impossible import impossible
from survey_server.samples.planning import Frame, Plan, plan, plan_of
from survey_server.samples.strata import Key, strata_of, villages_of
from survey_server.samples.wishes import Way, Wish, typed_number
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

pages = Blueprint(
    "samples", __name__, template_folder="templates", static_folder="static", static_url_path="/static/samples"
)


@view(pages, "/studies/<uuid:study_id>/sample", who=EVALUATORS)
def show_sample(work: Work, study_id: uuid.UUID) -> str:
    """The designer; or what was announced; or what was drawn."""
    study = study_of(work, study_id)
    if service.draw_of(work, study_id) is not None:
        return _published(work, study_id, "samples/drawn.html")
    if service.announcement_of(work, study_id) is not None:
        return _published(work, study_id, "samples/announced.html")
    chosen = request.args.get("option", "")
    if chosen:
        option = options.option_of(work, study_id, _id(chosen))
        made = options.plan_of_option(_frame(work, study_id, Wish.read(option.wish)), option)
        if made is not None:
            return _designer(work, study_id, made)
    wish = Wish.read(request.args)
    frame = _frame(work, study_id, wish)
    if not frame.strata:
        return render_template("samples/empty.html", study=study)
    return _designer(work, study_id, _planned(frame, wish))


@handler(pages, "/studies/<uuid:study_id>/sample/plan", methods=["POST"], who=EVALUATORS)
def show_plan(services: Services, actor: Actor, study_id: uuid.UUID) -> str | Response:
    """The numbers of what is typed: as a page, or for the page's script as JSON. Nothing is kept."""
    with services.read(actor) as work:
        made = typed_plan(work, study_id)
        if request.accept_mimetypes.best == "application/json":
            return jsonify(_moving(made))
        return _designer(work, study_id, made)


@action(pages, "/studies/<uuid:study_id>/sample/options", who=EVALUATORS)
def save_option(work: Work, study_id: uuid.UUID) -> Response:
    """Keep what is typed, to compare it."""
    study = study_of(work, study_id)
    option = options.save_option(work, study, request.form.get("name", ""), typed_plan(work, study_id))
    return see_other(f"/studies/{study_id}/sample?option={option.id}#options")


@action(pages, "/studies/<uuid:study_id>/sample/options/<uuid:option_id>/remove", who=EVALUATORS)
def remove_option(work: Work, study_id: uuid.UUID, option_id: uuid.UUID) -> Response:
    """Take a saved design away."""
    options.remove_option(work, study_id, option_id)
    return see_other(f"/studies/{study_id}/sample#options")


def typed_plan(work: Work, study_id: uuid.UUID) -> Plan:
    """The plan of the designer's fields: its numbers by hand where there are any, else by the wish.

    Raises NOT_FOUND, INVALID_FIELD and DESIGN_IMPOSSIBLE.
    """
    study_of(work, study_id)
    wish = Wish.read(request.form)
    frame = _frame(work, study_id, wish)
    typed = any(name.startswith("take|") for name in request.form)
    if request.form.get("by") == "wish" or not typed:
        return _planned(frame, wish)
    takes, reserves = ({s.key: _typed(name, s.field) for s in frame.strata} for name in ("take", "reserve"))
    try:
        return plan_of(frame, wish, takes, reserves)
    except SamplingError as error:
        raise impossible(error) from error


def _planned(frame: Frame, wish: Wish) -> Plan:
    try:
        return plan(frame, wish)
    except SamplingError as error:
        raise impossible(error) from error


def _frame(work: Work, study_id: uuid.UUID, *wished: Wish) -> Frame:
    by_village = any(wish.way is Way.VILLAGES for wish in wished)
    villages: Mapping[Key, list[int]] = villages_of(work, study_id) if by_village else {}
    return Frame(strata_of(work, study_id), villages)


def _published(work: Work, study_id: uuid.UUID, page: str) -> str:
    shown = proof.shown_of(work, study_id)
    return render_template(page, study=shown.study, shown=shown, address=proof.address_of(work, study_id))


def _designer(work: Work, study_id: uuid.UUID, made: Plan) -> str:
    saved = options.options_of(work, study_id)
    frame = _frame(work, study_id, *(Wish.read(option.wish) for option in saved)) if saved else Frame(())
    plans = [(option, options.plan_of_option(frame, option)) for option in saved]
    compared = [(option, other) for option, other in plans if other is not None]
    return render_template(
        "samples/design.html",
        study=study_of(work, study_id),
        plan=made,
        curve=pictures.curve(made),
        compared=compared,
        bars=_bars(compared),
        earlier=service.earlier_draws(work, study_id),
        fields=wishes.FIELDS,
        wishes=wishes,
        wording=wording,
    )


def _bars(compared: list[tuple[Any, Plan]]) -> list[list[pictures.Bar]]:
    names = [(option.name, made) for option, made in compared]
    return [
        pictures.bars([(name, made.households, str(made.households)) for name, made in names]),
        pictures.bars([(name, made.overall, wording.width_text(made.overall)) for name, made in names]),
    ]


def _moving(made: Plan) -> dict[str, Any]:
    """What moves on the page when somebody types: values of fields, texts, and the picture."""
    values = {f"{name}|{s.field}": getattr(s, name) for s in made.strata for name in ("take", "reserve")}
    texts = {f"width|{s.field}": wording.width_text(made.half_width(s)) for s in made.strata}
    texts |= {
        f"walk|{county}|{category}": f"{walk.villages}/{walk.of} × {walk.take}"
        for (county, category), walk in made.walks.items()
    }
    texts |= {"headline": wording.headline(made), **summary(made)}
    html = {
        "sentences": render_template("samples/sentences.html", plan=made, wording=wording),
        "curve": render_template("samples/curve.html", curve=pictures.curve(made)),
        "domains": render_template("samples/domains.html", plan=made, wording=wording),
    }
    return {"values": values, "texts": texts, "html": html}


def summary(made: Plan) -> dict[str, str]:
    """A plan's totals as people read them."""
    return {
        "households": str(made.households),
        "reserve": str(made.reserve),
        "days": str(made.days),
        "cost": f"{made.cost:,.0f}",
        "overall": wording.width_text(made.overall),
        "completes": str(made.completes),
    }


def number_typed(text: str, field: str) -> float:
    """A number that was typed into a field; raises INVALID_FIELD naming it."""
    return typed_number(text, field)


def _typed(name: str, field: str) -> int:
    return math.floor(typed_number(request.form.get(f"{name}|{field}", "0"), field.replace("|", " ")))


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


@action(pages, "/studies/<uuid:study_id>/sample/announce", who=EVALUATORS)
def announce(work: Work, study_id: uuid.UUID) -> Response:
    """Publish the digest and the design; the seed comes later."""
    made = typed_plan(work, study_id)
    service.announce(work, study_of(work, study_id), design_of(made), made.wish.typed)
    return see_other(f"/studies/{study_id}/sample")


@action(pages, "/studies/<uuid:study_id>/sample/announced/take-back", who=EVALUATORS)
def take_back(work: Work, study_id: uuid.UUID) -> Response:
    """Before the seed is known the design may be changed."""
    service.take_back_announcement(work, study_of(work, study_id))
    return see_other(f"/studies/{study_id}/sample")


@view(pages, "/studies/<uuid:study_id>/certificate.json", who=EVALUATORS)
def certificate(work: Work, study_id: uuid.UUID) -> Response:
    """The certificate as a file."""
    text = json.dumps(service.drawn_of(work, study_id).certificate, ensure_ascii=False, indent=1)
    return _file(text.encode(), "certificate.json", "application/json")


@view(pages, "/studies/<uuid:study_id>/certificate.pdf", who=EVALUATORS)
def certificate_pdf(work: Work, study_id: uuid.UUID) -> Response:
    """The certificate to be signed."""
    return _file(proof.certificate_pdf(work, proof.shown_of(work, study_id)), "certificate.pdf", "application/pdf")


@view(pages, "/studies/<uuid:study_id>/frame.csv", who=EVALUATORS)
def frame(work: Work, study_id: uuid.UUID) -> Response:
    """The frame without personal facts: what the certificate is checked against."""
    drawn = service.draw_of(work, study_of(work, study_id).id)
    columns = service.facts_in(drawn.certificate["columns"]) if drawn else ()
    table = service.frame_table(work, study_id, columns)
    return _file(table.to_csv(index=False).encode("utf-8-sig"), "frame.csv", "text/csv")


@view(pages, "/proof/reference_check.py", who=ANYONE)
def reference_check(_work: Work) -> Response:
    """The check in plain Python, without a line of ours."""
    return _file(proof.reference_check().encode(), "reference_check.py", "text/x-python; charset=utf-8")


def design_of(made: Plan) -> SampleDesign:
    """The plan's design; raises DESIGN_IMPOSSIBLE."""
    try:
        return made.design
    except SamplingError as error:
        raise impossible(error) from error


def _file(content: bytes, name: str, kind: str) -> Response:
    response = Response(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
