"""Documents for print, from the blocks that reports are made of."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.report.document import Block
from analysis.report.pdf import Fonts, write_pdf
from survey_server.samples.typesetting import CHINESE, FONTS, chinese_font


def print_blocks(blocks: Iterable[Block]) -> bytes:
    """The document as PDF; raises STATE_CONFLICT where the machine has no Chinese font."""
    family = chinese_font()
    return write_pdf(blocks, Fonts([family], [FONTS] if FONTS.is_dir() else [], own=family != CHINESE[0]))
