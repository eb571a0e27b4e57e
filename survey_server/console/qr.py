"""QR codes as drawings: for pages, for print."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.main import QRCode

# Any of the eight masks makes a valid code (ISO/IEC 18004, 7.8); to try them all for every label takes eight times
# as long and helps only codes that are tiny or torn.
MASK = 3

Matrix = Sequence[Sequence[bool]]


class Correction(IntEnum):
    """How much of a code may be lost (ISO/IEC 18004, 7.5.1): 15, 25 or 30 of a hundred code words."""

    SCREEN = ERROR_CORRECT_M
    PAPER = ERROR_CORRECT_Q
    WORN = ERROR_CORRECT_H


def matrix(text: str, correction: Correction = Correction.SCREEN) -> Matrix:
    """The modules of a QR code, rows from the top, without the quiet zone."""
    code = QRCode(error_correction=correction.value, border=0, mask_pattern=MASK)
    code.add_data(text)
    code.make(fit=True)
    return code.get_matrix()


def svg(text: str, correction: Correction = Correction.SCREEN) -> str:
    """A QR code as an SVG: one path, a box for each run of dark modules, four modules of quiet around."""
    modules = matrix(text, correction)
    side = len(modules) + 8
    boxes = "".join(_runs(y + 4, row) for y, row in enumerate(modules))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{boxes}"/></svg>'
    )


def _runs(y: int, row: Sequence[bool]) -> str:
    boxes, x = [], 0
    while x < len(row):
        start = x
        while x < len(row) and row[x]:
            x += 1
        if x > start:
            boxes.append(f"M{start + 4} {y}h{x - start}v1H{start + 4}z")
        x += 1
    return "".join(boxes)
