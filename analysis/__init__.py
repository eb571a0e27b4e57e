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
from analysis.metrics import estimate_metrics, load_metrics
from analysis.outcomes import load_outcomes
from analysis.rates import Contrast, Estimates
from analysis.response import ResponseRates, aapor_rates
from analysis.scoring import ScoreTable, score
from analysis.scoring_rules import Actual
from analysis.weighting import nonresponse_weights

__all__ = [
    "Actual",
    "AnalysisError",
    "Contrast",
    "DesignError",
    "Estimates",
    "IndicatorTable",
    "IntervalError",
    "MetricError",
    "ResponseRates",
    "ScoreTable",
    "ScoringError",
    "SurveyDesign",
    "WeightingError",
    "aapor_rates",
    "estimate_metrics",
    "load_metrics",
    "load_outcomes",
    "load_table",
    "nonresponse_weights",
    "proportion_interval",
    "score",
    "tables",
]
