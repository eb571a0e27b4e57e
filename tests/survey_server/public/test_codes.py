"""Printed codes: what they hold, what they show, how they are drawn."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import typst
from flask.testing import FlaskClient
from lxml import etree, html
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from sqlmodel import select

from survey_server.actors import Role
from survey_server.audit.models import Event
from survey_server.console import qr, typesetting
from survey_server.errors import Problem, ZoufangError
from survey_server.public import codes
from survey_server.public.subjects import subject_of
from survey_server.studies.models import Purpose, Study
from survey_server.studies.service import create_study, places, study_of
from tests.support.studies import PASSWORD, person
from tests.survey_server.public.walking import Installed

ADDRESS = "https://survey.example.cn/q/rIYuZaBV5CcDtmRUcE4OIF0BcUzq_ue3VYRVoQ"
BOX = re.compile(r"M(\d+) (\d+)h(\d+)v1H\1z")


@pytest.fixture
def evaluator(on_sqlite: Installed) -> FlaskClient:
    """Somebody of the office, signed in."""
    person(on_sqlite.services, Role.EVALUATOR, username="evaluator")
    client = on_sqlite.app.test_client()
    client.post("/sign-in", data={"username": "evaluator", "password": PASSWORD})
    return client


@pytest.fixture
def english(on_sqlite: Installed) -> Iterator[None]:
    """An office that works in English."""
    with on_sqlite.app.test_request_context(headers={"Cookie": "language=en"}):
        yield


def sheets_of(installed: Installed, kind: codes.Kind = codes.Kind.LABELS) -> codes.Printed:
    with installed.services.read() as work:
        return codes.printed(work, study_of(work, installed.drawn.study.id), kind)


def dark_modules(drawn: str) -> set[tuple[int, int]]:
    """Column and row of every dark module of a drawn code, read back from its path."""
    path = etree.fromstring(drawn)[1].get("d", "")
    assert BOX.sub("", path) == ""
    boxes = ((int(x), int(y), int(width)) for x, y, width in BOX.findall(path))
    return {(column, y) for x, y, width in boxes for column in range(x, x + width)}


def test_the_drawing_is_the_matrix_of_qrcode_with_its_quiet_zone() -> None:
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4, mask_pattern=qr.MASK)
    code.add_data(ADDRESS)
    code.make(fit=True)
    expected = code.get_matrix()

    drawn = qr.svg(ADDRESS)

    assert dark_modules(drawn) == {(x, y) for y, row in enumerate(expected) for x, dark in enumerate(row) if dark}
    assert etree.fromstring(drawn).get("viewBox") == f"0 0 {len(expected)} {len(expected)}"


def test_each_label_leads_to_its_own_household(on_sqlite: Installed, english: None) -> None:
    sheets = sheets_of(on_sqlite)

    assert [label.number for label in sheets.papers] == [case.sample_id for case in on_sqlite.drawn.main]
    for label, case in zip(sheets.papers, on_sqlite.drawn.main, strict=True):
        token = on_sqlite.services.vault.token("case", case.id)
        address = f"{on_sqlite.services.settings.public_url}/q/{token}"
        assert label.code == qr.svg(address, qr.Correction.PAPER)
        with on_sqlite.services.read() as work:
            assert subject_of(work, token).number == label.number


@pytest.mark.parametrize("kind", [codes.Kind.LABELS, codes.Kind.DOOR, codes.Kind.LETTERS])
def test_what_goes_to_a_household_is_chinese_and_says_nothing_of_it(
    on_sqlite: Installed, english: None, kind: codes.Kind
) -> None:
    sheets = sheets_of(on_sqlite, kind)
    printed = json.dumps(asdict(sheets), ensure_ascii=False)

    for word in ("样本编号", "扫码", "000-1234567", "不记姓名"):
        assert word in printed
    for secret in ("甲1", "城市低保", "低保", "救助", "某路", "第1村"):
        assert secret not in printed


def test_a_poster_names_its_place_and_a_training_is_asked_about_as_one(on_sqlite: Installed, english: None) -> None:
    on_sqlite.place_token()
    on_sqlite.place_token(Purpose.TRAINING)

    posters = {poster.number: poster for poster in sheets_of(on_sqlite, codes.Kind.POSTERS).papers}

    assert posters["P-01"].title == "请您给服务评个分"
    assert posters["P-01"].place == "青石镇便民服务中心"
    assert posters["S-01"].title == "请您评价这次培训"


def test_what_users_wrote_is_printed_as_text(on_sqlite: Installed) -> None:
    on_sqlite.place_token()
    sheets = sheets_of(on_sqlite, codes.Kind.POSTERS)
    poster = replace(sheets.papers[0], place="青石镇 #strong[大厅] *x* #panic()")

    pdf = codes.typeset(replace(sheets, papers=(poster,) * 2))

    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2


def test_without_a_chinese_font_printing_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(typesetting, "FONTS", tmp_path)
    monkeypatch.setattr(typst, "Fonts", lambda **_: type("Bare", (), {"families": lambda _: ["DejaVu Sans"]})())

    with pytest.raises(ZoufangError) as caught:
        codes.typeset(codes.Printed(codes.Kind.LABELS, (), {}))

    assert caught.value.problem is Problem.STATE_CONFLICT
    assert "bootstrap.py" in str(caught.value.fields["why"])


def test_the_office_adds_places_and_prints(evaluator: FlaskClient, on_sqlite: Installed) -> None:
    study = on_sqlite.drawn.study
    home = f"/studies/{study.id}/codes"
    same = {"Sec-Fetch-Site": "same-origin"}

    added = evaluator.post(
        f"/studies/{study.id}/places",
        data={"label": "城关街道大厅", "county": "甲县", "purpose": "public"},
        headers=same,
    )
    evaluator.post(f"/studies/{study.id}/places", data={"label": "第一期", "purpose": "training"}, headers=same)
    page = html.fromstring(evaluator.get(added.headers["Location"]).get_data(as_text=True))
    pdf = evaluator.get(f"{home}.pdf?what=posters")
    picture = evaluator.get(f"{home}.png?what=labels&sheet=24")

    assert (picture.status_code, picture.data[:4]) == (200, b"\x89PNG")
    assert added.headers["Location"] == home
    with on_sqlite.services.read() as work:
        found = [(place.code, place.purpose) for place in places(work, study.id)]
        events = work.session.exec(select(Event).where(Event.action == "codes.print")).all()
    assert found == [("P-01", "public"), ("S-01", "training")]
    links = [link.get("href", "") for link in page.iter("a") if link.get("data-testid") == "place-link"]
    assert [on_sqlite.app.test_client().get(link).status_code for link in links] == [200, 200]
    assert (pdf.status_code, pdf.content_type) == (200, "application/pdf")
    assert [event.details for event in events] == [{"kind": "posters", "codes": 2}]


def test_a_study_without_sample_and_places_has_nothing_to_print(evaluator: FlaskClient, on_sqlite: Installed) -> None:
    with on_sqlite.services.write() as work:
        study: Study = create_study(work, name="空的")

    page = evaluator.get(f"/studies/{study.id}/codes").get_data(as_text=True)
    pdf = evaluator.get(f"/studies/{study.id}/codes.pdf")

    assert "codes.pdf" not in page
    assert pdf.status_code == 409
    assert "还没有抽样" in pdf.get_data(as_text=True)


def test_the_office_must_be_signed_in(visitor: FlaskClient, on_sqlite: Installed) -> None:
    home = f"/studies/{on_sqlite.drawn.study.id}"

    assert visitor.get(f"{home}/codes").headers["Location"].startswith("/sign-in")
    assert visitor.get(f"{home}/codes.pdf").headers["Location"].startswith("/sign-in")
    assert visitor.post(f"{home}/places", data={"label": "x"}).status_code == 401
