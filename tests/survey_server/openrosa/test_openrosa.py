"""The OpenRosa face, spoken to as ODK Collect speaks: its statuses, headers and documents."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import zlib
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from lxml import etree
from sqlmodel import select
from werkzeug.test import TestResponse

from mobile_forms.definition import read_form
from survey_server.accounts.service import devices_of, end_device
from survey_server.actors import Role
from survey_server.console.qr import svg
from survey_server.fieldwork.service import assign
from survey_server.openrosa.service import list_name, settings_code
from survey_server.studies.forms import current_form
from survey_server.studies.models import Purpose
from survey_server.submissions.models import Submission, SubmissionFile
from tests.support.studies import PASSWORD, REFUSED_AT_THE_DOOR, filled, make_study, person
from tests.survey_server.openrosa.conftest import Field, give, sign_in

NAMESPACES = {
    "list": "http://openrosa.org/xforms/xformsList",
    "manifest": "http://openrosa.org/xforms/xformsManifest",
    "response": "http://openrosa.org/http/response",
    "xforms": "http://www.w3.org/2002/xforms",
}
PHOTO = "照片.jpg"


def read(response: TestResponse) -> etree._Element:
    assert response.content_type == "text/xml; charset=utf-8"
    assert response.headers["X-OpenRosa-Version"] == "1.0"
    assert response.headers["Date"].endswith("GMT")
    return etree.fromstring(response.data)


def texts(root: etree._Element, path: str) -> list[str]:
    return [node.text or "" for node in root.iterfind(path, NAMESPACES)]


def where_records_go(form: etree._Element) -> str:
    found = form.find(".//xforms:model/xforms:submission", NAMESPACES)
    assert found is not None
    return found.get("action", "")


def get(collect: FlaskClient, address: str) -> TestResponse:
    """Fetch an absolute address that a document named."""
    parts = urlsplit(address)
    return collect.get(parts.path, base_url=f"{parts.scheme}://{parts.netloc}", headers={"X-OpenRosa-Version": "1.0"})


def listed(collect: FlaskClient, token: str, query: str = "") -> etree._Element:
    return read(collect.get(f"/openrosa/{token}/formList{query}"))


def send(
    collect: FlaskClient, address: str, xml: bytes, files: dict[str, bytes] | None = None, **fields: str
) -> TestResponse:
    parts = {name: (io.BytesIO(content), name, "image/jpeg") for name, content in (files or {}).items()}
    record = (io.BytesIO(xml), "record.xml", "text/xml")
    return collect.post(address, data={"xml_submission_file": record, **parts, **fields})


def record_of(field: Field, number: int = 0) -> bytes:
    return filled(field.services, field.drawn.study, field.mine[number], REFUSED_AT_THE_DOOR).xml


def stored(field: Field) -> list[Submission]:
    with field.services.read() as work:
        return list(work.session.exec(select(Submission)).all())


def test_an_interviewer_downloads_forms_and_households_and_hands_in(field: Field) -> None:
    collect = field.app.test_client()
    forms = listed(collect, field.token)

    names = texts(forms, "list:xform/list:formID")
    form = get(collect, texts(forms, "list:xform/list:downloadUrl")[0])
    files = read(get(collect, texts(forms, "list:xform/list:manifestUrl")[0]))
    households = get(collect, texts(files, "manifest:mediaFile/manifest:downloadUrl")[0])
    address = urlsplit(where_records_go(read(form))).path
    taken = send(collect, address, record_of(field), {PHOTO: b"\xff\xd8"})

    assert names == ["hv_household_visit", "sa_recipient_survey"]
    assert texts(forms, "list:xform/list:hash")[0] == f"md5:{hashlib.md5(form.data).hexdigest()}"
    assert texts(files, "manifest:mediaFile/manifest:filename") == [f"{list_name(field.drawn.study.id)}.csv"]
    assert texts(files, "manifest:mediaFile/manifest:hash") == [f"md5:{hashlib.md5(households.data).hexdigest()}"]
    assert taken.status_code == 201
    assert texts(read(taken), "response:message") == ["已收到，谢谢。"]
    (row,) = stored(field)
    assert (row.channel, row.case_id, row.person_id) == ("collect", field.mine[0].id, field.interviewer.id)
    assert row.device_id is not None
    assert row.study_id == field.drawn.study.id


def test_the_households_are_those_of_the_interviewer_alone(collect: FlaskClient, on_sqlite: Field) -> None:
    forms = listed(collect, on_sqlite.token)
    files = read(get(collect, texts(forms, "list:xform/list:manifestUrl")[0]))
    content = get(collect, texts(files, "manifest:mediaFile/manifest:downloadUrl")[0])
    rows = list(csv.DictReader(io.StringIO(content.data.decode())))

    assert [row["name"] for row in rows] == [case.sample_id for case in on_sqlite.mine]
    assert {"label", "p_county", "p_amount", "p_standard_year"} <= set(rows[0])
    assert rows[0]["p_county"] == "甲县"
    assert "190000" not in content.data.decode()


def test_the_form_is_the_published_one_with_the_address_of_its_study(collect: FlaskClient, on_sqlite: Field) -> None:
    address = texts(listed(collect, on_sqlite.token), "list:xform/list:downloadUrl")[0]
    content = get(collect, address).data
    with on_sqlite.services.read() as work:
        published = current_form(work, on_sqlite.drawn.study.id, Purpose.VISIT)

    assert published is not None
    name = list_name(on_sqlite.drawn.study.id)
    assert content.replace(name.encode(), b"households").count(b"households") == published.xform.count(b"households")
    assert [(one.path, one.kind, one.label) for one in read_form(content).questions] == [
        (one.path, one.kind, one.label) for one in read_form(published.xform).questions
    ]
    assert where_records_go(etree.fromstring(content)) == (
        f"http://localhost/openrosa/{on_sqlite.token}/{on_sqlite.drawn.study.id}/submission"
    )


def test_the_list_can_be_asked_for_one_form(collect: FlaskClient, on_sqlite: Field) -> None:
    forms = listed(collect, on_sqlite.token, "?formID=sa_recipient_survey")

    assert texts(forms, "list:xform/list:formID") == ["sa_recipient_survey"]


def test_who_has_no_households_has_no_forms(collect: FlaskClient, on_sqlite: Field) -> None:
    token = sign_in(on_sqlite.services, person(on_sqlite.services, Role.INTERVIEWER, username="new"))
    foreign = urlsplit(texts(listed(collect, on_sqlite.token), "list:xform/list:downloadUrl")[0]).path

    assert len(listed(collect, token)) == 0
    assert collect.get(foreign.replace(on_sqlite.token, token)).status_code == 404


@pytest.mark.parametrize("pinned", [False, True])
def test_head_answers_204_and_how_much_may_be_sent(collect: FlaskClient, on_sqlite: Field, pinned: bool) -> None:
    study = f"/{on_sqlite.drawn.study.id}" if pinned else ""

    response = collect.head(f"/openrosa/{on_sqlite.token}{study}/submission")

    assert (response.status_code, response.data) == (204, b"")
    limit = on_sqlite.services.settings.max_submission_bytes
    assert response.headers["X-OpenRosa-Accept-Content-Length"] == str(limit)
    assert response.headers["X-OpenRosa-Version"] == "1.0"


def test_a_file_keeps_its_chinese_name_and_loses_its_path(collect: FlaskClient, on_sqlite: Field) -> None:
    address = f"/openrosa/{on_sqlite.token}/submission"
    xml = record_of(on_sqlite)

    send(collect, address, xml, {PHOTO: b"\xff\xd8"})
    send(collect, address, xml, {"../../墙.jpg": b"\xff\xd8"})

    with on_sqlite.services.read() as work:
        assert set(work.session.exec(select(SubmissionFile.name)).all()) == {PHOTO, "墙.jpg"}


def test_the_same_record_twice_and_a_late_file_are_taken(collect: FlaskClient, on_sqlite: Field) -> None:
    address = f"/openrosa/{on_sqlite.token}/submission"
    xml = record_of(on_sqlite)

    answers = [
        send(collect, address, xml, {"a.jpg": b"a"}, **{"*isIncomplete*": "yes"}),
        send(collect, address, xml, {"b.jpg": b"b"}),
        send(collect, address, xml),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len(stored(on_sqlite)) == 1
    with on_sqlite.services.read() as work:
        assert set(work.session.exec(select(SubmissionFile.name)).all()) == {"a.jpg", "b.jpg"}


def test_a_record_of_the_same_number_with_other_answers_is_refused(collect: FlaskClient, on_sqlite: Field) -> None:
    address = f"/openrosa/{on_sqlite.token}/submission"
    xml = record_of(on_sqlite)
    send(collect, address, xml)

    refused = send(collect, address, xml.replace(b"F012", b"F013"))

    assert refused.status_code == 409
    assert "40901" in texts(read(refused), "response:message")[0]


@pytest.mark.parametrize(
    ("xml", "status"),
    [
        (b"not xml", 400),
        (b'<data id="hv_household_visit" version="2025120101"><meta/></data>', 400),
        (b'<data id="unknown" version="1"><meta><instanceID>uuid:1</instanceID></meta></data>', 404),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(
    collect: FlaskClient, on_sqlite: Field, xml: bytes, status: int
) -> None:
    for address in ("submission", f"{on_sqlite.drawn.study.id}/submission"):
        refused = send(collect, f"/openrosa/{on_sqlite.token}/{address}", xml)

        assert refused.status_code == status
        assert texts(read(refused), "response:message")[0]
    assert stored(on_sqlite) == []


def test_a_request_without_a_record_is_refused(collect: FlaskClient, on_sqlite: Field) -> None:
    refused = collect.post(f"/openrosa/{on_sqlite.token}/submission", data={"x": "1"})

    assert refused.status_code == 400
    assert read(refused) is not None


def test_a_record_that_is_too_large_is_refused(collect: FlaskClient, on_sqlite: Field) -> None:
    limit = on_sqlite.services.settings.max_submission_bytes

    refused = collect.post(
        f"/openrosa/{on_sqlite.token}/submission",
        input_stream=io.BytesIO(b"--x--"),
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(limit * 2)},
    )

    assert refused.status_code == 413
    assert read(refused) is not None


def test_a_phone_that_was_ended_or_is_unknown_speaks_for_nobody(collect: FlaskClient, on_sqlite: Field) -> None:
    operator = sign_in(on_sqlite.services, person(on_sqlite.services, Role.OPERATOR))
    with on_sqlite.services.write() as work:
        assert on_sqlite.interviewer.id is not None
        end_device(work, devices_of(work, on_sqlite.interviewer.id)[0].id)

    for token in (on_sqlite.token, "unknown", operator):
        for response in (
            collect.get(f"/openrosa/{token}/formList"),
            collect.head(f"/openrosa/{token}/submission"),
            send(collect, f"/openrosa/{token}/submission", b"<data/>"),
        ):
            assert response.status_code == 401
            assert response.headers["X-OpenRosa-Version"] == "1.0"


def test_an_address_that_is_none_is_answered_in_openrosa(collect: FlaskClient, on_sqlite: Field) -> None:
    assert "40401" in texts(read(collect.get(f"/openrosa/{on_sqlite.token}/nothing")), "response:message")[0]


def test_a_practice_record_never_reaches_the_real_study(collect: FlaskClient, on_sqlite: Field) -> None:
    practice = make_study(on_sqlite.services, {("甲县", "1"): 3}, practice=True)
    other = person(on_sqlite.services, Role.INTERVIEWER, username="both")
    for drawn in (on_sqlite.drawn, practice):
        give(on_sqlite.services, drawn, other)
    token = sign_in(on_sqlite.services, other)
    xml = filled(on_sqlite.services, practice.study, practice.main[0], REFUSED_AT_THE_DOOR).xml

    forms = listed(collect, token)
    send(collect, f"/openrosa/{token}/{practice.study.id}/submission", xml)

    assert texts(forms, "list:xform/list:formID") == ["hv_household_visit", "sa_recipient_survey"]
    content = get(collect, texts(forms, "list:xform/list:downloadUrl")[0]).data
    assert str(on_sqlite.drawn.study.id) in content.decode()
    (row,) = stored(on_sqlite)
    assert (row.study_id, row.case_id) == (practice.study.id, practice.main[0].id)


def test_the_office_signs_a_collect_in_by_its_settings_code(collect: FlaskClient, on_sqlite: Field) -> None:
    person(on_sqlite.services, Role.EVALUATOR, username="evaluator")
    collect.post("/sign-in", data={"username": "evaluator", "password": PASSWORD})
    page = collect.post(
        f"/people/{on_sqlite.interviewer.id}/collect", headers={"Sec-Fetch-Site": "same-origin"}
    ).get_data(as_text=True)
    (server,) = re.findall(r'data-testid="collect-server">([^<]+)<', page)

    forms = read(get(on_sqlite.app.test_client(), f"{server}/formList"))
    settings = json.loads(zlib.decompress(base64.b64decode(settings_code(server, "走访 K01"))))

    assert texts(forms, "list:xform/list:formID") == ["hv_household_visit", "sa_recipient_survey"]
    assert settings["general"]["server_url"] == server
    assert settings["project"] == {"name": "走访 K01", "icon": "走", "color": "#1f5f8b"}
    assert svg(settings_code(server, "走访 K01")) in page


def test_who_has_handed_all_households_over_still_hands_in(collect: FlaskClient, on_sqlite: Field) -> None:
    xml = record_of(on_sqlite)
    with on_sqlite.services.write() as work:
        assign(work, on_sqlite.drawn.study.id, [case.id for case in on_sqlite.mine], None)

    assert len(listed(collect, on_sqlite.token)) == 0
    assert send(collect, f"/openrosa/{on_sqlite.token}/submission", xml).status_code == 201


def test_the_phones_secret_is_not_written_to_a_log(
    collect: FlaskClient,
    on_sqlite: Field,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    collect.get(f"/openrosa/{on_sqlite.token}/formList")
    collect.get(f"/openrosa/{on_sqlite.token}/nothing")
    send(collect, f"/openrosa/{on_sqlite.token}/submission", b"not xml")

    written = "".join(capfd.readouterr()) + caplog.text
    assert re.search(re.escape(on_sqlite.token), written) is None
