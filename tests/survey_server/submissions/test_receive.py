from __future__ import annotations

import base64
import json
import threading
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import select

from survey_server.actors import Actor, Role
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case, Status
from survey_server.fieldwork.service import attempts_of, case_of
from survey_server.privacy.service import cipher_of, clue_cipher_of
from survey_server.studies.models import Channel
from survey_server.submissions.models import Submission
from survey_server.submissions.receipts import Receipt, canonical
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.studies import NOBODY_HOME, REFUSED_AT_THE_DOOR, DrawnStudy, filled, make_study, person

COUNTS = {("柳湾县", "1"): 3}


@pytest.fixture
def drawn(services: Services) -> DrawnStudy:
    return make_study(services, COUNTS)


@pytest.fixture
def interviewer(services: Services) -> Actor:
    return person(services, Role.INTERVIEWER)


def hand_in(
    services: Services, actor: Actor, drawn: DrawnStudy, xml: bytes, case: Case | None, **files: bytes
) -> Receipt:
    case_id = case.id if case else None
    return receive(services, actor, drawn.study.id, xml, files, channel=Channel.VISIT, case_id=case_id)


def submissions(services: Services) -> list[Submission]:
    with services.read() as work:
        return list(work.session.exec(select(Submission)).all())


def reloaded(services: Services, case: Case) -> Case:
    with services.read() as work:
        return case_of(work, case.id)


def test_answers_are_kept_as_they_came_and_sealed(services: Services, drawn: DrawnStudy, interviewer: Actor) -> None:
    case = drawn.main[0]
    xml = filled(services, drawn.study, case, NOBODY_HOME).xml
    hand_in(services, interviewer, drawn, xml, case)
    (row,) = submissions(services)
    assert "门锁着".encode() in xml
    assert "门锁着".encode() not in row.xml + row.answers
    with services.read() as work:
        cipher, of_clues = cipher_of(work, drawn.study.id), clue_cipher_of(work, drawn.study.id)
    assert row.clues, "the visit asks of bribes and relatives: the raw answers open with both keys only"
    assert of_clues.open(row.id, cipher.open(row.id, row.xml)) == xml
    assert json.loads(cipher.open(row.id, row.answers))["values"]["a2_note"] == "门锁着"


def test_the_receipt_is_signed_and_says_what_is_here(services: Services, drawn: DrawnStudy, interviewer: Actor) -> None:
    case = drawn.main[0]
    xml = filled(services, drawn.study, case, NOBODY_HOME).xml
    receipt = hand_in(services, interviewer, drawn, xml, case)
    assert receipt.body["xml_hmac"] == services.vault.fingerprint(xml)
    assert receipt.body["missing"] == []
    key = Ed25519PublicKey.from_public_bytes(services.vault.public_key)
    key.verify(base64.b64decode(receipt.signature), canonical(receipt.body))


def test_the_same_bytes_again_give_the_same_receipt_and_one_submission(
    services: Services, drawn: DrawnStudy, interviewer: Actor
) -> None:
    case = drawn.main[0]
    xml = filled(services, drawn.study, case, NOBODY_HOME).xml
    receipts = [hand_in(services, interviewer, drawn, xml, case) for _ in range(3)]
    assert [receipt.fresh for receipt in receipts] == [True, False, False]
    assert receipts[0].as_json() == receipts[1].as_json() == receipts[2].as_json()
    assert len(submissions(services)) == 1
    assert reloaded(services, case).attempts == 1


def test_one_record_sent_by_many_connections_at_once_arrives_once(
    services: Services, drawn: DrawnStudy, interviewer: Actor
) -> None:
    case = drawn.main[0]
    xml = filled(services, drawn.study, case, NOBODY_HOME).xml
    receipts: list[Receipt] = []
    threads = [
        threading.Thread(target=lambda: receipts.append(hand_in(services, interviewer, drawn, xml, case)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({json.dumps(receipt.as_json(), sort_keys=True) for receipt in receipts}) == 1
    assert len(receipts) == 8
    assert len(submissions(services)) == 1


def test_visits_to_one_household_at_one_moment_are_all_kept(
    services: Services, drawn: DrawnStudy, interviewer: Actor
) -> None:
    case = drawn.main[0]
    visits = [filled(services, drawn.study, case, NOBODY_HOME).xml for _ in range(16)]
    receipts: list[Receipt] = []
    threads = [
        threading.Thread(target=lambda xml=xml: receipts.append(hand_in(services, interviewer, drawn, xml, case)))
        for xml in visits
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [receipt.fresh for receipt in receipts] == [True] * len(visits)
    assert len(submissions(services)) == len(visits)
    assert reloaded(services, case).attempts == len(visits)


def test_other_bytes_under_the_same_number_are_refused_and_overwrite_nothing(
    services: Services, drawn: DrawnStudy, interviewer: Actor
) -> None:
    case = drawn.main[0]
    xml = filled(services, drawn.study, case, NOBODY_HOME).xml
    hand_in(services, interviewer, drawn, xml, case)
    with pytest.raises(ZoufangError) as caught:
        hand_in(services, interviewer, drawn, xml.replace("门锁着".encode(), "没有人".encode()), case)
    assert caught.value.problem is Problem.INSTANCE_CONFLICT
    assert submissions(services)[0].fingerprint == services.vault.fingerprint(xml)


def test_a_broken_rule_is_a_flag_and_never_a_refusal(services: Services, drawn: DrawnStudy, interviewer: Actor) -> None:
    case = drawn.main[0]
    answers = {**NOBODY_HOME, "a1_visit_no": "9"}
    hand_in(services, interviewer, drawn, filled(services, drawn.study, case, answers).xml, case)
    (row,) = submissions(services)
    assert {"rule": "constraint", "question": "a1_visit_no"} in row.flags
    assert "9" not in json.dumps(row.flags)


def test_the_case_moves_on_by_what_the_form_concludes(
    services: Services, drawn: DrawnStudy, interviewer: Actor
) -> None:
    case = drawn.main[0]
    hand_in(services, interviewer, drawn, filled(services, drawn.study, case, NOBODY_HOME).xml, case)
    assert (reloaded(services, case).outcome, reloaded(services, case).status) == ("F3", Status.TODO.value)
    refused = filled(services, drawn.study, case, REFUSED_AT_THE_DOOR).xml
    hand_in(services, interviewer, drawn, refused, case)
    moved = reloaded(services, case)
    assert (moved.outcome, moved.status, moved.attempts) == ("F6", Status.DONE.value, 2)
    with services.read() as work:
        assert [attempt.outcome for attempt in attempts_of(work, case.id)] == ["F3", "F6"]


def test_a_channel_without_a_preset_case_is_matched_by_the_answers(
    services: Services, drawn: DrawnStudy, interviewer: Actor
) -> None:
    case = drawn.main[1]
    hand_in(services, interviewer, drawn, filled(services, drawn.study, case, NOBODY_HOME).xml, None)
    assert submissions(services)[0].case_id == case.id


def test_answers_that_name_another_household_than_the_task_are_kept_and_flagged(
    services: Services, drawn: DrawnStudy, interviewer: Actor
) -> None:
    first, second = drawn.main[:2]
    hand_in(services, interviewer, drawn, filled(services, drawn.study, second, NOBODY_HOME).xml, first)
    (row,) = submissions(services)
    assert row.case_id == first.id
    assert "other_household" in {flag["rule"] for flag in row.flags}


def test_a_file_that_comes_later_completes_the_receipt(
    services: Services, drawn: DrawnStudy, interviewer: Actor
) -> None:
    case = drawn.main[0]
    answers = {
        **REFUSED_AT_THE_DOOR,
        "a7_consent": "1",
        "a8_spi": "2",
        "a9_photo": "1",
        "a10_audio": "2",
        "a12_geoc": "2",
        "a11_mode": "4",
        "c5_photo": "照片.jpg",
    }
    xml = filled(services, drawn.study, case, answers).xml
    first = hand_in(services, interviewer, drawn, xml, case)
    assert first.body["missing"] == ["照片.jpg"]
    second = hand_in(services, interviewer, drawn, xml, case, **{"照片.jpg": b"\xff\xd8 picture"})
    assert second.body["missing"] == []
    assert second.body["files"] == {"照片.jpg": services.vault.fingerprint(b"\xff\xd8 picture")}
    (name,) = services.blobs.names()
    assert b"picture" not in services.blobs.get(name)


@pytest.mark.parametrize(
    "xml",
    [b"", b"not xml", b"<data/>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><data id='hv_household_visit'>&a;</data>"],
)
def test_what_cannot_be_read_is_refused_in_words_and_nothing_is_stored(
    services: Services, drawn: DrawnStudy, interviewer: Actor, xml: bytes
) -> None:
    with pytest.raises(ZoufangError) as caught:
        hand_in(services, interviewer, drawn, xml, drawn.main[0])
    assert caught.value.problem in {Problem.SUBMISSION_UNREADABLE, Problem.FORM_UNKNOWN}
    assert submissions(services) == []


def test_a_case_of_another_study_is_not_found(services: Services, drawn: DrawnStudy, interviewer: Actor) -> None:
    other = make_study(services, COUNTS)
    xml = filled(services, drawn.study, drawn.main[0], NOBODY_HOME).xml
    for case_id in (other.main[0].id, uuid.uuid4()):
        with pytest.raises(ZoufangError) as caught:
            receive(services, interviewer, drawn.study.id, xml, {}, channel=Channel.VISIT, case_id=case_id)
        assert caught.value.problem is Problem.NOT_FOUND
    assert submissions(services) == []
