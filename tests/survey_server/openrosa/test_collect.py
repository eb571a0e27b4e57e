"""Every case between ODK Collect and the server, by a client that takes nothing that Collect would not take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest
from flask import Flask
from sqlmodel import col, select

from mobile_forms.answers import Rules
from mobile_forms.definition import read_form
from survey_server.accounts.service import devices_of, end_device
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import assign, facts_of
from survey_server.openrosa.documents import as_served
from survey_server.openrosa.service import list_name, settings_code
from survey_server.submissions.models import Submission, SubmissionFile
from survey_server.submissions.uploads import LONGEST_NAME, MAX_FILES
from tests.support.openrosa import AuthRequiredError, Collect, UploadFailedError, body_of, submission_address
from tests.support.studies import REFUSED_AT_THE_DOOR, filled
from tests.survey_server.openrosa.conftest import Field

PHOTO = "照片.jpg"
WITH_PHOTO = REFUSED_AT_THE_DOOR | {
    "a7_consent": "1",
    "a8_spi": "2",
    "a9_photo": "1",
    "a10_audio": "2",
    "a12_geoc": "2",
    "a11_mode": "4",
    "c5_photo": PHOTO,
}


def phone_of(field: Field) -> Collect:
    """A phone that has scanned the interviewer's code."""
    return Collect.scanning(field.app, settings_code(f"http://localhost/openrosa/{field.token}", "走访 K01"))


def door(field: Field) -> str:
    return f"http://localhost/openrosa/{field.token}/{field.drawn.study.id}/submission"


def record(field: Field, answers: Mapping[str, str] = REFUSED_AT_THE_DOOR) -> bytes:
    return filled(field.services, field.drawn.study, field.mine[0], answers).xml


def kept(field: Field) -> list[Submission]:
    with field.services.read() as work:
        return list(work.session.exec(select(Submission).order_by(col(Submission.received_at))).all())


def file_names(field: Field) -> set[str]:
    with field.services.read() as work:
        return set(work.session.exec(select(SubmissionFile.name)).all())


def test_a_phone_scans_its_code_fetches_everything_fills_and_sends(field: Field) -> None:
    phone, study = phone_of(field), field.drawn.study
    listed = phone.forms()
    visit = next(form for form in listed if form.form_id == "hv_household_visit")

    content, beside = phone.download(visit)
    households = phone.lists[list_name(study.id)]
    item = dict(households[field.mine[0].sample_id])
    answers = {"household": field.mine[0].sample_id, **WITH_PHOTO}
    done = Rules(read_form(content)).fill(answers, {f"{list_name(study.id)}.csv": [item]})
    said = phone.send(submission_address(content), done.xml, {PHOTO: b"\xff\xd8\xff"})

    assert beside == {}, "the only file is the list, and Collect keeps its rows as entities"
    assert set(households) == {case.sample_id for case in field.mine}
    assert {row["__version"] for row in households.values()} == {"1"}
    assert said == "已收到，谢谢。"
    (row,) = kept(field)
    assert (row.channel, row.case_id, row.missing) == ("collect", field.mine[0].id, [])
    assert {flag["rule"] for flag in row.flags} <= {"required", "not_a_picture"}, "no calculation differs"


class Case_(NamedTuple):  # noqa: N801 - a Case is a household here
    """What a phone sends after a first record, and the statuses that it sees."""

    name: str
    change: Callable[[bytes], bytes]
    statuses: list[int]
    rows: int = 1
    files: Mapping[str, bytes] = {}


def _same(xml: bytes) -> bytes:
    return xml


def _fresh(xml: bytes) -> bytes:
    return re.sub(rb"uuid:[0-9a-f-]+", b"uuid:00000000-0000-4000-8000-00000000000f", xml)


def _deep(xml: bytes) -> bytes:
    return xml.replace(b"<meta>", b"<a>" * 60 + b"</a>" * 60 + b"<meta>")


def outcome(phone: Collect, address: str, xml: bytes, files: Mapping[str, bytes]) -> str:
    """What Collect shows its user: the server's thanks, or why it was refused."""
    try:
        return phone.send(address, xml, files)
    except UploadFailedError as error:
        return str(error)


DTD = b'<!DOCTYPE data [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = b'<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
CASES = [
    Case_("a duplicate", _same, [201]),
    Case_("a late file", _same, [201], files={"晚到.jpg": b"\xff\xd8\xff"}),
    Case_("files in several requests", _same, [201, 201], files={f"{n}.jpg": b"x" for n in range(150)}),
    Case_("a second record", _fresh, [201], rows=2),
    Case_("other answers under the same number", lambda xml: xml.replace(b"F012", b"F013"), [409]),
    Case_("an unknown form", lambda xml: xml.replace(b'id="hv_household_visit"', b'id="no"'), [404]),
    Case_("an unknown version", lambda xml: re.sub(rb'version="\d+"', b'version="1"', xml), [404]),
    Case_("half a record", lambda xml: xml[: len(xml) // 2], [400]),
    Case_("no XML at all", lambda _: b"\x00\x01\x02", [400]),
    Case_("nothing", lambda _: b"", [400]),
    Case_("an external entity", lambda xml: xml.replace(b"<data", DTD + b"<data", 1), [400]),
    Case_("entities that grow", lambda xml: xml.replace(b"<data", LAUGHS + b"<data", 1), [400]),
    Case_("UTF-16", lambda xml: xml.decode().encode("utf-16"), [400]),
    Case_("absurd depth", _deep, [400]),
    Case_("too many elements", lambda xml: xml.replace(b"<meta>", b"<q/>" * 30_000 + b"<meta>"), [400]),
    Case_("too large a record", lambda xml: xml.replace(b"F012", b"x" * 2_100_000), [400]),
    Case_("no instanceID", lambda xml: re.sub(rb"<instanceID>.*</instanceID>", b"", xml), [400]),
    Case_("an endless instanceID", lambda xml: xml.replace(b"uuid:", b"uuid:" + b"9" * 9000), [400]),
    Case_("an endless file name", _fresh, [400], files={"长" * (LONGEST_NAME + 1): b""}),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_case_has_its_status_and_a_sentence(field: Field, case: Case_) -> None:
    phone, xml = phone_of(field), record(field)
    phone.send(door(field), xml)
    first, phone.requests[:] = kept(field)[0].fingerprint, []
    said = outcome(phone, door(field), case.change(xml), case.files)

    refused = case.statuses[-1] >= 400
    assert bool(re.search(rf"\({case.statuses[-1]}\d\d\)$", said)) == refused, "our sentence ends with its number"
    assert phone.requests == case.statuses
    rows = kept(field)
    assert len(rows) == case.rows
    assert rows[0].fingerprint == first, "nothing is overwritten"
    assert file_names(field) == (set() if refused else set(case.files))


def test_a_record_in_several_requests_waits_until_its_last_file_is_here(field: Field) -> None:
    phone = phone_of(field)
    xml = record(field, WITH_PHOTO)
    phone.send(door(field), xml, {"大.jpg": b"x" * 600})
    assert kept(field)[0].missing == [PHOTO]

    phone.send(door(field), xml, {"大.jpg": b"x" * 600, PHOTO: b"\xff\xd8\xff"}, limit=700)

    assert phone.requests == [201, 201, 201], "two files of 600 bytes need two requests of 700"
    assert kept(field)[0].missing == []
    assert file_names(field) == {"大.jpg", PHOTO}


def test_a_phone_that_was_ended_is_asked_for_credentials_everywhere(field: Field) -> None:
    phone, xml = phone_of(field), record(field)
    (visit, *_), wrong = phone.forms(), Collect(field.app.test_client(), "http://localhost/openrosa/wrong-password")
    with field.services.write() as work:
        assert field.interviewer.id is not None
        end_device(work, devices_of(work, field.interviewer.id)[0].id)

    for tried in (phone, wrong):
        with pytest.raises(AuthRequiredError):
            tried.forms()
    for attempt in (lambda: phone.download(visit), lambda: phone.manifest(visit), lambda: phone.send(door(field), xml)):
        with pytest.raises(AuthRequiredError):
            attempt()
    assert kept(field) == []


def test_a_household_that_went_to_somebody_else_leaves_the_phone(on_sqlite: Field) -> None:
    field, phone = on_sqlite, phone_of(on_sqlite)
    visit = phone.forms()[0]
    phone.download(visit)
    stays, goes = (case.sample_id for case in field.mine)
    with field.services.write() as work:
        assign(work, field.drawn.study.id, [field.mine[1].id], None)

    phone.download(visit)

    assert set(phone.lists[list_name(field.drawn.study.id)]) == {stays}
    asked = phone.deleted(phone.manifest(visit)[0], [stays, goes, "unknown"])
    assert asked == {stays: False, goes: True, "unknown": True}


def test_the_lists_of_two_studies_have_two_names_and_every_look_up_follows(on_sqlite: Field) -> None:
    field = on_sqlite
    content = phone_of(field).download(phone_of(field).forms()[0])[0]
    with field.services.read() as work:
        item = facts_of(work, field.drawn.study.id, [field.mine[0].id])[0].as_item()
    name = list_name(field.drawn.study.id)
    other = as_served(content, "https://example.org/submission", {name: "households-2"})

    for form, file in ((content, name), (other, "households-2")):
        rules = Rules(read_form(form))
        assert rules.form.media == (f"{file}.csv",)
        done = rules.fill({"household": item["name"]}, {f"{file}.csv": [item]})
        assert done.values["p_county"] == item["p_county"]
    assert submission_address(other) == "https://example.org/submission"


def sent_raw(app: Flask, address: str, xml: bytes, disposition: bytes) -> int:
    boundary = "b"
    body = body_of(boundary, [("xml_submission_file", "x.xml", xml)]).removesuffix(b"--b--\r\n")
    body += b"--b\r\nContent-Disposition: form-data; " + disposition + b"\r\n\r\npicture\r\n--b--\r\n"
    kind = f"multipart/form-data; boundary={boundary}"
    return app.test_client().post(address, data=body, content_type=kind).status_code


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('name="照片.jpg"; filename="照片.jpg"'.encode(), "照片.jpg"),
        (b"name=\"photo\"; filename*=UTF-8''%E7%85%A7%E7%89%87.jpg", "照片.jpg"),
        (b'name="photo"; filename="x.jpg"; filename*=utf-8\'zh\'%E7%85%A7%E7%89%87.jpg', "照片.jpg"),
        ('name="a"; filename="C:\\\\fakepath\\\\照片.jpg"'.encode(), "照片.jpg"),
        (b'name="a"; filename="../../../etc/passwd"', "passwd"),
        (b'name="a"; filename="a%22b.jpg"', 'a"b.jpg'),
        (b'name="a"; filename="a\x00b.jpg"', "ab.jpg"),
    ],
)
def test_a_file_keeps_its_name_however_it_is_written(on_sqlite: Field, disposition: bytes, name: str) -> None:
    assert sent_raw(on_sqlite.app, door(on_sqlite), record(on_sqlite), disposition) == 201
    assert file_names(on_sqlite) == {name}


def test_a_name_in_another_encoding_is_refused_or_kept_and_never_a_fault(on_sqlite: Field) -> None:
    name = b'name="a"; filename="' + "照片".encode("gb18030") + b'.jpg"'
    assert sent_raw(on_sqlite.app, door(on_sqlite), record(on_sqlite), name) in {201, 400}


def test_more_files_than_one_request_may_hold_are_refused_in_words(on_sqlite: Field) -> None:
    parts = [("xml_submission_file", "x.xml", record(on_sqlite))]
    parts += [(f"{number}.jpg", f"{number}.jpg", b"") for number in range(MAX_FILES + 30)]
    kind = "multipart/form-data; boundary=b"
    refused = on_sqlite.app.test_client().post(door(on_sqlite), data=body_of("b", parts), content_type=kind)

    assert refused.status_code == 413
    assert "41302" in refused.text
    assert str(MAX_FILES) in refused.text
    assert kept(on_sqlite) == []


def test_a_packed_body_is_not_unpacked(on_sqlite: Field) -> None:
    answer = on_sqlite.app.test_client().post(
        door(on_sqlite),
        data=b"\x1f\x8b\x08" + b"\x00" * 100,
        content_type="multipart/form-data; boundary=b",
        headers={"Content-Encoding": "gzip"},
    )
    assert answer.status_code == 400
    assert kept(on_sqlite) == []


def test_no_amount_reaches_a_respondents_own_browser(on_sqlite: Field) -> None:
    with on_sqlite.services.read() as work:
        cases = work.session.exec(select(Case.id)).all()
        for facts in facts_of(work, on_sqlite.drawn.study.id, cases):
            item = facts.as_public_item()
            assert "728" not in {item["p_amount"], item["label"]}
            assert facts.name not in item.values()
