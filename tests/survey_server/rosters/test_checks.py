"""Every bad row is named with its place, and what became of it."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace

import pytest

from survey_server.rosters.problems import KINDS, Severity, describe

HEADERS = ["县", "乡镇", "户编号", "姓名", "与户主关系", "身份证号", "救助类别", "联系电话", "月发放金额"]
GOOD = {
    "县": "柳湾县",
    "乡镇": "青石镇",
    "户编号": "",
    "姓名": "张德顺",
    "与户主关系": "户主",
    "身份证号": "11010519491231002X",
    "救助类别": "农村低保",
    "联系电话": "13800000000",
    "月发放金额": "860",
}
OTHER = {**GOOD, "姓名": "李春福", "身份证号": "440524188001010014", "联系电话": "13900000000"}


def roster(*rows, extra=()):
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    headers = [*HEADERS, *extra]
    writer.writerow(headers)
    for row in rows:
        writer.writerow([row.get(header, "") for header in headers])
    return {"青石.csv": buffer.getvalue().encode()}


@pytest.mark.parametrize(
    ("column", "value", "code", "kept"),
    [
        ("身份证号", "110105194912310021", "id_check_digit", False),
        ("身份证号", "1101051949123100", "id_length", False),
        ("身份证号", "11010519491331002X", "id_date", False),
        ("身份证号", "1.10105E+17", "id_damaged", False),
        ("身份证号", "=B2", "formula_text", False),
        ("身份证号", "", "id_missing", True),
        ("身份证号", "１１０１０５１９４９１２３１００２Ｘ", "full_width", True),
        ("身份证号", "110105491231002", "id_15_digits", True),
        ("姓名", "", "name_missing", False),
        ("县", "", "county_missing", False),
        ("救助类别", "", "category_missing", False),
        ("救助类别", "特殊照顾", "category_unknown", False),
        ("救助类别", "低保", "category_ambiguous", False),
        ("救助类别", "#REF!", "formula_text", False),
        ("联系电话", "12345", "phone_bad", True),
        ("联系电话", "5221234", "phone_no_area_code", True),
        ("月发放金额", "-860", "amount_negative", True),
        ("月发放金额", "八百六", "number_unreadable", True),
        ("月发放金额", "86000000", "number_impossible", True),
        ("月发放金额", "#N/A", "formula_left_out", True),
        ("月发放金额", "８６０", "full_width", True),
    ],
)
def test_a_bad_cell_is_named_and_the_row_kept_or_left_out(read, column, value, code, kept):
    found = read(roster(OTHER, {**GOOD, column: value}))
    problems = found.problems.to_dict("records")

    assert code in [problem["code"] for problem in problems]
    problem = next(problem for problem in problems if problem["code"] == code)
    letter = "ABCDEFGHI"[HEADERS.index(column)]
    assert (problem["file"], problem["row"], problem["column"]) == ("青石.csv", 3, f"{letter} {column}")
    assert (KINDS[code].severity is not Severity.ERROR) == kept
    assert ("张德顺" in found.merged.households["name"].tolist()) == (kept and column != "姓名")
    assert "李春福" in found.merged.households["name"].tolist()


@pytest.mark.parametrize(
    ("columns", "found", "wrong"),
    [
        ({"经度": "113.123456", "纬度": "27.5"}, (113.12346, 27.5), 0),
        ({"经度(°)": "东经113.1°", "纬度(°)": "北纬27.5°"}, (113.1, 27.5), 0),
        ({"坐标": "113.1,27.5"}, (113.1, 27.5), 0),
        ({"经纬度": "(27.5, 113.1)"}, (113.1, 27.5), 0),
        ({"经度": "27.5", "纬度": "113.1"}, None, 2),
        ({"经度": "0", "纬度": "0"}, None, 2),
        ({"经度": "2.35", "纬度": "48.85"}, None, 1),
        ({"经度": "113.1", "纬度": ""}, None, 0),
        ({"经度": "", "纬度": ""}, None, 0),
        ({"坐标": "村口"}, None, 1),
        ({"坐标": "113.1"}, None, 1),
        ({"经度": "1e400", "纬度": "nan"}, None, 2),
    ],
)
def test_coordinates_are_degrees_in_china_or_left_out_and_named(read, columns, found, wrong):
    filled = {"经度": "113.2", "纬度": "27.1", "经度(°)": "113.2", "纬度(°)": "27.1", "坐标": "113.2,27.1"}
    others = [{**OTHER, **{name: filled.get(name, "113.2,27.1") for name in columns}}]
    made = read(roster({**GOOD, **columns}, *others, extra=tuple(columns)))

    codes = made.problems["code"].tolist()
    assert codes == ["coordinate_impossible"] * wrong
    homes = made.merged.households.set_index("name")[["lon", "lat"]]
    assert tuple(homes.loc["李春福"]) == (113.2, 27.1)
    kept = tuple(homes.loc["张德顺"])
    assert kept == found if found else all(math.isnan(degrees) for degrees in kept)


def test_a_wrong_coordinate_is_named_by_whole_degrees(read):
    made = read(roster(OTHER, {**GOOD, "经度": "27.654321", "纬度": "27.1"}, extra=("经度", "纬度")))

    assert made.problems["value"].tolist() == ["27.***"]


def test_a_good_row_has_no_problem(read):
    assert read(roster(GOOD, OTHER)).problems.empty


def test_no_problem_gives_a_personal_number_away(read):
    bad = {**GOOD, "身份证号": "110105194912310021", "联系电话": "138000000001"}
    table = read(roster(OTHER, bad, {**OTHER, "联系电话": "9"})).problems

    text = table.to_csv()
    assert "110105194912310021" not in text
    assert "440524188001010014" not in text
    assert "138000000001" not in text
    assert "李春福" not in text


def test_a_study_may_keep_rows_that_are_left_out_by_default(read, rules):
    relaxed = replace(rules, severities={"id_check_digit": Severity.WARNING})

    found = read(roster({**GOOD, "身份证号": "110105194912310021"}), rules=relaxed)

    assert len(found.merged.households) == 1
    assert found.problems["severity"].tolist() == ["warning"]


def test_an_area_code_is_put_before_a_fixed_line(read, rules):
    found = read(roster({**GOOD, "联系电话": "5221234"}), rules=replace(rules, area_codes={"柳湾县": "0827"}))

    assert found.merged.households["phones"].tolist() == ["0827-5221234"]
    assert found.problems["code"].tolist() == ["phone_area_code_added"]


@pytest.mark.parametrize("state", ["停发", "已死亡", "退出"])
def test_a_row_that_ended_is_no_row_of_the_frame(read, codes, state):
    found = read(roster(GOOD, {**OTHER, "状态": state}, extra=["状态"]))

    assert found.merged.households["name"].tolist() == ["张德顺"]
    assert codes(found) == {"not_current": [3]}


def test_yes_and_no_are_read_with_the_name_of_their_column(read):
    found = read(roster({**GOOD, "是否停发": "否"}, {**OTHER, "是否停发": "是"}, extra=["是否停发"]))

    assert found.merged.households["name"].tolist() == ["张德顺"]


def test_lost_digits_of_region_codes_are_restored_or_said(read, codes):
    found = read(
        roster(
            {**GOOD, "区划代码": "519921103205"},
            {**OTHER, "区划代码": "5.19921E+11"},
            {**GOOD, "姓名": "王", "身份证号": "", "乡镇": "清溪镇", "区划代码": "51992110"},
            {**GOOD, "姓名": "赵", "身份证号": "", "区划代码": "柳湾"},
            extra=["区划代码"],
        )
    )

    assert {code: rows for code, rows in codes(found).items() if code.startswith("region")} == {
        "region_code_mended": [3],
        "region_code_lost_digits": [4],
        "region_code_impossible": [5],
    }
    assert len(found.merged.households) == 4


def test_the_county_is_taken_from_the_region_code_where_its_name_is_missing(read):
    found = read(roster({**GOOD, "县": "", "区划代码": "519921103205"}, extra=["区划代码"]))

    assert found.merged.households["county"].tolist() == ["519921"]


def test_the_same_person_twice_on_one_list_is_left_out_with_the_first_place(read):
    found = read(roster(GOOD, OTHER, {**GOOD, "户编号": "9"}))

    [problem] = found.problems.to_dict("records")
    assert (problem["code"], problem["row"]) == ("duplicate_person", 4)
    assert problem["fields"] == {"first_file": "青石.csv", "first_sheet": "", "first_row": 2}
    assert len(found.merged.households) == 2


def test_both_kinds_of_low_income_allowance_are_one_list(read, codes):
    assert codes(read(roster(GOOD, {**GOOD, "救助类别": "城市低保"}))) == {"duplicate_person": [3]}


def test_a_second_one_off_payment_is_no_duplicate(read):
    row = {**GOOD, "救助类别": "临时救助"}

    found = read(roster(row, row))

    assert found.problems.empty
    assert len(found.merged.households) == 1


def test_two_heads_of_one_household_number_are_a_duplicate_household(read, codes):
    found = read(roster({**GOOD, "户编号": "7"}, {**OTHER, "户编号": "7"}))

    assert codes(found) == {"duplicate_household": [3]}


def test_a_household_without_number_twice_is_a_duplicate(read, codes):
    row = {**GOOD, "身份证号": "", "住址": "石桥村3组12号"}

    found = read(roster(row, row, {**row, "住址": "石桥村3组13号"}, extra=["住址"]))

    assert codes(found)["duplicate_household"] == [3]
    assert len(found.merged.households) == 2


def test_a_telephone_at_three_households_is_a_cadres_and_is_not_dialled(read, codes):
    rows = [{**GOOD, "姓名": name, "身份证号": "", "住址": f"石桥村{name}号"} for name in "甲乙丙"]

    shared, twice = read(roster(*rows, extra=["住址"])), read(roster(*rows[:2], extra=["住址"]))

    assert codes(shared)["phone_shared"] == [2, 3, 4]
    assert set(shared.merged.households["phones"]) == {""}
    assert "phone_shared" not in codes(twice)
    assert set(twice.merged.households["phones"]) == {"13800000000"}


def test_a_table_without_names_of_persons_is_refused(read):
    found = read({"a.csv": "乡镇,救助类别\n青石镇,农村低保\n".encode()})

    assert found.problems["code"].tolist() == ["no_name_column"]
    assert found.merged.households.empty


def test_every_problem_has_its_sentences_and_they_fill():
    class Anything(dict):
        def __missing__(self, key):
            return "X"

    for code in KINDS:
        what, remedy = describe(code, Anything())
        assert what.endswith((".", "。"))
        assert remedy.endswith(".")
