"""A plain map of villages for paper, as SVG: a dot a village, north up, a scale bar; no background and no network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from analysis.report.charts import FONT, INK, MAIN, QUIET

WIDTH, HEIGHT, MARGIN = 960.0, 520.0, 60.0
LEAST_KM = 2.0
"""A map shows at least so much from side to side, so that one village is not a map of one yard."""
_KM_PER_DEGREE = 111.195
"""A degree of a great circle of the mean Earth (radius 6371.0 km)."""
_SIZE = 15.0
MOST_NAMES = 300
"""So many villages are named, those with most households; more would be black paper."""


@dataclass(frozen=True)
class Village:
    """A village with its households to visit, at longitude and latitude in decimal degrees (WGS-84)."""

    name: str
    households: int
    lon: float
    lat: float


@dataclass(frozen=True)
class Spot:
    """Where a village stands on the drawing: x to the right, y down."""

    village: Village
    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """Villages on the drawing, and how many units of it are a kilometre."""

    spots: Sequence[Spot]
    scale: float


def lay_out(villages: Sequence[Village]) -> Layout:
    """An equidistant cylindrical projection, true to scale at the middle latitude, as large as the sheet allows.

    Raises ValueError without a village.
    """
    if not villages:
        raise ValueError("a map needs a village")
    west, east = min(v.lon for v in villages), max(v.lon for v in villages)
    south, north = min(v.lat for v in villages), max(v.lat for v in villages)
    shrink = math.cos(math.radians((south + north) / 2))
    across, up = (east - west) * _KM_PER_DEGREE * shrink, (north - south) * _KM_PER_DEGREE
    scale = min((WIDTH - 2 * MARGIN) / max(across, LEAST_KM), (HEIGHT - 2 * MARGIN) / max(up, LEAST_KM))
    spots = [
        Spot(
            village,
            WIDTH / 2 + (village.lon - (west + east) / 2) * _KM_PER_DEGREE * shrink * scale,
            HEIGHT / 2 - (village.lat - (south + north) / 2) * _KM_PER_DEGREE * scale,
        )
        for village in villages
    ]
    return Layout(spots, scale)


def bar_length(scale: float) -> float:
    """The kilometres of the scale bar: 1, 2 or 5 with noughts, at most a fifth of the width."""
    most = WIDTH / 5 / scale
    decade = 10.0 ** math.floor(math.log10(most))
    return max(step * decade for step in (1, 2, 5) if step * decade <= most * (1 + 1e-9))


def village_map(villages: Sequence[Village], north: str) -> str:
    """The map as SVG; ``north`` is the word at the arrow. Raises ValueError without a village."""
    layout = lay_out(villages)
    parts = [
        f'<rect x="1" y="1" width="{WIDTH - 2:.0f}" height="{HEIGHT - 2:.0f}" fill="#fff" stroke="{QUIET}"/>',
        *_dots(layout.spots),
        *_bar(layout.scale),
        *_arrow(north),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" width="{WIDTH:.0f}" '
        f'height="{HEIGHT:.0f}" font-family="{FONT}">{"".join(parts)}</svg>'
    )


Box = tuple[float, float, float, float]


def _dots(spots: Sequence[Spot]) -> Iterable[str]:
    # The corners of the scale bar and the arrow are taken, and so is every dot.
    taken: list[Box] = [(0, HEIGHT - 45, WIDTH / 5 + 40, HEIGHT), (WIDTH - 50, 0, WIDTH, 70)]
    taken += [(spot.x - 6, spot.y - 6, spot.x + 6, spot.y + 6) for spot in spots]
    yield from (f'<circle cx="{spot.x:.1f}" cy="{spot.y:.1f}" r="5" fill="{MAIN}"/>' for spot in spots)
    for spot in sorted(spots, key=lambda spot: -spot.village.households)[:MOST_NAMES]:
        text = f"{spot.village.name[:14]} {spot.village.households}"
        box = _free(spot, sum(_SIZE if ord(letter) > 0x2E7F else _SIZE * 0.56 for letter in text), taken)
        taken.append(box)
        yield _text(box[0], box[3] - 4, text)


def _free(spot: Spot, width: float, taken: Sequence[Box]) -> Box:
    """Where the label stands: beside, above or below its dot, where nothing else is; else to the right."""
    half, height = width / 2, _SIZE + 4
    corners = [(9.0, -height / 2), (-9 - width, -height / 2), (-half, -9 - height), (-half, 9.0)]
    corners += [(9.0, -9 - height), (9.0, 9.0), (-9 - width, -9 - height), (-9 - width, 9.0)]
    boxes = [(spot.x + x, spot.y + y, spot.x + x + width, spot.y + y + height) for x, y in corners]
    inside = [box for box in boxes if box[0] > 4 and box[1] > 4 and box[2] < WIDTH - 4 and box[3] < HEIGHT - 4]
    free = [box for box in inside if not any(_meet(box, other) for other in taken)]
    return [*free, *inside, *boxes][0]


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _bar(scale: float) -> Iterable[str]:
    km = bar_length(scale)
    left, bottom, right = 20.0, HEIGHT - 16, 20 + km * scale
    path = f"M{left:.1f} {bottom - 6:.1f}V{bottom:.1f}H{right:.1f}V{bottom - 6:.1f}"
    yield f'<path class="bar" d="{path}" fill="none" stroke="{INK}" stroke-width="1.5"/>'
    yield _text(left, bottom - 10, f"{km:g} km")


def _arrow(north: str) -> Iterable[str]:
    x = WIDTH - 28
    yield f'<path d="M{x:.0f} 30L{x + 8:.0f} 56L{x:.0f} 50L{x - 8:.0f} 56Z" fill="{INK}"/>'
    yield _text(x, 24, north, anchor="middle")


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{_SIZE:.0f}" fill="{INK}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
