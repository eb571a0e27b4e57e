"""Which of the shipped definitions (:mod:`analysis.metrics`) are printed, and by what name each of their figures goes.

A figure is named by its definition; where a definition gives several, by definition and item: ``AW_ITEM:aware_std``.
"""

from __future__ import annotations

from collections.abc import Iterable

from analysis.metrics import Metric, load_metrics

SATISFACTION_TAG = "sat_overall"
SATISFACTION = ("SAT_TOP2", "SAT_TOP3", "SAT_MEAN_A", "SAT_MEAN_B", "SAT_MEAN_C", "SAT_COMPOSITE")
AWARENESS = ("AW_AVG", "AW_ITEM", "AW_K3")
HEARD = ("AW_HEARD",)
PROCESS = (
    "PAY_ONTIME",
    "PAY_MONTHLY",
    "PAY_INPERSON",
    "PAY_AMOUNT_OK",
    "ONCE_PAID",
    "PROC_VISIT",
    "PROC_NOTICE",
)
VOLUNTEERS = "QR_TOP2"
OF_SOME = frozenset({"SAT_COMPOSITE", *HEARD, *PROCESS})
"""What may concern nobody of a group; it is left out there."""


def figure_name(metric: str, item: str) -> str:
    """The name of the figure of an item of a definition."""
    return f"{metric}:{item}" if load_metrics()[metric].each or item.startswith("without_") else metric


def figure_names(metrics: Iterable[str]) -> list[str]:
    """The names of all figures of these definitions, in their order."""
    return [figure_name(name, item) for name in metrics for item in _items(load_metrics()[name])]


def definition_of(name: str) -> Metric:
    """The definition of a figure; raises KeyError for a name that there is not."""
    return load_metrics()[name.partition(":")[0]]


def tags_of(name: str) -> tuple[str, ...]:
    """The questions that make a figure; facts of the roster (``case_``) that it compares are none."""
    metric = definition_of(name)
    tags = [name.partition(":")[2]] if metric.each else metric.tags
    return tuple(tag for tag in tags if not tag.startswith("case_"))


def _items(metric: Metric) -> tuple[str, ...]:
    if metric.each:
        return metric.tags
    return (metric.id, f"without_{metric.apart}") if metric.apart else (metric.id,)


PRINTED = (*SATISFACTION, *AWARENESS, *HEARD, *PROCESS)
NAMES = tuple(figure_names(PRINTED))
SEVERAL = IMPROVE, CHANNEL = "improve", "channel"
"""Questions with several answers: what should be improved, and from where people know of the policies."""
_OF_PRINTED = (tag for name in PRINTED for tag in (*load_metrics()[name].tags, *load_metrics()[name].domain))
DEATH = "death_still"
"""Asked where somebody of the household died: whether it is still paid."""
TAGS = tuple(dict.fromkeys([*_OF_PRINTED, *SEVERAL, DEATH]))
