"""The measures that are printed: which question by tag, which codes, over whom (metrics.yaml 口径字典)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

AWARENESS_TAGS = ("aware_type", "aware_std", "aware_duty", "aware_temp", "aware_hotline")
SATISFACTION_TAG = "sat_overall"
TAGS = (SATISFACTION_TAG, *AWARENESS_TAGS)
DENOMINATORS = ("valid", "all")
DOMAINS = ("headline", "all")
AW_AVG = "AW_AVG"


@dataclass(frozen=True)
class Measure:
    """A metric of one question. ``scale`` gives the valid codes and what each is worth; others are no answer.

    A rate's scale is 1 and 0; a mean's is points between 0 and 100.
    """

    metric: str
    tag: str
    scale: Mapping[str, float]

    @property
    def is_rate(self) -> bool:
        """Whether it is a share of people, a fraction between 0 and 1."""
        return set(self.scale.values()) <= {0, 1}

    def valid(self, codes: pd.Series) -> pd.Series:
        """What each answer is worth; missing where there is no valid answer."""
        return codes.map(self.scale).astype(float)

    def of_all(self, codes: pd.Series) -> pd.Series:
        """The same over everybody who was asked: what is no valid answer is worth nothing."""
        return self.valid(codes).fillna(0.0).where(codes.notna())


def _satisfied(*codes: str) -> dict[str, float]:
    return {code: float(code in codes) for code in "54321"}


def _points(*points: float) -> dict[str, float]:
    return dict(zip("54321", points, strict=True))


SATISFACTION = (
    Measure("SAT_TOP2", SATISFACTION_TAG, _satisfied("5", "4")),
    Measure("SAT_TOP3", SATISFACTION_TAG, _satisfied("5", "4", "3")),
    Measure("SAT_MEAN_A", SATISFACTION_TAG, _points(100, 80, 60, 30, 0)),
    Measure("SAT_MEAN_B", SATISFACTION_TAG, _points(100, 75, 50, 25, 0)),
    Measure("SAT_MEAN_C", SATISFACTION_TAG, _points(100, 80, 60, 40, 20)),
)
AWARENESS = tuple(Measure(f"AW_ITEM:{tag}", tag, {"1": 1.0, "2": 0.0, "3": 0.0}) for tag in AWARENESS_TAGS)
MEASURES = {measure.metric: measure for measure in (*SATISFACTION, *AWARENESS)}
RATES = tuple(name for name, measure in MEASURES.items() if measure.is_rate)
MEANS = tuple(name for name, measure in MEASURES.items() if not measure.is_rate)
