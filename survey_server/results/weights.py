"""Weights of the cases: by the draw, then shared among those of the stratum who answered.

A reserve that was released is the next ticket of its stratum, so that main and released units together are one
simple random sample: N divided by the number released. Those who died or do not belong (单列, 不属于范围) are not
compensated for: the part of N that they stand for is not covered by the rates.
"""

from __future__ import annotations

import pandas as pd

from analysis.weighting import nonresponse_weights

OUT_OF_SCOPE = ("deceased", "ineligible")


def add_weights(cases: pd.DataFrame) -> pd.DataFrame:
    """Add ``eligible`` (missing: not known), ``design_weight``, ``weight`` (NaN: not counted) and ``covered``.

    ``covered`` is the part of the stratum's N that those who were counted stand for, a whole number; 0 where nobody
    of the stratum answered.
    """
    eligible = (~cases["outcome_class"].isin(OUT_OF_SCOPE)).astype("boolean").mask(cases["outcome_class"] == "unknown")
    table = cases.assign(eligible=eligible, design_weight=_design_weights(cases))
    answered = table.groupby("stratum")["counted"].transform("any")
    table["weight"] = float("nan")
    if answered.any():
        reached = table[answered]
        weighting = nonresponse_weights(
            reached, weight="design_weight", responded="counted", classes="stratum", eligible="eligible"
        )
        table.loc[reached.index, "weight"] = weighting.weights
    table["covered"] = table.groupby("stratum")["weight"].transform("sum").round().astype(int)
    return table


def _design_weights(cases: pd.DataFrame) -> pd.Series:
    """N / number released where the draw was of equal probability, else one over the probability."""
    strata = cases["stratum"]
    released = strata.groupby(strata).transform("size")
    spread = cases["probability"].groupby(strata).transform("nunique")
    equal = (cases["population"] / released).where(spread <= 1)
    return equal.fillna(1 / cases["probability"]).astype(float)
