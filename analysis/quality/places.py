"""Places that look wrong: many households in one spot, and interviews far from where the household lives."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from analysis.quality.flags import flags

EARTH = 6_371_000.0  # metres


def one_place_for_many(
    interviews: pd.DataFrame,
    *,
    interviewer: str,
    latitude: str,
    longitude: str,
    metres: float = 15.0,
    many: int = 4,
) -> pd.DataFrame:
    """Interviews with at least `many` (themselves included) of one interviewer within `metres`.

    Hand in interviews at homes: an institution (敬老院) is one place for many. value: how many are there.
    """
    table = interviews.dropna(subset=[interviewer, latitude, longitude])
    points = _on_sphere(table[latitude].to_numpy(np.float64), table[longitude].to_numpy(np.float64))
    count = np.zeros(len(table), dtype=np.int64)
    for rows in table.groupby(interviewer, sort=False).indices.values():
        here = points[rows]
        near = cKDTree(here).query_ball_point(here, _chord(metres), return_length=True)
        count[rows] = np.asarray(near, dtype=np.int64)
    found = count >= many
    return flags("one_place", table.index[found], count[found].astype(float), many)


def far_from_place(
    interviews: pd.DataFrame,
    *,
    latitude: str,
    longitude: str,
    place_latitude: str,
    place_longitude: str,
    metres: float = 3000.0,
) -> pd.DataFrame:
    """Interviews located more than `metres` from where they should be (the village's point); value: the distance."""
    names = [latitude, longitude, place_latitude, place_longitude]
    table = interviews.dropna(subset=names)
    there = [table[name].to_numpy(np.float64) for name in names]
    chord = np.linalg.norm(_on_sphere(there[0], there[1]) - _on_sphere(there[2], there[3]), axis=1)
    distance = 2 * EARTH * np.arcsin(np.clip(chord / 2, 0, 1))
    found = distance > metres
    return flags("far", table.index[found], distance[found], metres)


def _on_sphere(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of the unit sphere, (rows, 3), from degrees."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    return np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])


def _chord(metres: float) -> float:
    """The straight line through the unit sphere below so many metres of its surface."""
    return float(2 * np.sin(metres / EARTH / 2))
