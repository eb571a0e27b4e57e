"""Where a page's small drawings are drawn; the templates write them as SVG with presentation attributes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sampling import Fieldwork, size_options
from survey_server.samples.planning import Plan
from survey_server.samples.wording import percent

WIDTH, HEIGHT = 640.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 48.0, 16.0, 12.0, 28.0
POINTS = 60
TOPS = (0.02, 0.04, 0.08, 0.12, 0.2, 0.4, 1.0)


@dataclass(frozen=True)
class Curve:
    """Half the interval's width against the number of households, with the plan as a dot."""

    points: str
    at: tuple[float, float]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Bar:
    """One saved design's bar: its length and what is written behind it."""

    name: str
    y: float
    length: float
    text: str


def curve(plan: Plan) -> Curve:
    """How the interval narrows as more are asked, were the sample simple; the dot is this plan."""
    most = plan.population
    issues = sorted({max(1, round(most ** (step / POINTS))) for step in range(POINTS + 1)} | {most})
    options = size_options(
        [issue for issue in issues if issue * plan.wish["response"] >= 1],
        Fieldwork(visits_per_day=plan.wish["visits_per_day"], response=plan.wish["response"]),
        population=most,
        expected=plan.wish["expected"],
        level=plan.wish["level"],
        deff=plan.deff,
    )
    top = next((top for top in TOPS if top >= 1.4 * plan.overall), TOPS[-1])
    shown = options[options["half_width"] <= top]
    least = min([*shown["issued"].tolist(), plan.households])
    points = [
        (_x(issued, least, most), _y(width, top))
        for issued, width in zip(shown["issued"], shown["half_width"], strict=True)
    ]
    x_ticks = tuple((_x(number, least, most), str(number)) for number in _round_numbers(least, most))
    y_ticks = tuple((_y(top * part / 4, top), f"±{percent(top * part / 4)}") for part in range(5))
    dot = (_x(plan.households, least, most), _y(min(plan.overall, top), top))
    return Curve(" ".join(f"{x:.1f},{y:.1f}" for x, y in points), dot, x_ticks, y_ticks)


def bars(numbers: Sequence[tuple[str, float, str]]) -> list[Bar]:
    """Bars under each other, the longest the width of the drawing."""
    longest = max((number for _, number, _ in numbers), default=0.0) or 1.0
    return [
        Bar(name, 4 + 26.0 * place, round(number / longest * 380, 1), text)
        for place, (name, number, text) in enumerate(numbers)
    ]


def _x(issued: float, least: int, most: int) -> float:
    share = math.log(issued / least) / math.log(most / least) if most > least else 1.0
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(width: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - width / top * (HEIGHT - TOP - BOTTOM), 1)


def _round_numbers(least: int, most: int) -> list[int]:
    steps = [digit * 10**power for power in range(9) for digit in (1, 2, 5)]
    return [step for step in steps if least <= step <= most]
