"""A closed study keeps its figures and nothing of anybody."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import select

from survey_server.actors import Role
from survey_server.cli import main
from survey_server.closing.bundle import open_bundle, seal_bundle
from survey_server.closing.service import close_study, note_bundle
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.service import facts_of
from survey_server.handlers import drain
from survey_server.privacy.models import StudyKey
from survey_server.rosters.models import Household
from survey_server.studies.models import Channel
from survey_server.studies.service import add_place, create_study, study_of
from survey_server.submissions.receipts import canonical
from survey_server.submissions.service import receive
from tests.support.callers import bind_phone, browser, phone
from tests.support.studies import filled, person
from tests.survey_server.results.conftest import visit
from tests.survey_server.rights.conftest import Office

WORDS = "correct horse battery"
PICTURE = b"\xff\xd8\xff invented"
WITH_PHOTO = {
    "a8_spi": "1",
    "a9_photo": "1",
    "a10_audio": "2",
    "a12_geoc": "2",
    "a11_mode": "4",
    "c5_photo": "home.jpg",
}


def answered(office: Office) -> None:
    for number, satisfied in enumerate("5541"):
        case = office.case(number)
        xml = filled(office.services, office.study, case, visit(satisfied, **WITH_PHOTO)).xml
        receive(
            office.services,
            office.survey.actor,
            office.study.id,
            xml,
            {"home.jpg": PICTURE},
            channel=Channel.VISIT,
            case_id=case.id,
        )


@pytest.fixture
def closed(office: Office) -> Office:
    answered(office)
    with office.services.write() as work:
        study = study_of(work, office.study.id)
        add_place(work, study, label="某中心", county="柳湾县")
        note_bundle(work, study, b"a bundle")
    with office.services.write() as work:
        close_study(work, study_of(work, office.study.id), name=office.study.name)
    drain(office.services)
    return office


def test_a_bundle_opens_with_its_passphrase_and_no_other_and_not_after_a_change() -> None:
    sealed = seal_bundle({"甲.txt": b"one", "b.json": b"{}"}, WORDS)
    assert open_bundle(sealed, WORDS) == {"甲.txt": b"one", "b.json": b"{}"}
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for wrong, words in ((sealed, WORDS + "!"), (changed, WORDS), (b"PK", WORDS)):
        with pytest.raises(ZoufangError):
            open_bundle(wrong, words)
    with pytest.raises(ZoufangError):
        seal_bundle({}, "short")


def test_the_owner_makes_the_bundle_and_it_holds_nothing_personal(office: Office, tmp_path: Path) -> None:
    answered(office)
    desk = browser(office.app, "owner")
    page = f"/studies/{office.study.id}/closing"
    assert desk.post(f"{page}", data={"name": office.study.name}).status_code == 409, "the bundle comes first"
    bundle = desk.post(f"{page}/bundle", data={"passphrase": WORDS})
    assert bundle.status_code == 200
    path = tmp_path / "study.zoufang-bundle"
    path.write_bytes(bundle.data)
    done = CliRunner().invoke(
        main, ["study", "open-bundle", str(path), "--to", str(tmp_path / "out"), "--passphrase", WORDS]
    )
    assert done.exit_code == 0, done.output
    names = {found.name for found in (tmp_path / "out").iterdir()}
    assert {"说明.txt", "结果与原始数据.xlsx", "编码本.csv", "抽样证书.json", "报告-survey.docx"} <= names
    everything = b"".join(found.read_bytes() for found in (tmp_path / "out").iterdir())
    assert "某路".encode() not in everything
    assert b"19000000001" not in everything
    assert desk.post(page, data={"name": "another name"}).status_code == 400
    assert desk.post(page, data={"name": office.study.name}).status_code == 303


def test_closing_destroys_keys_files_and_look_up_and_says_so_under_our_signature(closed: Office) -> None:
    with closed.services.read() as work:
        assert work.session.exec(select(StudyKey)).all() == []
        assert {(home.id_index, home.phone_index) for home in work.session.exec(select(Household)).all()} == {
            (None, None)
        }
        with pytest.raises(ZoufangError) as caught:
            facts_of(work, closed.study.id, [closed.case().id])
    assert caught.value.problem is Problem.STUDY_CLOSED
    assert [name for name in closed.services.blobs.names() if name.startswith("submissions/")] == []

    stated = browser(closed.app, "evaluator").get(f"/studies/{closed.study.id}/closing/certificate.json").get_json()
    certificate = stated["certificate"]
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(certificate["public_key"]))
    key.verify(base64.b64decode(stated["signature"]), canonical(certificate))
    assert certificate["destroyed"]["submissions"] == 4
    assert certificate["destroyed"]["files"] == 4
    assert len(certificate["keys"]) == 2
    assert certificate["study"]["name"] == closed.study.name
    assert "甲1" not in json.dumps(certificate, ensure_ascii=False)


def test_the_figures_stay_as_they_stood(closed: Office) -> None:
    page = browser(closed.app, "evaluator").get(f"/studies/{closed.study.id}/results", follow_redirects=True)
    assert page.status_code == 200
    assert "SAT_TOP2" in page.text
    assert "0.75" in page.text, "three of four were satisfied"


def test_the_certificate_prints(closed: Office) -> None:
    pdf = browser(closed.app, "evaluator").get(f"/studies/{closed.study.id}/closing/certificate.pdf")
    assert pdf.data.startswith(b"%PDF")


def test_every_page_of_a_closed_study_answers(closed: Office) -> None:
    everything = person(closed.services, *Role, username="everything")
    desk = browser(closed.app, "everything")
    known = {"study_id": closed.study.id, "case_id": closed.case().id}
    asked = {}
    for rule in closed.app.url_map.iter_rules():
        if "study_id" in rule.arguments and "GET" in (rule.methods or set()) and rule.arguments <= set(known):
            address = closed.app.url_map.bind("localhost").build(
                rule.endpoint, {name: known[name] for name in rule.arguments}, method="GET"
            )
            asked[rule.rule] = desk.get(address).status_code
    assert len(asked) > 20
    assert {rule: status for rule, status in asked.items() if status >= 500} == {}
    assert phone(closed.app, bind_phone(closed.services, everything)).get("/visit/api/day").status_code == 200
    with closed.services.read() as work:
        token = work.vault.token("case", closed.case().id)
    assert closed.app.test_client().get(f"/q/{token}").status_code == 404
    assert desk.get("/call/").status_code == 200


def test_answers_that_arrive_after_the_end_are_refused(office: Office) -> None:
    xml = filled(office.services, office.study, office.case(), visit()).xml
    with office.services.write() as work:
        note_bundle(work, study_of(work, office.study.id), b"a bundle")
        close_study(work, study_of(work, office.study.id), name=office.study.name)
    with pytest.raises(ZoufangError) as caught:
        receive(
            office.services,
            office.survey.actor,
            office.study.id,
            xml,
            {},
            channel=Channel.VISIT,
            case_id=office.case().id,
        )
    assert caught.value.problem is Problem.STUDY_CLOSED


def test_a_study_that_never_began_can_be_closed_too(office: Office) -> None:
    with office.services.write() as work:
        study = create_study(work, name="没有开始", client="某局", company="某公司", hotline="000-1234567")
    desk = browser(office.app, "owner")
    page = f"/studies/{study.id}/closing"
    assert desk.post(f"{page}/bundle", data={"passphrase": WORDS}).status_code == 200
    assert desk.post(page, data={"name": "没有开始"}).status_code == 303
    assert desk.get(page).status_code == 200
    assert desk.get(f"/studies/{study.id}/privacy").status_code == 200
    assert desk.post(page, data={"name": "没有开始"}).status_code == 410, "once is enough"
