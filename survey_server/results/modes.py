"""Whether the way of asking changes what people say: each channel against each other, and what that means in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from flask_babel import gettext

from analysis.errors import AnalysisError
from analysis.modes import mode_effects
from survey_server.results import wording
from survey_server.results.dataset import Dataset
from survey_server.results.estimates import LEVEL, design_of
from survey_server.results.satisfaction import satisfied_of

LEAST = 30
"""Fewer answers of a channel are not compared."""


@dataclass(frozen=True)
class Gap:
    """Satisfaction by one channel less that by another, as fractions; ``p`` adjusted for all pairs (Holm).

    ``alike``: both were weighted to the same counties and categories first, so that it is less who was asked.
    """

    one: str
    other: str
    estimate: float
    low: float
    high: float
    p: float
    alike: bool

    @property
    def text(self) -> str:
        """What may be said of it."""
        names = {"one": wording.channel_name(self.one), "other": wording.channel_name(self.other)}
        points = {name: f"{value * 100:.1f}" for name, value in (("low", self.low), ("high", self.high))}
        fields = {**names, **points, "gap": f"{abs(self.estimate) * 100:.1f}"}
        if self.p >= 1 - LEVEL:
            return (
                gettext(
                    "%(one)s and %(other)s: the difference (95%% interval %(low)s to %(high)s points) may be chance; "
                    "no effect of the channel is shown."
                )
                % fields
            )
        if self.estimate > 0:
            return (
                gettext("%(one)s is %(gap)s points higher than %(other)s (95%% interval %(low)s to %(high)s).") % fields
            )
        return gettext("%(one)s is %(gap)s points lower than %(other)s (95%% interval %(low)s to %(high)s).") % fields


def gaps_of(dataset: Dataset, domain: str) -> list[Gap]:
    """Every pair of channels with enough answers; empty where there is one channel alone."""
    rows = dataset.cases[dataset.cases["counted"]]
    if rows.empty:
        return []
    item = satisfied_of(dataset, rows, domain)
    answered = rows.loc[item.notna(), "channel"].value_counts()
    channels = [str(name) for name, count in answered.items() if count >= LEAST]
    if len(channels) < 2:
        return []
    kept = rows["channel"].isin(channels)
    data = rows[kept].assign(satisfied=item[kept])
    for margins in (_margins(data), None):
        try:
            found = mode_effects(design_of(data), ["satisfied"], margins=margins, level=LEVEL)
        except AnalysisError:
            continue
        return [_gap(row, alike=margins is not None) for row in found.to_dict("records")]
    return []


def _margins(data: pd.DataFrame) -> Mapping[str, Mapping[object, float]]:
    """Counties and categories with the weight of everybody in them."""
    names = [name for name in ("county", "category") if len(data[name].unique()) > 1]
    return {name: data.groupby(name)["weight"].sum().to_dict() for name in names or ["county"]}


def _gap(row: Mapping[object, object], *, alike: bool) -> Gap:
    numbers = {
        name: float(str(row[key]))
        for name, key in (("estimate", "estimate"), ("low", "low"), ("high", "high"), ("p", "p_adjusted"))
    }
    return Gap(one=str(row["one"]), other=str(row["other"]), alike=alike, **numbers)
