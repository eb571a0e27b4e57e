"""Charts for paper in Chinese, as SVG: values in, text out. No chart is without the numbers that it shows.

Never a pie, never only the satisfied: what a reader must be able to check stands beside each bar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from analysis.rounding import percent

FONT = "'Noto Sans SC', 'Noto Sans CJK SC', 'Microsoft YaHei', 'SimHei', sans-serif"
WIDTH = 640.0
NARROW, BROAD = 90.0, 280.0
"""Room for the labels at the left, at least and at most."""
NUMBER = 120.0
ROW = 30.0
INK, QUIET, LINE, MAIN = "#1d2b28", "#566663", "#c3cfcc", "#0b6b5d"
SCALE_COLOURS = ("#0b6b5d", "#7fbfae", "#d8d8d2", "#e8a06a", "#b8432f")
"""From very satisfied to very dissatisfied; told apart in grey print too."""


@dataclass(frozen=True)
class Interval:
    """A rate with its interval, fractions; without ends only the point is drawn."""

    label: str
    estimate: float
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True)
class Shares:
    """The shares (fractions that add up to 1) of one row of a stacked chart."""

    label: str
    shares: Sequence[float]
    n: int = 0


@dataclass(frozen=True)
class Step:
    """A box of a flow: what, how many, and what left the flow on the way to it."""

    label: str
    count: int
    left: Sequence[tuple[str, int]] = field(default_factory=tuple)


def intervals(rows: Sequence[Interval], target: float | None = None) -> str:
    """Rates as points with their intervals, one a line, on a common axis; `target` as a dashed line."""
    low = min([row.low if row.low is not None else row.estimate for row in rows], default=0.0)
    start = max(0.0, min(0.9, int(min(low, 1 if target is None else target) * 10) / 10))
    span = 1 - start

    left = _room([row.label for row in rows])

    def x(share: float) -> float:
        return left + (min(max(share, start), 1) - start) / span * (WIDTH - left - NUMBER)

    height = ROW * len(rows) + 34
    step = next(step for step, most in ((0.05, 0.2), (0.1, 0.5), (0.2, 1.0)) if span <= most + 1e-9)
    parts = [_axis(x, [1 - step * place for place in range(int(span / step + 1e-9) + 1)], ROW * len(rows) + 6)]
    if target is not None:
        parts.append(line(x(target), 4, x(target), ROW * len(rows) + 6, "#b8432f", dash="5 4"))
    for place, row in enumerate(rows):
        y = 6 + ROW * (place + 0.5)
        parts.append(words(left - 8, y, row.label, anchor="end"))
        if row.low is not None and row.high is not None:
            parts += [line(x(row.low), y, x(row.high), y, MAIN, 3)]
            parts += [line(x(end), y - 6, x(end), y + 6, MAIN, 2) for end in (row.low, row.high)]
        parts.append(f'<circle cx="{x(row.estimate):.1f}" cy="{y:.1f}" r="5" fill="{MAIN}"/>')
        said = f"{percent(row.estimate)}%" + (f"  n={row.n}" if row.n else "")
        parts.append(words(WIDTH - NUMBER + 10, y, said))
    return svg(height, parts)


def stacked(rows: Sequence[Shares], categories: Sequence[str]) -> str:
    """Diverging bars of a five-point scale: the middle of the scale stands on one line, so that both sides show."""
    middle = len(categories) // 2
    before = [sum(row.shares[:middle]) + row.shares[middle] / 2 for row in rows]
    after = [1 - share for share in before]
    edge = _room([row.label for row in rows])
    left, right = max(before, default=0.5), max(after, default=0.5)
    unit = (WIDTH - edge - 70) / max(left + right, 1e-9)
    centre = edge + left * unit
    parts = [_legend(categories, edge)]
    for place, (row, share) in enumerate(zip(rows, before, strict=True)):
        y = 34 + ROW * place
        parts.append(words(edge - 8, y + ROW / 2 - 3, row.label, anchor="end"))
        parts += _bar(centre - share * unit, y, row.shares, unit)
        parts.append(words(WIDTH - 62, y + ROW / 2 - 3, f"n={row.n}", fill=QUIET))
    parts.append(line(centre, 30, centre, 34 + ROW * len(rows), QUIET, dash="2 3"))
    return svg(40 + ROW * len(rows), parts)


def bars(rows: Sequence[tuple[str, float, str]]) -> str:
    """Horizontal bars from 0: label, share (a fraction), and what is written behind the bar."""
    most = max([share for _, share, _ in rows], default=1.0) or 1.0
    left = _room([label for label, _, _ in rows])
    unit = (WIDTH - left - NUMBER - 20) / most
    parts = []
    for place, (label, share, said) in enumerate(rows):
        y = 4 + ROW * place
        parts.append(words(left - 8, y + ROW / 2, label, anchor="end"))
        parts.append(_rect(left, y + 6, share * unit, ROW - 12, MAIN))
        parts.append(words(left + share * unit + 8, y + ROW / 2, said))
    return svg(10 + ROW * len(rows), parts)


def compared(rows: Sequence[tuple[str, float, float]], names: tuple[str, str]) -> str:
    """Two shares a line, one above the other: the sample against the population."""
    most = max([max(first, second) for _, first, second in rows], default=1.0) or 1.0
    left = _room([label for label, _, _ in rows])
    unit = (WIDTH - left - NUMBER - 10) / most
    parts = [_legend(names, left, (MAIN, "#c9a227"))]
    for place, (label, first, second) in enumerate(rows):
        y = 34 + (ROW + 10) * place
        parts.append(words(left - 8, y + 16, label, anchor="end"))
        for at, (share, colour) in enumerate(((first, MAIN), (second, "#c9a227"))):
            parts.append(_rect(left, y + at * 16, share * unit, 13, colour))
            parts.append(words(left + share * unit + 8, y + at * 16 + 7, f"{percent(share)}%", size=12))
    return svg(38 + (ROW + 10) * len(rows), parts)


def flow(steps: Sequence[Step]) -> str:
    """From the roster to the answers that count, and who was left where."""
    parts: list[str] = []
    y = 4.0
    for place, step in enumerate(steps):
        height = max(40.0, 22.0 * len(step.left) + 8)
        if place:
            parts.append(line(150, y, 150, y + 18, QUIET, 2))
            parts.append(f'<path d="M145 {y + 12:.1f} L155 {y + 12:.1f} L150 {y + 19:.1f} Z" fill="{QUIET}"/>')
            y += 20
        parts.append(
            f'<rect x="20" y="{y:.1f}" width="260" height="40" rx="6" fill="#eef5f3" '
            f'stroke="{MAIN}" stroke-width="1.5"/>'
        )
        parts.append(words(34, y + 21, step.label))
        parts.append(words(266, y + 21, str(step.count), anchor="end", weight="700"))
        for place_left, (label, count) in enumerate(step.left):
            parts.append(words(310, y + 14 + 22 * place_left, f"{label}  {count}", fill=QUIET))
        y += height
    return svg(y + 6, parts)


def _bar(x: float, y: float, shares: Sequence[float], unit: float) -> Iterable[str]:
    for share, colour in zip(shares, SCALE_COLOURS, strict=True):
        wide = share * unit
        yield _rect(x, y + 2, wide, ROW - 8, colour)
        if wide >= 34:
            dark = colour in {SCALE_COLOURS[0], SCALE_COLOURS[4]}
            text = f"{percent(share, 0)}%"
            yield words(x + wide / 2, y + ROW / 2 - 2, text, anchor="middle", size=12, fill="#fff" if dark else INK)
        x += wide


def _room(labels: Sequence[str]) -> float:
    """How broad the longest label is: a Chinese character is as broad as it is high, a Latin one half of it."""
    longest = max([sum(13.2 if ord(letter) > 255 else 7.5 for letter in label) for label in labels], default=0.0)
    return min(max(longest + 16, NARROW), BROAD)


def _legend(names: Sequence[str], x: float, colours: Sequence[str] = SCALE_COLOURS) -> str:
    parts = []
    for name, colour in zip(names, colours, strict=True):
        parts += [_rect(x, 8, 12, 12, colour), words(x + 17, 14, name, size=12)]
        x += 34 + 13 * len(name)
    return "".join(parts)


def _axis(x: Callable[[float], float], ticks: Sequence[float], bottom: float) -> str:
    parts = []
    for tick in ticks:
        at = x(tick)
        parts.append(line(at, 4, at, bottom, LINE))
        parts.append(words(at, bottom + 14, f"{percent(tick, 0)}%", anchor="middle", size=12, fill=QUIET))
    return "".join(parts)


def svg(height: float, parts: Iterable[str]) -> str:
    """A picture of this height from its parts."""
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="{WIDTH:.0f}" '
        f'height="{height:.0f}" font-family="{FONT}"><rect width="100%" height="100%" fill="#fff"/>{body}</svg>'
    )


def words(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, fill: str = INK, weight: str = "400"
) -> str:
    """A line of text whose middle stands at this height."""
    return (
        f'<text x="{x:.1f}" y="{y + size * 0.36:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )


def _rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" fill="{fill}"/>'


def line(x1: float, y1: float, x2: float, y2: float, stroke: str, width: float = 1, dash: str = "") -> str:
    """A straight line."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" '
        f'stroke-width="{width}"{dashes}/>'
    )
