"""Which column is what."""

from __future__ import annotations

import pytest

from survey_server.rosters.columns import columns_from_json, columns_to_json, fingerprint, guess_columns, with_constants
from survey_server.rosters.layout import find_table
from survey_server.rosters.reading import Sheet
from survey_server.rosters.vocabulary import header_meaning

HEADERS = [
    "序号",
    "县（市、区）",
    "乡镇",
    "户主姓名",
    "成员姓名",
    "与户主关系",
    "公民身份号码",
    "保障类别",
    "户月发放金额（元/月）",
]
ROW = ["1", "柳湾县", "青石镇", "张德顺", "张德顺", "户主", "11010519491231002X", "农村低保", "860"]


def table(headers, *rows, file="a.xlsx", sheet="Sheet1", title=""):
    lines = [[title] + [""] * (len(headers) - 1)] if title else []
    return find_table(Sheet(file, sheet, [*lines, list(headers), *map(list, rows)]))


def test_names_of_columns_are_understood_with_units_brackets_and_stars():
    columns = guess_columns(table(HEADERS, ROW)).columns

    assert list(columns.values()) == [
        *("serial", "county", "town", "head_name", "name", "relation", "id_number", "category", "amount"),
    ]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("*身份证号码", "id_number"),
        ("户主\n身份证号", "head_id_number"),
        ("联系电话（必填）", "phone"),
        ("镇（街道）", "town"),
        ("村（居）委会", "village"),
        ("监护人电话", "ignore"),
        ("人均补助水平(元)", "amount_person"),
        ("出生日期", "ignore"),
        ("家庭经度", "lon"),
        ("纬度（北纬）", "lat"),
        ("坐标", "position"),
        ("经纬度", "position"),
        ("开户银行", "ignore"),
        ("二〇二五年度低保对象姓名", "name"),
    ],
)
def test_single_headers(header, field):
    assert header_meaning(header)[0] == field


def test_contents_tell_where_names_do_not():
    found = guess_columns(
        table(
            ["姓名", "甲", "乙", "丙", "户主"],
            ["张德顺", "11010519491231002X", "13800000000", "城市低保", "张德顺"],
            ["李春福", "440524188001010014", "13900000000", "农村低保", "李春福"],
        )
    )

    assert found.columns == {0: "name", 1: "id_number", 2: "phone", 3: "category", 4: "head_name"}
    assert found.guesses[1].by_name == 0
    assert found.guesses[1].by_content == 1


def test_a_name_that_its_contents_contradict_loses():
    """低保类别 with A, B, C is no category of assistance; the column that holds categories is."""
    found = guess_columns(
        table(
            ["姓名", "身份证号", "低保类别", "性质"], ["甲乙", "1", "A类", "农村低保"], ["丙丁", "2", "B类", "城市低保"]
        )
    )

    assert found.columns[3] == "category"
    assert 2 not in found.columns


def test_of_two_columns_for_one_field_the_better_wins_but_telephones_may_be_two():
    found = guess_columns(
        table(
            ["姓名", "电话", "手机号", "身份证号", "证件号"],
            ["甲乙", "5221234", "13800000000", "11010519491231002X", "x"],
        )
    )

    assert found.columns == {0: "name", 1: "phone", 2: "phone", 3: "id_number"}


def test_what_somebody_said_is_remembered_for_the_same_headers():
    first = guess_columns(table(["姓名", "身份证号", "号"], ["甲乙", "11010519491231002X", "7"]))
    said = {**columns_to_json(first), "2": "household_no"}
    other = table(["姓 名", "身份证号", "号（必填）"], ["丙丁", "440524188001010014", "8"], file="b.xlsx")

    found = guess_columns(other, {first.fingerprint: said})

    assert found.columns == {0: "name", 1: "id_number", 2: "household_no"}
    assert fingerprint(("姓名", "电话")) != fingerprint(("电话", "姓名"))


def test_names_of_file_sheet_and_title_say_what_no_column_says():
    found = guess_columns(
        table(["姓名", "身份证号"], ["甲乙", "1"], file="川省巴市柳湾县青石镇.xlsx", sheet="特困分散供养", title="名册")
    )

    assert found.constants == {"category": "3", "county": "柳湾县", "town": "青石镇"}


def test_a_column_stands_before_the_name_of_the_file():
    found = guess_columns(table(HEADERS, ROW, file="云岭县城市低保.xlsx"))

    assert found.constants == {}


def test_a_constant_may_be_said_and_taken_away():
    guessed = guess_columns(table(["姓名", "身份证号"], ["甲乙", "1"], file="柳湾县农村低保.xlsx"))

    assert with_constants(guessed, {"category": "1"}).constants == {"category": "1", "county": "柳湾县"}
    assert with_constants(guessed, {"county": ""}).constants == {"category": "2"}


@pytest.mark.parametrize("said", [{"0": "name", "1": "name"}, {"0": "no such field"}])
def test_a_correction_that_cannot_be_is_refused(said):
    with pytest.raises(ValueError, match=r"name|no such field"):
        columns_from_json(said)
