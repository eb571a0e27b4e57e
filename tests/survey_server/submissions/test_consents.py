"""Consent is kept purpose by purpose, and what nobody agreed to is not used."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from lxml import etree
from sqlmodel import select

from survey_server.studies.forms import current_form, definition_of
from survey_server.studies.models import Channel, Purpose
from survey_server.submissions.consents import standing, usable_files
from survey_server.submissions.models import Consent, Submission
from survey_server.submissions.service import receive
from tests.support.studies import filled
from tests.survey_server.results.conftest import call, self_completed, visit
from tests.survey_server.rights.conftest import Office, office, rights_template

__all__ = ["office", "rights_template"]

PICTURE = b"\xff\xd8\xff invented"
ASKED = {"a8_spi": "1", "a9_photo": "1", "a10_audio": "2", "a12_geoc": "2", "a11_mode": "4"}
CHANNELS = {
    Channel.VISIT: (Purpose.VISIT, visit),
    Channel.PHONE: (Purpose.PHONE, call),
    Channel.QR_HOUSEHOLD: (Purpose.RECIPIENT, self_completed),
}


def hand_in(
    office: Office, answers: Mapping[str, str], channel: Channel = Channel.VISIT, number: int = 0, **put: str
) -> Submission:
    """Send answers; ``put`` writes over nodes of the finished instance, as a tampered or a strange client could."""
    case = office.case(number)
    xml = filled(office.services, office.study, case, answers, CHANNELS[channel][0]).xml
    if put:
        root = etree.fromstring(xml)
        for name, value in put.items():
            (node,) = root.iter(f"{{*}}{name}")
            node.text = value
        xml = etree.tostring(root)
    files = {"home.jpg": PICTURE} if b"home.jpg" in xml else {}
    receive(office.services, office.survey.actor, office.study.id, xml, files, channel=channel, case_id=case.id)
    with office.services.read() as work:
        return work.session.exec(select(Submission).where(Submission.case_id == case.id)).one()


def rules(row: Submission) -> set[tuple[str, str]]:
    return {(flag["rule"], flag["question"]) for flag in row.flags}


def test_each_purpose_is_kept_with_the_words_that_were_read_out_and_how_it_was_given(office: Office) -> None:
    row = hand_in(office, visit(**ASKED))
    with office.services.read() as work:
        kept = work.session.exec(select(Consent)).all()
        form = current_form(work, office.study.id, Purpose.VISIT)
    assert {one.purpose: one.given for one in kept} == {
        "consent": True,
        "consent_sensitive": True,
        "consent_photo": True,
        "consent_audio": False,
        "consent_place": False,
    }
    assert form is not None
    assert {(one.submission_id, one.form_version_id, one.mode, one.at) for one in kept} == {
        (row.id, form.id, "4", row.received_at)
    }


def test_a_photograph_that_was_not_agreed_to_is_flagged_and_not_usable(office: Office) -> None:
    agreed = hand_in(office, visit(**ASKED, c5_photo="home.jpg"))
    refused = hand_in(office, visit(**ASKED, c5_photo="home.jpg"), number=1, a9_photo="2")
    with office.services.read() as work:
        version = current_form(work, office.study.id, Purpose.VISIT)
        assert version is not None
        form, purposes = definition_of(version), standing(work, [agreed.id, refused.id])
    named = {"c5_photo": "home.jpg"}
    assert [name for _, name in usable_files(form, named, purposes[agreed.id])] == ["home.jpg"]
    assert list(usable_files(form, named, purposes[refused.id])) == []
    assert ("file_without_consent", "c5_photo") not in rules(agreed)
    assert ("file_without_consent", "c5_photo") in rules(refused)


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_an_interview_with_consent_is_used_whatever_the_channel(office: Office, channel: Channel) -> None:
    row = hand_in(office, CHANNELS[channel][1](), channel)
    assert (row.unusable, row.outcome_class) == ("", "complete")
    assert office.survey.results().satisfaction.n == 1


def test_a_child_under_fourteen_counts_only_with_the_guardians_consent(office: Office) -> None:
    child = {**visit(), "b1_minor": "1"}
    with_guardian = hand_in(office, {**child, "b2_guardian": "1"})
    without = hand_in(office, child, number=1)
    assert with_guardian.unusable == ""
    assert without.outcome_class in {"complete", "partial"}, "the form alone would let it through"
    assert without.unusable == "minor_without_guardian"
    assert ("minor_without_guardian", "") in rules(without)
    results = office.survey.results()
    assert results.dataset.standings["minor_without_guardian"] == 1
    assert int(results.dataset.cases["counted"].sum()) == 1
    assert "minor_without_guardian" in {notice.code for notice in results.notices}


def test_a_guardian_who_refuses_ends_the_interview(office: Office) -> None:
    row = hand_in(office, {**visit(), "b1_minor": "1", "b2_guardian": "2"})
    assert row.outcome == "F13"
    assert office.survey.results().dataset.cases["counted"].sum() == 0


def test_a_child_on_the_telephone_gives_no_answers_that_count(office: Office) -> None:
    row = hand_in(office, {**call(), "t4_who": "5", "t5_minor": "1"}, Channel.PHONE)
    assert row.outcome_class not in {"complete", "partial"} or row.unusable == "minor_without_guardian"
    assert office.survey.results().dataset.cases["counted"].sum() == 0
