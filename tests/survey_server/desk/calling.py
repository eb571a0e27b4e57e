"""An operator at work: takes a case, closes a call, hands an interview in."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from survey_server.actors import Actor
from survey_server.desk import queue, service
from survey_server.fieldwork.calls import CallCase
from survey_server.fieldwork.models import Attempt, Case
from survey_server.fieldwork.service import case_of
from survey_server.privacy.service import cipher_of
from survey_server.rosters.models import Household
from survey_server.studies.models import Channel, Purpose
from survey_server.submissions.receipts import Receipt
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.studies import DrawnStudy, filled
from tests.survey_server.desk.interviews import INTERVIEW


def take(services: Services, actor: Actor) -> Case:
    """The next case, which there is."""
    with services.write(actor) as work:
        case = queue.take_next(work)
    assert case is not None
    return case


def nothing_to_take(services: Services, actor: Actor) -> bool:
    """Whether there is nobody to call."""
    with services.write(actor) as work:
        return queue.take_next(work) is None


def close(
    services: Services, actor: Actor, case: Case, outcome: str, *, due: dt.datetime | None = None, language: str = ""
) -> Attempt:
    """End the call of a case in hand."""
    with services.write(actor) as work:
        return service.close_call(work, case_of(work, case.id), service.Ending(outcome, due, "", language))


def interview(services: Services, actor: Actor, drawn: DrawnStudy, case: Case, **answers: str) -> Receipt:
    """Hand a complete interview in."""
    form = filled(services, drawn.study, case, {**INTERVIEW, **answers}, Purpose.PHONE)
    receipt = receive(services, actor, drawn.study.id, form.xml, {}, channel=Channel.PHONE, case_id=case.id)
    with services.write(actor) as work:
        service.after_interview(work, case_of(work, case.id))
    return receipt


def standing(services: Services, case: Case) -> tuple[Case, CallCase]:
    """The case and how it stands at the desk."""
    with services.read() as work:
        return case_of(work, case.id), work.session.get_one(CallCase, case.id)


def give_numbers(services: Services, drawn: DrawnStudy, numbers: Sequence[str]) -> None:
    """Every household of the study has these numbers."""
    with services.write() as work:
        for case in drawn.cases:
            home = work.session.get_one(Household, case.household_id)
            facts = {"name": "甲", "phones": list(numbers), "address": "某路", "amount": 728}
            home.personal = cipher_of(work, drawn.study.id).seal(home.id, json.dumps(facts).encode())
            work.session.add(home)
