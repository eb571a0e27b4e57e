"""Pages of people's rights: opening with a reason, withdrawal, consent, clues."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from analysis.report.document import number
from survey_server.accounts.people import workers
from survey_server.actors import EVALUATORS, OWNERS, REVIEWERS, SUPERVISORS, Role
from survey_server.console.routing import action, see_other, view
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import case_of
from survey_server.privacy.reasons import OPENING, WITHDRAWAL, reason_given
from survey_server.rights import breach, overview
from survey_server.rights.impact import impact_blocks
from survey_server.rights.inventory import inventory
from survey_server.rights.opening import open_case
from survey_server.rights.printing import print_blocks
from survey_server.rights.purposes import ALONE, withdraw_purpose
from survey_server.rights.withdrawal import withdraw_case, withdrawal_of, withdrawals_of
from survey_server.studies.lock import CHANGES, changes_of
from survey_server.studies.service import study_of
from survey_server.submissions import clues
from survey_server.work import Work

pages = Blueprint("rights", __name__, template_folder="templates")


@view(pages, "/studies/<uuid:study_id>/privacy", who=EVALUATORS)
def show_privacy(work: Work, study_id: uuid.UUID) -> str:
    """Consent by purpose, what may not be used, withdrawals, what changed after the lock, and how long it is kept."""
    study = study_of(work, study_id)
    return render_template(
        "rights/privacy.html",
        study=study,
        consents=overview.consents(work, study_id),
        wording=overview.wording(work, study_id),
        unusable=overview.unusable_records(work, study_id),
        withdrawals=withdrawals_of(work, study_id),
        changes=changes_of(work, study_id),
        change_names=CHANGES,
        reasons=WITHDRAWAL,
        clues=len(clues.clues_of(work, study_id)),
    )


@action(pages, "/studies/<uuid:study_id>/privacy", who=OWNERS)
def set_retention(work: Work, study_id: uuid.UUID) -> Response:
    """Until when the study's personal facts are kept."""
    overview.set_retention(work, study_of(work, study_id), request.form.get("retain_until", ""))
    return see_other(f"/studies/{study_id}/privacy")


@view(pages, "/studies/<uuid:study_id>/cases/<uuid:case_id>/open", who=REVIEWERS)
def ask_reason(work: Work, study_id: uuid.UUID, case_id: uuid.UUID) -> str:
    """Why the household's facts are to be opened."""
    case = _case(work, study_id, case_id)
    return render_template("rights/reason.html", study=study_of(work, study_id), case=case, reasons=OPENING)


@action(pages, "/studies/<uuid:study_id>/cases/<uuid:case_id>/open", who=REVIEWERS)
def show_opened(work: Work, study_id: uuid.UUID, case_id: uuid.UUID) -> Response:
    """The household's facts, for this one page view."""
    case = _case(work, study_id, case_id)
    reason = reason_given(OPENING, request.form.get("reason", ""), request.form.get("words", ""))
    page = render_template(
        "rights/opened.html", study=study_of(work, study_id), case=case, opened=open_case(work, case, reason)
    )
    return _unkept(page)


@view(pages, "/studies/<uuid:study_id>/cases/<uuid:case_id>/withdraw", who=SUPERVISORS)
def ask_withdrawal(work: Work, study_id: uuid.UUID, case_id: uuid.UUID) -> str:
    """Withdraw a household's answers at its wish."""
    case = _case(work, study_id, case_id)
    return render_template(
        "rights/withdraw.html",
        study=study_of(work, study_id),
        case=case,
        reasons=WITHDRAWAL,
        earlier=withdrawal_of(work, case_id),
        purposes=ALONE,
    )


@action(pages, "/studies/<uuid:study_id>/cases/<uuid:case_id>/withdraw", who=SUPERVISORS)
def withdraw(work: Work, study_id: uuid.UUID, case_id: uuid.UUID) -> Response:
    """It goes, and a tombstone stays."""
    case = _case(work, study_id, case_id)
    reason = reason_given(WITHDRAWAL, request.form.get("reason", ""), request.form.get("words", ""))
    withdraw_case(work, case, reason, erase_roster="roster" in request.form)
    return see_other(f"/studies/{study_id}/cases/{case_id}")


@action(pages, "/studies/<uuid:study_id>/cases/<uuid:case_id>/consent", who=SUPERVISORS)
def withdraw_consent(work: Work, study_id: uuid.UUID, case_id: uuid.UUID) -> Response:
    """One consent is taken back; the interview stays."""
    case = _case(work, study_id, case_id)
    reason = reason_given(WITHDRAWAL, request.form.get("reason", ""), request.form.get("words", ""))
    withdraw_purpose(work, case, request.form.get("purpose", ""), reason)
    return see_other(f"/studies/{study_id}/cases/{case_id}")


@view(pages, "/studies/<uuid:study_id>/clues", who=REVIEWERS)
def show_clues(work: Work, study_id: uuid.UUID) -> str:
    """That there are clues; what they say is for the named few."""
    return render_template(
        "rights/clues.html",
        study=study_of(work, study_id),
        clues=clues.clues_of(work, study_id),
        readers=clues.readers_of(work, study_id),
        people=_candidates(work),
        may_read=clues.is_reader(work, study_id),
        reasons=OPENING,
    )


@action(pages, "/studies/<uuid:study_id>/clues/<uuid:clue_id>", who=REVIEWERS)
def open_clue(work: Work, study_id: uuid.UUID, clue_id: uuid.UUID) -> Response:
    """One clue, to one of the named few, for a recorded reason."""
    reason = reason_given(OPENING, request.form.get("reason", ""), request.form.get("words", ""))
    content = clues.open_clue(work, clue_id, reason)
    return _unkept(render_template("rights/clue.html", study=study_of(work, study_id), content=content))


@action(pages, "/studies/<uuid:study_id>/clues/readers", who=OWNERS)
def change_readers(work: Work, study_id: uuid.UUID) -> Response:
    """Name somebody, or take somebody off the list."""
    study_of(work, study_id)
    if "remove" in request.form:
        clues.remove_reader(work, study_id, _id(request.form["remove"]))
    else:
        clues.add_reader(work, study_id, _id(request.form.get("person", "")))
    return see_other(f"/studies/{study_id}/clues")


@action(pages, "/studies/<uuid:study_id>/cases/<uuid:case_id>/clue", who=REVIEWERS)
def enter_clue(work: Work, study_id: uuid.UUID, case_id: uuid.UUID) -> Response:
    """Seal what was heard of; its writer cannot read it again."""
    clues.enter_clue(work, _case(work, study_id, case_id), request.form.get("words", ""))
    return see_other(f"/studies/{study_id}/cases/{case_id}")


@view(pages, "/studies/<uuid:study_id>/inventory", who=EVALUATORS)
def show_inventory(work: Work, study_id: uuid.UUID) -> str:
    """What personal data the study really collects, and the impact assessment made from it."""
    study = study_of(work, study_id)
    return render_template(
        "rights/inventory.html",
        study=study,
        items=inventory(work, study_id),
        blocks=list(number(impact_blocks(work, study))),
    )


@view(pages, "/studies/<uuid:study_id>/impact.pdf", who=EVALUATORS)
def print_impact(work: Work, study_id: uuid.UUID) -> Response:
    """The impact assessment for print."""
    pdf = print_blocks(impact_blocks(work, study_of(work, study_id)))
    return Response(pdf, content_type="application/pdf", headers={"Content-Disposition": "inline; filename=impact.pdf"})


@view(pages, "/breach", who=OWNERS)
def show_breach(work: Work) -> str:
    """What to do if data leaks, and what was shown to whom."""
    today = work.now.astimezone(ZoneInfo(work.settings.timezone)).date()
    since = request.args.get("since") or (today - dt.timedelta(days=7)).isoformat()
    until = request.args.get("until") or today.isoformat()
    person = request.args.get("person", "")
    return render_template(
        "rights/breach.html",
        shown=breach.disclosures(work, since, until, _id(person) if person else None),
        people=breach.everybody(work),
        since=since,
        until=until,
        person=person,
        most=breach.MOST,
        overdue=overview.overdue(work),
        ended=request.args.get("ended"),
    )


@action(pages, "/breach/cut-off", who=OWNERS)
def cut_off(work: Work) -> Response:
    """End every session and phone of a person."""
    ended = breach.end_everything(work, _id(request.form.get("person", "")))
    return see_other(f"/breach?ended={ended}")


def _case(work: Work, study_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    case = case_of(work, case_id)
    if case.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    return case


def _candidates(work: Work) -> list[tuple[uuid.UUID, str]]:
    """Who may be named: people of the office, each once."""
    roles = (Role.OWNER, Role.EVALUATOR, Role.SUPERVISOR, Role.REVIEWER)
    found = {member.person.id: member.person.name for role in roles for member in workers(work, role)}
    return sorted(found.items(), key=lambda pair: pair[1])


def _unkept(page: str) -> Response:
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ZoufangError(Problem.NOT_FOUND) from None
