"""What the answers mean, and with what certainty: pandas in, pandas out, no I/O."""

from analysis.association import cross_table, independence, regress
from analysis.compare import against_rest, pairwise
from analysis.design import SurveyDesign
from analysis.drivers import driver_shares, importance_performance, key_drivers
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
from analysis.interviewers import interviewer_effect
from analysis.metrics import estimate_metrics, load_metrics
from analysis.modes import mode_effects, repeated_answers
from analysis.multiple import multiple_answers
from analysis.outcomes import load_outcomes
from analysis.rates import Contrast, Estimates
from analysis.representativeness import composition
from analysis.response import ResponseRates, aapor_rates, response_table
from analysis.scoring import ScoreTable, score
from analysis.scoring_rules import Actual
from analysis.trimming import trim
from analysis.waves import changes
from analysis.weight_steps import steps_of, weight_steps
from analysis.weighting import design_weights, nonresponse_weights
from analysis.wording import difference_sentence, sentence

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
    "against_rest",
    "changes",
    "composition",
    "cross_table",
    "design_weights",
    "difference_sentence",
    "driver_shares",
    "estimate_metrics",
    "importance_performance",
    "independence",
    "interviewer_effect",
    "key_drivers",
    "load_metrics",
    "load_outcomes",
    "load_table",
    "mode_effects",
    "multiple_answers",
    "nonresponse_weights",
    "pairwise",
    "proportion_interval",
    "regress",
    "repeated_answers",
    "response_table",
    "score",
    "sentence",
    "steps_of",
    "tables",
    "trim",
    "weight_steps",
]
