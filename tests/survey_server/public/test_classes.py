"""Classes: imported, signed in by code or by hand, and the attendance rate that scores take."""

from __future__ import annotations

import io
import uuid
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlmodel import select

from survey_server.actors import Role
from survey_server.audit.models import Event
from survey_server.errors import Problem, ZoufangError
from survey_server.public import classes
from survey_server.public.classes import Attendance, Facts
from survey_server.public.models import Trainee
from survey_server.scores.attendance import attendance_entries
from survey_server.scores.tables import table_of
from survey_server.studies.service import change_settings, study_of
from tests.support.installation import SteppingClock
from tests.support.studies import PASSWORD, person
from tests.survey_server.public.walking import TRAINING_ANSWERS, Installed, walk

SAME = {"Sec-Fetch-Site": "same-origin"}
PEOPLE = [
    ("某县民政系统业务培训班签到表", "", "", ""),
    ("序号", "姓 名", "工作单位", "联系电话"),
    (1, "张三", "青石镇", 13800001111),
    (2, "李四", "西镇", "13800002222"),
    (3, "李四", "东镇", "13800003333"),
    ("", "", "", ""),
    (4, "欧阳　小明", "县民政局", ""),
]


def list_of(rows: list[tuple[object, ...]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def made(installed: Installed, label: str = "第一期", county: str = "甲县") -> uuid.UUID:
    with installed.services.write() as work:
        return classes.make_class(work, installed.drawn.study.id, label, county, "2026-09-10").id


def enrolled(installed: Installed, class_id: uuid.UUID) -> int:
    with installed.services.write() as work:
        return classes.enrol(work, installed.drawn.study.id, class_id, "名单.xlsx", list_of(PEOPLE))


def address(installed: Installed, class_id: uuid.UUID) -> str:
    with installed.services.read() as work:
        line = classes.class_of(work, installed.drawn.study.id, class_id)
        return classes.sign_in_address(work, line.training).removeprefix(installed.services.settings.public_url)


def attendance(installed: Installed, county: str = "") -> Attendance:
    with installed.services.read() as work:
        return classes.attendance_of(work, installed.drawn.study.id, county)


def test_a_sign_in_list_is_found_below_its_title_whatever_its_columns_are_called() -> None:
    assert classes.read_list("名单.xlsx", list_of(PEOPLE)) == [
        Facts("张三", "青石镇", "13800001111"),
        Facts("李四", "西镇", "13800002222"),
        Facts("李四", "东镇", "13800003333"),
        Facts("欧阳 小明", "县民政局", ""),
    ]
    assert classes.read_list("名单.csv", "姓名\n王五\n".encode()) == [Facts("王五")]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", list_of([("编号", "单位"), (1, "青石镇")])])
def test_what_is_no_list_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(ZoufangError) as caught:
        classes.read_list("名单.xlsx", content)

    assert caught.value.problem is Problem.INVALID_FIELD


def test_names_are_kept_sealed_and_an_import_again_adds_nobody(installed: Installed) -> None:
    class_id = made(installed)

    assert (enrolled(installed, class_id), enrolled(installed, class_id)) == (4, 0)
    with installed.services.read() as work:
        rows = work.session.exec(select(Trainee).order_by(Trainee.number)).all()  # type: ignore[arg-type]
        opened = classes.trainees_of(work, installed.drawn.study.id, class_id)
    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert not any("张三".encode() in row.personal for row in rows)
    assert opened[0].facts.name == "张三"


def test_a_trainee_signs_in_by_name_and_is_shown_the_way_to_rate(installed: Installed) -> None:
    class_id = made(installed)
    enrolled(installed, class_id)
    visitor, way = installed.app.test_client(), address(installed, class_id)
    assert "第一期" in visitor.get(way).get_data(as_text=True)

    answer = visitor.post(way, data={"name": " 欧阳小明 ", "tail": ""})
    visitor.post(way, data={"name": "欧阳小明", "tail": ""})
    done = visitor.get(answer.headers["Location"]).get_data(as_text=True)

    assert answer.status_code == 303
    assert "签到成功" in done
    assert "欧阳" not in done
    assert attendance(installed) == Attendance(4, 1)
    token = done.split('class="call" href="')[1].split('"')[0].rsplit("/", 1)[1]
    walk(visitor, token, TRAINING_ANSWERS)
    (row,) = installed.submissions()
    assert row.channel == "qr_place"


def test_two_of_one_name_are_told_apart_by_their_telephones(installed: Installed) -> None:
    class_id = made(installed)
    enrolled(installed, class_id)
    visitor, way = installed.app.test_client(), address(installed, class_id)

    unclear = visitor.post(way, data={"name": "李四", "tail": ""})
    clear = visitor.post(way, data={"name": "李四", "tail": "3333"})

    assert (unclear.status_code, clear.status_code) == (422, 303)
    assert "手机号后四位" in unclear.get_data(as_text=True)
    with installed.services.read() as work:
        opened = classes.trainees_of(work, installed.drawn.study.id, class_id)
    assert [one.facts.unit for one in opened if one.trainee.signed_in_at] == ["东镇"]


def test_a_name_that_is_not_on_the_list_does_not_sign_in_and_guessing_has_to_wait(
    visitor: FlaskClient, on_sqlite: Installed
) -> None:
    class_id = made(on_sqlite)
    enrolled(on_sqlite, class_id)
    way = address(on_sqlite, class_id)
    visitor.get(way)

    statuses = [visitor.post(way, data={"name": f"某{number}"}).status_code for number in range(70)]

    assert (statuses[0], statuses[-1]) == (422, 429)
    assert attendance(on_sqlite) == Attendance(4, 0)


def test_a_sign_in_code_that_is_not_ours_or_of_a_closed_study_opens_nothing(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock
) -> None:
    class_id = made(on_sqlite)
    way = address(on_sqlite, class_id)
    assert visitor.get(way[:-2]).status_code == 404
    assert visitor.get("/q/sign-in/" + on_sqlite.place_token()).status_code == 404
    with on_sqlite.services.write() as work:
        study = work.session.get_one(type(on_sqlite.drawn.study), on_sqlite.drawn.study.id)
        study.closed_at = clock()

    assert visitor.get(way).status_code == 404
    assert visitor.post(way, data={"name": "张三"}).status_code == 404


def test_the_list_is_ticked_by_hand_and_unticked(installed: Installed) -> None:
    class_id = made(installed)
    enrolled(installed, class_id)
    study_id = installed.drawn.study.id
    with installed.services.write() as work:
        first, second, *_ = [one.trainee.id for one in classes.trainees_of(work, study_id, class_id)]
        assert classes.mark(work, study_id, class_id, {first, second, uuid.uuid4()}) == 2
    with installed.services.write() as work:
        assert classes.mark(work, study_id, class_id, {second}) == 1

    assert attendance(installed) == Attendance(4, 1)


def test_the_rate_is_signed_in_of_enrolled_over_all_classes_or_one_county(on_sqlite: Installed) -> None:
    here, there = made(on_sqlite), made(on_sqlite, "第二期", "乙县")
    for class_id in (here, there):
        enrolled(on_sqlite, class_id)
    visitor = on_sqlite.app.test_client()
    for name in ("张三", "欧阳小明"):
        visitor.post(address(on_sqlite, here), data={"name": name})
    visitor.post(address(on_sqlite, there), data={"name": "张三"})

    together = attendance(on_sqlite)
    assert (together.rate, together.text) == (Decimal("0.3750"), "37.50%")
    assert attendance(on_sqlite, "甲县").rate == Decimal("0.5000")
    assert (attendance(on_sqlite, "丙县").rate, attendance(on_sqlite, "丙县").text) == (None, "—")
    assert Attendance(3, 2).rate == Decimal("0.6667"), "half up"


def test_the_office_makes_a_class_imports_marks_and_prints(on_sqlite: Installed) -> None:
    person(on_sqlite.services, Role.EVALUATOR, username="evaluator")
    office = on_sqlite.app.test_client()
    office.post("/sign-in", data={"username": "evaluator", "password": PASSWORD})
    home = f"/studies/{on_sqlite.drawn.study.id}/classes"

    class_page = office.post(home, data={"label": "第一期", "held_on": "2026-09-10"}, headers=SAME).headers["Location"]
    upload = {"list": (io.BytesIO(list_of(PEOPLE)), "名单.xlsx")}
    assert office.post(f"{class_page}/enrol", data=upload, headers=SAME).status_code == 303
    with on_sqlite.services.read() as work:
        trainee = work.session.exec(select(Trainee.id)).first()
    office.post(f"{class_page}/mark", data={"present": [str(trainee), "nonsense"]}, headers=SAME)
    shown = office.get(class_page)
    poster = office.get(f"{class_page}/poster.pdf")

    page = shown.get_data(as_text=True)
    for words in ("张三", "…1111", "25.00%", "应到 4 人，实到 1 人", "手工登记"):
        assert words in page
    assert "13800001111" not in page
    assert shown.headers["Cache-Control"] == "no-store"
    assert "25.00%" in office.get(home).get_data(as_text=True)
    assert (poster.status_code, poster.data[:5]) == (200, b"%PDF-")
    with on_sqlite.services.read() as work:
        actions = list(work.session.exec(select(Event.action)).all())
    assert {"class.make", "class.enrol", "class.mark", "class.view", "codes.print"} <= set(actions)


def test_scores_take_the_rate_where_the_indicator_table_asks_for_attendance(on_sqlite: Installed) -> None:
    enrolled(on_sqlite, class_id := made(on_sqlite))
    on_sqlite.app.test_client().post(address(on_sqlite, class_id), data={"name": "张三"})
    study_id = on_sqlite.drawn.study.id
    with on_sqlite.services.write() as work:
        change_settings(work, study_of(work, study_id), indicator_table="xinjiang_2024", reason="换表")

    with on_sqlite.app.test_request_context(), on_sqlite.services.read() as work:
        entries = attendance_entries(work, study_id)
        (key,) = [line.key for line in table_of(work, study_of(work, study_id)).leaves() if line.metric == "TRAIN_ATT"]

    assert {place: (entry.value, entry.answers) for place, entry in entries.items()} == {
        ("", key): ("0.2500", 4),
        ("甲县", key): ("0.2500", 4),
    }
