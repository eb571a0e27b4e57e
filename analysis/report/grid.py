"""The grid of importance and performance (Martilla and James 1977), as SVG with every point named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.report.charts import INK, LINE, MAIN, QUIET, WIDTH, line, svg, words

HEIGHT = 400.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, WIDTH - 12, 12.0, HEIGHT - 40
AIR = 0.18
"""Of the span left free at each edge, so that names fit."""
LETTERS = 13.2


@dataclass(frozen=True)
class Point:
    """One thing: its name, how well it is done (to the right), how much it matters (upwards)."""

    name: str
    x: float
    y: float


def grid(points: Sequence[Point], lines: tuple[float, float], axes: tuple[str, str], corners: Sequence[str]) -> str:
    """Points in four fields. lines: where they cross (x, y). corners: words of the fields, upper left, upper right,
    lower left, lower right."""
    x = _scale([point.x for point in points] + [lines[0]], LEFT, RIGHT)
    y = _scale([point.y for point in points] + [lines[1]], BOTTOM, TOP)
    parts = [
        line(LEFT, TOP, LEFT, BOTTOM, LINE),
        line(LEFT, BOTTOM, RIGHT, BOTTOM, LINE),
        line(x(lines[0]), TOP, x(lines[0]), BOTTOM, QUIET, dash="4 4"),
        line(LEFT, y(lines[1]), RIGHT, y(lines[1]), QUIET, dash="4 4"),
        words((LEFT + RIGHT) / 2, HEIGHT - 18, f"{axes[0]} →", anchor="middle", size=12, fill=QUIET),
        f'<g transform="rotate(-90 18 {(TOP + BOTTOM) / 2:.1f})">'
        + words(18, (TOP + BOTTOM) / 2, f"{axes[1]} →", anchor="middle", size=12, fill=QUIET)
        + "</g>",
    ]
    places = ((LEFT + 8, TOP + 10, "start"), (RIGHT - 8, TOP + 10, "end"))
    places += ((LEFT + 8, BOTTOM - 12, "start"), (RIGHT - 8, BOTTOM - 12, "end"))
    for name, (at, height, anchor) in zip(corners, places, strict=True):
        parts.append(words(at, height, name, anchor=anchor, size=12, fill=QUIET))
    taken: list[tuple[float, float, float]] = []
    for point in sorted(points, key=lambda one: y(one.y)):
        parts += _named(x(point.x), y(point.y), point.name, taken)
    return svg(HEIGHT, parts)


def _named(at: float, height: float, name: str, taken: list[tuple[float, float, float]]) -> list[str]:
    """A dot with its name at the side where there is room, moved down where another name stands."""
    long = LETTERS * len(name)
    left = at + 10 + long > RIGHT
    start = at - 10 - long if left else at + 10
    place = height
    while any(abs(place - other) < 16 and start < end and begin < start + long for other, begin, end in taken):
        place += 16
    taken.append((place, start, start + long))
    dot = f'<circle cx="{at:.1f}" cy="{height:.1f}" r="6" fill="{MAIN}"/>'
    return [dot, words(start, place, name, fill=INK)]


def _scale(values: Sequence[float], first: float, last: float):  # noqa: ANN202 - a function of float to float
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    low, high = low - AIR * span, high + AIR * span
    return lambda value: first + (value - low) / (high - low) * (last - first)
