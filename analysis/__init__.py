"""What the answers mean, and with what certainty: pandas in, pandas out, no I/O."""

from analysis.design import SurveyDesign
from analysis.errors import (
    AnalysisError,
    DesignError,
    IntervalError,
    MetricError,
    ScoringError,
    WeightingError,
)
from analysis.intervals import proportion_interval
from analysis.rates import Contrast, Estimates

__all__ = [
    "AnalysisError",
    "Contrast",
    "DesignError",
    "Estimates",
    "IntervalError",
    "MetricError",
    "ScoringError",
    "SurveyDesign",
    "WeightingError",
    "proportion_interval",
]
