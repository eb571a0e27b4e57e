"""A report as a PDF, typeset by Typst from the same blocks as the Word document; and drawings as bitmaps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typst

from analysis.report.disclosure import mask_personal
from analysis.report.document import Block, Cover, Heading, Numbered, Paragraph, Picture, Table, number, printed

DOCUMENT = Path(__file__).with_name("document.typ")
PICTURE = Path(__file__).with_name("picture.typ")
PIXELS_PER_INCH = 200


@dataclass(frozen=True)
class Fonts:
    """Families in the order of preference, folders to look into, and whether the machine's own fonts are used too."""

    families: Sequence[str]
    folders: Sequence[Path] = ()
    own: bool = True


def write_pdf(blocks: Iterable[Block], fonts: Fonts) -> bytes:
    """The document as A4 pages with an outline."""
    data = {"fonts": list(fonts.families), "blocks": [_plain(numbered) for numbered in number(blocks)]}
    return _compile(DOCUMENT, json.dumps(data, ensure_ascii=False), fonts)


def draw_png(svg: str, fonts: Fonts) -> bytes:
    """A drawing as a bitmap."""
    return _compile(PICTURE, svg, fonts, format="png", ppi=PIXELS_PER_INCH)


def _compile(template: Path, data: str, fonts: Fonts, **options: Any) -> bytes:  # noqa: ANN401 - of typst
    made = typst.compile(
        str(template),
        font_paths=[str(folder) for folder in fonts.folders],
        ignore_system_fonts=not fonts.own,
        sys_inputs={"data": data},
        **options,
    )
    return bytes(made)  # type: ignore[arg-type]


def _plain(numbered: Numbered) -> dict[str, Any]:
    block, label = numbered.block, numbered.label
    if isinstance(block, Cover):
        return {"kind": "cover", "title": block.title, "lines": list(block.lines), "banner": block.banner}
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level, "text": f"{label}{block.text}"}
    if isinstance(block, Paragraph):
        return {"kind": "note" if block.note else "paragraph", "text": mask_personal(block.text)}
    if isinstance(block, Picture):
        return {"kind": "picture", "caption": f"{label}　{block.caption}", "svg": block.svg, "alt": block.alt}
    return _table(block, label)


def _table(block: Table, label: str) -> dict[str, Any]:
    return {
        "kind": "table",
        "caption": f"{label}　{block.caption}",
        "header": [column.header for column in block.columns],
        "left": [column.kind == "text" for column in block.columns],
        "rows": [
            [printed(value, column) for value, column in zip(row, block.columns, strict=True)] for row in block.rows
        ],
        "notes": [mask_personal(note) for note in block.notes],
    }
