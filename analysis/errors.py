"""What can go wrong in an analysis, as a small tree over ValueError.

Every error carries a `code` that does not change and the `fields` that its sentence is made of, so that an
application can say it in another language.

    AnalysisError
    ├── DesignError      the design does not fit its data
    ├── IntervalError    an interval was asked for that cannot be had
    ├── WeightingError   weights cannot be made
    ├── MetricError      a definition cannot be computed from these answers
    ├── ScoringError     a table of indicators contradicts itself or lacks a figure
    └── BackCheckError   answers asked twice cannot be compared
"""

from __future__ import annotations


class AnalysisError(ValueError):
    """A mistake in what was handed in: `code` names its kind, `fields` the place."""

    def __init__(self, code: str, message: str, **fields: object) -> None:
        super().__init__(message)
        self.code = code
        self.fields = fields


class DesignError(AnalysisError):
    """The design does not fit its data."""


class IntervalError(AnalysisError):
    """An interval was asked for that cannot be had."""


class WeightingError(AnalysisError):
    """Weights cannot be made: a cell is empty, a margin does not close, no convergence."""


class MetricError(AnalysisError):
    """A definition (口径) cannot be computed from these answers."""


class ScoringError(AnalysisError):
    """A table of indicators, or an actual value, cannot be scored."""


class BackCheckError(AnalysisError):
    """Answers asked twice cannot be compared: columns are missing, or there is nothing to compare."""
