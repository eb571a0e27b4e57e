"""Pages for print: data that was prepared in words, typeset by Typst with a Chinese font."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

import mobile_forms
from analysis.report.pdf import Fonts
from survey_server.errors import N_, Problem, ZoufangError

FONTS = Path(mobile_forms.__file__).parent / "client" / "dist" / "fonts"
# The client's build brings the first; the others stand on many machines already.
CHINESE = (
    "Noto Sans SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
    "SimHei",
)


def typeset(template: Path, data: Mapping[str, Any]) -> bytes:
    """The PDF of a template, which reads everything shown from ``data``. Raises STATE_CONFLICT without a font."""
    return bytes(typst.compile(str(template), **_settings(data)))  # type: ignore[arg-type]


def first_page(template: Path, data: Mapping[str, Any], *, dots: float = 60.0) -> bytes:
    """A picture (PNG) of the first page of the same, with so many dots an inch."""
    pages = typst.compile(str(template), format="png", ppi=dots, **_settings(data))
    return bytes(pages[0] if isinstance(pages, list) else pages)  # type: ignore[arg-type]


def _settings(data: Mapping[str, Any]) -> dict[str, Any]:
    family = chinese_font()
    text = json.dumps({**data, "font": family}, ensure_ascii=False)
    paths = [str(FONTS)] if FONTS.is_dir() else []
    return {"font_paths": paths, "ignore_system_fonts": family == CHINESE[0], "sys_inputs": {"data": text}}


def fonts() -> Fonts:
    """The Chinese font of this machine, for documents made of blocks and for drawings."""
    family = chinese_font()
    return Fonts([family], [FONTS] if FONTS.is_dir() else [], own=family != CHINESE[0])


def chinese_font() -> str:
    """The first Chinese font that this machine has."""
    if any(FONTS.glob("*.ttf")):
        return CHINESE[0]
    known = set(typst.Fonts(include_embedded_fonts=False).families())
    found = next((family for family in CHINESE if family in known), None)
    if found is None:
        raise ZoufangError(
            Problem.STATE_CONFLICT,
            why=N_("this machine has no Chinese font; start the server once by “python3 bootstrap.py run”"),
        )
    return found
