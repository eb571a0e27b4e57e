"""The workbook, read back by openpyxl."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.escape import unescape

from analysis.report.disclosure import mask_personal
from analysis.report.workbook import Column, Sheet, sheet_from_frame, write_workbook


def read(*sheets, **more):
    return openpyxl.load_workbook(io.BytesIO(write_workbook(list(sheets), **more)))


def test_numbers_are_numbers_and_per_cents_are_fractions_rounded_half_up():
    columns = [Column("满意率", "percent"), Column("得分", "number"), Column("n", "integer")]
    page = read(Sheet("结果", columns, [[0.99629, Decimal("0.125"), np.int64(270)], [np.nan, None, pd.NA]]))["结果"]
    assert [cell.value for cell in page[2]] == [0.9963, 0.13, 270]
    assert [cell.number_format for cell in page[2]] == ["0.00%", "#,##0.00", "#,##0"]
    assert page.max_row == 2 or all(cell.value is None for cell in page[3])


def test_title_and_notes_stand_above_and_the_header_stays_in_sight():
    sheet = Sheet(
        "口径", [Column("编号"), Column("名称")], [["SAT_TOP2", "满意率"]], "口径说明", ["评价前锁定"], freeze=1
    )
    page = read(sheet, title="报告")["口径"]
    assert [page.cell(row, 1).value for row in range(1, 5)] == ["口径说明", "评价前锁定", "编号", "SAT_TOP2"]
    assert page.freeze_panes == "B4"
    assert page.auto_filter.ref == "A3:B4"


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1+1", "@SUM(A1)", '=HYPERLINK("x")', "\t=1"])
def test_text_that_looks_like_a_formula_stays_text(text):
    cell = read(Sheet("s", [Column("c")], [[text]]))["s"]["A2"]
    assert cell.data_type == "s"
    assert cell.value == text
    assert cell.quotePrefix


def test_addresses_of_the_web_become_no_links_and_long_digits_keep_every_digit():
    page = read(Sheet("s", [Column("c")], [["https://example.org/x"], ["000123456789012345678901"]]))["s"]
    assert page["A2"].hyperlink is None
    assert page["A3"].value == "000123456789012345678901"


def test_personal_numbers_in_text_are_masked_unless_the_file_stays_inside():
    text = "身份证11010519491231002X，电话13800138000，卡6222020200112233445"
    outside = read(Sheet("s", [Column("c")], [[text]]))["s"]["A2"].value
    assert outside == "身份证〔证件号〕，电话〔电话〕，卡〔卡号〕"
    assert read(Sheet("s", [Column("c")], [[text]], personal=True))["s"]["A2"].value == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("打 138 0013 8000 找我", "打 〔电话〕 找我"),
        ("0759-3212345", "〔电话〕"),
        ("a.b@example.org", "〔邮箱〕"),
        ("样本编号 530114001003000012345", "样本编号 530114001003000012345"),
        ("2025年12月领了1234.56元", "2025年12月领了1234.56元"),
    ],
)
def test_only_personal_numbers_are_masked(text, masked):
    assert mask_personal(text) == masked


def test_dates_are_dates_without_zones():
    rows = [[date(2025, 6, 15), datetime(2025, 6, 15, 8, 30, tzinfo=UTC)], [None, pd.NaT]]
    page = read(Sheet("s", [Column("日", "date"), Column("时", "datetime")], rows))["s"]
    assert page["A2"].value == datetime(2025, 6, 15)  # noqa: DTZ001 - Excel has no zones
    assert page["B2"].value == datetime(2025, 6, 15, 8, 30)  # noqa: DTZ001 - Excel has no zones


def test_a_frame_becomes_a_sheet():
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": ["x", None]})
    page = read(sheet_from_frame("s", frame, [Column("甲", "integer"), Column("乙")]))["s"]
    assert [[cell.value for cell in row] for row in page.iter_rows(min_row=2, max_row=2)] == [[1, "x"]]


def test_equal_input_gives_equal_bytes():
    sheets = [Sheet("s", [Column("c", "percent")], [[0.5]])]
    assert write_workbook(sheets) == write_workbook(sheets)


@pytest.mark.parametrize(
    ("sheets", "words"),
    [
        ([], "needs a sheet"),
        ([Sheet("a/b", [Column("c")], [])], "a/b"),
        ([Sheet("s", [Column("c")], []), Sheet("S", [Column("c")], [])], "two sheets"),
        ([Sheet("s", [Column("c", "integer")], [["多"]])], "column of numbers"),
        ([Sheet("s", [Column("c")], [["a", "b"]])], "argument"),
    ],
)
def test_what_excel_would_refuse_is_refused_here(sheets, words):
    with pytest.raises(ValueError, match=words):
        write_workbook(sheets)


def test_control_characters_and_what_looks_like_them_survive():
    text = "a\x07b <&> _x0041_ 换行\n第二行 "
    cell = read(Sheet("s", [Column("c")], [[text]]))["s"]["A2"]
    assert unescape(cell.value) in {text, "a\x07b <&> _x005F_x0041_ 换行\n第二行 "}


def test_halves_go_up_in_every_kind_of_number():
    columns = [Column("p", "percent"), Column("n", "number"), Column("i", "integer")]
    rows = [[0.12345, 2.675, 2.5], [np.float64(0.1 + 0.2 - 0.17655), 1.005, 0.4999999], [-0.00005, -0.125, 12345678901]]
    page = read(Sheet("s", columns, rows))["s"]
    got = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
    assert got[:2] == [[0.1235, 2.68, 3], [0.1235, 1.01, 0]]
    assert got[2][1:] == [-0.13, 12345678901]


def test_many_rows_arrive_in_order():
    page = read(Sheet("s", [Column("i", "integer"), Column("t")], [(k, f"第{k}户") for k in range(10_000)], "题"))["s"]
    rows = list(page.iter_rows(min_row=3, values_only=True))
    assert len(rows) == 10_000
    assert rows[0] == (0, "第0户")
    assert rows[-1] == (9_999, "第9999户")
