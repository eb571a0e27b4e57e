"""Whether an estimate may be shown: the rules of NCHS for proportions (Parker et al. 2017, Series 2, No. 175).

An estimate is held back where fewer than 30 answered or the effective size is below 30, where its interval is 0.30
wide or wider, or wider than 0.05 and more than 130 % of the rate. It is marked for a look where there are fewer than 8
degrees of freedom or the rate is 0 or 1. Where the same interval is more than 130 % of the complement (the dissatisfied
of 97 % satisfied), the rate may be shown, and the complement not without a word.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

LEAST_ANSWERS = 30
LEAST_DF = 8
WIDEST = 0.30
NARROW = 0.05
WIDEST_RELATIVE = 1.30


def reliability(frame: pd.DataFrame) -> pd.Series:
    """For each row of Estimates.frame the gravest that holds: "suppress", "review", "complement", or "" (may be shown).

    A census may always be shown.
    """
    p, n = frame["estimate"], frame["n"]
    width = frame["high"] - frame["low"]
    wide = width > NARROW
    suppress = (n < LEAST_ANSWERS) | (frame["n_effective"] < LEAST_ANSWERS) | (width >= WIDEST)
    suppress |= wide & (width > WIDEST_RELATIVE * p) & (p > 0)
    review = (frame["df"] < LEAST_DF) | (p == 0) | (p == 1)
    complement = wide & (width > WIDEST_RELATIVE * (1 - p))
    flags = np.select([suppress | p.isna(), review, complement], ["suppress", "review", "complement"], "")
    return pd.Series(np.where(frame["method"] == "census", "", flags), index=frame.index, name="reliability")
