"""Recordings of calls: only with consent, listened to with marks, never more than a sound, deleted on their date."""

from __future__ import annotations

import pytest
from sqlmodel import select

from survey_server.actors import Actor, Role
from survey_server.audit.models import Event
from survey_server.desk import recordings
from survey_server.desk.rules import Rules, keep_rules
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.calls import RecordingMark
from survey_server.handlers import drain
from survey_server.privacy.reasons import Reason
from survey_server.rights.purposes import withdraw_purpose
from survey_server.submissions.consents import AUDIO
from survey_server.submissions.models import SubmissionFile
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import DrawnStudy, make_study, person
from tests.survey_server.desk.calling import interview, take

SOUND = b"RIFF....WAVEfmt "


@pytest.fixture
def drawn(desk: Services) -> DrawnStudy:
    return make_study(desk, {("柳湾县", "1"): 3})


@pytest.fixture
def evaluator(desk: Services) -> Actor:
    return person(desk, Role.EVALUATOR)


def called(services: Services, drawn: DrawnStudy, caller: Actor, *, recorded: bool) -> str:
    """An interview by telephone; the sample number of its household."""
    case = take(services, caller)
    interview(services, caller, drawn, case, t7_audio="1" if recorded else "2")
    return case.sample_id


def attach(services: Services, drawn: DrawnStudy, evaluator: Actor, number: str, name: str = "3.wav") -> SubmissionFile:
    with services.write(evaluator) as work:
        return recordings.attach(work, drawn.study.id, number, name, SOUND)


def listed(services: Services, drawn: DrawnStudy) -> list[recordings.Recording]:
    with services.read() as work:
        return recordings.recordings_of(work, drawn.study.id)


def test_a_recording_that_was_agreed_to_is_heard_as_it_was_and_that_is_recorded(
    desk: Services, drawn: DrawnStudy, caller: Actor, evaluator: Actor
) -> None:
    number = called(desk, drawn, caller, recorded=True)
    file = attach(desk, drawn, evaluator, number)
    (one,) = listed(desk, drawn)
    assert (one.sample_id, one.operator) == (number, caller.name)
    assert SOUND not in desk.blobs.get(file.blob)
    with desk.write(evaluator) as work:
        assert recordings.listen(work, drawn.study.id, file.id) == (SOUND, "audio/wav")
    with desk.read() as work:
        actions = work.session.exec(select(Event.action)).all()
    assert {"recording.attach", "recording.listen"} <= set(actions)


def test_without_consent_nothing_is_kept(desk: Services, drawn: DrawnStudy, caller: Actor, evaluator: Actor) -> None:
    number = called(desk, drawn, caller, recorded=False)
    with pytest.raises(ZoufangError) as caught:
        attach(desk, drawn, evaluator, number)
    assert caught.value.problem is Problem.INVALID_FIELD
    assert listed(desk, drawn) == []
    assert not [name for name in desk.blobs.names() if name.startswith("submissions/")]


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "sound", "sound.wav.exe", ""])
def test_what_is_no_sound_is_refused(
    desk: Services, drawn: DrawnStudy, caller: Actor, evaluator: Actor, name: str
) -> None:
    number = called(desk, drawn, caller, recorded=True)
    with pytest.raises(ZoufangError):
        attach(desk, drawn, evaluator, number, name)


def test_an_unknown_number_is_refused(desk: Services, drawn: DrawnStudy, evaluator: Actor) -> None:
    with pytest.raises(ZoufangError) as caught:
        attach(desk, drawn, evaluator, "A-9999")
    assert caught.value.problem is Problem.INVALID_FIELD


def test_a_listener_marks_a_second_with_sealed_words(
    desk: Services, drawn: DrawnStudy, caller: Actor, evaluator: Actor
) -> None:
    file = attach(desk, drawn, evaluator, called(desk, drawn, caller, recorded=True))
    with desk.write(evaluator) as work:
        for second, kind in ((75, "leading"), (12, "good")):
            recordings.mark(work, drawn.study.id, file.id, second=second, kind=kind, words="没有照念")
        with pytest.raises(ZoufangError):
            recordings.mark(work, drawn.study.id, file.id, second=-1, kind="good", words="")
        found = recordings.marks_of(work, drawn.study.id, file.id)
        assert [(mark.second, mark.kind, mark.words) for mark in found] == [
            (12, "good", "没有照念"),
            (75, "leading", "没有照念"),
        ]
        sealed = work.session.exec(select(RecordingMark)).first()
        assert sealed is not None
        assert "没有照念".encode() not in (sealed.words or b"")


def test_consent_that_is_taken_back_takes_the_recording_away(
    desk: Services, drawn: DrawnStudy, caller: Actor, evaluator: Actor
) -> None:
    number = called(desk, drawn, caller, recorded=True)
    file = attach(desk, drawn, evaluator, number)
    case = next(each for each in drawn.main if each.sample_id == number)
    with desk.write(evaluator) as work:
        withdraw_purpose(work, case, AUDIO, Reason("telephone", "本人来电"))
    drain(desk)
    assert listed(desk, drawn) == []
    assert file.blob not in desk.blobs.names()


def test_recordings_go_on_their_date_with_their_marks(
    desk: Services, drawn: DrawnStudy, caller: Actor, evaluator: Actor, clock: SteppingClock
) -> None:
    file = attach(desk, drawn, evaluator, called(desk, drawn, caller, recorded=True))
    with desk.write(evaluator) as work:
        keep_rules(work, drawn.study.id, Rules(recording_days=30))
        recordings.mark(work, drawn.study.id, file.id, second=1, kind="good", words="")
    clock.advance(days=29)
    assert recordings.delete_due(desk) == {"deleted": 0}
    clock.advance(days=1)
    assert recordings.delete_due(desk) == {"deleted": 1}
    drain(desk)
    assert listed(desk, drawn) == []
    assert file.blob not in desk.blobs.names()
    with desk.read() as work:
        assert work.session.exec(select(RecordingMark)).first() is None
