"""A report as a Word document (.docx), in the manner of GB/T 9704: named fonts with what stands in for them.

The fonts (仿宋_GB2312, 小标宋, 楷体_GB2312, 黑体) belong to their makers and are not shipped: the document names
them, and a machine without them shows its own.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph as Line

from analysis.report.disclosure import mask_personal
from analysis.report.document import Block, Cover, Heading, Paragraph, Picture, Table, number, printed
from analysis.report.widths import widths

BODY, KAI, HEI, TITLE = "仿宋_GB2312", "楷体_GB2312", "黑体", "方正小标宋简体"
LATIN = "Times New Roman"
SIZE, TABLE_SIZE, NOTE_SIZE = 16.0, 10.5, 10.5
LINE_POINTS = 28.95
LANDSCAPE_FROM = 9
"""So many columns are set on a page turned sideways."""
_LEFT = {"text"}

Draw = Callable[[str], bytes]


def write_docx(blocks: Iterable[Block], png: Draw) -> bytes:
    """The document; `png` turns a drawing (SVG) into a bitmap, for Word shows no SVG everywhere."""
    document = docx.Document()
    _styles(document)
    _language(document)
    _page(document)
    _page_number(document)
    for numbered in number(blocks):
        _turn(document, _side(numbered.block))
        _WRITERS[type(numbered.block)](document, numbered.block, numbered.label, png)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _cover(document: Document, block: Cover, _label: str, _png: Draw) -> None:
    for _ in range(5):
        document.add_paragraph(style="Note")
    if block.banner:
        _centred(document, block.banner, "Note", HEI)
    _centred(document, block.title, "Title", TITLE)
    for _ in range(8):
        document.add_paragraph(style="Note")
    for line in block.lines:
        _centred(document, line, "Normal", KAI).paragraph_format.first_line_indent = Pt(0)
    document.add_page_break()


def _heading(document: Document, block: Heading, label: str, _png: Draw) -> None:
    document.add_paragraph(f"{label}{block.text}", style=f"Heading {block.level}")


def _paragraph(document: Document, block: Paragraph, _label: str, _png: Draw) -> None:
    document.add_paragraph(mask_personal(block.text), style="Note" if block.note else "Normal")


def _table(document: Document, block: Table, label: str, _png: Draw) -> None:
    caption = _centred(document, f"{label}　{block.caption}", "Note", HEI)
    caption.paragraph_format.keep_with_next = True
    table = document.add_table(rows=1, cols=len(block.columns), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for made, points in zip(table.columns, widths(block, _text_width(document), TABLE_SIZE), strict=True):
        made.width = Pt(points)
    for cell, column in zip(table.rows[0].cells, block.columns, strict=True):
        _cell(cell, column.header, WD_ALIGN_PARAGRAPH.CENTER, bold=True)
    _keep_whole(table.rows[0], "w:tblHeader")
    for row in block.rows:
        added = table.add_row()
        _keep_whole(added)
        for cell, value, column in zip(added.cells, row, block.columns, strict=True):
            side = WD_ALIGN_PARAGRAPH.LEFT if column.kind in _LEFT else WD_ALIGN_PARAGRAPH.RIGHT
            _cell(cell, printed(value, column), side)
    for note in block.notes:
        document.add_paragraph(mask_personal(note), style="Note")


def _picture(document: Document, block: Picture, label: str, png: Draw) -> None:
    line = document.add_paragraph(style="Note")
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    line.paragraph_format.keep_with_next = True
    shape = line.add_run().add_picture(io.BytesIO(png(block.svg)), width=Mm(150))
    shape._inline.docPr.set("descr", block.alt or block.caption)  # noqa: SLF001 - python-docx has no name for it
    _centred(document, f"{label}　{block.caption}", "Note", HEI)


_WRITERS: dict[type, Callable[[Document, Any, str, Draw], None]] = {
    Cover: _cover,
    Heading: _heading,
    Paragraph: _paragraph,
    Table: _table,
    Picture: _picture,
}


def _styles(document: Document) -> None:
    body = _style(document, "Normal", BODY, SIZE)
    body.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    body.paragraph_format.line_spacing = Pt(LINE_POINTS)
    body.paragraph_format.space_after = Pt(0)
    body.paragraph_format.first_line_indent = Pt(2 * SIZE)
    for level, font in ((1, HEI), (2, KAI), (3, BODY), (4, BODY)):
        heading = _style(document, f"Heading {level}", font, SIZE)
        heading.font.bold = level == 3
        heading.font.italic = False
        heading.font.color.rgb = RGBColor(0, 0, 0)
        heading.paragraph_format.space_before = heading.paragraph_format.space_after = Pt(0)
        heading.paragraph_format.first_line_indent = Pt(2 * SIZE)
        heading.paragraph_format.keep_with_next = True
    title = _style(document, "Title", TITLE, 22)
    title.font.color.rgb = RGBColor(0, 0, 0)
    title.paragraph_format.line_spacing = Pt(36)
    title.paragraph_format.first_line_indent = Pt(0)
    for border in title.element.findall(f".//{qn('w:pBdr')}"):
        above: Any = border.getparent()
        above.remove(border)
    note: Any = document.styles.add_style("Note", WD_STYLE_TYPE.PARAGRAPH)
    note.base_style = document.styles["Normal"]
    note = _style(document, "Note", BODY, NOTE_SIZE)
    note.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    note.paragraph_format.first_line_indent = Pt(0)
    note.paragraph_format.space_after = Pt(4)


def _language(document: Document) -> None:
    """Chinese of the mainland: its shapes of letters, and its commas at the left below."""
    defaults: Any = document.styles.element
    for language in defaults.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")


def _style(document: Document, name: str, font: str, size: float) -> ParagraphStyle:
    style: Any = document.styles[name]
    style.font.name, style.font.size = LATIN, Pt(size)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), font)
    return style


def _page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)


def _side(block: Block) -> WD_ORIENT:
    wide = isinstance(block, Table) and len(block.columns) >= LANDSCAPE_FROM
    return WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT


def _turn(document: Document, wanted: WD_ORIENT) -> None:
    """Go on with a page turned the other way, where it is not so already; its margins turn with it."""
    if document.sections[-1].orientation == wanted:
        return
    section = document.add_section()
    section.orientation = wanted
    section.page_width, section.page_height = section.page_height, section.page_width


def _text_width(document: Document) -> float:
    """Between the margins, in points."""
    section: Any = document.sections[-1]
    return (section.page_width - section.left_margin - section.right_margin) / Pt(1)


def _page_number(document: Document) -> None:
    """— 1 —, on the outer side of a leaf that is printed on both."""
    document.settings.odd_and_even_pages_header_footer = True
    section = document.sections[0]
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        line = footer.paragraphs[0]
        line.alignment = side
        line.paragraph_format.first_line_indent = Pt(0)
        line.add_run("— ").font.size = Pt(14)
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), "PAGE")
        line._p.append(field)  # noqa: SLF001 - python-docx has no fields
        line.add_run(" —").font.size = Pt(14)


def _centred(document: Document, text: str, style: str, font: str) -> Line:
    line = document.add_paragraph(style=style)
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    line.paragraph_format.first_line_indent = Pt(0)
    run = line.add_run(text)
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)  # noqa: SLF001 - likewise
    return line


def _cell(cell: Any, text: str, side: WD_ALIGN_PARAGRAPH, *, bold: bool = False) -> None:  # noqa: ANN401 - a cell of docx
    line = cell.paragraphs[0]
    line.style, line.alignment = "Note", side
    line.paragraph_format.space_after = Pt(0)
    run = line.add_run(text)
    run.font.size, run.font.bold = Pt(TABLE_SIZE), bold


def _keep_whole(row: Any, *more: str) -> None:  # noqa: ANN401 - a row of docx
    """No row is torn by a page's end; `more`: w:tblHeader for the header that stands on every page."""
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001 - likewise
    for name in ("w:cantSplit", *more):
        properties.append(OxmlElement(name))
