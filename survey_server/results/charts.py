"""Places in small drawings; the templates write them as SVG with presentation attributes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from survey_server.results.figures import Figure

WIDTH = 320.0
MARGIN = 20.0


@dataclass(frozen=True)
class IntervalDrawing:
    """A rate with its interval on the line from 0 to 100 per cent; x in the units of the view box."""

    at: float
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    width: float = WIDTH

    @property
    def span(self) -> float:
        """Length of the bar; a census has a bar of no length."""
        return self.high - self.low


def interval_drawing(figure: Figure) -> IntervalDrawing | None:
    """Where to draw a rate; None without an estimate. Without an interval only the point is drawn."""
    if figure.estimate is None or not figure.is_rate:
        return None
    ticks = tuple((_x(quarter / 4), f"{quarter * 25}%") for quarter in range(5))
    low = figure.estimate if figure.low is None else figure.low
    high = figure.estimate if figure.high is None else figure.high
    return IntervalDrawing(_x(figure.estimate), _x(low), _x(high), ticks)


def _x(share: Decimal | float) -> float:
    return round(MARGIN + float(share) * (WIDTH - 2 * MARGIN), 2)
