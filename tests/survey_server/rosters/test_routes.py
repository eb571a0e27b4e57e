"""The roster page, as an evaluator uses it."""

from __future__ import annotations

import io

import pytest
from python_calamine import load_workbook

from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.demo.rosters import small_district
from survey_server.handlers import drain
from survey_server.studies.service import create_study
from tests.support.studies import PASSWORD, person

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
BAD = "姓名,身份证号,县,救助类别\n甲乙,11010519491231002X,柳湾县,农村低保\n丙丁,440524188001010015,柳湾县,农村低保\n"


class Evaluator:
    """A signed-in evaluator at the roster page of a study."""

    def __init__(self, settings, clock, role=Role.EVALUATOR):
        self.app = create_app(settings, clock, wake=lambda: None)
        self.services = self.app.extensions["zoufang"]
        person(self.services, role, username="eva")
        with self.services.write() as work:
            self.page = f"/studies/{create_study(work, name='柳湾县2026').id}/roster"
        self.client = self.app.test_client()
        self.client.post("/sign-in", data={"username": "eva", "password": PASSWORD}, headers=SAME_ORIGIN)

    def get(self, path=""):
        return self.client.get(self.page + path)

    def post(self, path, **fields):
        return self.client.post(self.page + path, data=fields, headers=SAME_ORIGIN)

    def upload(self, **files):
        return self.post("/files", files=[(io.BytesIO(data), name) for name, data in files.items()])

    def work_off(self):
        return drain(self.services)


@pytest.fixture
def evaluator(sqlite_settings, clock):
    made = Evaluator(sqlite_settings, clock)
    yield made
    made.services.database.dispose()


def test_from_upload_over_preview_to_the_frame(evaluator):
    assert "还没有名册" in evaluator.get().text

    assert evaluator.upload(**small_district()).status_code == 303
    waiting = evaluator.get().text
    assert "正在读取" in waiting
    assert 'http-equiv="refresh"' in waiting
    assert evaluator.work_off() == 1

    preview = evaluator.get().text
    assert "213" in preview
    assert "导入合格的行" in preview
    assert 'http-equiv="refresh"' not in preview
    assert "特困人员（集中供养） &gt; 特困人员（分散供养）" in preview
    assert evaluator.post("/take").status_code == 303

    taken = evaluator.get().text
    assert "本次评价的抽样框" in taken
    assert "导入合格的行" not in taken


def test_bad_rows_stand_on_the_page_and_in_a_workbook(evaluator):
    evaluator.upload(**{"青石.csv": BAD.encode()})
    evaluator.work_off()

    page = evaluator.get().text
    assert "身份证号校验码不对，应为 4" in page
    assert "440524188001010015" not in page
    response = evaluator.get("/problems.xlsx")
    rows = load_workbook(io.BytesIO(response.data)).get_sheet_by_index(0).to_python()
    assert rows[0][:4] == ["处理", "文件", "工作表", "行"]
    assert rows[1][0] == "未导入"
    assert rows[1][3] == 3.0
    assert rows[1][5] == "**************0015"


def test_the_page_speaks_english_too(evaluator):
    evaluator.upload(**{"青石.csv": BAD.encode()})
    evaluator.work_off()
    evaluator.client.set_cookie("language", "en")

    assert "The check digit of the ID number is wrong" in evaluator.get().text


def test_a_column_that_was_guessed_wrong_is_corrected_and_read_again(evaluator):
    evaluator.upload(**{"a.csv": BAD.replace("救助类别", "其他").encode()})
    evaluator.work_off()
    page = evaluator.get().text
    assert "缺救助类别" in page
    fingerprint = page.split('name="field|')[1].split("|")[0]
    fields = {f"field|{fingerprint}|{n}": f for n, f in enumerate(["name", "id_number", "county", "category"])}

    assert evaluator.post("/columns", **fields).status_code == 303
    evaluator.work_off()

    assert "农村低保" in evaluator.get().text.split("发现的问题")[0]


def test_the_same_file_twice_is_said(evaluator):
    evaluator.upload(**{"a.csv": BAD.encode()})

    assert "“b.csv”与“a.csv”内容完全相同" in evaluator.upload(**{"b.csv": BAD.encode()}).text


def test_no_file_is_said(evaluator):
    response = evaluator.post("/files")

    assert response.status_code == 400
    assert "没有选择文件" in response.text


def test_a_file_name_is_only_a_name(evaluator):
    evaluator.upload(**{"..\\..\\etc/passwd.csv": BAD.encode()})

    assert "passwd.csv" in evaluator.get().text
    assert ".." not in evaluator.get().text


def test_a_file_is_removed(evaluator):
    evaluator.upload(**{"a.csv": BAD.encode(), "b.csv": BAD.replace("甲", "庚").encode()})
    evaluator.work_off()
    address = evaluator.get().text.split('/remove"')[0].rsplit('"', 1)[1].split("/roster")[1]

    assert evaluator.post(f"{address}/remove").status_code == 303
    evaluator.work_off()

    page = evaluator.get().text
    assert "b.csv" in page
    assert "a.csv" not in page


def test_the_list_of_units_is_a_workbook(evaluator):
    evaluator.upload(**{"a.csv": BAD.encode()})
    evaluator.work_off()
    evaluator.post("/take")

    response = evaluator.get("/units.xlsx")

    assert response.headers["Cache-Control"] == "no-store"
    rows = load_workbook(io.BytesIO(response.data)).get_sheet_by_index(0).to_python()
    assert len(rows) == 2
    assert rows[1][1:4] == ["户", "柳湾县", ""]


def test_it_is_shown_which_rows_became_one_unit(evaluator):
    low = BAD.replace("0015", "0014").replace("柳湾县", "柳湾县,7").replace("救助类别", "户编号,救助类别")
    other = "姓名,身份证号,县,救助类别\n甲乙,11010519491231002X,柳湾县,重残护理补贴\n"
    evaluator.upload(**{"a.csv": low.encode(), "b.csv": other.encode()})
    evaluator.work_off()
    evaluator.post("/take")

    page = evaluator.get("/units?county=柳湾县&category=2").text

    assert "农村低保、重度残疾人护理补贴" in page
    assert "第 3 行: 户编号相同" in page
    assert "b.csv  第 2 行: 身份证号相同" in page
    assert "甲乙" not in page
    assert "户编号相同" not in evaluator.get("/units?category=3").text


def test_what_a_roster_holds_is_never_markup(evaluator):
    evil = BAD.replace("农村低保\n丙", "<script>alert(1)</script>\n丙").replace("柳湾县", "<b>县")
    evaluator.upload(**{"<img src=x>.csv": evil.encode()})
    evaluator.work_off()

    page = evaluator.get().text
    assert "<script>alert" not in page
    assert "<b>县" not in page
    assert "<img src=x>" not in page


@pytest.mark.parametrize("role", [Role.INTERVIEWER, Role.OPERATOR])
def test_interviewers_and_operators_see_no_roster(sqlite_settings, clock, role):
    visitor = Evaluator(sqlite_settings, clock, role)

    assert visitor.get().status_code == 403
    assert visitor.get("/problems.xlsx").status_code == 403
    assert visitor.post("/take").status_code == 403
    visitor.services.database.dispose()
