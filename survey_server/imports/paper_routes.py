"""Pages where paper forms are keyed, twice, and settled."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from analysis.rounding import percent_text
from survey_server.accounts.people import names_of
from survey_server.actors import EVALUATORS, OPERATORS, SUPERVISORS, Actor
from survey_server.audit.service import record
from survey_server.console.routing import action, disclosure, handler, see_other
from survey_server.console.routing import view as look
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.imports import keying
from survey_server.imports.models import PaperForm
from survey_server.imports.service import OF_VOLUNTEERS, current_forms
from survey_server.studies.forms import forms_of
from survey_server.studies.service import places, studies, study_of
from survey_server.work import Services, Work

pages = Blueprint("paper", __name__, template_folder="templates")
KEYERS = OPERATORS | EVALUATORS
SEERS = KEYERS | SUPERVISORS
SHOWN = 200


@look(pages, "/paper/", who=SEERS)
def choose_study(work: Work) -> str:
    """The studies whose paper forms may be keyed."""
    return render_template("imports/paper_studies.html", studies=[s for s in studies(work) if s.closed_at is None])


@look(pages, "/studies/<uuid:study_id>/paper", who=SEERS)
def show_papers(work: Work, study_id: uuid.UUID) -> str:
    """What is to be keyed, what waits for a second keying, what differs, and how often people err."""
    found = keying.papers_of(work, study_id)
    rates = keying.keyers(work, study_id) if work.actor.may(EVALUATORS) else []
    shown = found[:SHOWN]
    people = [keyer.person_id for keyer in rates] + [_at_work(paper) for paper in shown]
    return render_template(
        "imports/papers.html",
        study=study_of(work, study_id),
        papers=[(paper, _state(paper), keying.turn_of(paper, work.person_id), _at_work(paper)) for paper in shown],
        titles={form.id: form.title for form in forms_of(work, study_id)},
        forms=current_forms(work, study_id),
        of_volunteers=OF_VOLUNTEERS,
        places=places(work, study_id),
        keyers=rates,
        names=names_of(work, people),
        percent=percent_text,
    )


def _at_work(paper: PaperForm) -> uuid.UUID | None:
    """Who has begun a keying and not finished it."""
    turn = keying.under_way(paper)
    return {"first": paper.first_by, "second": paper.second_by, None: None}[turn]


def _state(paper: PaperForm) -> str:
    if paper.taken_at is not None:
        return "taken"
    if paper.second_done_at is not None:
        return "differs"
    return "second" if paper.first_done_at is not None else "first"


@action(pages, "/studies/<uuid:study_id>/paper", who=KEYERS)
def begin_paper(work: Work, study_id: uuid.UUID) -> Response:
    """Take up the form with this number."""
    study = study_of(work, study_id)
    chosen = request.form.get("form", "")
    form = next((form for form in current_forms(work, study_id) if str(form.id) == chosen), None)
    if form is None:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Questionnaire"), why=N_("choose one of the list"))
    place = next((one.id for one in places(work, study_id) if str(one.id) == request.form.get("place")), None)
    paper = keying.begin(work, study, form, request.form.get("number", ""), place)
    return see_other(f"/paper/{paper.id}")


@disclosure(pages, "/paper/<uuid:paper_form_id>", who=KEYERS)
def key_paper(work: Work, paper_form_id: uuid.UUID) -> str:
    """The form as it is keyed: a line a question, codes by the keyboard, Enter goes on."""
    paper = keying.paper_of(work, paper_form_id)
    turn = keying.turn_of(paper, work.person_id)
    if turn is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this form is keyed by somebody else, or by you already"))
    typed = keying.typed_by(work, paper, turn)
    record(work, "paper.open", "paper_form", paper.id, study_id=paper.study_id)
    form = keying.form_of(work, paper)
    return render_template(
        "imports/key.html",
        study=study_of(work, paper.study_id),
        paper=paper,
        form=form,
        turn=turn,
        typed=typed,
        questions=[(question, keying.label_of(question)) for question in keying.asked_of(form)],
        state=_worked(work, paper, typed),
    )


@action(pages, "/paper/<uuid:paper_form_id>/keep", who=KEYERS)
def keep_paper(work: Work, paper_form_id: uuid.UUID) -> Response:
    """Keep what is typed, and say what is to be asked now and what breaks a rule."""
    paper = keying.paper_of(work, paper_form_id)
    keying.keep(work, paper, request.form)
    answer: Response = jsonify(_worked(work, paper, request.form.to_dict()))
    return answer


@handler(pages, "/paper/<uuid:paper_form_id>/done", methods=["POST"], who=KEYERS)
def finish_paper(services: Services, actor: Actor, paper_form_id: uuid.UUID) -> Response:
    """This person is done; where both agree the form is taken."""
    with services.write(actor) as work:
        paper = keying.paper_of(work, paper_form_id)
        keying.keep(work, paper, request.form)
        keying.finish(work, paper)
        study_id, turn_two = paper.study_id, paper.second_done_at is not None
        if turn_two and not keying.differences(work, paper):
            keying.settle(work, paper, {})
    keying.take(services, actor, paper_form_id)
    return see_other(f"/studies/{study_id}/paper")


@action(pages, "/paper/<uuid:paper_form_id>/hand-over", who=SUPERVISORS)
def hand_paper_over(work: Work, paper_form_id: uuid.UUID) -> Response:
    """Somebody else may key what was begun."""
    paper = keying.paper_of(work, paper_form_id)
    keying.hand_over(work, paper)
    return see_other(f"/studies/{paper.study_id}/paper")


@disclosure(pages, "/paper/<uuid:paper_form_id>/differences", who=EVALUATORS)
def show_differences(work: Work, paper_form_id: uuid.UUID) -> str:
    """Where the two keyings differ."""
    paper = keying.paper_of(work, paper_form_id)
    record(work, "paper.open", "paper_form", paper.id, study_id=paper.study_id)
    return render_template(
        "imports/differences.html",
        study=study_of(work, paper.study_id),
        paper=paper,
        differences=[
            (one, keying.label_of(one.question), _choice_words(one.question)) for one in keying.differences(work, paper)
        ],
    )


@handler(pages, "/paper/<uuid:paper_form_id>/differences", methods=["POST"], who=EVALUATORS)
def settle_paper(services: Services, actor: Actor, paper_form_id: uuid.UUID) -> Response:
    """Take what the paper says, and the form with it."""
    with services.write(actor) as work:
        paper = keying.paper_of(work, paper_form_id)
        study_id = paper.study_id
        keying.settle(work, paper, _decided(keying.differences(work, paper)))
    keying.take(services, actor, paper_form_id)
    return see_other(f"/studies/{study_id}/paper")


def _decided(found: list[keying.Difference]) -> dict[str, str]:
    decided = {}
    for one in found:
        choice = request.form.get(f"choice|{one.question.name}", "")
        if choice in {"first", "second"}:
            decided[one.question.name] = one.first if choice == "first" else one.second
        elif choice == "other":
            decided[one.question.name] = request.form.get(f"other|{one.question.name}", "")
    return decided


def _worked(work: Work, paper: PaperForm, typed: dict[str, str]) -> dict[str, Any]:
    """What the keyer's page shows: relevant questions, and a sentence for each break."""
    filled = keying.worked(work, paper, typed)
    faults = {
        fault.question: filled.message(fault) or gettext("This answer does not fit the form. Look at the paper again.")
        for fault in filled.breaks
    }
    return {"relevant": sorted(filled.relevant), "required": sorted(filled.required), "faults": faults}


def _choice_words(question: Any) -> dict[str, str]:  # noqa: ANN401 - a question
    return {
        choice.value: next((text.plain for text in choice.label.values()), choice.value) for choice in question.choices
    }
