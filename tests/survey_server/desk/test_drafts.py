from __future__ import annotations

import json
import uuid

import pytest
from sqlmodel import col

from survey_server.actors import Actor
from survey_server.desk import drafts, service
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.calls import CallDraft, forget_calls
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import case_of
from survey_server.studies.forms import current_form
from survey_server.studies.models import Channel, Purpose
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import DrawnStudy, filled, make_study
from tests.survey_server.desk.calling import close, interview, take
from tests.survey_server.desk.interviews import INTERVIEW

INSTANCE = f"uuid:{uuid.UUID(int=1)}"


@pytest.fixture
def drawn(desk: Services) -> DrawnStudy:
    return make_study(desk, {("柳湾县", "1"): 1})


def content(answers: int, instance: str = INSTANCE) -> bytes:
    journal = [{"path": f"/data/q{n}", "act": "set", "value": "答案", "time": 1.5} for n in range(answers)]
    return json.dumps({"head": {"instanceId": instance}, "journal": journal}, ensure_ascii=False).encode()


def keep(services: Services, actor: Actor, case: Case, said: bytes) -> int:
    with services.write(actor) as work:
        form = current_form(work, case.study_id, Purpose.PHONE)
        assert form is not None
        return drafts.keep_draft(work, case_of(work, case.id), form, said)


def kept(services: Services, case: Case) -> tuple[CallDraft, drafts.Draft] | None:
    with services.read() as work:
        return drafts.draft_of(work, case_of(work, case.id))


def test_an_older_state_never_overwrites_a_newer_one(desk: Services, drawn: DrawnStudy, caller: Actor) -> None:
    case = take(desk, caller)
    assert [keep(desk, caller, case, content(count)) for count in (1, 5, 3, 6)] == [1, 5, 5, 6]
    found = kept(desk, case)
    assert found is not None
    assert len(found[1].journal) == found[0].count == 6
    assert "答案".encode() not in found[0].content, "what is kept is sealed"


def test_another_operator_goes_on_where_the_line_broke_and_the_first_is_told(
    desk: Services, drawn: DrawnStudy, caller: Actor, other: Actor, clock: SteppingClock
) -> None:
    case = take(desk, caller)
    keep(desk, caller, case, content(4))
    clock.advance(minutes=16)
    assert take(desk, other).id == case.id
    found = kept(desk, case)
    assert found is not None
    assert len(found[1].journal) == 4
    with pytest.raises(ZoufangError) as caught:
        keep(desk, caller, case, content(9))
    assert caught.value.problem is Problem.STATE_CONFLICT
    assert keep(desk, other, case, content(5)) == 5


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b'{"head": {}}',
        b'{"head": {}, "journal": [{"path": "a", "act": "set", "value": 1, "time": "x"}]}',
        content(20_001),
        b" " * (drafts.MOST_BYTES + 1),
        b'{"journal": [], "head": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
    ],
    ids=["empty", "a list", "no journal", "wrong types", "too many", "too long", "too deep"],
)
def test_what_is_no_draft_is_refused_and_the_one_that_is_kept_stays(
    desk: Services, drawn: DrawnStudy, caller: Actor, said: bytes
) -> None:
    case = take(desk, caller)
    keep(desk, caller, case, content(2))
    with pytest.raises(ZoufangError) as caught:
        keep(desk, caller, case, said)
    assert caught.value.problem is Problem.UNREADABLE_REQUEST
    assert kept(desk, case) is not None


def test_a_submitted_interview_has_no_draft_any_more_and_a_late_one_is_refused(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    case = take(desk, caller)
    keep(desk, caller, case, content(2))
    interview(desk, caller, drawn, case)
    assert kept(desk, case) is None
    with pytest.raises(ZoufangError) as caught:
        keep(desk, caller, case, content(3))
    assert caught.value.problem is Problem.STATE_CONFLICT


def test_a_draft_of_an_interview_that_came_in_is_not_gone_on_with(
    desk: Services, drawn: DrawnStudy, caller: Actor, clock: SteppingClock
) -> None:
    """The server stops between the interview and what follows from it, and the case is called again."""
    case = take(desk, caller)
    minor = {**INTERVIEW, "t5_minor": "1"}
    form = filled(desk, drawn.study, case, minor, Purpose.PHONE)
    keep(desk, caller, case, content(2, form.instance_id))
    receive(desk, caller, drawn.study.id, form.xml, {}, channel=Channel.PHONE, case_id=case.id)
    assert kept(desk, case) is None


def test_a_call_that_ends_without_an_interview_keeps_the_draft_for_the_next(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    case = take(desk, caller)
    keep(desk, caller, case, content(2))
    close(desk, caller, case, "T17")
    assert kept(desk, case) is not None


def test_a_withdrawn_household_has_no_draft_and_gets_none(desk: Services, drawn: DrawnStudy, caller: Actor) -> None:
    case = take(desk, caller)
    keep(desk, caller, case, content(2))
    with desk.write() as work:
        gone = case_of(work, case.id)
        gone.withdrawn_at = work.now
        forget_calls(work, of=col(Case.id) == case.id)
    assert kept(desk, case) is None
    with pytest.raises(ZoufangError) as caught:
        keep(desk, caller, case, content(3))
    assert caught.value.problem is Problem.WITHDRAWN


def test_after_the_study_is_closed_nothing_of_a_case_in_hand_changes(
    desk: Services, drawn: DrawnStudy, caller: Actor
) -> None:
    case = take(desk, caller)
    with desk.write() as work:
        study = work.session.merge(drawn.study)
        study.closed_at = work.now
    for change in (
        lambda: keep(desk, caller, case, content(3)),
        lambda: close(desk, caller, case, "T17"),
    ):
        with pytest.raises(ZoufangError) as caught:
            change()
        assert caught.value.problem is Problem.STUDY_CLOSED
    with desk.read() as work:
        assert service.today(work, work.now).calls == 0
