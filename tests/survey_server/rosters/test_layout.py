"""Where the table is in a sheet."""

from __future__ import annotations

import datetime as dt

import pytest

from survey_server.rosters.layout import cell_text, find_table
from survey_server.rosters.reading import Sheet, read_sheets


def table(rows, merged=()):
    width = max(map(len, rows))
    filled = [list(row) + [""] * (width - len(row)) for row in rows]
    return find_table(Sheet("a.csv", "低保", filled, merged=merged))


def noted(found):
    return [(problem.code, problem.row) for problem in found.problems]


def test_the_header_is_found_below_title_lines():
    found = table([["柳湾县2025年农村低保名册"], [], ["序号", "姓名", "身份证号"], [1, "张德顺", "1"]])

    assert found.headers == ("序号", "姓名", "身份证号")
    assert found.title == "柳湾县2025年农村低保名册"
    assert found.cells.to_numpy().tolist() == [["1", "张德顺", "1"]]
    assert found.cells.index.tolist() == [4]


def test_rows_keep_the_number_that_excel_shows(xlsx):
    data = xlsx(低保=[[], ["", "姓名", "电话"], ["", "甲", "1"], [], ["", "乙", "2"]])

    found = find_table(next(read_sheets("a.xlsx", data)))

    assert found.cells.index.tolist() == [3, 5]
    assert [found.letter(column) for column in range(2)] == ["B", "C"]


def test_a_header_of_two_rows_is_joined_over_merged_cells(xlsx):
    data = xlsx(
        merged=["A1:A2", "B1:C1", "D1:D2"],
        低保=[["户主", "家庭成员", "", "电话"], ["", "姓名", "身份证号", ""], ["甲", "乙", "1", "2"]],
    )

    found = find_table(next(read_sheets("a.xlsx", data)))

    assert found.headers == ("户主", "家庭成员/姓名", "家庭成员/身份证号", "电话")
    assert len(found.cells) == 1


def test_a_header_of_two_rows_is_joined_in_a_csv_too():
    found = table([["户主", "家庭成员", "", "电话"], ["", "姓名", "身份证号", ""], ["甲", "乙", "11", "22"]])

    assert found.headers == ("户主", "家庭成员/姓名", "家庭成员/身份证号", "电话")


def test_a_cell_merged_over_a_household_is_true_of_each_of_its_rows(xlsx):
    data = xlsx(merged=["A2:A3"], 低保=[["户编号", "姓名", "身份证号"], ["7", "甲", "1"], ["", "乙", "2"]])

    assert find_table(next(read_sheets("a.xlsx", data))).cells[0].tolist() == ["7", "7"]


def test_repeated_headers_totals_titles_and_footnotes_are_left_out_and_named():
    found = table(
        [
            ["序号", "姓名", "身份证号"],
            [1, "甲", "1"],
            ["柳湾县低保名册（续）"],
            ["序号", "姓名", "身份证号"],
            [2, "乙", "2"],
            ["", "小 计", "2人"],
            ["", "", ""],
            [3, "", ""],
            ["合计：", "2人", "2"],
            ["填表人：丙", "", "审核人：丁"],
        ]
    )

    assert found.cells[1].tolist() == ["甲", "乙"]
    assert noted(found) == [
        ("repeated_header", 4),
        ("total_row", 6),
        ("total_row", 9),
        ("title_line", 3),
        ("title_line", 10),
    ]


def test_a_person_whose_village_begins_like_a_total_stays():
    found = table([["姓名", "村"], ["甲", "总计坪村"], ["乙", "合计村"]])

    assert found.cells[0].tolist() == ["甲", "乙"]


def test_a_sheet_without_names_of_columns_says_so():
    assert noted(table([["1", "2"], ["3", "4"]])) == [("no_header", 0)]


def test_a_hidden_sheet_is_named_and_not_read():
    assert noted(find_table(Sheet("a.xlsx", "旧", [], hidden=True))) == [("sheet_hidden", 0)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (13800000000.0, "13800000000"),
        (3, "3"),
        (860.5, "860.5"),
        (0.1 + 0.2, "0.3"),
        (-5.0, "-5"),
        (1.1010519491231e17, "1.10105194912310E+17"),
        (6222020200112233000.0, "6.22202020011223E+18"),
        (True, "TRUE"),
        (dt.date(2025, 3, 1), "2025-03-01"),
        (dt.datetime(2025, 3, 1), "2025-03-01"),  # noqa: DTZ001 - as Excel has it
        ('="11010519491231002X"', "11010519491231002X"),
        ("'007", "007"),
        (" 张三\u3000", "张三"),
    ],
)
def test_a_cell_becomes_the_text_that_a_person_sees(value, text):
    assert cell_text(value) == text


def test_invisible_characters_are_taken_out():
    assert table([["姓名", "电话"], ["张\u200b三", "1"]]).cells[0].tolist() == ["张三"]
