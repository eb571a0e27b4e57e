"""Questions with several answers (多选题): rates of options among respondents, and among answers.

Of 100 people, 60 tick 到账慢 and 40 tick 手续多: among respondents the rates may add up to more than 1, among answers
they add up to 1. A report names the one that it means. Who was asked and ticked nothing counts among respondents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import AnalysisError
from analysis.intervals import Evidence, design_interval
from analysis.rates import Estimates

if TYPE_CHECKING:
    from analysis.design import SurveyDesign
    from analysis.totals import Columns


@dataclass(frozen=True, eq=False)
class MultipleAnswers:
    """Both rates of every option.

    respondents: the rate of each option among those who were asked. answers: its share of all answers given, a ratio
    of two totals. per_person: the mean number of answers. Each is Estimates, and so can be contrasted.
    """

    respondents: Estimates
    answers: Estimates
    per_person: Estimates

    @property
    def frame(self) -> pd.DataFrame:
        """A row per option and domain, the most frequent option first.

        Columns: option, the domain columns, n (asked), yes (ticked), estimate, se, low, high, method (among
        respondents), share, share_se, share_low, share_high (among answers).
        """
        table = self.respondents.frame.rename(columns={"item": "option"})
        low, high = _share_ends(self.answers)
        shares = self.answers.frame
        table = table.assign(share=shares["estimate"], share_se=shares["se"], share_low=low, share_high=high)
        keys = list(table.columns[1 : list(table.columns).index("estimate")])
        weight = table["estimate"].fillna(0) * table["population"]
        order = weight.groupby(table["option"], sort=False).transform("sum")
        return (
            table.assign(order=-order)
            .sort_values(["order", *keys], kind="stable", ignore_index=True)
            .loc[
                :,
                ["option", *keys, "n", "yes", "estimate", "se", "low", "high", "method",
                 "share", "share_se", "share_low", "share_high"],
            ]
        )  # fmt: skip


def multiple_answers(
    design: SurveyDesign,
    options: Mapping[str, str] | Sequence[str],
    by: Columns = None,
    *,
    interval: str = "auto",
    level: float = 0.95,
) -> MultipleAnswers:
    """Rates of the options of one question, which are columns of 1 and 0 such as improve__1.

    options: column names, or a mapping of what the option is called to its column. A row lacks all of them (not
    asked) or none; else AnalysisError names it.
    """
    named = dict(options) if isinstance(options, Mapping) else {name: name for name in options}
    if not named:
        raise AnalysisError("options", "a question with several answers has options: none were named")
    ticks = np.column_stack([np.asarray(design.values(column), np.float64) for column in named.values()])
    missing = np.isnan(ticks)
    torn = missing.any(axis=1) & ~missing.all(axis=1)
    if torn.any():
        row = design.data.index[int(np.argmax(torn))]
        message = f"row {row!r} has some of the options {list(named)} and lacks others: fill them with 0 or none"
        raise AnalysisError("options_torn", message, row=row)
    count = ticks.sum(axis=1)
    items = {name: ticks[:, k] for k, name in enumerate(named)}
    return MultipleAnswers(
        design.rates(items, by=by, interval=interval, level=level),
        design.ratios({name: (column, count) for name, column in items.items()}, by=by, level=level),
        design.means({"answers": count}, by=by, level=level),
    )


def _share_ends(shares: Estimates) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Intervals of shares of answers stay between 0 and 1: logit, of the people who answered where nothing varies."""
    frame = shares.frame
    n = frame["n"].to_numpy(np.float64)
    evidence = Evidence(
        p=frame["estimate"].to_numpy(np.float64),
        se=frame["se"].to_numpy(np.float64),
        df=frame["df"].to_numpy(np.float64),
        n=n,
        population=np.full(len(n), np.inf),
        weight_effect=np.ones(len(n)),
    )
    low, high = design_interval(evidence, "logit", shares.level)
    whole = (frame["method"] == "census").to_numpy()
    return np.where(whole, evidence.p, low), np.where(whole, evidence.p, high)
