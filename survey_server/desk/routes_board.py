"""A study's call desk for its supervisor: the board, the rules, quotas, hand-overs, re-calls and recordings."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import Blueprint, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from survey_server.accounts.people import people
from survey_server.actors import EVALUATORS, OWNERS, SUPERVISORS, Role
from survey_server.audit.service import record
from survey_server.console.routing import ANYONE, action, disclosure, handler, see_other, view
from survey_server.desk import board, handing_over, queue, quotas, recalls, recordings, script, skills, telephony
from survey_server.desk.rules import Rules, Slot, Window, keep_rules, rules_of
from survey_server.desk.words import LANGUAGES, LEFT, SLOTS
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

pages = Blueprint("call_board", __name__, template_folder="templates")
HERE = "/studies/<uuid:study_id>/desk"


@view(pages, HERE, who=SUPERVISORS)
def show_board(work: Work, study_id: uuid.UUID) -> str:
    """How the queue stands, who does what, appointments, quotas."""
    study = study_of(work, study_id)
    return render_template(
        "desk/board.html",
        study=study,
        board=board.board_of(work, study_id),
        quotas=quotas.quotas_of(work, study_id),
        complete=board.complete_of(work, study_id),
        left_words=LEFT,
        to_visit=board.waiting_for_visit(work, study_id),
        away=board.could_be_called(work, study_id),
        operators=_operators(work),
    )


@action(pages, f"{HERE}/pick", who=SUPERVISORS)
def pick(work: Work, study_id: uuid.UUID) -> Response:
    """Put households first in the queue, by their sample numbers, for one operator or whoever asks next."""
    numbers = request.form.get("numbers", "").replace("、", " ").replace(",", " ").split()[:500]
    person = request.form.get("person", "")
    for case in _cases(work, _open_study(work, study_id), numbers):
        queue.pick(work, case, _uuid(person) if person else None)
    return see_other(f"/studies/{study_id}/desk")


@view(pages, f"{HERE}/rules", who=SUPERVISORS)
def show_rules(work: Work, study_id: uuid.UUID) -> str:
    """Calling hours, rests, limits, the script, quotas, languages and the telephone system."""
    rules = rules_of(work, study_id)
    return render_template(
        "desk/rules.html",
        study=study_of(work, study_id),
        rules=rules,
        windows=[*rules.windows, *[None] * 2],
        slots=SLOTS,
        script=rules.script or script.usual(),
        quota_lines=[*quotas.quotas_of(work, study_id), *[None] * 3],
        fields=[*quotas.ROSTER],
        spoken=LANGUAGES,
        skills=skills.skills_of(work),
        operators=_operators(work),
        address=telephony.address_of(work, study_id),
    )


@action(pages, f"{HERE}/rules", who=EVALUATORS)
def change_rules(work: Work, study_id: uuid.UUID) -> Response:
    """Change the rules of calling."""
    study = _open_study(work, study_id)
    keep_rules(work, study_id, _rules(request.form, rules_of(work, study_id)))
    record(work, "call.rules", "study", study.id, study_id=study.id)
    return see_other(f"/studies/{study_id}/desk/rules")


@action(pages, f"{HERE}/quotas", who=EVALUATORS)
def change_quotas(work: Work, study_id: uuid.UUID) -> Response:
    """Replace the quotas."""
    quotas.keep_quotas(work, _open_study(work, study_id), _wanted(request.form))
    return see_other(f"/studies/{study_id}/desk/rules")


@action(pages, f"{HERE}/skills", who=SUPERVISORS)
def change_skills(work: Work, study_id: uuid.UUID) -> Response:
    """Say which languages an operator speaks."""
    study_of(work, study_id)
    person = _uuid(request.form.get("person", ""))
    skills.keep_skills(work, person, [code for code in request.form.getlist("language") if code in LANGUAGES])
    return see_other(f"/studies/{study_id}/desk/rules")


@action(pages, f"{HERE}/telephony", who=OWNERS)
def connect(work: Work, study_id: uuid.UUID) -> str:
    """Set where the telephone system listens, and show its new secret once."""
    study = study_of(work, study_id)
    secret = telephony.connect(work, study, request.form.get("address", "").strip())
    return render_template("desk/telephony.html", study=study, secret=secret)


@handler(pages, "/call/events/<uuid:study_id>", methods=["POST"], who=ANYONE)
def take_event(services: Services, _actor: object, study_id: uuid.UUID) -> tuple[str, int]:
    """What the telephone system says of a call, signed under the study's secret."""
    if (request.content_length or 0) > telephony.MOST_BYTES:
        raise ZoufangError(Problem.UNREADABLE_REQUEST)
    telephony.take_event(services, study_id, request.get_data(cache=False), dict(request.headers))
    return "", 204


@view(pages, f"{HERE}/handovers", who=SUPERVISORS)
def list_handovers(work: Work, study_id: uuid.UUID) -> str:
    """What was handed over, and which answers are late."""
    today = queue.local_now(work).date()
    rows = [(row, case, handing_over.is_late(row, today)) for row, case in handing_over.handovers_of(work, study_id)]
    return render_template(
        "desk/handovers.html",
        study=study_of(work, study_id),
        rows=rows,
        kinds=handing_over.KINDS,
        states=handing_over.STATES,
    )


@disclosure(pages, f"{HERE}/handovers/<uuid:handover_id>", who=SUPERVISORS)
def show_handover(work: Work, study_id: uuid.UUID, handover_id: uuid.UUID) -> str:
    """One hand-over with its words, and the next step."""
    study = study_of(work, study_id)
    row = handing_over.handover_of(work, study_id, handover_id)
    opened = handing_over.open_words(work, row)
    return render_template(
        "desk/handover.html", study=study, one=opened, kinds=handing_over.KINDS, states=handing_over.STATES
    )


@action(pages, f"{HERE}/handovers/<uuid:handover_id>", who=SUPERVISORS)
def move_handover(work: Work, study_id: uuid.UUID, handover_id: uuid.UUID) -> Response:
    """Sent, answered, told: the next step of a hand-over."""
    _open_study(work, study_id)
    row = handing_over.handover_of(work, study_id, handover_id)
    step, words = request.form.get("step", ""), request.form.get("words", "")
    if step == "send":
        handing_over.send(work, row, words)
    elif step == "answer":
        handing_over.answer(work, row, words)
    else:
        handing_over.tell(work, row)
    return see_other(f"/studies/{study_id}/desk/handovers/{handover_id}")


@view(pages, f"{HERE}/recalls", who=SUPERVISORS)
def list_recalls(work: Work, study_id: uuid.UUID) -> str:
    """The drawn re-calls and what they found."""
    by_operator, by_question = recalls.differences(work, study_id)
    return render_template(
        "desk/recalls.html",
        study=study_of(work, study_id),
        lines=recalls.recalls_of(work, study_id),
        outcomes=recalls.OUTCOMES,
        share=rules_of(work, study_id).recall_share,
        by_operator=by_operator,
        by_question=by_question,
    )


@action(pages, f"{HERE}/recalls", who=SUPERVISORS)
def draw_recalls(work: Work, study_id: uuid.UUID) -> Response:
    """Draw the re-calls among what came since."""
    recalls.draw(work, _open_study(work, study_id).id)
    return see_other(f"/studies/{study_id}/desk/recalls")


@disclosure(pages, f"{HERE}/recalls/<uuid:recall_id>", who=SUPERVISORS)
def show_recall(work: Work, study_id: uuid.UUID, recall_id: uuid.UUID) -> str:
    """One re-call: the number, and the questions to ask again; never the first answers."""
    study = _open_study(work, study_id)
    opened = recalls.open_recall(work, study_id, recall_id)
    return render_template("desk/recall.html", study=study, one=opened, outcomes=recalls.OUTCOMES)


@action(pages, f"{HERE}/recalls/<uuid:recall_id>", who=SUPERVISORS)
def close_recall(work: Work, study_id: uuid.UUID, recall_id: uuid.UUID) -> Response:
    """Write down what was answered."""
    _open_study(work, study_id)
    recalls.close_recall(work, study_id, recall_id, request.form.get("outcome", ""), request.form)
    return see_other(f"/studies/{study_id}/desk/recalls")


@view(pages, f"{HERE}/recordings", who=SUPERVISORS)
def list_recordings(work: Work, study_id: uuid.UUID) -> str:
    """The recordings that may be listened to."""
    return render_template(
        "desk/recordings.html",
        study=study_of(work, study_id),
        recordings=recordings.recordings_of(work, study_id),
        days=rules_of(work, study_id).recording_days,
    )


@action(pages, f"{HERE}/recordings", who=SUPERVISORS)
def attach_recording(work: Work, study_id: uuid.UUID) -> Response:
    """Keep what the telephone system recorded, beside its interview."""
    _open_study(work, study_id)
    sound = request.files.get("sound")
    content = sound.read() if sound else b""
    name = sound.filename if sound and sound.filename else ""
    recordings.attach(work, study_id, request.form.get("number", ""), name, content)
    return see_other(f"/studies/{study_id}/desk/recordings")


@view(pages, f"{HERE}/recordings/<uuid:recording_id>", who=SUPERVISORS)
def show_recording(work: Work, study_id: uuid.UUID, recording_id: uuid.UUID) -> str:
    """A recording with its marks."""
    found = next((one for one in recordings.recordings_of(work, study_id) if one.file.id == recording_id), None)
    if found is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return render_template(
        "desk/recording.html",
        study=study_of(work, study_id),
        one=found,
        marks=recordings.marks_of(work, study_id, recording_id),
        kinds=recordings.KINDS,
    )


@disclosure(pages, f"{HERE}/recordings/<uuid:recording_id>/sound", who=SUPERVISORS)
def play(work: Work, study_id: uuid.UUID, recording_id: uuid.UUID) -> Response:
    """The sound itself."""
    content, kind = recordings.listen(work, study_id, recording_id)
    response = Response(content, content_type=kind)
    response.headers["Accept-Ranges"] = "none"
    return response


@action(pages, f"{HERE}/recordings/<uuid:recording_id>", who=SUPERVISORS)
def mark_recording(work: Work, study_id: uuid.UUID, recording_id: uuid.UUID) -> Response:
    """Set a mark in a recording."""
    _open_study(work, study_id)
    form = request.form
    second = form.get("second", "")
    recordings.mark(
        work,
        study_id,
        recording_id,
        second=int(second) if second.isdecimal() and len(second) < 6 else -1,
        kind=form.get("kind", ""),
        words=form.get("words", ""),
    )
    return see_other(f"/studies/{study_id}/desk/recordings/{recording_id}")


def _operators(work: Work) -> list[tuple[uuid.UUID, str]]:
    return [(person.id, person.name) for person, roles in people(work) if Role.OPERATOR in roles and person.active]


def _open_study(work: Work, study_id: uuid.UUID) -> Study:
    study = study_of(work, study_id)
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    return study


def _cases(work: Work, study: Study, numbers: list[str]) -> list[Case]:
    found = queue.cases_numbered(work, study.id, numbers)
    if len(found) < len(set(numbers)):
        missing = sorted(set(numbers) - {case.sample_id for case in found})
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Sample numbers"), why="、".join(missing[:5]))
    return found


def _rules(form: MultiDict[str, str], before: Rules) -> Rules:
    delays = {code: _whole(form, f"delay_{code}") for code in before.delays}
    text = form.get("script", "").strip().replace("\r\n", "\n")
    return Rules(
        windows=tuple(_windows(form)),
        delays=delays,
        most_calls=_whole(form, "most_calls"),
        most_a_day=_whole(form, "most_a_day"),
        slots_needed=_whole(form, "slots_needed"),
        recall_share=_whole(form, "recall_share") / 100,
        contracted=_whole(form, "contracted") if form.get("contracted") else None,
        recording_days=_whole(form, "recording_days"),
        script="" if text == script.usual().strip() else text,
    )


def _windows(form: MultiDict[str, str]) -> list[Window]:
    rows = zip(*(form.getlist(name) for name in ("slot", "begins", "ends", "days")), strict=False)
    try:
        return [
            Window(Slot(slot), dt.time.fromisoformat(begins), dt.time.fromisoformat(ends), workdays=days == "work")
            for slot, begins, ends, days in rows
            if begins and ends
        ]
    except ValueError:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Calling hours"), why=N_("type times as 09:30")) from None


def _wanted(form: MultiDict[str, str]) -> list[quotas.Wanted]:
    rows = zip(*(form.getlist(name) for name in ("field", "value", "target", "full")), strict=False)
    return [
        quotas.Wanted(field.strip(), value.strip(), int(target) if target.isdecimal() else 0, stops=full == "stop")
        for field, value, target, full in rows
        if field.strip() and value.strip()
    ]


def _whole(form: MultiDict[str, str], name: str) -> int:
    text = form.get(name, "").strip()
    if not text.isdecimal() or len(text) > 9:
        raise ZoufangError(Problem.INVALID_FIELD, field=name, why=N_("type a number"))
    return int(text)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ZoufangError(Problem.NOT_FOUND) from None
