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
from analysis.indicators import IndicatorTable, load_table, tables
from analysis.intervals import proportion_interval
from analysis.rates import Contrast, Estimates
from analysis.scoring import ScoreTable, score
from analysis.scoring_rules import Actual

__all__ = [
    "Actual",
    "AnalysisError",
    "Contrast",
    "DesignError",
    "Estimates",
    "IndicatorTable",
    "IntervalError",
    "MetricError",
    "ScoreTable",
    "ScoringError",
    "SurveyDesign",
    "WeightingError",
    "load_table",
    "proportion_interval",
    "score",
    "tables",
]
