"""Confidence intervals of a proportion, by name: the one place to look.

Counts of a simple random sample are in counts.py, finite populations in hypergeometric.py, weighted and clustered
samples in design_intervals.py.

`auto` decides by a study of coverage. Counts: Blaker's exact hypergeometric interval where the population is
known and at most 5,000, the exact tail interval above, Clopper and Pearson's where it is not known. Designs: `kg`.
"""

from analysis.counts import (
    BLAKER_LIMIT,
    COUNTS,
    FINITE,
    check_level,
    count_method,
    finite_size,
    proportion_interval,
    unknown_method,
)
from analysis.design_intervals import DESIGNS, NEED_VARIANCE, Evidence, design_interval

__all__ = [
    "BLAKER_LIMIT",
    "COUNTS",
    "DESIGNS",
    "FINITE",
    "NEED_VARIANCE",
    "Evidence",
    "check_level",
    "count_method",
    "design_interval",
    "finite_size",
    "proportion_interval",
    "unknown_method",
]
