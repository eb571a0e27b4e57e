"""QR codes as drawings: for pages, for print."""

from __future__ import annotations

from collections.abc import Sequence

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

# Any of the eight masks makes a valid code (ISO/IEC 18004, 7.8); to try them all for every label takes eight times
# as long and helps only codes that are tiny or torn.
MASK = 3

Matrix = Sequence[Sequence[bool]]


def matrix(text: str) -> Matrix:
    """The modules of a QR code (error correction M), rows from the top, without the quiet zone."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=MASK)
    code.add_data(text)
    code.make(fit=True)
    return code.get_matrix()


def svg(text: str) -> str:
    """A QR code as an SVG: one path, a box for each run of dark modules, four modules of quiet around."""
    modules = matrix(text)
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
