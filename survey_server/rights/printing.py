"""Documents for print, from the blocks that reports are made of."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.report.document import Block
from analysis.report.pdf import write_pdf
from survey_server.console.typesetting import fonts


def print_blocks(blocks: Iterable[Block]) -> bytes:
    """The document as PDF; raises STATE_CONFLICT where the machine has no Chinese font."""
    return write_pdf(blocks, fonts())
