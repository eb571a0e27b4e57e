"""A report is the same blocks in Word and in print: numbered, rounded half up, and nobody's number in it."""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import docx
import pytest

from analysis.report import charts
from analysis.report.document import Cover, Heading, Paragraph, Picture, Table, chinese_number, number, printed
from analysis.report.pdf import Fonts, draw_png, write_pdf
from analysis.report.word import write_docx
from analysis.report.workbook import Column

FONTS = Fonts(["Noto Serif CJK SC", "Noto Sans CJK SC", "Noto Sans SC"])
ROWS = [charts.Interval("甲县", 0.85, 0.78, 0.9, 120), charts.Interval("乙县", 1.0, 0.95, 1.0, 60)]
BLOCKS = [
    Cover("某区满意度调查报告", ["某评价公司", "2026年11月"]),
    Heading(1, "目的"),
    Paragraph("联系人电话13812345678。"),
    Heading(2, "抽样框"),
    Heading(2, "抽样设计"),
    Table(
        "各县满意率",
        [Column("县"), Column("满意率", "percent"), Column("n", "integer")],
        [["甲", 0.99629, 270]],
        ["注"],
    ),
    Picture("各县满意率", charts.intervals(ROWS), "两个县"),
    Heading(1, "结果"),
    Heading(2, "满意度"),
    Table("宽", [Column(f"列{at}") for at in range(12)], [["x"] * 12] * 3),
]


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_headings_tables_and_pictures_are_numbered_as_official_documents_are() -> None:
    assert [numbered.label for numbered in number(BLOCKS)] == [
        *("", "一、", "", "（一）", "（二）", "表1", "图1", "二、", "（一）", "表2"),
    ]
    assert [chinese_number(count) for count in (1, 10, 11, 20, 25)] == ["一", "十", "十一", "二十", "二十五"]


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (0.99629, Column("x", "percent"), "99.63%"),
        (Decimal("0.00125"), Column("x", "percent"), "0.13%"),
        (0.125, Column("x", "number"), "0.13"),
        (None, Column("x", "percent"), "—"),
        (float("nan"), Column("x", "number"), "—"),
        (12.0, Column("x", "integer"), "12"),
        ("110101199001010012", Column("x"), "〔证件号〕"),
    ],
)
def test_a_cell_is_printed_rounded_half_up_and_without_personal_numbers(
    value: object, column: Column, text: str
) -> None:
    assert printed(value, column) == text


def test_the_word_document_has_the_blocks_in_named_fonts_on_turned_pages_where_a_table_is_wide() -> None:
    made = write_docx(BLOCKS, lambda svg: draw_png(svg, FONTS))
    document = docx.Document(io.BytesIO(made))
    lines = [line.text for line in document.paragraphs if line.text]
    assert [line for line in lines if line[:2] in {"一、", "二、"}] == ["一、目的", "二、结果"]
    assert "13812345678" not in "".join(lines)
    assert "表1　各县满意率" in lines
    assert [cell.text for cell in document.tables[0].rows[1].cells] == ["甲", "99.63%", "270"]
    assert [section.orientation for section in document.sections] == [0, 1]
    assert document.inline_shapes[0]._inline.docPr.get("descr") == "两个县"
    xml = zipfile.ZipFile(io.BytesIO(made)).read("word/styles.xml").decode()
    assert 'w:eastAsia="仿宋_GB2312"' in xml
    assert "w:tblHeader" in zipfile.ZipFile(io.BytesIO(made)).read("word/document.xml").decode()


def test_the_pdf_is_made_from_the_same_blocks() -> None:
    made = write_pdf(BLOCKS, FONTS)
    assert made.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) >= 4


def test_a_chart_says_every_number_that_it_draws() -> None:
    assert {"甲县", "85.00%  n=120", "乙县", "100.00%  n=60"} <= set(texts(charts.intervals(ROWS, target=0.9)))
    likert = charts.stacked(
        [charts.Shares("总体", [0.5, 0.3, 0.1, 0.07, 0.03], 200)], ["很满意", "满意", "一般", "不", "很不"]
    )
    assert {"50%", "30%", "n=200"} <= set(texts(likert))
    assert "28.00%" in texts(charts.compared([("城市", 0.3, 0.28)], ("样本", "名册")))
    flow = charts.flow([charts.Step("名册", 400), charts.Step("访成", 360, [("拒访", 40)])])
    assert {"400", "360", "拒访  40"} <= set(texts(flow))


def test_words_in_a_chart_are_never_markup(tmp_path: Path) -> None:
    svg = charts.bars([('<script>&"', 0.4, "40%")])
    assert '<script>&"' in texts(svg)
    assert draw_png(svg, FONTS).startswith(b"\x89PNG")
