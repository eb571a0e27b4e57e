"""Rows of a repeat, photographs and places on a page without scripts."""

from __future__ import annotations

import io
import uuid

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlmodel import select

from survey_server.errors import Problem, ZoufangError
from survey_server.privacy.service import cipher_of
from survey_server.public.models import HeldPicture
from survey_server.public.pictures import KEPT, redrawn
from survey_server.studies.forms import publish
from survey_server.studies.models import Purpose
from survey_server.studies.service import study_of
from survey_server.submissions.models import SubmissionFile
from tests.support.installation import SteppingClock
from tests.survey_server.public.walking import Installed, Shown, open_page
from tests.survey_server.public.workbooks import YES_NO, Row, ask, workbook

PLACE: Row = {"type": "select_one_from_file places.csv", "name": "place", "label": "地点", "bind::zf:role": "case"}
MEMBERS: list[Row] = [
    {"type": "begin_repeat", "name": "member", "label": "家里人"},
    ask("age", "integer", required="yes", constraint=". < 120", constraint_message="年龄不对"),
    ask("school", relevant="${age} < 18", required="yes"),
    {"type": "end_repeat"},
]


def published(installed: Installed, clock: SteppingClock, rows: list[Row]) -> str:
    """The token of a place where this is asked."""
    token = installed.place_token()
    clock.advance(minutes=1)
    # each test's study is a copy of one, and a process reads each version once: so each publishes a version of its own
    book = workbook([{**PLACE, "bind::zf:metric": "place_id"}, *rows], YES_NO, {"version": uuid.uuid4().hex})
    with installed.services.write() as work:
        publish(work, study_of(work, installed.drawn.study.id), Purpose.PUBLIC, "small.xlsx", book, reason="试")
    return token


def post(visitor: FlaskClient, token: str, page: Shown, **given: object) -> Shown:
    """Press a button; a field is written with ``__`` for its dot."""
    data = {name.replace("__", "."): value for name, value in given.items()}
    return Shown(visitor.post(f"/q/{token}", data={"state": page.state, **data}))


def picture(size: tuple[int, int] = (3000, 2000), kind: str = "JPEG") -> bytes:
    drawn = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "camera of somebody"
    whole = Image.new("RGB", size, "green")
    whole.paste(Image.effect_noise((500, 500), 60).convert("RGB"))  # more than the parser holds at once
    whole.save(drawn, kind, exif=exif)
    return drawn.getvalue()


def fields(page: Shown) -> list[str]:
    return list(dict.fromkeys(page.tree.xpath("//fieldset/@id | //input[@type='text']/@name")))


def test_rows_are_added_removed_and_handed_in(visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock) -> None:
    token = published(on_sqlite, clock, [*MEMBERS, ask("good")])
    page = open_page(visitor, token)
    assert fields(page) == ["q0.age"]

    page = post(visitor, token, page, q0__age="40", add="1")
    page = post(visitor, token, page, q0__age="40", q1__age="7", add="1")
    page = post(visitor, token, page, q0__age="40", q1__age="7", q2__age="70", remove="0")
    assert page.tree.xpath("//input[@type='text']/@value") == ["7", "70"]

    assert fields(page) == ["q0.age", "q0.school", "q1.age"]

    following = post(visitor, token, page, q0__age="7", q0__school="1", q1__age="70", next="1")
    assert following.asks == ["good"]
    assert post(visitor, token, following, q__good="1", next="1").response.status_code == 303

    (row,) = on_sqlite.submissions()
    with on_sqlite.services.read() as work:
        xml = cipher_of(work, row.study_id).open(row.id, row.xml).decode()
    assert xml.count("<member>") == 2
    assert "<member><age>7</age><school>1</school></member><member><age>70</age></member>" in xml
    assert row.flags == []


def test_what_an_answer_opens_appears_in_its_row(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock
) -> None:
    token = published(on_sqlite, clock, [*MEMBERS, ask("good")])

    opened = post(visitor, token, open_page(visitor, token), q0__age="7", next="1")

    assert (fields(opened), opened.errors) == (["q0.age", "q0.school"], {})
    assert "q0.school" in post(visitor, token, opened, q0__age="7", next="1").tree.xpath(
        "//*[@class='question wrong']/@id"
    )


def test_what_is_wrong_stands_in_its_own_row(visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock) -> None:
    token = published(on_sqlite, clock, [*MEMBERS, ask("good")])
    page = post(visitor, token, open_page(visitor, token), q0__age="40", add="1")

    wrong = post(visitor, token, page, q0__age="40", q1__age="400", next="1")

    assert wrong.tree.xpath("//div[contains(@class, 'wrong')]//input/@name") == ["q1.age"]
    assert "年龄不对" in wrong.source


def test_a_repeat_left_empty_has_no_rows_and_can_be_gone_back_to(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock
) -> None:
    token = published(on_sqlite, clock, [*MEMBERS, ask("good")])
    following = post(visitor, token, open_page(visitor, token), q0__age="", next="1")
    assert following.asks == ["good"]

    assert fields(post(visitor, token, following, back="1")) == ["q0.age"]
    post(visitor, token, following, q__good="1", next="1")
    (row,) = on_sqlite.submissions()
    assert row.flags == []


def test_a_photograph_is_drawn_anew_held_sealed_and_handed_in(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock
) -> None:
    token = published(on_sqlite, clock, [ask("photo", "image"), *[ask(f"g{n}") for n in range(8)], ask("last")])
    page = open_page(visitor, token)
    assert page.tree.xpath("//form/@enctype") == ["multipart/form-data"]
    assert page.tree.xpath("//input[@type='file']/@accept") == ["image/*"], "WeChat opens no other"

    page = post(visitor, token, page, q__photo=(io.BytesIO(picture()), "IMG_1.jpg"), next="1")
    with on_sqlite.services.read() as work:
        (held,) = work.session.exec(select(HeldPicture)).all()
        assert b"JFIF" not in held.content, "sealed"
    back = post(visitor, token, page, back="1")
    assert "照片收到了" in back.source
    page = post(visitor, token, back, next="1")
    assert post(visitor, token, page, next="1").response.status_code == 303

    (row,) = on_sqlite.submissions()
    with on_sqlite.services.read() as work:
        (file,) = work.session.exec(select(SubmissionFile)).all()
        content = cipher_of(work, row.study_id).open(file.id, on_sqlite.services.blobs.get(file.blob))
        assert work.session.exec(select(HeldPicture)).all() == []
    assert on_sqlite.values(row)["photo"] == file.name
    assert (row.missing, [flag["rule"] for flag in row.flags]) == ([], ["file_without_consent"])
    with Image.open(io.BytesIO(content)) as kept:
        assert (kept.format, kept.size, dict(kept.getexif())) == ("JPEG", (1600, 1067), {})


def test_what_is_no_photograph_is_said_beside_its_question(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock
) -> None:
    token = published(on_sqlite, clock, [ask("photo", "image"), ask("good")])
    page = open_page(visitor, token)

    wrong = post(visitor, token, page, q__photo=(io.BytesIO(b"<svg onload=alert(1)>"), "x.jpg"), q__good="1", next="1")

    assert list(wrong.errors) == ["photo"]
    assert on_sqlite.submissions() == []


def test_a_photograph_of_an_interview_that_was_left_goes_after_a_day(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock
) -> None:
    token = published(on_sqlite, clock, [ask("photo", "image", required="yes"), ask("good", required="yes")])
    post(visitor, token, open_page(visitor, token), q__photo=(io.BytesIO(picture((80, 80))), "a.jpg"), next="1")
    clock.advance(seconds=KEPT.total_seconds() + 1)
    other = on_sqlite.app.test_client()
    post(other, token, open_page(other, token), q__photo=(io.BytesIO(picture((80, 80))), "b.jpg"), next="1")

    with on_sqlite.services.read() as work:
        assert len(work.session.exec(select(HeldPicture)).all()) == 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_pictures_become_jpeg(kind: str) -> None:
    assert redrawn(picture((90, 60), kind)).startswith(b"\xff\xd8")


@pytest.mark.parametrize("content", [b"", b"GIF89a", picture()[:4000], b"\x89PNG\r\n\x1a\n" + b"0" * 50])
def test_what_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(ZoufangError):
        redrawn(content)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    drawn = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(drawn, "PNG", optimize=True)
    assert len(drawn.getvalue()) < 100_000

    with pytest.raises(ZoufangError):
        redrawn(drawn.getvalue())


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("25.04 102.71", "25.04 102.71 0 0"),
        ("25.04，102.71", "25.04 102.71 0 0"),
        ("北纬25.04 东经102.71", "25.04 102.71 0 0"),
        ("25.040000 102.710000 1900 12", "25.040000 102.710000 1900 12"),
        ("", ""),
    ],
)
def test_a_place_is_typed_in_many_ways(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock, typed: str, kept: str
) -> None:
    token = published(on_sqlite, clock, [ask("where", "geopoint"), ask("good")])

    last = post(visitor, token, open_page(visitor, token), q__where=typed, q__good="1", next="1")

    assert last.response.status_code == 303
    (row,) = on_sqlite.submissions()
    assert (on_sqlite.values(row)["where"], row.flags) == (kept, [])


def test_what_is_no_place_is_refused_and_may_be_left_out(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock
) -> None:
    token = published(on_sqlite, clock, [ask("where", "geopoint", required="yes"), ask("good")])
    page = open_page(visitor, token)

    wrong = post(visitor, token, page, q__where="我家门口", q__good="1", next="1")
    assert list(wrong.errors) == ["where"]
    last = post(visitor, token, wrong, q__where="", no__q__where="1", q__good="1", next="1")

    assert last.response.status_code == 303
    (row,) = on_sqlite.submissions()
    assert [flag["question"] for flag in row.flags] == ["where"]


def test_who_fills_in_for_somebody_is_marked_and_flagged(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.case_token()
    page = open_page(visitor, token)
    assert page.tree.xpath("//input[@name='helped']")

    marked = post(visitor, token, page, q__q0="1", helper="1", helped="1", next="1")
    assert "代填" in marked.tree.xpath("string(//strong[@class='helped'])")
    back = post(visitor, token, marked, back="1")
    assert back.tree.xpath("//input[@name='helped']/@checked")
    post(visitor, token, back, q__q0="2", helper="1", helped="1", next="1")

    (row,) = on_sqlite.submissions()
    assert {"rule": "filled_for_somebody", "question": ""} in row.flags


ILLNESS: Row = {"type": "begin_repeat", "name": "illness", "label": "病"}
NESTED: list[Row] = [MEMBERS[0], ILLNESS, ask("what", "text"), MEMBERS[-1], MEMBERS[-1]]


def test_a_repeat_within_a_repeat_is_refused_for_the_pages_and_its_row_named(on_sqlite: Installed) -> None:
    book = workbook(NESTED)
    with on_sqlite.services.write() as work, pytest.raises(ZoufangError) as refused:
        publish(work, study_of(work, on_sqlite.drawn.study.id), Purpose.PUBLIC, "small.xlsx", book, reason="试")
    assert refused.value.problem is Problem.WORKBOOK_UNREADABLE
    assert "第3行" in refused.value.fields["why"]
    assert "illness" in refused.value.fields["why"]
    with on_sqlite.services.write() as work:  # an interviewer's phone shows it
        publish(work, study_of(work, on_sqlite.drawn.study.id), Purpose.VISIT, "small.xlsx", book, reason="试")
